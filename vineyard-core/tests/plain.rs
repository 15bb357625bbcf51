//! Elements, enums and sets of users, and what their schemas say.

use std::collections::{BTreeSet, HashSet};

use bytemuck::{Pod, Zeroable};
use vineyard_core::{Array, Element, FieldKind, MetaValue, Object, TypeName, Typename, testing};

#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, Element)]
#[repr(C)]
#[object(typename = "test::Edge")]
struct Edge {
    target: u32,
    weight: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, Element)]
#[repr(transparent)]
#[object(typename = "test::Millis")]
struct Millis(i64);

#[derive(Debug, Typename)]
#[object(typename = "test::Metre")]
struct Metre;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, MetaValue)]
enum Order {
    #[object(rename = "C")]
    RowMajor,
    #[object(rename = "F", alias = "Fortran")]
    ColumnMajor,
    Strided,
}

#[derive(Debug, Object)]
#[object(typename = "test::Track", register(<Metre>))]
struct Track<U: Typename + std::fmt::Debug + Send + Sync + 'static> {
    edges: Array<Edge>,
    times: Option<Array<Millis>>,
    order: Order,
    orders: Vec<Order>,
    seen: BTreeSet<u16>,
    words: HashSet<String>,
    unit: std::marker::PhantomData<U>,
}

fn track() -> Track<Metre> {
    Track {
        edges: vec![Edge { target: 1, weight: 0.5 }].into(),
        times: Some(vec![Millis(-5)].into()),
        order: Order::ColumnMajor,
        orders: vec![Order::RowMajor, Order::Strided],
        seen: BTreeSet::from([9, 2]),
        words: HashSet::from(["b".into(), "a".into()]),
        unit: std::marker::PhantomData,
    }
}

#[test]
fn they_come_back_as_they_were() {
    let meta = testing::draft_meta(&track().stage().expect("stages")).expect("a draft");
    let back = Track::<Metre>::resolve(&meta).expect("resolves");
    assert_eq!(format!("{back:?}").len(), format!("{:?}", track()).len());
    assert_eq!((&*back.edges, back.order, &back.seen), (&*track().edges, Order::ColumnMajor, &track().seen));
    assert_eq!((back.words, back.orders), (track().words, track().orders));
    assert_eq!(meta.value("order").expect("a value"), "F");
    assert_eq!(meta.value("orders").expect("a value"), "[\"C\",\"Strided\"]");
    assert_eq!(meta.value("seen").expect("a value"), "[2,9]");
    assert_eq!(meta.value("words").expect("a value"), "[\"a\",\"b\"]");
}

#[test]
fn names_of_variants_are_read_under_their_aliases_only() {
    assert_eq!(Order::from_json(&"Fortran".into()), Some(Order::ColumnMajor));
    assert_eq!(Order::from_json(&"ColumnMajor".into()), None);
    assert_eq!(Order::from_json(&1.into()), None);
    assert_eq!(BTreeSet::<u8>::from_json(&vec![1, 1].into()), None, "an element is there twice");
}

#[test]
fn schemas_tell_elements_of_users_from_numbers() {
    let schema = Track::<Metre>::schema();
    assert_eq!(schema.typename.as_str(), "test::Track<test::Metre>");
    let edges = schema.fields.iter().find(|field| field.key == "edges").expect("a field");
    assert_eq!((edges.kind, edges.type_name.as_str()), (FieldKind::Payload, "Array<test::Edge>"));
    let layout = edges.element.expect("an array");
    assert_eq!((layout.size, layout.align, layout.user_defined), (8, 4, true));
    assert_eq!(Millis::typename(), TypeName::new("test::Millis"));
}

#[test]
fn fingerprints_are_pinned() {
    let text = concat!(
        r#"{"typename":"test::Small","version":3,"fields":["#,
        r#"{"key":"a","kind":"payload","type":"Array<double>","optional":true,"element":{"size":8,"align":8}},"#,
        r#"{"key":"z","kind":"value","type":"bool","optional":false}]}"#
    );
    #[derive(Object)]
    #[object(typename = "test::Small", version = 3, no_register)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Small {
        z: bool,
        a: Option<Array<f64>>,
    }
    assert_eq!(Small::schema().canonical_text(), text);
    // Computed by another program: FNV-1a of 64 bits over the text above.
    assert_eq!(Small::schema().fingerprint().to_string(), "810dfe6dd07990f2");
}
