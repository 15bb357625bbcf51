//! Names: put, get, list, drop.

use std::collections::BTreeMap;

use vineyard_core::protocol::{
    DropNameReply, DropNameRequest, GetNameReply, GetNameRequest, ListNameReply, ListNameRequest, PutNameReply,
    PutNameRequest,
};
use vineyard_core::{ServerError, StatusCode};

use crate::pattern::Pattern;
use crate::session::Session;
use crate::turn::STEP;

/// Gives an object a name.
pub(super) fn put_name(session: &Session, request: &PutNameRequest) -> Result<PutNameReply, ServerError> {
    session.tree().put_name(request.object_id, &request.name)?;
    session.changed.notify_waiters();
    Ok(PutNameReply {})
}

/// Which object has a name; `None` if that is to be waited for.
pub(super) fn get_name(session: &Session, request: &GetNameRequest) -> Option<Result<GetNameReply, ServerError>> {
    match session.tree().name(&request.name) {
        Some(object_id) => Some(Ok(GetNameReply { object_id })),
        None if request.wait => None,
        None => {
            let name: String = request.name.chars().take(200).collect();
            Some(Err(ServerError::new(StatusCode::ObjectNotExists, format!("no object has the name `{name}`"))))
        }
    }
}

/// The names that match. Others have their turn in between: what they add or take away meanwhile may be in it or not.
pub(super) async fn list_name(session: &Session, request: ListNameRequest) -> ListNameReply {
    let pattern = Pattern::new(&request.pattern, request.regex);
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let (mut names, mut after) = (BTreeMap::new(), request.after);
    loop {
        let wanted = limit.saturating_sub(names.len()).min(STEP);
        let page = session.tree().list_names(&pattern, after.as_deref(), wanted);
        let last = page.last_key_value().map(|(name, _)| name.clone());
        let is_last = page.len() < STEP;
        names.extend(page);
        if is_last {
            return ListNameReply { size: names.len() as u64, names };
        }
        after = last;
        session.queue.give_way().await;
    }
}

/// Takes a name away.
pub(super) fn drop_name(session: &Session, request: &DropNameRequest) -> DropNameReply {
    session.tree().drop_name(&request.name);
    DropNameReply {}
}
