//! Blobs outside of the arenas: files, and what this server does not have.

use nix::unistd::Uid;
use vineyard_core::protocol::{CreateDiskBufferReply, CreateDiskBufferRequest};
use vineyard_core::{ServerError, StatusCode};

use super::Connection;
use super::blob::{describe_new, own, pending_label};
use crate::store::{Placement, disk};

/// Makes a blob of a file. The peer gets a descriptor that writes to it, so only who could open any file of this server
/// may name one.
///
/// # Errors
///
/// Code 1 if neither a size nor a path is given, the file cannot be had, the peer is on another host, or it names a file
/// and is another user than the server; 41 if too many files are open for clients.
pub(super) fn create_disk_buffer(
    connection: &mut Connection,
    request: &CreateDiskBufferRequest,
) -> Result<CreateDiskBufferReply, ServerError> {
    let CreateDiskBufferRequest { size, path, owned } = request;
    let refused = |message: String| ServerError::new(StatusCode::Invalid, message);
    let uid = connection.need_unix("blobs in files")?;
    if !path.is_empty() && !may_name_files(uid) {
        return Err(refused("only the server's own user may name the file of a blob: leave the path empty".to_owned()));
    }
    if *size == 0 && path.is_empty() {
        return Err(refused("a blob in a file needs a size or a path".to_owned()));
    }
    let placement = if *size == 0 {
        Placement::EMPTY
    } else {
        let permit = connection.state().one_more_file()?;
        let file = disk::open(path, *size).map_err(|error| refused(format!("the file `{path}`: {error}")))?;
        let (state, session) = (connection.state(), connection.session());
        let mut blobs = session.blobs();
        let placement = blobs.create_in_file(connection.peer(), file.keeping(permit), *size, &state.ids)?;
        own(connection, &mut blobs, *owned, std::slice::from_ref(&placement));
        drop(blobs);
        session.waiters.tell_ids([placement.id]);
        placement
    };
    let created = describe_new(connection, &placement)?;
    Ok(CreateDiskBufferReply { id: created.object_id, created, fd: pending_label(connection) })
}

fn may_name_files(uid: Uid) -> bool {
    uid.is_root() || uid == Uid::effective()
}

/// What is said to who needs a GPU.
pub(super) fn no_gpu() -> ServerError {
    ServerError::new(StatusCode::Invalid, "GPU memory is not supported")
}
