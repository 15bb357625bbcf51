//! How long a reply may become, as far as the request tells.

use vineyard_core::protocol::native::PAYLOAD_BYTES;
use vineyard_core::protocol::{Request, frame};

use super::Connection;

/// What describes a blob, twice, in a reply.
pub(super) const BLOB_BYTES: usize = 512;

/// The same for a blob of a plasma session, whose name is in the request.
const PLASMA_BYTES: usize = 640;

/// An id in JSON.
const ID_BYTES: usize = 21;

/// Bytes that the reply to a request has at most, if that can be told before: those of the others are short, or seen
/// when they are written.
pub(super) fn bound(connection: &Connection, request: &Request) -> usize {
    let bytes = match request {
        Request::CreateBuffers(request) => request.sizes.len().saturating_mul(BLOB_BYTES),
        Request::CreateRemoteBuffers(request) => request.sizes.len().saturating_mul(BLOB_BYTES),
        Request::CreateBlobs(request) => request.sizes.len().saturating_mul(2 * PAYLOAD_BYTES),
        Request::PutObjects(request) => {
            let made = request.objects.len().saturating_add(request.payloads.len());
            made.saturating_mul(size_of::<u64>())
        }
        Request::GetBuffers(request) => request.ids.ids().len().saturating_mul(BLOB_BYTES),
        Request::GetRemoteBuffers(request) => request.ids.len().saturating_mul(BLOB_BYTES),
        Request::GetBuffersByPlasma(request) => {
            let names = request.plasma_ids.iter().map(String::len).fold(0, usize::saturating_add);
            request.plasma_ids.len().saturating_mul(PLASMA_BYTES).saturating_add(names)
        }
        Request::SliceBuffers(request) => request.ids.len().saturating_mul(ID_BYTES),
        // Three numbers for each.
        Request::CreateDatas(request) => request.contents.len().saturating_mul(3 * ID_BYTES),
        Request::DelDataWithFeedbacks(request) => {
            let blobs = connection.session().blobs().len().saturating_add(request.ids.len());
            blobs.saturating_mul(ID_BYTES)
        }
        _ => 0,
    };
    bytes.min(frame::MAX_BODY_BYTES)
}
