//! What every backend must do. Each function gets a way to open the same backend any number of times; it begins empty.

use serde_json::json;
use vineyard_core::{InstanceId, ObjectId, Signature};

use super::state::{State, object};
use crate::meta::backend::{Backend, BackendError, Batch, Entry, FieldValue, Key, Op, Revision, Watch};

fn put(entry: Entry) -> Batch {
    Batch::new(vec![Op::Put(entry)])
}

fn delete(key: Key) -> Batch {
    Batch::new(vec![Op::Delete(key)])
}

fn name(name: &str, raw: u64) -> Entry {
    Entry::Name { name: name.to_owned(), id: ObjectId::from_raw(raw) }
}

fn field(raw: u64, key: &str, value: serde_json::Value) -> Entry {
    Entry::Field { id: ObjectId::from_raw(raw), key: key.to_owned(), value: FieldValue::Plain(value) }
}

fn after(revision: Revision, batches: u64) -> Revision {
    Revision::from_raw(revision.as_raw() + batches)
}

async fn state(backend: &impl Backend) -> State {
    State::of(&backend.snapshot().await.expect("is there"))
}

async fn commit(backend: &impl Backend, batch: Batch) -> Revision {
    backend.commit(batch).await.expect("a legal batch")
}

pub async fn each_batch_makes_one_revision<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let start = backend.revision().await.expect("is there");
    assert_eq!(state(&backend).await, State::default());
    let batches = [
        put(object(1, &json!({}))),
        Batch::new(vec![Op::Put(object(2, &json!({}))), Op::Put(name("n", 2)), Op::Delete(Key::Name("x".to_owned()))]),
        put(object(1, &json!({}))),
        delete(Key::Object(ObjectId::from_raw(99))),
    ];
    for (made, batch) in (1..).zip(batches) {
        assert_eq!(commit(&backend, batch).await, after(start, made));
        assert_eq!(backend.revision().await, Ok(after(start, made)));
        assert_eq!(backend.snapshot().await.expect("is there").revision, after(start, made));
    }
    assert_eq!(commit(&backend, Batch::default()).await, after(start, 4), "an empty batch makes none");
    assert_eq!(backend.revision().await, Ok(after(start, 4)));
}

pub async fn a_batch_is_applied_as_a_whole_or_not_at_all<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    commit(&backend, put(object(1, &json!({"x": 1})))).await;
    let before = backend.snapshot().await.expect("is there");
    let mut watch = backend.watch(before.revision).await.expect("is the head");
    let nested = (0..200).fold(json!(1), |inner, _| json!([inner]));
    let blob = ObjectId::EMPTY_BLOB.as_raw();
    let broken = [
        vec![Op::Put(object(blob, &json!({})))],
        vec![Op::Put(name("n", blob))],
        vec![Op::Put(field(blob, "k", json!(1)))],
        vec![Op::Put(field(3, "id", json!("o0000000000000003")))],
        vec![Op::Put(field(3, "k", json!({})))],
        vec![Op::Put(field(3, "k", nested))],
        vec![Op::Put(object(3, &json!({"typename": 5})))],
        vec![Op::Put(object(3, &json!({"instance_id": "0"})))],
        vec![Op::Put(object(3, &json!({"signature": "s1"})))],
        vec![Op::Put(object(3, &json!({"__timestamp": 0.5})))],
        vec![Op::Put(object(3, &json!({"global": 1})))],
        vec![Op::Put(name("n", 1)), Op::Put(name("n", 2))],
        vec![Op::Put(name("n", 1)), Op::Delete(Key::Name("n".to_owned()))],
        vec![Op::Put(object(3, &json!({}))), Op::Delete(Key::Object(ObjectId::from_raw(3)))],
        vec![Op::Put(field(1, "k", json!(1))), Op::Delete(Key::Object(ObjectId::from_raw(1)))],
    ];
    for ops in broken {
        let good = [Op::Put(object(2, &json!({}))), Op::Delete(Key::Object(ObjectId::from_raw(7)))];
        let batch = Batch::new(good.iter().cloned().chain(ops).collect());
        let refused = backend.commit(batch.clone()).await;
        assert!(matches!(refused, Err(BackendError::Refused { .. })), "{batch:?}: {refused:?}");
        assert_eq!(backend.snapshot().await.expect("is there"), before, "{batch:?}");
    }
    let good = put(object(2, &json!({})));
    commit(&backend, good.clone()).await;
    let event = watch.next().await.expect("is remembered");
    assert_eq!((event.revision, &*event.batch), (after(before.revision, 1), &good), "refused batches are not seen");
}

pub async fn a_watch_sees_every_batch_in_order<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let start = backend.revision().await.expect("is there");
    let mut first = backend.watch(start).await.expect("is the head");
    let batches: Vec<Batch> = (0..20).map(|n| put(name(&format!("n{n}"), n + 1))).collect();
    for batch in &batches[..10] {
        commit(&backend, batch.clone()).await;
    }
    let mut second = backend.watch(after(start, 4)).await.expect("is remembered");
    for batch in &batches[10..] {
        commit(&backend, batch.clone()).await;
    }
    for (watch, skip) in [(&mut first, 0), (&mut second, 4)] {
        for (index, batch) in batches.iter().enumerate().skip(skip) {
            let event = watch.next().await.expect("is remembered");
            assert_eq!((event.revision, &*event.batch), (after(start, index as u64 + 1), batch));
        }
    }
}

pub async fn a_watch_waits_for_what_is_to_come<B: Backend>(open: impl AsyncFn() -> B) {
    let (backend, other) = (open().await, open().await);
    let start = backend.revision().await.expect("is there");
    let mut watch = backend.watch(start).await.expect("is the head");
    let wanted = put(name("n", 1));
    // The first future is polled and dropped: a watch that is cancelled has lost nothing.
    tokio::select! {
        biased;
        event = watch.next() => panic!("nothing was committed: {event:?}"),
        () = std::future::ready(()) => {}
    }
    let (event, revision) = tokio::join!(watch.next(), other.commit(wanted.clone()));
    let event = event.expect("is remembered");
    assert_eq!((Ok(event.revision), &*event.batch), (revision, &wanted));
}

pub async fn who_lags_is_told_and_reads_a_snapshot<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let start = backend.revision().await.expect("is there");
    let mut watch = backend.watch(start).await.expect("is the head");
    let long = "x".repeat(1 << 20);
    for n in 0..40 {
        commit(&backend, put(name(&format!("{n}{long}"), 1))).await;
    }
    let mut seen = State::default();
    let mut revision = start;
    while revision < after(start, 40) {
        match watch.next().await {
            Ok(event) => {
                assert_eq!(event.revision, after(revision, 1));
                seen.apply(&event.batch);
                revision = event.revision;
            }
            Err(BackendError::Lagged { after, head }) => {
                assert_eq!((after, head), (revision, Revision::from_raw(start.as_raw() + 40)));
                assert!(watch.next().await.is_err(), "and is told again");
                let snapshot = backend.snapshot().await.expect("is there");
                (seen, revision) = (State::of(&snapshot), snapshot.revision);
                watch = backend.watch(revision).await.expect("is the head");
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(seen.names.len(), 40);
    let last = put(name("last", 1));
    commit(&backend, last.clone()).await;
    assert_eq!(*watch.next().await.expect("is remembered").batch, last);
    let never = after(start, 1000);
    assert!(matches!(backend.watch(never).await, Err(BackendError::Lagged { after, .. }) if after == never));
}

pub async fn a_snapshot_and_a_watch_make_the_state<B: Backend>(open: impl AsyncFn() -> B, batches: Vec<Batch>) {
    let (backend, other) = (open().await, open().await);
    let start = backend.revision().await.expect("is there");
    let mut from_the_start = backend.watch(start).await.expect("is the head");
    let (mut expected, mut followed) = (State::default(), State::default());
    let mut late = None;
    let middle = batches.len() / 2;
    for (index, batch) in batches.into_iter().enumerate() {
        if index == middle {
            let head = other.revision().await.expect("is there");
            let watch = other.watch(head).await.expect("is the head");
            late = Some((watch, other.snapshot().await.expect("is there")));
        }
        let legal = batch.check();
        match backend.commit(batch.clone()).await {
            Ok(_) => expected.apply(&batch),
            Err(error) => assert_eq!(Err(error), legal),
        }
        assert_eq!(state(&other).await, expected, "{batch:?}");
    }
    let head = backend.revision().await.expect("is there");
    let mut revision = start;
    while revision < head {
        let event = from_the_start.next().await.expect("is remembered");
        followed.apply(&event.batch);
        revision = event.revision;
    }
    assert_eq!(followed, expected);
    let (mut watch, snapshot) = late.expect("there is a middle");
    let (mut followed, mut revision) = (State::of(&snapshot), snapshot.revision);
    while revision < head {
        let event = watch.next().await.expect("is remembered");
        followed.apply(&event.batch);
        revision = event.revision;
    }
    assert_eq!(followed, expected);
}

pub async fn names_are_any_text<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let names = ["", "/", "~", "~0", "~1", "dir/second~name", "a//b", " ", "é\n", "names/x", "\u{0}"];
    let ops = (1..).zip(names).map(|(raw, text)| Op::Put(name(text, raw))).collect();
    commit(&backend, Batch::new(ops)).await;
    let found = state(&backend).await.names;
    assert_eq!(found.len(), names.len());
    for (raw, text) in (1..).zip(names) {
        assert_eq!(found[text], ObjectId::from_raw(raw), "{text:?}");
        commit(&backend, delete(Key::Name(text.to_owned()))).await;
    }
    assert_eq!(state(&backend).await, State::default());
}

pub async fn fields_are_merged_into_objects<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let fields = async || {
        let objects = state(&backend).await.objects;
        let fields = objects.get(&ObjectId::from_raw(1)).cloned().unwrap_or_default();
        let plain = fields.into_iter().filter_map(|(key, value)| match value {
            FieldValue::Plain(value) if !["typename", "instance_id", "signature", "__timestamp"].contains(&&*key) => {
                Some((key, value))
            }
            _ => None,
        });
        serde_json::Value::Object(plain.collect())
    };
    let key = |key: &str| Key::Field(ObjectId::from_raw(1), key.to_owned());
    commit(&backend, put(object(1, &json!({"x": 1, "a/b": "t"})))).await;
    commit(&backend, put(field(1, "__labels", json!("{}")))).await;
    commit(&backend, put(field(1, "x", json!([2])))).await;
    for (odd, value) in [("", json!(null)), ("~1", json!("vl")), ("0", json!(0.5))] {
        commit(&backend, put(field(1, odd, value))).await;
    }
    let expected = json!({"x": [2], "a/b": "t", "__labels": "{}", "": null, "~1": "vl", "0": 0.5});
    assert_eq!(fields().await, expected);
    for gone in ["__labels", "", "~1", "absent"] {
        commit(&backend, delete(key(gone))).await;
    }
    assert_eq!(fields().await, json!({"x": [2], "a/b": "t", "0": 0.5}));
    commit(&backend, Batch::new(vec![Op::Put(field(1, "y", json!(1))), Op::Put(object(1, &json!({})))])).await;
    assert_eq!(fields().await, json!({"y": 1}), "an object replaces its fields, and comes before those of its batch");
    commit(&backend, delete(Key::Object(ObjectId::from_raw(1)))).await;
    assert_eq!(state(&backend).await, State::default(), "an object goes with its fields");
    commit(&backend, put(field(1, "z", json!(1)))).await;
    assert_eq!(fields().await, json!({"z": 1}), "a field may come before its object");
    for (key, value) in [("typename", json!("T")), ("instance_id", json!(0)), ("y", json!(2))] {
        commit(&backend, put(field(1, key, value))).await;
    }
    assert_eq!(fields().await, json!({"y": 2, "z": 1}));
    commit(&backend, delete(key("typename"))).await;
    assert_eq!(fields().await, json!({"y": 2, "z": 1}), "and may outlast it");
}

pub async fn signatures_are_keys_of_their_own<B: Backend>(open: impl AsyncFn() -> B) {
    let backend = open().await;
    let claim = |instance: u64, raw: u64| Entry::Signature {
        signature: Signature::from_raw(9),
        instance: InstanceId::from_raw(instance),
        id: ObjectId::from_raw(raw),
    };
    let both = vec![Op::Put(object(1, &json!({}))), Op::Put(claim(0, 1)), Op::Put(claim(7, 2))];
    commit(&backend, Batch::new(both)).await;
    let found = state(&backend).await.signatures;
    assert_eq!(found.into_values().collect::<Vec<_>>(), [1, 2].map(ObjectId::from_raw));
    commit(&backend, delete(Key::Object(ObjectId::from_raw(1)))).await;
    assert_eq!(state(&backend).await.signatures.len(), 2, "an object does not take its signature along");
    commit(&backend, delete(claim(0, 1).key())).await;
    commit(&backend, put(claim(7, 3))).await;
    let found = state(&backend).await.signatures;
    assert_eq!(found.into_values().collect::<Vec<_>>(), [ObjectId::from_raw(3)]);
}

pub async fn all_who_open_it_see_the_same<B: Backend>(open: impl AsyncFn() -> B) {
    let (one, two) = (open().await, open().await);
    let start = one.revision().await.expect("is there");
    let mut watch = two.watch(start).await.expect("is the head");
    let [mut revisions, mut seen] = [Vec::new(), Vec::new()];
    for n in 0..10 {
        let (a, b) =
            tokio::join!(one.commit(put(name(&format!("one{n}"), 1))), two.commit(put(name(&format!("two{n}"), 2))),);
        revisions.extend([a.expect("legal"), b.expect("legal")]);
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=20).map(|n| after(start, n)).collect::<Vec<_>>());
    for _ in 0..20 {
        seen.push(watch.next().await.expect("is remembered").revision);
    }
    assert_eq!(seen, revisions);
    assert_eq!(one.snapshot().await, two.snapshot().await);
    assert_eq!(one.revision().await, two.revision().await);
    assert_eq!(state(&two).await.names.len(), 20);
}
