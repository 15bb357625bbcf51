//! From values to stored objects: copy, seal, create; nothing stays behind on failure.

use std::collections::HashSet;
use std::sync::Arc;

use super::lease::Fresh;
use super::link::Link;
use super::plan::{NewIds, Node, Plan, Target, new_tree, object_tree};
use super::schemas;
use super::transport::Transport;
use crate::blob::{Blob, Part};
use crate::error::{CallError, CallReason, PutError};
use crate::id::ObjectId;
use crate::meta::{DraftNode, MetaTree, Record};
use crate::object::Source;
use crate::protocol::{
    Call, CreateDataRequest, CreateDatasRequest, DelDataRequest, ExistsRequest, GetDataRequest, PutObjectsReply,
    PutObjectsRequest, SliceBuffersRequest,
};
use crate::status::StatusCode;

/// How often a put starts over because what it links was deleted meanwhile. What lies below a deleted object is looked for
/// one level at a time, so as often as objects may nest.
const ATTEMPTS: usize = 64;

/// An object that was put; taken back, as far as the put made it, unless it is kept.
pub(super) struct Made<'a> {
    pub(super) id: ObjectId,
    /// Whether its members may live on several instances.
    pub(super) is_global: bool,
    undo: Undo<'a>,
}

impl Made<'_> {
    pub(super) fn keep(self) -> ObjectId {
        self.undo.complete();
        self.id
    }
}

pub(super) fn put<T: Transport>(transport: &Arc<T>, source: Source) -> Result<Made<'_>, PutError> {
    let link = transport.link();
    let draft = match source {
        Source::Node(draft) => draft,
        Source::Stored(meta) => {
            let failed = |cause| PutError::Call { typename: meta.typename().to_owned(), cause };
            if meta.store() == Some(link.store()) && exists(link, meta.id()).map_err(failed)? {
                return Ok(Made { id: meta.id(), is_global: false, undo: Undo::new(link) });
            }
            DraftNode::from_meta(&meta)?
        }
    };
    schemas::publish(link, &draft);
    let mut gone = HashSet::new();
    let (mut attempt, mut slices) = (1, link.has_slices());
    loop {
        let target = Target { store: link.store(), instance: link.instance(), gone: &gone, slices };
        let plan = Plan::new(&draft, &target)?;
        let failed = |cause| PutError::Call { typename: draft.typename().to_string(), cause };
        let (blobs, objects) = (plan.linked_blobs.clone(), plan.linked_objects.clone());
        // Other servers take a link to a blob that is gone without a word. And with several requests, what an earlier
        // one made of blobs of others could not be taken back when a later one is refused.
        let look = !link.is_native() || plan.levels.len() > 1 && !link.takes_whole_trees();
        if look && find_gone(link, &blobs, &objects, &mut gone).map_err(failed)? {
            continue;
        }
        match carry_out(transport, &draft, plan) {
            // A blob is gone whose part was wanted, or the like: what we view can be copied in any case.
            Err(PutError::Call { cause, .. })
                if cause.call == SliceBuffersRequest::TYPE && cause.code().is_some() && slices =>
            {
                tracing::debug!(%cause, "parts of blobs are copied");
                slices = false;
            }
            Err(PutError::Call { cause, .. })
                if attempt < ATTEMPTS && cause.code() == Some(StatusCode::MetaTreeSubtreeNotExists) =>
            {
                if !find_gone(link, &blobs, &objects, &mut gone).map_err(failed)? {
                    return Err(failed(cause));
                }
                attempt += 1;
            }
            done => return done,
        }
    }
}

fn exists(link: &Link, id: ObjectId) -> Result<bool, CallError> {
    link.call(&ExistsRequest { id }).map(|reply| reply.exists)
}

/// Looks which linked blobs and objects are gone; true if any is that was not known.
fn find_gone(
    link: &Link,
    blobs: &[ObjectId],
    objects: &[ObjectId],
    gone: &mut HashSet<ObjectId>,
) -> Result<bool, CallError> {
    let before = gone.len();
    if !blobs.is_empty() {
        let request = GetDataRequest { ids: blobs.to_vec(), sync_remote: false, wait: false };
        let found = link.call(&request)?.content.unwrap_or_default();
        gone.extend(blobs.iter().filter(|id| !found.contains_key(&id.to_string())));
    }
    for id in objects {
        if !exists(link, *id)? {
            gone.insert(*id);
        }
    }
    Ok(gone.len() > before)
}

/// What was made so far; taken back unless the put is completed.
struct Undo<'a> {
    link: &'a Link,
    blobs: Vec<Fresh>,
    objects: Vec<ObjectId>,
    /// Nodes that hold blobs which were there before. Deleting them would delete those blobs.
    holders: Vec<ObjectId>,
}

impl<'a> Undo<'a> {
    fn new(link: &'a Link) -> Self {
        Self { link, blobs: Vec::new(), objects: Vec::new(), holders: Vec::new() }
    }

    fn complete(mut self) {
        let blobs = std::mem::take(&mut self.blobs);
        self.link.together(|| blobs.into_iter().for_each(Fresh::keep));
        self.objects.clear();
        self.holders.clear();
    }
}

impl Drop for Undo<'_> {
    fn drop(&mut self) {
        if !self.objects.is_empty() {
            let ids = std::mem::take(&mut self.objects);
            let request = DelDataRequest { ids, force: false, deep: false, memory_trim: false, fastpath: false };
            if let Err(error) = self.link.call(&request) {
                tracing::warn!(%error, "members of an object that could not be put stay in the store");
            }
        }
        if !self.holders.is_empty() {
            tracing::warn!(objects = ?self.holders, "members of an object that could not be put stay for their blobs");
        }
        if self.blobs.is_empty() {
            return;
        }
        self.blobs.clear();
        if let Err(error) = self.link.settle() {
            tracing::warn!(%error, "sealed blobs of an object that could not be put may stay in the store");
        }
    }
}

fn carry_out<'a, T: Transport>(transport: &'a Arc<T>, draft: &DraftNode, mut plan: Plan) -> Result<Made<'a>, PutError> {
    let link = transport.link();
    let typename = || draft.typename().to_string();
    let failed = |cause| PutError::Call { typename: typename(), cause };
    let ids = |blobs: &[Fresh]| blobs.iter().map(Fresh::id).collect::<Vec<_>>();
    let mut undo = Undo::new(link);
    // First what may be refused, before anything is copied.
    let slices = slice(link, &plan.slices).map_err(failed)?;
    let mut new = NewIds { uploads: Vec::new(), slices: ids(&slices), inline: transport.takes_along(&plan.uploads) };
    undo.blobs = slices;
    let inline = if new.inline { std::mem::take(&mut plan.uploads) } else { Vec::new() };
    let inline_bytes = inline.iter().map(|blob| blob.nbytes() as u64).fold(0, u64::saturating_add);
    let uploads = upload(transport, draft, &plan)?;
    new.uploads = ids(&uploads);
    undo.blobs.extend(uploads);
    let mut seal = transport.seal_uploads(new.uploads.clone()).map_err(failed)?;
    // Where the nodes of each level start among all.
    let starts: Vec<usize> = plan
        .levels
        .iter()
        .scan(0, |sum: &mut usize, level| {
            let start = *sum;
            *sum = sum.saturating_add(level.len());
            Some(start)
        })
        .collect();
    let place = |level: usize, index: usize| starts.get(level)?.checked_add(index);
    let requests =
        if link.takes_whole_trees() { vec![plan.levels.into_iter().flatten().collect()] } else { plan.levels };
    let mut created: Vec<ObjectId> = Vec::new();
    for nodes in requests {
        let holders: Vec<bool> = nodes.iter().map(Node::holds_linked_blobs).collect();
        let member = |level, index| {
            let place = place(level, index)?;
            if link.takes_whole_trees() { Some(new_tree(place)) } else { created.get(place).copied().map(object_tree) }
        };
        let trees = nodes.into_iter().map(|node| node.into_tree(link.instance(), &new, member));
        let contents = trees.collect::<Option<Vec<_>>>().ok_or_else(|| failed(lost()))?;
        // The first request seals all uploads, also those that later ones link.
        let seal = std::mem::take(&mut seal);
        let ids = if link.puts_objects() {
            let made = put_objects(link, &contents, &seal, &inline);
            let (ids, blobs) = made.map_err(|error| no_room_or(error, draft, inline_bytes))?;
            undo.blobs.extend(blobs);
            ids
        } else {
            create(link, contents, seal).map_err(failed)?
        };
        for (id, holder) in ids.iter().zip(holders) {
            if holder { &mut undo.holders } else { &mut undo.objects }.push(*id);
        }
        created.extend(ids);
    }
    // The highest level has one node, which holds all others.
    let root = created.last().copied();
    Ok(Made { id: root.ok_or_else(|| failed(lost()))?, is_global: draft.is_global(), undo })
}

fn lost() -> CallError {
    let what = "fewer blobs or objects were created than were asked for".to_owned();
    CallError::new(CreateDataRequest::TYPE, CallReason::Protocol(what))
}

fn create(link: &Link, mut contents: Vec<MetaTree>, seal: Vec<ObjectId>) -> Result<Vec<ObjectId>, CallError> {
    if contents.len() == 1
        && let Some(content) = contents.pop()
    {
        return link.call(&CreateDataRequest { content, seal }).map(|reply| vec![reply.id]);
    }
    let num = contents.len() as u64;
    let ids = link.call(&CreateDatasRequest { contents, num, seal })?.ids;
    if ids.len() as u64 == num {
        return Ok(ids);
    }
    let what = format!("{num} objects were to be created, {} were", ids.len());
    Err(CallError::new(CreateDatasRequest::TYPE, CallReason::Protocol(what)))
}

/// Makes blobs of parts of others.
fn slice(link: &Arc<Link>, parts: &[Part]) -> Result<Vec<Fresh>, CallError> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let request = SliceBuffersRequest {
        ids: parts.iter().map(|part| part.id).collect(),
        offsets: parts.iter().map(|part| part.offset).collect(),
        sizes: parts.iter().map(|part| part.nbytes).collect(),
    };
    let made: Vec<Fresh> = link.call(&request)?.ids.into_iter().map(|id| Fresh::new(link, id, None)).collect();
    if made.len() == parts.len() {
        return Ok(made);
    }
    let what = format!("{} parts of blobs were to be made, {} were", parts.len(), made.len());
    Err(CallError::new(SliceBuffersRequest::TYPE, CallReason::Protocol(what)))
}

/// Makes the new blobs of bytes.
fn upload<T: Transport>(transport: &Arc<T>, draft: &DraftNode, plan: &Plan) -> Result<Vec<Fresh>, PutError> {
    if plan.uploads.is_empty() {
        return Ok(Vec::new());
    }
    transport.upload(&plan.uploads).map_err(|error| no_room_or(error, draft, plan.upload_bytes()))
}

/// A request that was to make blobs of so many bytes was refused.
fn no_room_or(error: CallError, draft: &DraftNode, nbytes: u64) -> PutError {
    let typename = draft.typename().to_string();
    match error.reason {
        CallReason::Server(cause) if cause.code == StatusCode::NotEnoughMemory && nbytes > 0 => {
            PutError::NoRoom { typename, nbytes, cause }
        }
        reason => PutError::Call { typename, cause: CallError { call: error.call, reason } },
    }
}

/// Makes objects, and blobs of some bytes, by one request.
fn put_objects(
    link: &Arc<Link>,
    contents: &[MetaTree],
    seal: &[ObjectId],
    payloads: &[Blob],
) -> Result<(Vec<ObjectId>, Vec<Fresh>), CallError> {
    const CALL: &str = PutObjectsRequest::TYPE;
    let protocol = |what: String| CallError::new(CALL, CallReason::Protocol(what));
    let records = contents.iter().map(Record::of_tree).collect::<Result<Vec<_>, _>>();
    let records = records.map_err(|error| protocol(error.to_string()))?;
    let encode = |out: &mut Vec<u8>| PutObjectsRequest::encode_parts(out, seal, payloads, &records);
    let reply = link.exchange(CALL, |conn| conn.call_binary(CALL, encode, PutObjectsReply::decode))?;
    let blobs: Vec<Fresh> = reply.blobs.into_iter().map(|id| Fresh::new(link, id, None)).collect();
    if reply.objects.len() == contents.len() && blobs.len() == payloads.len() {
        return Ok((reply.objects, blobs));
    }
    let (found, wanted) = ((reply.objects.len(), blobs.len()), (contents.len(), payloads.len()));
    Err(protocol(format!("(objects, blobs) {wanted:?} were to be created, {found:?} were")))
}
