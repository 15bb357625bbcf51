//! The texts of schemas, once per store: what explains an object to a reader that does not have its type.

use super::link::Link;
use crate::error::CallError;
use crate::meta::{DraftNode, MetaTree};
use crate::object::stamp;
use crate::protocol::{CreateDataRequest, GetNameRequest, PersistRequest, PutNameRequest};
use crate::schema::Fingerprint;
use crate::status::StatusCode;

/// The typename of the objects that hold schemas.
const TYPENAME: &str = "vineyard::Schema";

/// Makes sure that the store has the schemas of a draft. The first put of a type asks the server, later ones do not.
///
/// An object is complete without its schema, so a failure is no failure of the put.
pub(super) fn publish(link: &Link, draft: &DraftNode) {
    let mut fingerprints = Vec::new();
    stamp::fingerprints(draft, &mut fingerprints);
    fingerprints.retain(|fingerprint| link.is_unpublished(*fingerprint));
    for fingerprint in fingerprints {
        if let Err(error) = publish_one(link, fingerprint) {
            tracing::debug!(%error, %fingerprint, "a schema could not be stored");
        }
    }
}

fn publish_one(link: &Link, fingerprint: Fingerprint) -> Result<(), CallError> {
    // A draft that came from a stored object may be of a type that this program does not have.
    let Some(stamped) = stamp::by_fingerprint(fingerprint) else { return Ok(()) };
    let name = format!("schema:{fingerprint}");
    match link.call(&GetNameRequest { name: name.clone(), wait: false }) {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some(StatusCode::ObjectNotExists) => {}
        Err(error) => return Err(error),
    }
    let mut content = MetaTree::new();
    content.set("typename", TYPENAME);
    content.set("instance_id", link.instance().as_raw());
    content.set("transient", true);
    content.set("global", false);
    content.set("nbytes", 0);
    content.set("fingerprint", fingerprint.to_string());
    content.set("type", stamped.typename.as_str());
    content.set("version", stamped.stamp.version);
    content.set("text", stamped.text.as_str());
    let id = link.call(&CreateDataRequest { content, seal: Vec::new() })?.id;
    link.call(&PersistRequest { id })?;
    link.call(&PutNameRequest { object_id: id, name }).map(drop)
}
