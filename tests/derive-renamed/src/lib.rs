//! The derives work where `vineyard-core` has another name.

use vc::{Array, MetaValue, Object, Typename};

/// An object.
#[derive(Debug, Object)]
#[object(typename = "renamed::Named", crate = ::vc, register(<Unit>))]
pub struct Named<T: Typename + Send + Sync + 'static> {
    /// A payload.
    pub bytes: Array<u8>,
    /// A value.
    pub kind: Kind,
    /// A type.
    pub marker: std::marker::PhantomData<T>,
}

/// A value.
#[derive(Debug, PartialEq, Eq, MetaValue)]
#[object(crate = ::vc)]
pub enum Kind {
    /// A variant.
    Only,
}

/// A type that has a name.
#[derive(Debug, Typename)]
#[object(typename = "renamed::Unit", crate = ::vc)]
pub struct Unit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back() {
        let draft = Named::<Unit>::builder().bytes([1]).kind(Kind::Only).build().expect("builds");
        let meta = vc::testing::draft_meta(draft.node()).expect("a draft");
        let back = vc::registry().resolve(&meta).expect("resolves").downcast::<Named<Unit>>().expect("is one");
        assert_eq!((&*back.bytes, &back.kind), (&[1u8][..], &Kind::Only));
    }
}
