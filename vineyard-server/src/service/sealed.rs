//! Blobs with a file of their own, which the kernel seals: nobody can write to them any more, their writer neither.

use std::io;
use std::slice;

use nix::errno::Errno;
use vineyard_core::{ObjectId, ServerError, StatusCode};

use super::Connection;
use super::blob::own;
use super::not_done;
use super::room::with_room;
use crate::store::arena::ArenaFile;
use crate::store::{NoRoom, Placement};
use crate::turn::elsewhere;

/// Makes a blob in a file of its own, which the peer may own. Waits if room is to be made.
///
/// # Errors
///
/// Code 1 if the peer is on another host; 41 if there is no room, too many files are open for clients, or the system
/// gives none.
pub(super) async fn create(connection: &Connection, size: u64, owned: bool) -> Result<Placement, ServerError> {
    connection.need_unix("blobs that the kernel seals")?;
    if size == 0 {
        return Ok(Placement::EMPTY);
    }
    let placement = with_room(connection, size, || attempt(connection, size, owned)).await?;
    connection.session().waiters.tell_ids([placement.id]);
    Ok(placement)
}

fn attempt(connection: &Connection, size: u64, owned: bool) -> Result<Placement, NoRoom> {
    let (state, session) = (connection.state(), connection.session());
    let charge = state.pool.charge_file(size).map_err(NoRoom::ForBytes)?;
    let permit = state.one_more_file().map_err(NoRoom::ForRecords)?;
    let file = ArenaFile::sealable(size, charge).map_err(|error| {
        let message = format!("the system gives no file of {size} bytes in memory: {error}");
        NoRoom::ForRecords(ServerError::new(StatusCode::NotEnoughMemory, message))
    })?;
    let mut blobs = session.blobs();
    let made = blobs.create_in_file(connection.peer(), file.keeping(permit), size, &state.ids);
    let placement = made.map_err(NoRoom::ForRecords)?;
    own(connection, &mut blobs, owned, slice::from_ref(&placement));
    Ok(placement)
}

/// Lets the kernel seal the files of those blobs that have one of their own and were made by the peer. To be called
/// before they are sealed in the store, without its lock: the kernel looks at each page.
///
/// # Errors
///
/// Code 1 if one is still mapped for writing; the others may be sealed by the kernel, and are not in the store.
pub(super) async fn seal_files(connection: &Connection, ids: &[ObjectId]) -> Result<(), ServerError> {
    let files = connection.session().blobs().files_to_seal(connection.peer(), ids);
    if files.is_empty() {
        return Ok(());
    }
    let seal = move || {
        files.iter().try_for_each(|(id, file)| file.seal_against_writing().map_err(|error| refusal(*id, &error)))
    };
    elsewhere(seal).await.ok_or_else(not_done)?
}

fn refusal(id: ObjectId, error: &io::Error) -> ServerError {
    let busy = error.raw_os_error() == Some(Errno::EBUSY as i32);
    let message = if busy {
        format!("the kernel cannot seal blob {id}: it is still mapped for writing, unmap it first")
    } else {
        format!("the kernel cannot seal blob {id}: {error}")
    };
    ServerError::new(StatusCode::Invalid, message)
}
