//! The tree as a backend.

use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::json;
use vineyard_core::{InstanceId, ObjectId};

use super::random::batches;
use super::state::object;
use super::suite;
use crate::meta::Tree;
use crate::meta::backend::{Backend, BackendError, Batch, Entry, FieldValue, Key, Link, Local, Op, Target, Watch};

fn tree() -> Mutex<Tree> {
    Mutex::new(Tree::new(InstanceId::from_raw(0)))
}

macro_rules! conformance {
    ($($name:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            let tree = tree();
            suite::$name(async || Local::new(&tree, |_| {})).await;
            tree.lock().expect("no panic").check();
        }
    )*};
}

conformance!(
    each_batch_makes_one_revision,
    a_batch_is_applied_as_a_whole_or_not_at_all,
    a_watch_sees_every_batch_in_order,
    a_watch_waits_for_what_is_to_come,
    who_lags_is_told_and_reads_a_snapshot,
    names_are_any_text,
    fields_are_merged_into_objects,
    signatures_are_keys_of_their_own,
    all_who_open_it_see_the_same,
);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_and_a_watch_make_the_state(batches in batches()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("starts");
        let tree = tree();
        let open = async || Local::new(&tree, |_| {});
        runtime.block_on(suite::a_snapshot_and_a_watch_make_the_state(open, batches));
        tree.lock().expect("no panic").check();
    }
}

#[tokio::test]
async fn a_feed_remembers_a_bounded_number_of_bytes() {
    let tree = tree();
    let backend = Local::new(&tree, |_| {});
    let start = backend.revision().await.expect("is there");
    let mut watch = backend.watch(start).await.expect("is the head");
    let large = |n: u64| {
        let name = format!("{n}{}", "x".repeat(1 << 20));
        Batch::new(vec![Op::Put(Entry::Name { name, id: ObjectId::from_raw(1) })])
    };
    for n in 0..17 {
        backend.commit(large(n)).await.expect("legal");
    }
    assert!(matches!(watch.next().await, Err(BackendError::Lagged { .. })));
    let recent = crate::meta::backend::Revision::from_raw(10);
    let mut recent = backend.watch(recent).await.expect("is remembered");
    for _ in 10..17 {
        recent.next().await.expect("is remembered");
    }
}

#[tokio::test]
async fn nothing_is_remembered_while_nobody_watches() {
    let tree = tree();
    let backend = Local::new(&tree, |_| {});
    let start = backend.revision().await.expect("is there");
    let batch = Batch::new(vec![Op::Put(object(1, &json!({})))]);
    let watch = backend.watch(start).await.expect("is the head");
    backend.commit(batch.clone()).await.expect("legal");
    assert!(backend.watch(start).await.is_ok());
    drop(watch);
    assert!(matches!(backend.watch(start).await, Err(BackendError::Lagged { .. })));
    let head = backend.commit(batch).await.expect("legal");
    assert!(backend.watch(head).await.is_ok());
}

#[tokio::test]
async fn a_watch_ends_with_its_tree() {
    let tree = tree();
    let mut watch = {
        let backend = Local::new(&tree, |_| {});
        let start = backend.revision().await.expect("is there");
        let watch = backend.watch(start).await.expect("is the head");
        backend.commit(Batch::new(vec![Op::Put(object(1, &json!({})))])).await.expect("legal");
        watch
    };
    drop(tree);
    assert!(watch.next().await.is_ok(), "what came before the end is seen");
    assert_eq!(watch.next().await, Err(BackendError::Ended));
}

#[tokio::test]
async fn blobs_that_lost_their_last_user_are_told() {
    let tree = tree();
    let freed = Mutex::new(Vec::new());
    let backend = Local::new(&tree, |blobs: &[ObjectId]| freed.lock().expect("no panic").extend_from_slice(blobs));
    let [ours, shared] = [1, 2].map(|n| ObjectId::blob(n, n));
    let link = |blob, instance| {
        FieldValue::Link(Link::new(Target::Blob(blob, InstanceId::from_raw(instance)), "vineyard::Blob"))
    };
    let with = |raw, links: &[(&str, FieldValue)]| {
        let Entry::Object { id, mut fields } = object(raw, &json!({})) else { panic!("is one") };
        fields.extend(links.iter().map(|(key, link)| ((*key).to_owned(), link.clone())));
        Op::Put(Entry::Object { id, fields })
    };
    let links = [("a", link(ours, 0)), ("b", link(shared, 0)), ("r", link(ObjectId::blob(3, 3), 7))];
    let empty = ("e", link(ObjectId::EMPTY_BLOB, 0));
    let batch = vec![with(1, &links), with(2, &[("b", link(shared, 0)), empty])];
    backend.commit(Batch::new(batch)).await.expect("legal");
    backend.commit(Batch::new(vec![with(1, &links[1..])])).await.expect("legal");
    assert_eq!(std::mem::take(&mut *freed.lock().expect("no panic")), [ours], "the object was replaced");
    let delete = |raw| Op::Delete(Key::Object(ObjectId::from_raw(raw)));
    backend.commit(Batch::new(vec![delete(1)])).await.expect("legal");
    assert_eq!(freed.lock().expect("no panic").len(), 0, "one is used by another object, one is remote");
    backend.commit(Batch::new(vec![delete(2)])).await.expect("legal");
    assert_eq!(*freed.lock().expect("no panic"), [shared]);
}
