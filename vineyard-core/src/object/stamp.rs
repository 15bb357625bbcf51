//! Which schema an object was written with.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use super::Object;
use crate::error::{ResolveError, ResolveReason};
use crate::meta::{DraftField, DraftNode, ObjectMeta};
use crate::schema::{Fingerprint, SchemaStamp};

/// The stamp of a type, and the text that its fingerprint stands for.
#[derive(Debug)]
pub(crate) struct Stamped {
    pub(crate) stamp: SchemaStamp,
    pub(crate) typename: String,
    pub(crate) text: String,
}

/// Schemas of the types that this program has put or compared, computed once for each.
static KNOWN: RwLock<Option<Known>> = RwLock::new(None);

#[derive(Default)]
struct Known {
    types: HashMap<TypeId, Arc<Stamped>>,
    texts: HashMap<Fingerprint, Arc<Stamped>>,
}

/// The stamp of `T`.
pub(crate) fn of<T: Object>() -> Arc<Stamped> {
    let id = TypeId::of::<T>();
    let known = |known: &Option<Known>| known.as_ref().and_then(|known| known.types.get(&id).cloned());
    if let Some(found) = known(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)) {
        return found;
    }
    let schema = T::schema();
    let stamp = SchemaStamp::from(&schema);
    let typename = schema.typename.to_string();
    let stamped = Arc::new(Stamped { stamp, typename, text: schema.canonical_text() });
    let mut lock = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let known = lock.get_or_insert_with(Known::default);
    known.types.insert(id, Arc::clone(&stamped));
    known.texts.insert(stamp.fingerprint, Arc::clone(&stamped));
    stamped
}

/// What a fingerprint stands for, if this program has a type with it.
pub(crate) fn by_fingerprint(fingerprint: Fingerprint) -> Option<Arc<Stamped>> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.as_ref()?.texts.get(&fingerprint).cloned()
}

/// An empty node of type `T`, with its stamp.
pub(crate) fn node<T: Object>() -> DraftNode {
    let mut node = DraftNode::new(T::typename());
    node.stamp(of::<T>().stamp);
    node
}

/// Checks the version that an object was written with, then resolves it; a fault tells if the schemas differ.
pub(crate) fn resolve<T: Object>(
    meta: &ObjectMeta,
    version: u32,
    accepts: &'static [u32],
    fields: impl FnOnce(&ObjectMeta) -> Result<T, ResolveError>,
) -> Result<T, ResolveError> {
    // The stamp of an object with flattened fields is not theirs. Looked at only where it matters: names of types are
    // put together anew each time.
    let is_own = || T::__accepts(meta.typename());
    let stamp = meta.schema_stamp();
    if let Some(found) = stamp.map(|stamp| stamp.version)
        && found != version
        && !accepts.contains(&found)
        && is_own()
    {
        return Err(ResolveReason::Version { expected: version, accepts, found }.into());
    }
    fields(meta).map_err(|error| match stamp.filter(|_| is_own()) {
        Some(stamp) => error.between(of::<T>().stamp.fingerprint, stamp.fingerprint),
        None => error,
    })
}

/// The fingerprints in a draft and below it, each once.
pub(crate) fn fingerprints(draft: &DraftNode, found: &mut Vec<Fingerprint>) {
    for (key, field) in draft.fields() {
        match field {
            DraftField::Value(Value::String(text)) if key == SchemaStamp::KEY => {
                let fingerprint = SchemaStamp::parse(text).map(|stamp| stamp.fingerprint);
                found.extend(fingerprint.filter(|fingerprint| !found.contains(fingerprint)));
            }
            DraftField::Node(node) => fingerprints(node, found),
            _ => {}
        }
    }
}
