//! Fields that are stored in a way of their own, and objects that start from others.

use super::{missing, present, staged};
use crate::blob::{Array, Blob, Element};
use crate::error::{BuildError, BuildReason, ResolveError, ResolveReason};
use crate::meta::{DraftField, DraftNode, Key, ObjectMeta};
use crate::object::{Member, MetaKind, NodeKind, Object, RefKind, Stored};
use crate::schema::FieldSchema;
use crate::shm::ViewError;

/// What a builder started from, if it did.
pub type Base = Option<DraftNode>;

/// Arrays whose number of elements is another field.
#[diagnostic::on_unimplemented(message = "`len` is for fields of type `Array<T>`, not `{Self}`")]
pub trait LenMember: Member {
    const ELEMENT_BYTES: usize;

    fn count(input: &Self::Input) -> usize;
    fn first(blob: &Blob, len: usize) -> Result<Self, ViewError>;
}

impl<T: Element> LenMember for Array<T> {
    const ELEMENT_BYTES: usize = size_of::<T>();

    fn count(input: &Self) -> usize {
        input.len()
    }

    fn first(blob: &Blob, len: usize) -> Result<Self, ViewError> {
        blob.first_elements(len)
    }
}

pub fn array_len<M: LenMember>(input: &Option<M::Input>) -> Option<usize> {
    input.as_ref().map(M::count)
}

pub fn count_input<M>(count: Option<usize>) -> Option<M::Input>
where
    M: Member + TryFrom<usize> + Into<M::Input>,
{
    count.and_then(|count| M::try_from(count).ok()).map(Into::into)
}

fn read_count(meta: &ObjectMeta, keys: &[&'static str]) -> Result<usize, ResolveError> {
    let key = keys.iter().copied().find(|key| meta.contains(key)).ok_or_else(|| missing(keys))?;
    let value = meta.value(key)?;
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| ResolveReason::value(key, "a number of elements", value).into())
}

pub fn resolve_len<M: LenMember>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
    counts: &[&'static str],
) -> Result<M, ResolveError> {
    let found = read_count(meta, counts).and_then(|count| {
        let key = present::<M>(meta, keys).ok_or_else(|| missing(keys))?;
        Ok(M::first(&meta.blob(key.as_str())?, count).map_err(ResolveReason::View)?)
    });
    found.map_err(|error| error.in_field(field))
}

pub fn check_len<M: LenMember>(
    node: &DraftNode,
    field: &'static str,
    key: &'static str,
    count: &'static str,
) -> Result<(), BuildError> {
    let (Some(DraftField::Payload(blob)), Some(DraftField::Value(expected))) = (node.field(key), node.field(count))
    else {
        return Ok(());
    };
    let found = blob.nbytes().checked_div(M::ELEMENT_BYTES).unwrap_or(0);
    if expected.as_u64() == Some(found as u64) {
        return Ok(());
    }
    let reason = BuildReason::Length { found, key: count, expected: expected.to_string() };
    Err(BuildError::from(reason).in_field(field))
}

/// Payloads in whose place the empty blob can stand.
#[diagnostic::on_unimplemented(message = "`none` is for fields of type `Option<Array<T>>` or `Option<Blob>`")]
pub trait OrEmptyMember: Member<Input = Option<Self::Inner>> {
    type Inner: Member<Input = Self::Inner>;

    fn inner(&self) -> Option<&Self::Inner>;
    fn of(inner: Option<Self::Inner>) -> Self;
}

impl<X: Member<Kind = NodeKind, Input = X>> OrEmptyMember for Option<X> {
    type Inner = X;

    fn inner(&self) -> Option<&X> {
        self.as_ref()
    }

    fn of(inner: Option<X>) -> Self {
        inner
    }
}

fn stage_inner<X: Member>(inner: Option<&X>, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
    match inner {
        Some(inner) => inner.stage_at(key, draft),
        None => draft.set(key, DraftField::Payload(Blob::empty())),
    }
}

pub fn stage_or_empty<M: OrEmptyMember>(
    value: &M,
    field: &'static str,
    key: &'static str,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    stage_inner(value.inner(), &Key::new(key), draft).map_err(|error| error.in_field(field))
}

pub fn stage_or_empty_input<M: OrEmptyMember>(
    input: Option<M::Input>,
    base: &Base,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    let stage = |input: M::Input, key: &Key, draft: &mut DraftNode| stage_inner(input.as_ref(), key, draft);
    staged(input, base, field, keys, draft, stage, |key, draft| stage_inner::<M::Inner>(None, key, draft))
}

pub fn resolve_or_empty<M: OrEmptyMember>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
) -> Result<M, ResolveError> {
    let inner = match present::<M::Inner>(meta, keys) {
        None => Ok(None),
        Some(key) => match meta.blob(key.as_str()) {
            Ok(blob) if blob.nbytes() == 0 => Ok(None),
            Ok(_) => M::Inner::resolve_at(meta, &key).map(Some),
            Err(error) => Err(error),
        },
    };
    inner.map(M::of).map_err(|error| error.in_field(field))
}

pub fn stage_collection<M: Member>(
    value: &M,
    field: &'static str,
    key: &'static str,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    value.stage_at(&Key::collection(key), draft).map_err(|error| error.in_field(field))
}

pub fn stage_collection_input<M: Member>(
    input: Option<M::Input>,
    base: &Base,
    field: &'static str,
    keys: &[&'static str],
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    let stage = |input, key: &Key, draft: &mut DraftNode| {
        M::stage_input(input, &Key::collection(key.as_str().to_owned()), draft)
    };
    staged(input, base, field, keys, draft, stage, |_, _| Err(BuildReason::MissingField.into()))
}

pub fn resolve_collection<M: Member>(
    meta: &ObjectMeta,
    field: &'static str,
    keys: &[&'static str],
) -> Result<M, ResolveError> {
    let key = keys.iter().map(|key| Key::collection(*key)).find(|key| M::is_present(meta, key));
    let found = key.ok_or_else(|| missing(keys)).and_then(|key| M::resolve_at(meta, &key));
    found.map_err(|error| error.in_field(field))
}

pub fn stage_flat<T: Object>(value: &T, field: &'static str, draft: &mut DraftNode) -> Result<(), BuildError> {
    value.stage().and_then(|node| draft.absorb(node)).map_err(|error| error.in_field(field))
}

pub fn stage_flat_input<T: Object>(
    input: Option<T>,
    base: &Base,
    field: &'static str,
    draft: &mut DraftNode,
) -> Result<(), BuildError> {
    match (input, base) {
        (Some(value), _) => stage_flat(&value, field, draft),
        (None, Some(_)) => {
            let keys: Vec<String> = T::schema().fields.into_iter().map(|field| field.key).collect();
            keys.iter().try_for_each(|key| share(base, key, draft).map(drop)).map_err(|error| error.in_field(field))
        }
        (None, None) => Err(BuildError::from(BuildReason::MissingField).in_field(field)),
    }
}

pub fn resolve_flat<T: Object>(meta: &ObjectMeta) -> Result<T, ResolveError> {
    T::resolve(meta)
}

pub fn describe_flat<T: Object>(fields: &mut Vec<FieldSchema>) {
    fields.extend(T::schema().fields);
}

/// Kinds of members that an object may have whose members live on several instances.
pub trait GlobalMember {}

impl<M: Member<Kind: GlobalKind>> GlobalMember for M {}

#[diagnostic::on_unimplemented(
    message = "the members of a global object live on other instances, so it cannot hold payloads or objects itself",
    note = "hold values, `ObjectRef<T>` and lists of these"
)]
pub trait GlobalKind {}

impl GlobalKind for MetaKind {}

impl GlobalKind for RefKind {}

pub fn check_global<M: GlobalMember>() {}

pub fn make_global(node: &mut DraftNode) {
    node.make_global();
}

pub fn base<T: Object>(stored: &Stored<T>) -> ObjectMeta {
    stored.meta().clone()
}

/// The fields of the object that a builder started from.
pub fn base_draft(base: &Option<ObjectMeta>) -> Result<Base, BuildError> {
    base.as_ref().map(DraftNode::from_meta).transpose()
}

/// Takes a field over from the object that a builder started from; false if it is not there.
pub(super) fn stage_base(base: &Base, keys: &[&'static str], draft: &mut DraftNode) -> Result<bool, BuildError> {
    for key in keys {
        if share(base, key, draft)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn share(base: &Base, key: &str, draft: &mut DraftNode) -> Result<bool, BuildError> {
    let Some(base) = base else { return Ok(false) };
    let below = |other: &str| {
        other
            .trim_start_matches('_')
            .strip_prefix(key.trim_start_matches('_'))
            .is_some_and(|rest| rest.starts_with('-'))
    };
    let mut found = false;
    for (other, field) in base.fields().filter(|(other, _)| *other == key || below(other)) {
        draft.set(&Key::new(other.to_owned()), field.clone())?;
        found = true;
    }
    Ok(found)
}
