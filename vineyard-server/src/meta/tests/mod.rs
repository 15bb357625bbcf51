//! Tests of the metadata through its public face, and the helpers they share.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::as_conversions,
    reason = "a test that stumbles is a test that fails"
)]

mod apply;
mod backend;
mod clear;
mod copy;
mod create;
mod delete;
mod form;
mod hostile;
mod labels;
mod list;
mod model;
mod names;
mod publish;
mod replay;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use vineyard_core::meta::MetaTree;
use vineyard_core::{InstanceId, ObjectId, StatusCode};

use super::extent::Extent;
use super::record::{Link, Record};
use super::*;
use crate::ids::IdGenerator;
use crate::pattern::Pattern;

const NOW: u64 = 1_700_000_000_000;

/// Blobs by id, with their length.
type Lengths = BTreeMap<ObjectId, u64>;

impl Blobs for Lengths {
    fn length(&self, id: ObjectId) -> Option<u64> {
        self.get(&id).copied()
    }
}

/// A tree with what it needs to create objects, and checks of its indexes after each change.
struct Server {
    tree: Tree,
    ids: IdGenerator,
    blobs: Lengths,
}

impl Server {
    fn new() -> Self {
        let instance = InstanceId::from_raw(0);
        Self { tree: Tree::new(instance), ids: IdGenerator::new(instance), blobs: Lengths::new() }
    }

    fn blob(&mut self, length: u64) -> ObjectId {
        let id = self.ids.blob();
        self.blobs.insert(id, length);
        id
    }

    fn try_create_all(&mut self, contents: &[Value]) -> Result<Vec<Created>, i64> {
        let contents: Vec<MetaTree> =
            contents.iter().map(|content| serde_json::from_value(content.clone()).expect("an object")).collect();
        let result = self.tree.create(&contents, &self.ids, NOW, &self.blobs, false);
        self.tree.check();
        result.map(|creation| creation.objects).map_err(|error| error.code.as_raw())
    }

    fn try_create(&mut self, content: Value) -> Result<Created, i64> {
        self.try_create_all(&[content]).map(|created| created[0])
    }

    #[track_caller]
    fn create(&mut self, content: Value) -> ObjectId {
        self.try_create(content).expect("a legal object").id
    }

    /// Makes an object appear as large as its reader can bear, up to 1000 bytes.
    fn fill(&mut self, id: ObjectId) {
        let record = self.tree.records.get_mut(&id).expect("there");
        record.own.bytes = Extent::largest().bytes - 1000;
        record.whole = record.own;
    }

    fn delete(&mut self, ids: &[ObjectId], force: bool, deep: bool) -> Deleted {
        let deleted = self.tree.delete(ids, force, deep);
        self.tree.check();
        for blob in &deleted.blobs {
            self.blobs.remove(blob);
        }
        deleted
    }

    fn view(&self, id: ObjectId) -> Option<Value> {
        self.tree.view(id, &self.blobs).map(|view| serde_json::to_value(view).expect("is measured"))
    }

    fn list(&self, pattern: &str, regex: bool, limit: usize) -> Vec<ObjectId> {
        self.page(pattern, regex, None, limit)
    }

    fn page(&self, pattern: &str, regex: bool, after: Option<ObjectId>, limit: usize) -> Vec<ObjectId> {
        let pattern = Pattern::new(pattern, regex);
        self.tree.list(&pattern, after, limit, &self.blobs).map(|(id, _)| id).collect()
    }
}

/// An object of instance 0 with these fields.
fn object(typename: &str, fields: Value) -> Value {
    let mut content = json!({"typename": typename, "instance_id": 0, "transient": true, "nbytes": 0});
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    content.as_object_mut().expect("is one").extend(fields);
    content
}

/// A member that is only named.
fn named(id: ObjectId) -> Value {
    json!({"id": id.to_string()})
}

/// A member that is described as a blob.
fn blob(id: ObjectId, instance: u64) -> Value {
    json!({"id": id.to_string(), "typename": "vineyard::Blob", "instance_id": instance, "length": 77, "nbytes": 77})
}

impl Tree {
    /// Compares every index with what the records say.
    fn check(&self) {
        let (mut by_id, mut by_signature) = (BTreeSet::new(), BTreeSet::new());
        let mut by_type: BTreeMap<&str, BTreeSet<ObjectId>> = BTreeMap::new();
        let mut key_lists = BTreeSet::new();
        let names = self.names.keys().map(|name| weight::of_name(name)).sum::<u64>();
        let mut weight = 0;
        for (id, record) in &self.records {
            by_type.entry(&record.typename).or_default().insert(*id);
            weight += record.weight();
            let keys: Vec<&str> = record.fields().map(|(key, _)| key).collect();
            assert!(keys.is_sorted_by(|a, b| a < b), "keys of {id} are sorted: {keys:?}");
            key_lists.insert(keys);
            for link in record.links() {
                match link {
                    Link::Object(member) => drop(by_id.insert((member, *id))),
                    Link::Signature(signature) => drop(by_signature.insert((signature, *id))),
                    Link::Blob(blob) if !is_everlasting(blob) => drop(by_id.insert((blob, *id))),
                    Link::Blob(_) | Link::RemoteBlob => {}
                }
            }
        }
        assert_eq!(self.edges.all_by_id(), &by_id);
        assert_eq!(self.edges.all_by_signature(), &by_signature);
        let types: BTreeMap<&str, BTreeSet<ObjectId>> =
            self.by_type.iter().map(|(typename, ids)| (&**typename, ids.clone())).collect();
        assert_eq!(types, by_type);
        assert_eq!(self.key_lists.len(), key_lists.len());
        weight += types.keys().map(|typename| weight::of_key(typename)).sum::<u64>();
        let lists = key_lists.into_iter().map(|keys| weight::of_keys(keys.into_iter())).sum::<u64>();
        assert_eq!((self.weight, self.names_weight, self.key_lists.weight()), (weight, names, lists));
        assert_eq!(self.share.held(), weight + names + lists);
        for id in self.strays.keys() {
            assert!(self.record(*id).is_none_or(|record| record.transient), "the fields of {id} are in one place");
        }
        for (signature, instance, id) in self.edges.unpublished() {
            let record: &Record = self.record(id).expect("a claim is withdrawn with its object");
            assert_eq!((record.signature, record.instance), (Some(signature), instance));
        }
    }
}

/// The code of a refusal, 0 for a success.
fn code<T>(result: Result<T, vineyard_core::ServerError>) -> i64 {
    result.map_or_else(|error| error.code.as_raw(), |_| 0)
}

const INVALID: i64 = StatusCode::Invalid.as_raw();
const ASSERTION: i64 = StatusCode::AssertionFailed.as_raw();
const NO_OBJECT: i64 = StatusCode::ObjectNotExists.as_raw();
const META_INVALID: i64 = StatusCode::MetaTreeInvalid.as_raw();
const NO_ID: i64 = StatusCode::MetaTreeNameNotExists.as_raw();
const NO_MEMBER: i64 = StatusCode::MetaTreeSubtreeNotExists.as_raw();
const GLOBAL: i64 = StatusCode::GlobalObjectInvalid.as_raw();
