//! What containers hold: objects of any type, and bytes.

use std::fmt;

use vineyard_core::{
    Blob, BuildError, DraftField, DraftNode, FieldKind, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta,
    ResolveError, ResolveReason, Stored, TypeName,
};

/// One object in a [`Sequence`](super::Sequence), [`Pair`](super::Pair) or [`Map`](super::Map), of any type.
///
/// What came from a store is looked at only when it is asked for, so that one object that cannot be read does not hide
/// the others.
#[derive(Clone)]
pub struct Item(Inner);

#[derive(Clone)]
enum Inner {
    /// To be stored with the container.
    New(DraftNode),
    /// Bytes to be stored with the container, or linked.
    Payload(Blob),
    /// Stored already.
    Linked(ObjectMeta),
    /// A member of a container that was got.
    Member { container: ObjectMeta, key: Key },
}

/// A new element was asked for its value.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("it is not stored yet: put the container, and get it")]
struct NotStoredYet;

impl Item {
    /// An object to be stored with the container. Its payloads are shared, not copied, until then.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the object is not valid.
    pub fn of<T: Object>(object: &T) -> Result<Self, BuildError> {
        object.stage().map(|node| Self(Inner::New(node)))
    }

    /// The typename of what is held.
    pub fn typename(&self) -> &str {
        match &self.0 {
            Inner::New(node) => node.typename().as_str(),
            Inner::Payload(_) => "vineyard::Blob",
            Inner::Linked(meta) => meta.typename(),
            Inner::Member { container, key } => container.typename_of(key.as_str()).unwrap_or_default(),
        }
    }

    /// The object as an `M`: a type that derives `Object`, `Stored` of one or of `dyn Object` (through the registry), or
    /// a [`Blob`] for bytes. No I/O, no copy of payload.
    ///
    /// # Errors
    ///
    /// [`ResolveError`] if it is of another type, or not valid, or not stored yet.
    pub fn get<M: Member>(&self) -> Result<M, ResolveError> {
        match &self.0 {
            Inner::Member { container, key } => M::resolve_at(container, key),
            Inner::New(_) | Inner::Payload(_) | Inner::Linked(_) => {
                Err(ResolveReason::Invalid(Box::new(NotStoredYet)).into())
            }
        }
    }
}

impl<T: Object> From<Stored<T>> for Item {
    /// Links the stored object.
    fn from(stored: Stored<T>) -> Self {
        Self(Inner::Linked(stored.meta().clone()))
    }
}

impl From<Stored<dyn Object>> for Item {
    /// Links the stored object.
    fn from(stored: Stored<dyn Object>) -> Self {
        Self(Inner::Linked(stored.meta().clone()))
    }
}

impl From<Blob> for Item {
    /// Bytes, which Python gets as a `memoryview`.
    fn from(bytes: Blob) -> Self {
        Self(Inner::Payload(bytes))
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Item({})", self.typename())
    }
}

impl Member for Item {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        let field = match &self.0 {
            Inner::New(node) => DraftField::Node(node.clone()),
            Inner::Payload(blob) => DraftField::Payload(blob.clone()),
            Inner::Linked(meta) => DraftField::Link(meta.clone()),
            Inner::Member { container, key } => match (container.blob(key.as_str()), container.member(key.as_str())) {
                (Ok(blob), _) => DraftField::Payload(blob),
                (Err(_), Ok(meta)) => DraftField::Link(meta),
                // It was there when the container was read.
                (Err(_), Err(_)) => DraftField::Payload(Blob::empty()),
            },
        };
        draft.set(key, field)
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        meta.member(key.as_str())?;
        Ok(Self(Inner::Member { container: meta.clone(), key: key.clone() }))
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, TypeName::new("vineyard::Object"))
    }
}
