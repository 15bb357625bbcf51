//! Metadata that is changed without being written anew: labels, copies, moves, and the end of it all.

use serde_json::{Map, Value};
use vineyard_core::protocol::{
    LabelReply, LabelRequest, MigrateObjectReply, MigrateObjectRequest, ShallowCopyReply, ShallowCopyRequest,
};
use vineyard_core::{InstanceId, ServerError, StatusCode};

use super::Connection;
use crate::session::Session;
use crate::state::State;
use crate::store::Reserved;
use crate::turn::elsewhere;

/// Adds labels to an object.
///
/// # Errors
///
/// Code 12 if there is no such object, 1 if there are not as many values as keys.
pub(super) fn label(session: &Session, request: &LabelRequest) -> Result<LabelReply, ServerError> {
    let LabelRequest { id, keys, values } = request;
    let mut tree = session.tree();
    if tree.contains(*id) && keys.len() != values.len() {
        let message = format!("{} keys for {} values of labels", keys.len(), values.len());
        return Err(ServerError::new(StatusCode::Invalid, message));
    }
    tree.label(*id, keys.iter().cloned().zip(values.iter().cloned()))?;
    Ok(LabelReply {})
}

/// Makes a second object of the same members.
///
/// # Errors
///
/// Code 7 for a blob or extra fields that are not plain values, 27 if there is no such object.
pub(super) fn shallow_copy(
    state: &State,
    session: &Session,
    request: &ShallowCopyRequest,
) -> Result<ShallowCopyReply, ServerError> {
    let none = Value::Object(Map::new());
    let target_id = session.tree().shallow_copy(request.id, request.extra.as_ref().unwrap_or(&none), &state.ids)?;
    session.waiters.tell_ids([target_id]);
    Ok(ShallowCopyReply { target_id })
}

/// Gets an object onto this instance, where everything is.
///
/// # Errors
///
/// Code 1 for a blob, a global object or one that this instance does not know the place of; 27 if there is none.
pub(super) fn migrate(
    state: &State,
    session: &Session,
    request: &MigrateObjectRequest,
) -> Result<MigrateObjectReply, ServerError> {
    let id = request.object_id;
    let refused = |message: String| Err(ServerError::new(StatusCode::Invalid, message));
    if id.is_blob() {
        return refused(format!("{id} is a blob, only objects can be migrated"));
    }
    let Some((instance, global)) = session.tree().place(id) else {
        return Err(ServerError::new(StatusCode::MetaTreeSubtreeNotExists, format!("there is no object {id}")));
    };
    match instance {
        _ if global => refused(format!("{id} is global: its members can be migrated, it cannot")),
        InstanceId::UNSPECIFIED => refused(format!("{id} lives on no single instance")),
        here if here == state.settings.instance => Ok(MigrateObjectReply { object_id: id }),
        elsewhere => refused(format!("{id} lives on {elsewhere}, which is not known here")),
    }
}

/// Deletes everything that is there; the memory to give back to the system. What others make meanwhile may stay.
pub(super) async fn clear(connection: &Connection) -> Vec<Reserved> {
    let (session, by) = (connection.session(), connection.id());
    let _turn = session.clears.lock().await;
    let mut freed = Vec::new();
    // Who was cut short has left something.
    while session.sweep(&mut freed, by) {
        session.queue.give_way().await;
    }
    let gone = session.doom();
    let dropped = elsewhere(move || drop(gone));
    while session.sweep(&mut freed, by) {
        session.queue.give_way().await;
    }
    dropped.await;
    freed
}
