//! Resolvers and drivers in scopes, and types that are registered by hand.

use vineyard_core::{Array, Context, DriverError, Object, ObjectMeta, Opaque, ResolveReason, registry, testing};

#[derive(Debug, Object)]
#[object(typename = "test::Samples")]
struct Samples {
    values: Array<f64>,
}

/// Sees samples as their number.
#[derive(Debug, Object)]
#[object(typename = "test::Counted", no_register)]
struct Counted {
    #[object(rename = "values")]
    bytes: Array<u8>,
}

fn meta(values: &[f64]) -> ObjectMeta {
    let draft = Samples::builder().values(values).build().expect("builds");
    testing::draft_meta(draft.node()).expect("a draft")
}

fn text(text: &'static str) -> Context {
    Context::new().resolver::<String>("test::Samples", move |_| Ok(text.to_owned()))
}

fn seen(meta: &ObjectMeta) -> Option<String> {
    meta.resolve_as::<String>().ok()
}

#[test]
fn scopes_nest_and_restore_what_was_before() {
    let meta = meta(&[1.0]);
    let error = meta.resolve_as::<String>().expect_err("no resolver");
    assert!(matches!(error.reason(), ResolveReason::NoResolver { .. }), "{error}");
    let outer = text("outer").enter();
    assert_eq!(seen(&meta).as_deref(), Some("outer"));
    {
        let _inner = text("inner").enter();
        assert_eq!(seen(&meta).as_deref(), Some("inner"));
        let _nothing = Context::new().enter();
        assert_eq!(seen(&meta).as_deref(), Some("inner"), "an empty context inherits");
        let _alone = Context::new().enter_alone();
        assert_eq!(seen(&meta), None);
    }
    assert_eq!(seen(&meta).as_deref(), Some("outer"));
    std::thread::scope(|scope| {
        let other = scope.spawn(|| seen(&meta)).join().expect("no panic");
        assert_eq!(other, None, "scopes are the thread's");
    });
    drop(outer);
    assert_eq!(seen(&meta), None);
}

#[test]
fn a_panic_ends_its_scopes() {
    let meta = meta(&[1.0]);
    let _outer = text("outer").enter();
    let panicked = std::panic::catch_unwind(|| {
        let _inner = text("inner").enter();
        panic!("on purpose");
    });
    assert!(panicked.is_err());
    assert_eq!(seen(&meta).as_deref(), Some("outer"));
}

#[test]
fn the_longest_prefix_and_the_wanted_type_decide() {
    let context = Context::new()
        .resolver::<String>("test::Samples", |_| Ok("long".to_owned()))
        .resolver::<String>("test::", |_| Ok("short".to_owned()))
        .resolver::<usize>("test::", |meta| Ok(Samples::resolve(meta)?.values.len()));
    let _scope = context.enter();
    let meta = meta(&[1.0, 2.0]);
    assert_eq!(seen(&meta).as_deref(), Some("long"));
    assert_eq!(meta.resolve_as::<usize>().ok(), Some(2));
    assert!(meta.resolve_as::<u8>().is_err());
    let _extended = context.extended_by(&text("extension")).enter();
    assert_eq!(seen(&meta).as_deref(), Some("extension"));
}

#[test]
fn a_context_decides_what_any_object_is() {
    let meta = meta(&[1.0, 2.0]);
    let is = || registry().resolve(&meta).map(|any| (any.is::<Samples>(), any.is::<Counted>())).ok();
    assert_eq!(is(), Some((true, false)));
    let scope = Context::new().object::<Counted>("test::Samples").enter();
    assert_eq!(is(), Some((false, true)));
    let any = registry().resolve(&meta).expect("resolves").downcast::<Counted>().expect("is one");
    assert_eq!(any.bytes.len(), 16);
    drop(scope);
    assert_eq!(is(), Some((true, false)));
}

#[test]
fn drivers_are_found_by_name_and_typename() {
    let context = Context::new()
        .driver("sum", "test::Samples", |meta, ()| Ok(Samples::resolve(meta)?.values.iter().sum::<f64>()))
        .driver("fail", "test::", |_, text: String| -> Result<(), _> { Err(text.into()) });
    let _scope = context.enter();
    let meta = meta(&[1.5, 2.0]);
    assert_eq!(meta.call::<(), f64>("sum", ()).ok(), Some(3.5));
    let error = meta.call::<(), f64>("mean", ()).expect_err("no such driver");
    assert_eq!(error.to_string(), "there is no driver `mean` for objects of type `test::Samples`");
    let error = meta.call::<(), u8>("sum", ()).expect_err("gives f64");
    assert!(matches!(error, DriverError::OtherTypes { result: "u8", .. }), "{error}");
    let error = meta.call::<String, ()>("fail", "why".to_owned()).expect_err("fails");
    assert_eq!(error.to_string(), "driver `fail`: why");
}

#[derive(Debug, Object)]
#[object(typename = "test::Plugin", no_register)]
struct Plugin {
    number: u8,
}

#[test]
fn types_can_be_registered_by_hand() {
    let draft = Plugin::builder().number(7u8).build().expect("builds");
    let meta = testing::draft_meta(draft.node()).expect("a draft");
    assert!(registry().resolve(&meta).expect("resolves").is::<Opaque>());
    registry().register::<Plugin>();
    registry().register::<Plugin>();
    let any = registry().resolve(&meta).expect("resolves").downcast::<Plugin>().expect("is one");
    assert_eq!(any.number, 7);
    let found = registry().iter().find(|entry| entry.typename().as_str() == "test::Plugin").expect("listed");
    assert!(found.location().contains("contexts.rs:"), "{}", found.location());
    assert_eq!(found.schema().fields[0].key, "number");
}
