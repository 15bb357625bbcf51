//! An object of any depth.

use vineyard_core::{Blob, BuildError, DraftField, DraftNode, Key, Object, ObjectMeta, ResolveError, Schema, TypeName};

/// Objects one inside the other, with a payload in the innermost.
#[derive(Debug)]
pub struct Tower {
    node: DraftNode,
}

impl Tower {
    /// `height` objects around `payload`.
    ///
    /// # Errors
    ///
    /// None, as the keys are good.
    pub fn of(height: usize, payload: Blob) -> Result<Self, BuildError> {
        let mut node = DraftNode::new(TypeName::new("test::Leaf"));
        node.set(&Key::new("bytes"), DraftField::Payload(payload))?;
        for _ in 0..height {
            let mut outer = DraftNode::new(Self::typename());
            outer.set(&Key::new("inner"), DraftField::Node(node))?;
            node = outer;
        }
        Ok(Self { node })
    }
}

impl Object for Tower {
    type Builder = ();

    fn typename() -> TypeName {
        TypeName::new("test::Tower")
    }

    fn schema() -> Schema {
        Schema::new::<Self>(1, Vec::new())
    }

    fn resolve(meta: &ObjectMeta) -> Result<Self, ResolveError> {
        let mut inside = meta.clone();
        let mut height = 0;
        while inside.contains("inner") {
            inside = inside.member("inner")?;
            height += 1;
        }
        let tower = Self::of(height, inside.blob("bytes")?);
        tower.map_err(|error| vineyard_core::ResolveReason::Invalid(error.into()).into())
    }

    fn stage(&self) -> Result<DraftNode, BuildError> {
        Ok(self.node.clone())
    }

    fn __only_derive_implements_object() {}
}
