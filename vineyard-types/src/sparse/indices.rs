//! Places in a sparse matrix.

use vineyard_core::{
    BuildError, DraftField, DraftNode, FieldKind, FieldSchema, Key, Member, NodeKind, Object, ObjectMeta, ResolveError,
    ResolveReason, TypeName, Typename,
};

use crate::tensor::Tensor;

/// Indices or offsets of a sparse matrix, of 32 or 64 bits: scipy takes 32 while they suffice.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Indices {
    /// Of 32 bits.
    Int32(Tensor<i32>),
    /// Of 64 bits.
    Int64(Tensor<i64>),
}

impl Indices {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Int32(indices) => indices.len(),
            Self::Int64(indices) => indices.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them; `None` beyond the end.
    pub fn get(&self, place: usize) -> Option<i64> {
        match self {
            Self::Int32(indices) => indices.as_slice().get(place).copied().map(i64::from),
            Self::Int64(indices) => indices.as_slice().get(place).copied(),
        }
    }

    /// All of them in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = i64> {
        (0..self.len()).map(|place| self.get(place).unwrap_or_default())
    }

    /// Those of 32 bits as they lie in memory.
    pub fn as_i32(&self) -> Option<&[i32]> {
        match self {
            Self::Int32(indices) => Some(indices.as_slice()),
            Self::Int64(_) => None,
        }
    }

    /// Those of 64 bits as they lie in memory.
    pub fn as_i64(&self) -> Option<&[i64]> {
        match self {
            Self::Int64(indices) => Some(indices.as_slice()),
            Self::Int32(_) => None,
        }
    }
}

impl From<Vec<i32>> for Indices {
    fn from(indices: Vec<i32>) -> Self {
        Self::Int32(indices.into())
    }
}

impl From<Vec<i64>> for Indices {
    fn from(indices: Vec<i64>) -> Self {
        Self::Int64(indices.into())
    }
}

impl Member for Indices {
    type Kind = NodeKind;
    type Input = Self;

    fn stage_at(&self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        let node = match self {
            Self::Int32(indices) => indices.stage()?,
            Self::Int64(indices) => indices.stage()?,
        };
        draft.set(key, DraftField::Node(node))
    }

    fn stage_input(input: Self, key: &Key, draft: &mut DraftNode) -> Result<(), BuildError> {
        input.stage_at(key, draft)
    }

    fn resolve_at(meta: &ObjectMeta, key: &Key) -> Result<Self, ResolveError> {
        let member = meta.member(key.as_str())?;
        let found = member.typename();
        if <Tensor<i32> as Typename>::typename().matches(found) {
            return Tensor::resolve(&member).map(Self::Int32);
        }
        if <Tensor<i64> as Typename>::typename().matches(found) {
            return Tensor::resolve(&member).map(Self::Int64);
        }
        let expected = "vineyard::Tensor<int> or vineyard::Tensor<int64>".to_owned();
        Err(ResolveReason::Typename { expected, found: found.to_owned() }.into())
    }

    fn describe(key: &Key) -> FieldSchema {
        FieldSchema::new(key.as_str(), FieldKind::Member, TypeName::new("vineyard::Tensor"))
    }
}
