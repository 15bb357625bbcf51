//! A connection over a UNIX socket: payloads lie in arenas that both sides map.

use std::sync::{Arc, Once};

use super::arenas::{Access, Arenas};
use super::conn::Conn;
use super::endpoint::Endpoint;
use super::get;
use super::lease::{Fresh, Lease};
use super::link::Link;
use super::new_blob::NewBlob;
use super::transport::{INLINE_BYTES, Transport, askable};
use crate::blob::Blob;
use crate::error::{CallError, CallReason, ConnectError};
use crate::id::ObjectId;
use crate::meta::{BlobSet, ObjectMeta};
use crate::protocol::{
    Call, CreateBlobsReply, CreateBlobsRequest, CreateBufferRequest, CreateBuffersRequest, CreateDiskBufferRequest,
    Found, GetBuffersRequest, GetNextStreamChunkRequest, GetObjectsReply, GetObjectsRequest, IdList, Payload,
    PayloadsOf, Wanted,
};
use crate::shm::{Before, Mapping, Region};
use crate::sync::{Mutex, lock};

/// A connection to a server on the same host, with the arenas it was given.
#[derive(Debug)]
pub(super) struct SharedLink {
    link: Arc<Link>,
    /// Locked for moments only, never while something is sent or received.
    arenas: Mutex<Arenas>,
    /// Above how many bytes blobs are to be sealed by the kernel.
    seal_above: Option<u64>,
}

impl Transport for SharedLink {
    fn open(endpoint: &Endpoint) -> Result<Arc<Self>, ConnectError> {
        static HAZARD: Once = Once::new();
        let (link, _) = Link::open(endpoint)?;
        if !link.is_native() {
            HAZARD.call_once(|| {
                tracing::warn!(
                    socket = %endpoint.address,
                    "this server reuses the memory of deleted blobs while they are viewed: copy what others may delete"
                );
            });
        }
        let seal_above = endpoint.seal_above.into_iter().chain(link.seal_above()).min();
        Ok(Arc::new(Self { link: Arc::new(link), arenas: Mutex::new(Arenas::default()), seal_above }))
    }

    fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn fetch(self: &Arc<Self>, ids: &[ObjectId]) -> Result<BlobSet, CallError> {
        const CALL: &str = GetBuffersRequest::TYPE;
        let wanted = askable(ids);
        if wanted.is_empty() {
            return Ok(BlobSet::default());
        }
        let ids = IdList::Indexed(wanted.iter().copied().collect());
        let request = GetBuffersRequest { ids, unsealed: false };
        self.link.exchange(CALL, |conn| {
            let reply = conn.call(&request)?;
            self.take_descriptors(conn, CALL, &reply.fds, &reply.payloads)?;
            let strange = |payload: &&Payload| {
                !payload.is_sealed && payload.data_size > 0 || !wanted.contains(&payload.object_id)
            };
            let strange = reply.payloads.iter().find(strange).map(|payload| payload.object_id);
            let blobs = self.views(CALL, &reply.payloads, &reply.fds)?;
            match strange {
                None => Ok(blobs),
                Some(id) => {
                    Err(conn
                        .broken(CALL, CallReason::Protocol(format!("blob {id} was not asked for, or is not sealed"))))
                }
            }
        })
    }

    fn get_objects(
        self: &Arc<Self>,
        payloads_of: PayloadsOf,
        wanted: Vec<Wanted>,
    ) -> Result<Option<Vec<Found<ObjectMeta>>>, CallError> {
        const CALL: &str = GetObjectsRequest::TYPE;
        if !self.link.gets_objects() {
            return Ok(None);
        }
        let request = GetObjectsRequest { payloads_of, wanted };
        self.link.exchange(CALL, |conn| {
            let reply = conn.call_binary(CALL, |out| request.encode(out), GetObjectsReply::decode)?;
            self.take_descriptors(conn, CALL, &reply.fds, &reply.payloads)?;
            let blobs = self.views(CALL, &reply.payloads, &reply.fds)?;
            if reply.objects.len() == request.wanted.len() {
                return Ok(Some(get::found(&self.link, reply.objects, blobs, payloads_of)));
            }
            let what = format!("{} objects were asked for, {} came", request.wanted.len(), reply.objects.len());
            Err(conn.broken(CALL, CallReason::Protocol(what)))
        })
    }

    /// The bytes are copied without holding the connection.
    fn upload(self: &Arc<Self>, blobs: &[Blob]) -> Result<Vec<Fresh>, CallError> {
        let sizes: Vec<u64> = blobs.iter().map(|blob| blob.nbytes() as u64).collect();
        let made = self.create(&sizes)?;
        for (to, from) in made.iter().zip(blobs) {
            to.fill(from.as_bytes())?;
        }
        Ok(made.into_iter().map(NewBlob::into_fresh).collect())
    }

    fn takes_along(&self, blobs: &[Blob]) -> bool {
        let bytes = blobs.iter().map(Blob::nbytes).fold(0, usize::saturating_add);
        // Those that the kernel is to seal have files of their own.
        let is_plain = |blob: &Blob| self.seal_above.is_none_or(|above| blob.nbytes() as u64 <= above);
        self.link.puts_objects() && bytes <= INLINE_BYTES && blobs.iter().all(is_plain)
    }

    fn seal_uploads(&self, ids: Vec<ObjectId>) -> Result<Vec<ObjectId>, CallError> {
        if ids.is_empty() || self.link.seals_on_create() {
            return Ok(ids);
        }
        self.link.seal(&ids)?;
        Ok(Vec::new())
    }
}

impl SharedLink {
    /// Allocates unsealed blobs, none of them empty; all or none. Those that the kernel is to seal take a request each.
    pub(super) fn create(self: &Arc<Self>, sizes: &[u64]) -> Result<Vec<NewBlob>, CallError> {
        let is_sealable = |size: u64| self.seal_above.is_some_and(|above| size > above);
        let plain: Vec<u64> = sizes.iter().copied().filter(|size| !is_sealable(*size)).collect();
        let mut made = if plain.is_empty() { Vec::new() } else { self.create_in_arenas(&plain)? };
        // In the order of the sizes, so that each is put where it belongs.
        for (place, size) in sizes.iter().enumerate().filter(|(_, size)| is_sealable(**size)) {
            made.insert(place, self.create_sealable(*size)?);
        }
        Ok(made)
    }

    fn create_in_arenas(self: &Arc<Self>, sizes: &[u64]) -> Result<Vec<NewBlob>, CallError> {
        let owned = self.link.owns_blobs();
        if self.link.puts_objects() {
            const CALL: &str = CreateBlobsRequest::TYPE;
            let request = CreateBlobsRequest { sizes: sizes.to_vec() };
            return self.link.exchange(CALL, |conn| {
                let reply = conn.call_binary(CALL, |out| request.encode(out), CreateBlobsReply::decode)?;
                self.take_new(conn, CALL, &reply.fds, reply.payloads, sizes)
            });
        }
        if let &[size] = sizes {
            const CALL: &str = CreateBufferRequest::TYPE;
            return self.link.exchange(CALL, |conn| {
                let reply = conn.call(&CreateBufferRequest { size, owned, sealable: false })?;
                let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
                self.take_new(conn, CALL, labels, vec![reply.created], sizes)
            });
        }
        const CALL: &str = CreateBuffersRequest::TYPE;
        let request = CreateBuffersRequest { sizes: sizes.to_vec(), num: sizes.len() as u64, owned };
        self.link.exchange(CALL, |conn| {
            let reply = conn.call(&request)?;
            self.take_new(conn, CALL, &reply.fds, reply.payloads, sizes)
        })
    }

    /// Makes an unsealed blob, not of 0 bytes, in a file of its own, which the kernel seals with it.
    pub(super) fn create_sealable(self: &Arc<Self>, size: u64) -> Result<NewBlob, CallError> {
        const CALL: &str = CreateBufferRequest::TYPE;
        if !self.link.has_kernel_seals() {
            let why = "this server has no blobs that the kernel seals";
            return Err(CallError::new(CALL, CallReason::NotSent(why)));
        }
        let request = CreateBufferRequest { size, owned: self.link.owns_blobs(), sealable: true };
        self.link.exchange(CALL, |conn| {
            let reply = conn.call(&request)?;
            let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
            let new = self.take_new(conn, CALL, labels, vec![reply.created], &[size])?.pop();
            let new =
                new.ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no blob was created".to_owned())))?;
            Ok(new.in_own_file())
        })
    }

    /// Closes a file that holds one blob.
    pub(super) fn forget(&self, label: i64) {
        lock(&self.arenas).forget(label);
    }

    /// Makes an unsealed blob, not of 0 bytes, that is a file; without a name if `path` is empty.
    pub(super) fn create_on_disk(self: &Arc<Self>, size: u64, path: &str) -> Result<NewBlob, CallError> {
        const CALL: &str = CreateDiskBufferRequest::TYPE;
        let request = CreateDiskBufferRequest { size, path: path.to_owned(), owned: self.link.owns_blobs() };
        self.link.exchange(CALL, |conn| {
            let reply = conn.call(&request)?;
            let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
            let new = self.take_new(conn, CALL, labels, vec![reply.created], &[size])?.pop();
            new.ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no blob was created".to_owned())))
        })
    }

    /// Hands the chunk of a stream that was written to its reader, and makes the next; `None` for no bytes.
    pub(super) fn next_chunk(self: &Arc<Self>, stream: ObjectId, size: u64) -> Result<Option<NewBlob>, CallError> {
        const CALL: &str = GetNextStreamChunkRequest::TYPE;
        self.link.exchange(CALL, |conn| {
            let reply = conn.call(&GetNextStreamChunkRequest { id: stream, size })?;
            if size == 0 {
                return Ok(None);
            }
            let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
            let new = self.take_new(conn, CALL, labels, vec![reply.buffer], &[size])?.pop();
            new.map(Some).ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no chunk was made".to_owned())))
        })
    }

    /// Views of blobs that a reply leased to this connection.
    fn views(&self, call: &'static str, payloads: &[Payload], fds: &[i64]) -> Result<BlobSet, CallError> {
        // All leases first: whatever goes wrong below, they are given back.
        let lease = |payload: &Payload| (payload.data_size > 0).then(|| Lease::new(&self.link, payload));
        let leases: Vec<_> = payloads.iter().map(lease).collect();
        let mut known: Option<(i64, Arc<Mapping>)> = None;
        let mut view = |lease: Option<Arc<Lease>>, payload: &Payload| {
            let Some(lease) = lease else { return Ok(Region::empty()) };
            let label = payload.store_fd;
            let mapping = match known.as_ref().filter(|(known, _)| *known == label) {
                Some((_, mapping)) => Arc::clone(mapping),
                None => {
                    let mapping = self.mapping(call, label, Access::Read)?;
                    known = Some((label, Arc::clone(&mapping)));
                    mapping
                }
            };
            let region = Region::mapped(mapping, payload.data_offset, payload.data_size, lease);
            region.map_err(|error| CallError::new(call, CallReason::Memory(error)))
        };
        let stored = |(lease, payload): (_, &Payload)| {
            Ok((payload.object_id, Blob::stored(view(lease, payload)?, self.link.store(), payload.object_id)))
        };
        let blobs = leases.into_iter().zip(payloads).map(stored).collect::<Result<BlobSet, CallError>>()?;
        if self.link.has_kernel_seals() {
            lock(&self.arenas).forget_sealed(fds);
        }
        Ok(blobs)
    }

    /// Receives the descriptors that follow a reply.
    fn take_descriptors(
        &self,
        conn: &mut Conn,
        call: &'static str,
        labels: &[i64],
        payloads: &[Payload],
    ) -> Result<(), CallError> {
        for label in labels {
            let descriptor = conn.descriptor(call)?;
            let added = lock(&self.arenas).add(*label, descriptor, payloads);
            added.map_err(|what| conn.broken(call, CallReason::Protocol(what)))?;
        }
        Ok(())
    }

    /// The mapping of an arena that this connection was given.
    pub(super) fn mapping(&self, call: &'static str, label: i64, access: Access) -> Result<Arc<Mapping>, CallError> {
        lock(&self.arenas).mapping(call, label, access)
    }

    /// As [`Arenas::begin_write`].
    pub(super) fn begin_write(&self, label: i64, offset: u64, nbytes: u64) -> Before {
        lock(&self.arenas).begin_write(label, offset, nbytes)
    }

    /// Takes new blobs over.
    fn take_new(
        self: &Arc<Self>,
        conn: &mut Conn,
        call: &'static str,
        labels: &[i64],
        payloads: Vec<Payload>,
        sizes: &[u64],
    ) -> Result<Vec<NewBlob>, CallError> {
        self.take_descriptors(conn, call, labels, &payloads)?;
        if !payloads.iter().map(|payload| payload.data_size).eq(sizes.iter().copied()) {
            return Err(
                conn.broken(call, CallReason::Protocol("other sizes were allocated than were asked for".to_owned()))
            );
        }
        Ok(payloads.iter().map(|payload| NewBlob::new(self, payload)).collect())
    }
}
