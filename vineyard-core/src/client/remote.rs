//! A connection over TCP: payloads travel through it.

use std::sync::Arc;

use super::conn::Conn;
use super::endpoint::Endpoint;
use super::lease::Fresh;
use super::link::Link;
use super::transfer::{self, Encoding};
use super::transport::{Transport, askable};
use crate::blob::Blob;
use crate::error::{CallError, CallReason, ConnectError};
use crate::id::ObjectId;
use crate::meta::{BlobSet, ObjectMeta};
use crate::protocol::{
    Call, CreateRemoteBufferRequest, CreateRemoteBuffersRequest, Found, GetRemoteBuffersRequest, Payload, PayloadsOf,
    Wanted,
};

/// A connection to a server on any host.
#[derive(Debug)]
pub(super) struct RemoteLink {
    link: Arc<Link>,
    encoding: Encoding,
}

impl Transport for RemoteLink {
    fn open(endpoint: &Endpoint) -> Result<Arc<Self>, ConnectError> {
        let (link, reply) = Link::open(endpoint)?;
        let compress = endpoint.compression && reply.support_rpc_compression;
        let encoding = if compress { Encoding::compressed() } else { Encoding::Raw };
        Ok(Arc::new(Self { link: Arc::new(link), encoding }))
    }

    fn link(&self) -> &Arc<Link> {
        &self.link
    }

    fn fetch(self: &Arc<Self>, ids: &[ObjectId]) -> Result<BlobSet, CallError> {
        const CALL: &str = GetRemoteBuffersRequest::TYPE;
        let mut wanted = askable(ids);
        if wanted.is_empty() {
            return Ok(BlobSet::default());
        }
        let request = GetRemoteBuffersRequest {
            ids: wanted.iter().copied().collect(),
            unsealed: false,
            compress: self.encoding.is_compressed(),
            use_rdma: false,
        };
        self.link.exchange(CALL, |conn| {
            let payloads = conn.call(&request)?.payloads;
            let is_wrong = |payload: &&Payload| !wanted.remove(&payload.object_id) || !payload.is_sealed;
            if let Some(other) = payloads.iter().find(is_wrong) {
                let what = format!("blob {} was not asked for, came twice, or is not sealed", other.object_id);
                return Err(conn.broken(CALL, CallReason::Protocol(what)));
            }
            let sizes = payloads.iter().map(|payload| payload.data_size);
            let regions = transfer::receive(conn, CALL, sizes, self.encoding)?;
            let stored = |(payload, region): (&Payload, _)| {
                (payload.object_id, Blob::stored(region, self.link.store(), payload.object_id))
            };
            Ok(payloads.iter().zip(regions).map(stored).collect())
        })
    }

    /// Payloads travel apart from the metadata.
    fn get_objects(
        self: &Arc<Self>,
        _: PayloadsOf,
        _: Vec<Wanted>,
    ) -> Result<Option<Vec<Found<ObjectMeta>>>, CallError> {
        Ok(None)
    }

    fn upload(self: &Arc<Self>, blobs: &[Blob]) -> Result<Vec<Fresh>, CallError> {
        let sizes: Vec<u64> = blobs.iter().map(|blob| blob.nbytes() as u64).collect();
        let (compress, owned) = (self.encoding.is_compressed(), self.link.owns_blobs());
        if let &[size] = sizes.as_slice() {
            let request = CreateRemoteBufferRequest { size, compress, use_rdma: false, owned };
            return self.exchange(&request, &sizes, blobs, |reply| vec![reply.created]);
        }
        let num = sizes.len() as u64;
        let request = CreateRemoteBuffersRequest { sizes: sizes.clone(), num, compress, use_rdma: false, owned };
        self.exchange(&request, &sizes, blobs, |reply| reply.payloads)
    }

    /// They are sealed when their bytes have arrived.
    fn seal_uploads(&self, _ids: Vec<ObjectId>) -> Result<Vec<ObjectId>, CallError> {
        Ok(Vec::new())
    }
}

impl RemoteLink {
    /// Asks for room, sends the bytes and waits until they have arrived.
    fn exchange<C: Call>(
        &self,
        request: &C,
        sizes: &[u64],
        blobs: &[Blob],
        payloads: impl Fn(C::Reply) -> Vec<Payload>,
    ) -> Result<Vec<Fresh>, CallError> {
        self.link.exchange(C::TYPE, |conn| {
            let allocated = payloads(conn.call(request)?);
            if !allocated.iter().map(|payload| payload.data_size).eq(sizes.iter().copied()) {
                return Err(differs(conn, C::TYPE, "other sizes were allocated than were asked for"));
            }
            transfer::send(conn, C::TYPE, blobs, self.encoding)?;
            let arrived = payloads(conn.reply::<C>()?);
            let ids = |payloads: &[Payload]| payloads.iter().map(|payload| payload.object_id).collect::<Vec<_>>();
            if ids(&arrived) != ids(&allocated) {
                return Err(differs(conn, C::TYPE, "other blobs have arrived than were allocated"));
            }
            Ok(ids(&arrived).into_iter().map(|id| Fresh::new(&self.link, id, None)).collect())
        })
    }
}

fn differs(conn: &mut Conn, call: &'static str, what: &str) -> CallError {
    conn.broken(call, CallReason::Protocol(what.to_owned()))
}
