//! Names: put, get, list, drop.

use std::collections::BTreeMap;

use vineyard_core::protocol::frame::{self, FrameError};
use vineyard_core::protocol::{
    DropNameReply, DropNameRequest, GetNameReply, GetNameRequest, ListNameReply, ListNameRequest, PutNameReply,
    PutNameRequest, Request,
};
use vineyard_core::{ServerError, StatusCode};

use super::{Written, write_by};
use crate::meta::check_length;
use crate::pattern::Pattern;
use crate::session::Session;
use crate::turn::STEP;
use crate::waiters::Awaited;

/// Gives an object a name.
pub(super) fn put_name(session: &Session, request: &PutNameRequest) -> Result<PutNameReply, ServerError> {
    session.tree().put_name(request.object_id, &request.name)?;
    session.waiters.tell(&Awaited::Name(request.name.clone()));
    Ok(PutNameReply {})
}

/// Which object has a name; `None` if that is to be waited for.
pub(super) fn get_name(session: &Session, request: &GetNameRequest) -> Option<Result<GetNameReply, ServerError>> {
    match session.tree().name(&request.name) {
        Some(object_id) => Some(Ok(GetNameReply { object_id })),
        None if request.wait => check_length(&request.name).err().map(Err),
        None => {
            let name: String = request.name.chars().take(200).collect();
            Some(Err(ServerError::new(StatusCode::ObjectNotExists, format!("no object has the name `{name}`"))))
        }
    }
}

/// Writes the reply with the names that match, if it fits into `room`. Others have their turn in between: what they add
/// or take away meanwhile may be in it or not.
pub(super) async fn list_name(
    session: &Session,
    request: ListNameRequest,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<Written, ServerError> {
    let pattern = Pattern::new(&request.pattern, request.regex);
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let (mut names, mut bytes) = (BTreeMap::new(), 0_usize);
    loop {
        let wanted = limit.saturating_sub(names.len()).min(STEP);
        let after = names.last_key_value().map(|(name, _): (&String, _)| name.as_str()).or(request.after.as_deref());
        let mut page = session.tree().list_names(&pattern, after, wanted);
        bytes = page.keys().map(String::len).fold(bytes, usize::saturating_add);
        if bytes > room {
            let encoded = Err(FrameError::TooLong { found: bytes as u64, limit: room });
            return Ok(Written { encoded, request: Request::ListName(request) });
        }
        let is_last = page.len() < STEP;
        names.append(&mut page);
        if is_last {
            break;
        }
        session.queue.give_way().await;
    }
    write_by(out, names.len() > STEP, move |out: &mut Vec<u8>| {
        let reply = ListNameReply { size: names.len() as u64, names };
        Written { encoded: frame::encode_within(out, &reply, room), request: Request::ListName(request) }
    })
    .await
}

/// Takes a name away.
pub(super) fn drop_name(session: &Session, request: &DropNameRequest) -> DropNameReply {
    session.tree().drop_name(&request.name);
    DropNameReply {}
}
