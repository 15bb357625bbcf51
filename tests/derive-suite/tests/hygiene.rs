//! Derived code among names that mean something else.

#![deny(warnings, missing_docs)]

/// Nothing here is what it is called.
pub mod shadowed {
    #![allow(dead_code, non_camel_case_types, unused_macros, reason = "names in the way")]

    use vineyard_core::{Array, Element, MetaValue, Object, Typename};

    struct Option;
    struct Result;
    struct Vec;
    struct String;
    struct Box;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    trait Into {}
    trait From {}
    trait TryFrom {}
    trait Default {}
    trait Send {}
    trait Sync {}
    trait Any {}
    type bool = ();
    type str = ();
    macro_rules! vec {
        () => {};
    }
    macro_rules! concat {
        () => {};
    }
    macro_rules! line {
        () => {};
    }
    mod core {}
    mod std {}

    /// An object whose fields have the names of what derived code uses.
    #[derive(Object)]
    #[object(typename = "hygiene::Names", validate = Names::check)]
    pub struct Names {
        /// One.
        pub self_: u64,
        /// Two.
        pub r#type: u8,
        /// Three.
        pub builder: i64,
        /// Four.
        pub meta: Array<u8>,
        /// Five.
        pub node: ::core::option::Option<Array<u8>>,
        /// Six.
        pub build: f64,
        /// Seven.
        pub value: Inner,
    }

    impl Names {
        /// Is called by path only.
        pub fn resolve(&self) {}

        /// Is called by path only.
        pub fn stage(&self) {}

        /// Is called by path only.
        pub fn typename() {}

        fn check(&self) -> ::core::result::Result<(), &'static ::core::primitive::str> {
            ::core::result::Result::Ok(())
        }
    }

    /// A member.
    #[derive(Object)]
    #[object(typename = "hygiene::Inner")]
    pub struct Inner {
        /// One.
        pub kind: Kind,
        /// Two.
        pub edges: Array<Edge>,
    }

    /// An enum.
    #[derive(MetaValue)]
    pub enum Kind {
        /// A variant.
        None,
        /// Another.
        Some,
    }

    /// An element.
    #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable, Element)]
    #[repr(C)]
    #[object(typename = "hygiene::Edge")]
    pub struct Edge {
        /// One.
        pub target: u32,
    }

    /// A name.
    #[derive(Typename)]
    #[object(typename = "hygiene::Marker")]
    pub struct Marker;
}

use vineyard_core::{Array, Object, testing};

/// A struct out of a macro.
macro_rules! object {
    ($name:ident, $typename:literal, $field:ty) => {
        #[derive(Object)]
        #[object(typename = $typename)]
        struct $name {
            field: $field,
        }
    };
}

object!(OutOfAMacro, "hygiene::OutOfAMacro", Option<Array<u16>>);

#[test]
fn names_in_the_way_do_not_matter() {
    let inner = shadowed::Inner { kind: shadowed::Kind::Some, edges: vec![shadowed::Edge { target: 1 }].into() };
    let names =
        shadowed::Names { self_: 1, r#type: 2, builder: 3, meta: vec![4].into(), node: None, build: 6.0, value: inner };
    let meta = testing::draft_meta(&Object::stage(&names).expect("stages")).expect("a draft");
    let back = <shadowed::Names as Object>::resolve(&meta).expect("resolves");
    assert_eq!((back.self_, back.r#type, back.builder, back.build), (1, 2, 3, 6.0));
    assert_eq!(back.value.edges[0].target, 1);
    assert!(matches!(back.value.kind, shadowed::Kind::Some));
    assert_eq!(meta.value("type").expect("a raw identifier loses its mark"), 2);
}

#[test]
fn setters_do_not_hide_the_builder() {
    let inner = || shadowed::Inner::builder().kind(shadowed::Kind::None).edges(vec![]).build();
    let builder = shadowed::Names::builder().self_(1u64).r#type(2u8).builder(3i64).meta([4]).build_(5.0);
    assert!(builder.value(inner().expect("builds")).build().is_ok());
}

#[test]
fn objects_are_derived_anywhere() {
    #[derive(Object)]
    #[object(typename = "hygiene::Local")]
    struct Local {
        number: u8,
    }
    let local = testing::draft_meta(&Local { number: 3 }.stage().expect("stages")).expect("a draft");
    assert_eq!(Local::resolve(&local).map(|local| local.number).ok(), Some(3));
    let made = OutOfAMacro { field: Some(vec![1].into()) };
    let made = testing::draft_meta(&made.stage().expect("stages")).expect("a draft");
    assert_eq!(OutOfAMacro::resolve(&made).ok().and_then(|made| made.field).map(|field| field.len()), Some(1));
}
