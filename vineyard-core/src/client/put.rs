//! From values to stored objects: copy, seal, create; nothing stays behind on failure.

use std::collections::HashSet;
use std::sync::Arc;

use super::link::{Link, NewBlob};
use super::plan::{Plan, Target};
use crate::error::{CallError, CallReason, PutError};
use crate::id::ObjectId;
use crate::meta::DraftNode;
use crate::object::Source;
use crate::protocol::{
    Call, CreateBuffersRequest, CreateDataRequest, CreateDatasRequest, DelDataRequest, ExistsRequest,
};
use crate::status::StatusCode;

/// How often a put starts over because what it links was deleted meanwhile.
const ATTEMPTS: usize = 4;

pub(super) fn put(link: &Arc<Link>, source: Source) -> Result<ObjectId, PutError> {
    let draft = match source {
        Source::Node(draft) => draft,
        Source::Stored(meta) => {
            let failed = |source| PutError::Call { typename: meta.typename().to_owned(), source };
            if meta.store() == Some(link.store()) && exists(link, meta.id()).map_err(failed)? {
                return Ok(meta.id());
            }
            DraftNode::from_meta(&meta)?
        }
    };
    let mut gone = HashSet::new();
    let mut attempt = 1;
    loop {
        let target = Target { store: link.store(), instance: link.instance(), gone: &gone };
        let plan = Plan::new(&draft, &target)?;
        let failed = |source| PutError::Call { typename: draft.typename().to_string(), source };
        let (blobs, objects) = (plan.linked_blobs.clone(), plan.linked_objects.clone());
        // Other servers take a link to a blob that is gone without a word.
        if !link.is_native() && find_gone(link, &blobs, &[], &mut gone).map_err(failed)? {
            continue;
        }
        match carry_out(link, &draft, plan) {
            Err(PutError::Call { source, .. })
                if attempt < ATTEMPTS && source.code() == Some(StatusCode::MetaTreeSubtreeNotExists) =>
            {
                if !find_gone(link, &blobs, &objects, &mut gone).map_err(failed)? {
                    return Err(failed(source));
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
    link: &Arc<Link>,
    blobs: &[ObjectId],
    objects: &[ObjectId],
    gone: &mut HashSet<ObjectId>,
) -> Result<bool, CallError> {
    let before = gone.len();
    let found = link.blobs(blobs)?;
    gone.extend(blobs.iter().filter(|id| !found.contains_key(id)));
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
    blobs: Vec<NewBlob>,
    objects: Vec<ObjectId>,
}

impl Undo<'_> {
    fn complete(mut self) {
        self.blobs.clear();
        self.objects.clear();
    }

    fn into_blobs(mut self) -> Vec<NewBlob> {
        std::mem::take(&mut self.blobs)
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
        if self.blobs.is_empty() {
            return;
        }
        for blob in self.blobs.drain(..) {
            self.link.abort(blob.id);
        }
        if let Err(error) = self.link.settle() {
            tracing::warn!(%error, "blobs of an object that could not be put are given back with the connection");
        }
    }
}

fn carry_out(link: &Arc<Link>, draft: &DraftNode, plan: Plan) -> Result<ObjectId, PutError> {
    let typename = || draft.typename().to_string();
    let failed = |source| PutError::Call { typename: typename(), source };
    let mut undo = Undo { link, blobs: upload(link, draft, &plan)?, objects: Vec::new() };
    let uploads: Vec<ObjectId> = undo.blobs.iter().map(|blob| blob.id).collect();
    if !uploads.is_empty() {
        link.seal(&uploads).map_err(failed)?;
    }
    let mut created: Vec<Vec<ObjectId>> = Vec::with_capacity(plan.levels.len());
    for level in plan.levels {
        let contents = level.into_iter().map(|node| node.into_tree(link.instance(), &uploads, &created)).collect();
        let ids = create(link, contents).map_err(failed)?;
        undo.objects.extend(&ids);
        created.push(ids);
    }
    // The highest level has one node, which holds all others.
    let root = created.last().and_then(|ids| ids.first()).copied();
    let lost = || CallReason::Protocol("fewer objects were created than were asked for".to_owned());
    let root = root.ok_or_else(|| failed(CallError::new(CreateDataRequest::TYPE, lost())))?;
    undo.complete();
    Ok(root)
}

fn create(link: &Link, mut contents: Vec<crate::meta::MetaTree>) -> Result<Vec<ObjectId>, CallError> {
    if contents.len() == 1
        && let Some(content) = contents.pop()
    {
        return link.call(&CreateDataRequest { content }).map(|reply| vec![reply.id]);
    }
    let num = contents.len() as u64;
    let ids = link.call(&CreateDatasRequest { contents, num })?.ids;
    if ids.len() as u64 == num {
        return Ok(ids);
    }
    let what = format!("{num} objects were to be created, {} were", ids.len());
    Err(CallError::new(CreateDatasRequest::TYPE, CallReason::Protocol(what)))
}

/// Allocates and fills the new blobs. The bytes are copied without holding the connection.
fn upload(link: &Arc<Link>, draft: &DraftNode, plan: &Plan) -> Result<Vec<NewBlob>, PutError> {
    let typename = || draft.typename().to_string();
    let sizes: Vec<u64> = plan.uploads.iter().map(|blob| blob.nbytes() as u64).collect();
    if sizes.is_empty() {
        return Ok(Vec::new());
    }
    let blobs = link.create(&sizes).map_err(|error| match error.reason {
        CallReason::Server(source) if source.code == StatusCode::NotEnoughMemory => {
            PutError::NoRoom { typename: typename(), nbytes: plan.upload_bytes(), source }
        }
        reason => PutError::Call { typename: typename(), source: CallError { call: error.call, reason } },
    })?;
    let undo = Undo { link, blobs, objects: Vec::new() };
    for (blob, from) in undo.blobs.iter().zip(&plan.uploads) {
        let mut window = blob.window().map_err(|error| PutError::Call {
            typename: typename(),
            source: CallError::new(CreateBuffersRequest::TYPE, CallReason::Memory(error)),
        })?;
        window.as_mut_bytes().copy_from_slice(from.as_bytes());
    }
    Ok(undo.into_blobs())
}
