//! Which operations publish what.

use super::backend::State;
use super::*;
use crate::meta::backend::{Batch, Entry, Event, FieldValue, Key, LocalWatch, Op, Revision, Watch};

/// A server whose batches are followed, into a state and into another tree.
pub struct Followed {
    pub server: Server,
    watch: LocalWatch,
    seen: State,
    other: Tree,
}

impl Followed {
    pub fn new() -> Self {
        let mut server = Server::new();
        let watch = server.tree.watch(Revision::default()).expect("is the head");
        Self { server, watch, seen: State::default(), other: Tree::new(InstanceId::from_raw(1)) }
    }

    /// What was published since the last look. The state that follows from it must be that of a snapshot, and that of
    /// another tree that applied it.
    #[track_caller]
    pub fn published(&mut self) -> Vec<Batch> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("starts");
        let mut batches = Vec::new();
        while self.other.revision() < self.server.tree.revision() {
            let Event { revision, batch } = runtime.block_on(self.watch.next()).expect("is remembered");
            assert_eq!(revision, self.other.revision().next());
            assert_eq!(batch.check(), Ok(()));
            self.seen.apply(&batch);
            self.other.apply((*batch).clone());
            self.other.check();
            batches.push((*batch).clone());
        }
        assert_eq!(State::of(&self.server.tree.snapshot()), self.seen);
        assert_eq!(State::of(&self.other.snapshot()), self.seen);
        batches
    }

    /// The keys of the one batch that was published.
    #[track_caller]
    fn keys(&mut self) -> (Vec<Key>, Vec<Key>) {
        let batches = self.published();
        let [batch] = batches.as_slice() else { panic!("one batch was expected: {batches:?}") };
        let (put, deleted): (Vec<&Op>, Vec<&Op>) = batch.ops().iter().partition(|op| matches!(op, Op::Put(_)));
        (put.into_iter().map(Op::key).collect(), deleted.into_iter().map(Op::key).collect())
    }
}

fn field(id: ObjectId, key: &str) -> Key {
    Key::Field(id, key.to_owned())
}

fn signature(server: &Server, id: ObjectId) -> Key {
    let record = server.tree.record(id).expect("there");
    Key::Signature(record.signature.expect("has one"), record.instance)
}

fn labels() -> [(String, String); 1] {
    [("k".to_owned(), "v".to_owned())]
}

#[test]
fn what_is_transient_is_not_published() {
    let mut followed = Followed::new();
    let server = &mut followed.server;
    let leaf = server.create(object("S", json!({})));
    let global = server.create(object("G", json!({"global": true, "m": named(leaf)})));
    server.tree.label(leaf, labels()).expect("there");
    let copy = server.tree.shallow_copy(leaf, &json!({}), &server.ids).expect("there");
    server.tree.drop_name("absent");
    server.delete(&[copy], false, true);
    server.delete(&[ObjectId::from_raw(0x123)], false, true);
    assert_eq!(server.tree.put_name(global, "n").map_err(|error| error.code.as_raw()), Err(INVALID));
    drop(server.tree.clear());
    drop(server.tree.clear());
    assert_eq!(followed.server.tree.revision(), Revision::default());
    assert_eq!(followed.published(), []);
}

#[test]
fn each_operation_publishes_one_batch() {
    let mut followed = Followed::new();
    let server = &mut followed.server;
    let buffer = server.blob(8);
    let leaf = server.create(object("S", json!({"b": blob(buffer, 0)})));
    let root = server.create(object("T", json!({"m": named(leaf), "a/b": 1})));
    server.tree.label(leaf, labels()).expect("there");
    server.tree.persist(root).expect("there");
    let own = signature(server, root);
    let (put, deleted) = followed.keys();
    assert_eq!(put, [Key::Object(leaf), field(leaf, "__labels"), Key::Object(root), own.clone()], "members first");
    assert_eq!(deleted, []);
    followed.server.tree.persist(root).expect("there");
    followed.server.tree.persist(leaf).expect("there");
    assert_eq!(followed.published(), [], "it was persistent already");

    followed.server.tree.put_name(root, "dir/n").expect("persistent");
    let (put, deleted) = followed.keys();
    assert_eq!((put, deleted), (vec![Key::Name("dir/n".to_owned()), field(root, "__name")], vec![]));

    followed.server.tree.label(root, labels()).expect("there");
    assert_eq!(followed.keys(), (vec![field(root, "__labels")], vec![]));

    let server = &mut followed.server;
    let copy = server.tree.shallow_copy(root, &json!({"k": 1}), &server.ids).expect("there");
    let (put, deleted) = followed.keys();
    assert_eq!(put, [Key::Object(copy), field(copy, "__labels"), field(copy, "__name")], "but no signature");
    assert_eq!(deleted, []);

    followed.server.tree.drop_name("dir/n");
    assert_eq!(followed.keys(), (vec![], vec![Key::Name("dir/n".to_owned()), field(root, "__name")]));

    followed.server.delete(&[root], false, true);
    assert_eq!(followed.keys(), (vec![], vec![Key::Object(root), own]), "the member is used by the copy");
    followed.server.delete(&[root, buffer], false, true);
    assert_eq!(followed.published(), [], "nothing that was published went");

    drop(followed.server.tree.clear());
    let (put, mut deleted) = followed.keys();
    deleted.sort();
    assert_eq!((put, deleted), (vec![], vec![Key::Object(leaf), Key::Object(copy)]));
}

#[test]
fn a_global_object_publishes_the_signatures_of_its_members() {
    let mut followed = Followed::new();
    let server = &mut followed.server;
    let early = server.create(object("S<x>", json!({})));
    server.tree.persist(early).expect("there");
    let early_signature = signature(server, early);
    let late = server.create(object("S<x>", json!({})));
    let late_signature = signature(server, late);
    assert_eq!(followed.keys().0, [Key::Object(early), early_signature.clone()]);
    let server = &mut followed.server;
    let global = server.create(object("G", json!({"global": true, "a": named(early), "b": named(late)})));
    assert_eq!(followed.published(), []);

    followed.server.tree.persist(global).expect("there");
    let batches = followed.published();
    let ops = batches[0].ops();
    let keys: Vec<Key> = ops.iter().map(Op::key).collect();
    assert_eq!(keys, [Key::Object(late), Key::Object(global), late_signature.clone()]);
    let Op::Put(Entry::Object { fields, .. }) = &ops[1] else { panic!("is put") };
    let FieldValue::Link(link) = &fields["b"] else { panic!("is a link") };
    let Key::Signature(signature, _) = late_signature else { panic!("is one") };
    assert_eq!(link.to_string(), format!("{signature}.S"));

    followed.server.delete(&[global], false, true);
    let (_, mut deleted) = followed.keys();
    deleted.sort();
    let mut expected =
        vec![Key::Object(early), Key::Object(late), Key::Object(global), early_signature, late_signature];
    expected.sort();
    assert_eq!(deleted, expected);
}

#[test]
fn an_object_without_a_signature_publishes_none() {
    let mut followed = Followed::new();
    let member = json!({"id": "o0000000000000001", "typename": "S", "instance_id": 0});
    let parent = followed.server.create(object("T", json!({"m": member})));
    let member = ObjectId::from_raw(1);
    followed.server.tree.persist(member).expect("there");
    assert_eq!(followed.keys(), (vec![Key::Object(member)], vec![]));
    followed.server.delete(&[parent, member], false, false);
    assert_eq!(followed.keys(), (vec![], vec![Key::Object(member)]), "the parent was transient");
}

#[test]
fn a_signature_is_published_for_its_first_holder_only() {
    let mut followed = Followed::new();
    let server = &mut followed.server;
    let [first, second] = [(); 2].map(|()| server.create(object("S", json!({"signature": 9}))));
    server.tree.persist(first).expect("there");
    let claim = signature(server, first);
    assert_eq!(followed.keys().0, [Key::Object(first), claim.clone()]);
    followed.server.tree.persist(second).expect("there");
    assert_eq!(followed.keys().0, [Key::Object(second)]);
    followed.server.delete(&[second], false, true);
    assert_eq!(followed.keys().1, [Key::Object(second)]);
    followed.server.delete(&[first], false, true);
    assert_eq!(followed.keys().1, [Key::Object(first), claim]);
}

#[test]
fn nothing_is_made_for_nobody() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    server.tree.persist(id).expect("there");
    server.tree.put_name(id, "n").expect("persistent");
    assert_eq!(server.tree.revision(), Revision::from_raw(2));
    assert!(server.tree.watch(Revision::from_raw(1)).is_err());
}
