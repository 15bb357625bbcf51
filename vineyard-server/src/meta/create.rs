//! Checking what clients send, and making objects of it.

use std::collections::BTreeMap;

use serde_json::Value;
use vineyard_core::meta::{MetaField, MetaTree};
use vineyard_core::protocol::NEW_MEMBER;
use vineyard_core::{InstanceId, ObjectId, ServerError, Signature, StatusCode};

use super::extent::Extent;
use super::record::{BlobLength, Draft, Field};
use super::refusal::{error, integer, invalid, short};
use super::sketch::{Sketch, Sketched, Sketches};
use super::tree::Tree;
use super::{BLOB_TYPENAME, Blobs, LABELS_KEY, NAME_KEY};
use crate::ids::IdGenerator;

/// Keys that have a place of their own in a record; `id` is not stored at all.
pub(super) const PLACED_KEYS: [&str; 6] = ["__timestamp", "id", "instance_id", "signature", "transient", "typename"];

/// What [`Tree::create`] made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Creation {
    /// What came of each tree.
    pub objects: Vec<Created>,
    /// Blobs of this instance that were linked; several times if they were.
    pub blobs: Vec<ObjectId>,
}

/// What [`Tree::create`] made of one tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The new object.
    pub id: ObjectId,
    /// Its signature: the client's if it sent one.
    pub signature: Signature,
    /// Where it lives; unspecified for a global object whose members live on several instances.
    pub instance_id: InstanceId,
}

impl Tree {
    /// Creates objects, in order, all or none.
    ///
    /// A member is named by a tree with nothing but its `id`, or described by a full tree. A described object that
    /// exists is taken as it is; one that does not is created under the id given, with its members. Objects are
    /// transient whatever the client says, and top-level ids are made by `ids`.
    ///
    /// `strict` is for clients of our own: a member may also be named by a tree with nothing but [`NEW_MEMBER`], and
    /// blobs that `blobs` does not know are refused. For others a description of a blob is believed, and its length is
    /// looked up when it is read.
    ///
    /// # Errors
    ///
    /// - Code 1: a signature that is not an integer.
    /// - Code 7: no `instance_id`, or the typename of blobs.
    /// - Code 21: no textual `typename`, an `instance_id` that is not an integer, a malformed id, a place that is not
    ///   one of an object before, a blob without its description, a cycle, a tree that is too deep or too large.
    /// - Code 25: a member without `id`.
    /// - Code 27: a member that is only named and does not exist, or with `strict` a blob that is not known.
    /// - Code 41: the server may keep no more.
    /// - Code 51: a member on another instance in an object that is not global, a global member in a global object.
    pub fn create(
        &mut self,
        contents: &[MetaTree],
        ids: &IdGenerator,
        now_millis: u64,
        blobs: &dyn Blobs,
        strict: bool,
    ) -> Result<Creation, ServerError> {
        self.create_sketched(&mut Sketches::new(contents, false), ids, now_millis, blobs, strict)
    }

    /// As [`create`](Self::create), of trees that were read before.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_sketched(
        &mut self,
        sketches: &mut Sketches<'_>,
        ids: &IdGenerator,
        now_millis: u64,
        blobs: &dyn Blobs,
        strict: bool,
    ) -> Result<Creation, ServerError> {
        let (drafts, claims, created) = (BTreeMap::new(), BTreeMap::new(), Creation::default());
        let mut tops = std::mem::take(&mut sketches.tops).into_iter();
        let (unused, refused, path) = (&mut sketches.unused, &mut sketches.refused, Vec::new());
        let mut batch = Batch { tree: self, ids, blobs, strict, drafts, claims, created, unused, refused, path };
        let added = tops.by_ref().try_for_each(|content| batch.add(content, now_millis));
        let Batch { drafts, claims, created, .. } = batch;
        if let Err(error) = added {
            sketches.refused.extend(drafts.into_values().map(|draft| *draft));
            sketches.unused.extend(tops);
            return Err(error);
        }
        if let Err(error) = self.take_room(drafts.values().map(|draft| draft.weight()).fold(0, u64::saturating_add)) {
            sketches.refused.extend(drafts.into_values().map(|draft| *draft));
            return Err(error);
        }
        for ((signature, instance), id) in claims {
            self.edges.hold(signature, instance, id);
        }
        for (id, draft) in drafts {
            self.insert(id, *draft);
        }
        self.settle();
        Ok(created)
    }
}

/// Objects of one request that are checked; nothing is stored before all of them are.
struct Batch<'a, 's> {
    tree: &'a Tree,
    ids: &'a IdGenerator,
    blobs: &'a dyn Blobs,
    strict: bool,
    /// Boxed: most requests make one, and a node of the map has room for eleven.
    drafts: BTreeMap<ObjectId, Box<Draft>>,
    /// Signatures that links of the drafts go by.
    claims: BTreeMap<(Signature, InstanceId), ObjectId>,
    /// What came of the trees so far.
    created: Creation,
    /// Descriptions of members that exist.
    unused: &'a mut Vec<Sketch<'s>>,
    refused: &'a mut Vec<Draft>,
    /// The objects that are being checked, outermost first.
    path: Vec<ObjectId>,
}

/// What the fields of an object do not say.
struct Head<'a> {
    id: ObjectId,
    typename: &'a str,
    instance: InstanceId,
    signature: Option<Signature>,
    timestamp: Option<u64>,
}

/// What a parent wants to know of a member object.
#[derive(Clone, Copy)]
struct Summary {
    instance: InstanceId,
    signature: Option<Signature>,
    global: bool,
    extent: Extent,
}

/// The object whose member is looked at.
struct Parent<'a> {
    typename: &'a str,
    global: bool,
}

impl<'s> Batch<'_, 's> {
    /// Checks a top-level object.
    fn add(&mut self, sketch: Sketch<'s>, now_millis: u64) -> Result<(), ServerError> {
        let content = sketch.tree;
        let typename = content.typename().ok_or_else(|| invalid("the metadata has no `typename` that is text"))?;
        if typename == BLOB_TYPENAME {
            return Err(error(StatusCode::AssertionFailed, format!("`{BLOB_TYPENAME}` has no metadata of its own")));
        }
        let instance = match content.field("instance_id") {
            Some(field) => number(field)
                .map(InstanceId::from_raw)
                .ok_or_else(|| invalid(format!("`instance_id` of `{}` is not an integer", short(typename))))?,
            None => {
                let message = format!("the metadata of `{}` has no `instance_id`", short(typename));
                return Err(error(StatusCode::AssertionFailed, message));
            }
        };
        let signature = signature(content, typename)?.unwrap_or_else(|| self.ids.signature());
        let id = self.tree.fresh_id(self.ids, |id| self.drafts.contains_key(&id));
        let head = Head { id, typename, instance, signature: Some(signature), timestamp: Some(now_millis) };
        let summary = self.object(sketch, head)?;
        self.created.objects.push(Created { id, signature, instance_id: summary.instance });
        Ok(())
    }

    /// Checks an object and what it is made of, and drafts it.
    fn object(&mut self, sketch: Sketch<'s>, head: Head<'_>) -> Result<Summary, ServerError> {
        let Sketch { tree: content, fields, own } = sketch;
        let Head { id, typename, instance: own_instance, signature, timestamp } = head;
        let global = match content.field("global") {
            None => false,
            Some(MetaField::Value(Value::Bool(global))) => *global,
            Some(_) => return Err(invalid(format!("`global` of `{}` is not a boolean", short(typename)))),
        };
        let parent = Parent { typename, global };
        let mut draft = Draft {
            typename: typename.to_owned(),
            instance: own_instance,
            signature,
            timestamp,
            transient: true,
            global,
            own: Extent::NODE,
            whole: Extent::NODE,
            fields: Vec::new(),
        };
        let mut fields = fields.into_iter();
        self.path.push(id);
        let filled = self.fill(&mut draft, &mut fields, own, &parent);
        self.path.pop();
        if let Err(error) = filled {
            self.refused.push(draft);
            self.unused.push(Sketch { tree: content, fields: fields.collect(), own: Ok(Extent::NODE) });
            return Err(error);
        }
        let summary = Summary::of(&draft);
        self.drafts.insert(id, Box::new(draft));
        Ok(summary)
    }

    /// Checks the fields of an object, and measures it.
    fn fill(
        &mut self,
        draft: &mut Draft,
        fields: &mut std::vec::IntoIter<(Box<str>, Sketched<'s>)>,
        own: Result<Extent, Box<str>>,
        parent: &Parent<'_>,
    ) -> Result<(), ServerError> {
        let own_instance = draft.instance;
        let (mut members, mut num_blobs) = (Vec::new(), 0_u32);
        draft.fields.reserve_exact(fields.len());
        for (key, sketched) in fields {
            let field = match sketched {
                Sketched::Plain(field) => field,
                Sketched::Member(..) if [LABELS_KEY, NAME_KEY].contains(&&*key) => {
                    return Err(invalid(format!("{} is a member, expected text", parent.field(&key))));
                }
                Sketched::Member(tree, sketch) => {
                    let (field, instance) = self.member(parent, &key, tree, sketch, &mut members)?;
                    num_blobs = num_blobs.saturating_add(u32::from(field.is_blob()));
                    if instance != own_instance {
                        if !parent.global {
                            let what = parent.field(&key);
                            let message = format!("{what} lives on {instance}, its local parent on {own_instance}");
                            return Err(error(StatusCode::GlobalObjectInvalid, message));
                        }
                        draft.instance = InstanceId::UNSPECIFIED;
                    }
                    field
                }
            };
            draft.fields.push((key, field));
        }
        draft.own = own.map_err(|key| invalid(format!("{} is nested too deeply", parent.field(&key))))?;
        (0..num_blobs).for_each(|_| draft.own.include(Extent::BLOB));
        draft.whole = draft.own;
        members.into_iter().for_each(|member| draft.whole.include(member));
        if !draft.whole.fits() {
            let (found, limit, typename) = (draft.whole, Extent::largest(), short(parent.typename));
            return Err(invalid(format!("`{typename}` expands to {found}, the limit is {limit}")));
        }
        Ok(())
    }

    /// Checks a member, with what it stands for: how it is linked, and where it lives.
    fn member(
        &mut self,
        parent: &Parent<'_>,
        key: &str,
        tree: &'s MetaTree,
        sketch: Option<Sketch<'s>>,
        members: &mut Vec<Extent>,
    ) -> Result<(Field, InstanceId), ServerError> {
        let what = || parent.field(key);
        let id = self.named(tree, &what)?;
        if id.is_blob() {
            self.unused.extend(sketch);
            return self.blob(id, tree, &what);
        }
        if tree.typename() == Some(BLOB_TYPENAME) {
            return Err(invalid(format!("{} is described as a blob, but {id} is the id of an object", what())));
        }
        if self.path.contains(&id) {
            return Err(invalid(format!("{} is {id}, of which it is a part itself", what())));
        }
        let member = match self.summary(id) {
            Some(known) => {
                self.unused.extend(sketch);
                known
            }
            None if tree.len() == 1 => {
                let message = format!("{} is {id}, which does not exist", what());
                return Err(error(StatusCode::MetaTreeSubtreeNotExists, message));
            }
            None => self.described(id, tree, sketch, &what)?,
        };
        if parent.global && member.global {
            let message = format!("{} is global, which members of global objects must not be", what());
            return Err(error(StatusCode::GlobalObjectInvalid, message));
        }
        members.push(member.extent);
        Ok((self.link(parent, id, &member), member.instance))
    }

    /// Which object or blob a member is.
    fn named(&self, tree: &MetaTree, what: &dyn Fn() -> String) -> Result<ObjectId, ServerError> {
        match (tree.field("id"), tree.field(NEW_MEMBER).filter(|_| self.strict && tree.len() == 1)) {
            (Some(id), _) => {
                let id = match id {
                    MetaField::Value(Value::String(text)) => text.parse().ok(),
                    _ => None,
                };
                id.ok_or_else(|| invalid(format!("`id` of {} is not the text of an object id", what())))
            }
            (None, Some(place)) => {
                let place = number(place).and_then(|place| usize::try_from(place).ok());
                let created = place.and_then(|place| self.created.objects.get(place));
                created.map(|created| created.id).ok_or_else(|| {
                    let before = self.created.objects.len();
                    invalid(format!("`{NEW_MEMBER}` of {} is not the place of one of the {before} before it", what()))
                })
            }
            (None, None) => Err(error(StatusCode::MetaTreeNameNotExists, format!("{} has no `id`", what()))),
        }
    }

    /// How a parent refers to a member object.
    fn link(&mut self, parent: &Parent<'_>, id: ObjectId, member: &Summary) -> Field {
        let Some(signature) = member.signature.filter(|_| parent.global) else {
            return Field::Object(id);
        };
        // A signature that another object has on that instance would lead to that one.
        let taken = self.tree.edges.holder(signature, member.instance);
        let holder = taken.unwrap_or_else(|| *self.claims.entry((signature, member.instance)).or_insert(id));
        if holder == id { Field::Signature(signature) } else { Field::Object(id) }
    }

    /// Creates a member under the id that it came with.
    fn described(
        &mut self,
        id: ObjectId,
        tree: &'s MetaTree,
        sketch: Option<Sketch<'s>>,
        what: &dyn Fn() -> String,
    ) -> Result<Summary, ServerError> {
        // The path bounds the recursion; how deep the finished tree is, is checked with its extent.
        if u32::try_from(self.path.len()).map_or(true, |depth| depth >= Extent::MAX_DEPTH) {
            return Err(invalid(format!("{} is nested more than {} levels deep", what(), Extent::MAX_DEPTH)));
        }
        let typename = tree.typename().ok_or_else(|| {
            invalid(format!("{} is {id}, which does not exist and has no `typename` that is text", what()))
        })?;
        let instance = tree.field("instance_id").and_then(number).map(InstanceId::from_raw).ok_or_else(|| {
            invalid(format!("{} is {id}, which does not exist and has no `instance_id` that is an integer", what()))
        })?;
        let signature = signature(tree, typename)?;
        let sketch = sketch.unwrap_or_else(|| Sketch::new(tree, 0));
        self.object(sketch, Head { id, typename, instance, signature, timestamp: None })
    }

    /// Checks the description of a blob: how it is linked, and where it lives.
    fn blob(
        &mut self,
        id: ObjectId,
        tree: &MetaTree,
        what: &dyn Fn() -> String,
    ) -> Result<(Field, InstanceId), ServerError> {
        if tree.typename() != Some(BLOB_TYPENAME) {
            let message = format!("{} is the blob {id}, which needs a description of type `{BLOB_TYPENAME}`", what());
            return Err(invalid(message));
        }
        let instance =
            tree.field("instance_id").and_then(number).map(InstanceId::from_raw).ok_or_else(|| {
                invalid(format!("{} is the blob {id}, whose `instance_id` is not an integer", what()))
            })?;
        let here = instance == self.tree.instance;
        let length = match id {
            ObjectId::EMPTY_BLOB => Some(0),
            _ if here => self.blobs.length(id),
            _ => None,
        };
        if self.strict && length.is_none() {
            let message = format!("{} is the blob {id} of {instance}, which is not here or not sealed", what());
            return Err(error(StatusCode::MetaTreeSubtreeNotExists, message));
        }
        let field = if here {
            self.created.blobs.push(id);
            Field::Blob(id, BlobLength::new(length))
        } else {
            Field::RemoteBlob(id, instance)
        };
        Ok((field, instance))
    }

    /// An object that exists or is going to with this request.
    fn summary(&self, id: ObjectId) -> Option<Summary> {
        let draft = self.drafts.get(&id).map(|draft| Summary::of(draft));
        draft.or_else(|| {
            let record = self.tree.record(id)?;
            let (instance, signature, global) = (record.instance, record.signature, record.global);
            Some(Summary { instance, signature, global, extent: record.whole })
        })
    }
}

impl Summary {
    fn of(draft: &Draft) -> Self {
        let Draft { instance, signature, global, whole, .. } = draft;
        Self { instance: *instance, signature: *signature, global: *global, extent: *whole }
    }
}

impl Parent<'_> {
    /// Names a field of this object in a message.
    fn field(&self, key: &str) -> String {
        format!("`{}` of `{}`", short(key), short(self.typename))
    }
}

/// The signature of a tree. Null is as good as none: that is how a missing one is shown to clients.
fn signature(tree: &MetaTree, typename: &str) -> Result<Option<Signature>, ServerError> {
    match tree.field("signature") {
        None | Some(MetaField::Value(Value::Null)) => Ok(None),
        Some(field) => match number(field) {
            Some(number) => Ok(Some(Signature::from_raw(number))),
            None => {
                let message = format!("`signature` of `{}` is not an integer", short(typename));
                Err(error(StatusCode::Invalid, message))
            }
        },
    }
}

/// An integer, see [`integer`].
fn number(field: &MetaField) -> Option<u64> {
    match field {
        MetaField::Value(value) => integer(value),
        MetaField::Member(_) => None,
    }
}
