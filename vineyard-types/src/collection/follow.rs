//! From references to the parts they lead to, with errors that name the part.

use vineyard_core::{Error, Fetch, GetError, Object, ObjectRef, Opaque, Stored};

use super::error::CollectionError;
use super::part::Numbered;

fn part<T: Object>(index: usize, reference: &ObjectRef<T>, cause: Error) -> CollectionError {
    let (id, instance) = (reference.id(), reference.instance());
    CollectionError::Part { part: index, id, instance, cause: Box::new(cause) }
}

/// The part of this number, as a reference to a `T`.
pub(super) fn typed<T: Object>(parts: &[ObjectRef<Opaque>], index: usize) -> Result<ObjectRef<T>, CollectionError> {
    let missing = CollectionError::NoPart { part: index, parts: parts.len() };
    let reference = parts.get(index).ok_or(missing)?;
    reference.typed().map_err(|cause| CollectionError::Unreadable { part: index, cause })
}

/// What one reference leads to. One request.
pub(super) fn one<T: Object>(
    client: &impl Fetch,
    index: usize,
    reference: &ObjectRef<T>,
) -> Result<Stored<T>, CollectionError> {
    let fetched = client.fetch([reference]).map_err(|cause| part(index, reference, cause))?;
    // One was asked for.
    fetched.into_iter().next().ok_or(CollectionError::NoPart { part: index, parts: 0 })
}

/// What those of the references lead to that live on the instance that answered, with their numbers. One request.
pub(super) fn local<T: Object>(
    client: &impl Fetch,
    references: &[ObjectRef<T>],
) -> Result<Numbered<T>, CollectionError> {
    let local = || references.iter().enumerate().filter(|(_, reference)| reference.is_local());
    let fetched = client.fetch(local().map(|(_, reference)| reference)).map_err(|cause| {
        let about = match &cause {
            Error::Get(GetError::Resolve { id, .. }) => local().find(|(_, reference)| reference.id() == *id),
            _ => None,
        };
        match about {
            Some((index, reference)) => part(index, reference, cause),
            None => CollectionError::Fetch(Box::new(cause)),
        }
    })?;
    Ok(local().map(|(index, _)| index).zip(fetched).collect())
}

/// Each part in turn, wherever it is. One request for each.
pub(super) fn each<'a, T: Object>(
    client: &'a impl Fetch,
    references: impl Iterator<Item = Result<ObjectRef<T>, CollectionError>> + 'a,
) -> impl Iterator<Item = Result<Stored<T>, CollectionError>> + 'a {
    references.enumerate().map(move |(index, reference)| one(client, index, &reference?))
}
