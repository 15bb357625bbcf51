//! Random pieces of published state.

use proptest::prelude::*;
use serde_json::{Value, json};
use vineyard_core::{InstanceId, ObjectId, Signature};

use super::state::object;
use crate::meta::backend::{Batch, Entry, FieldValue, Key, Link, Op, Target};

/// Few, so that batches meet.
fn id() -> impl Strategy<Value = ObjectId> {
    (1..6_u64).prop_map(ObjectId::from_raw)
}

fn signature() -> impl Strategy<Value = (Signature, InstanceId)> {
    (1..4_u64, 0..2_u64)
        .prop_map(|(signature, instance)| (Signature::from_raw(signature), InstanceId::from_raw(instance)))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a~/]{1,3}", Just("dir/second~name".to_owned())]
}

/// Keys of fields, which may complete an object or take it apart.
fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[ab/~]{0,2}", "__name|__labels", "typename|instance_id"]
}

fn value(key: &str) -> BoxedStrategy<FieldValue> {
    let plain = match key {
        "typename" => "[ST]".prop_map(Value::from).boxed(),
        "instance_id" => (0..2_u64).prop_map(Value::from).boxed(),
        _ => prop_oneof![
            "[vl]?.{0,3}".prop_map(Value::from),
            Just(json!([1, null, {"k": "v"}])),
            any::<u64>().prop_map(Value::from)
        ]
        .boxed(),
    };
    let plain = plain.prop_map(FieldValue::Plain);
    if key.starts_with("__") || ["typename", "instance_id"].contains(&key) {
        return plain.boxed();
    }
    let blob = (1..4_u64, 0..2_u64)
        .prop_map(|(blob, instance)| Target::Blob(ObjectId::blob(blob, blob), InstanceId::from_raw(instance)));
    let target = prop_oneof![
        id().prop_map(Target::Object),
        signature().prop_map(|(signature, _)| Target::Signature(signature)),
        blob,
    ];
    prop_oneof![2 => plain, 1 => target.prop_map(|target| FieldValue::Link(Link::new(target, "T")))].boxed()
}

fn op() -> impl Strategy<Value = Op> {
    let field = (id(), key())
        .prop_flat_map(|(id, key)| value(&key).prop_map(move |value| Entry::Field { id, key: key.clone(), value }));
    let put = prop_oneof![
        3 => (1..6_u64, 0..3_u64).prop_map(|(id, x)| object(id, &json!({"x": x}))),
        5 => field,
        1 => (signature(), id()).prop_map(|((signature, instance), id)| Entry::Signature { signature, instance, id }),
        1 => (name(), id()).prop_map(|(name, id)| Entry::Name { name, id }),
    ];
    let key = prop_oneof![
        2 => id().prop_map(Key::Object),
        2 => (id(), key()).prop_map(|(id, key)| Key::Field(id, key)),
        1 => signature().prop_map(|(signature, instance)| Key::Signature(signature, instance)),
        1 => name().prop_map(Key::Name),
    ];
    prop_oneof![3 => put.prop_map(Op::Put), 1 => key.prop_map(Op::Delete)]
}

/// Batches, some of which must be refused.
pub fn batches() -> impl Strategy<Value = Vec<Batch>> {
    prop::collection::vec(prop::collection::vec(op(), 1..8).prop_map(Batch::new), 1..20)
}
