//! One registered connection: requests, arenas, leases.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, TryLockError};

use super::arenas::{Access, Arenas};
use super::conn::Conn;
use super::options::ConnectOptions;
use crate::blob::{Blob, Pending, StoreId};
use crate::error::{CallError, CallReason, ConnectError};
use crate::id::{InstanceId, ObjectId};
use crate::protocol::{
    Call, CreateBufferRequest, CreateBuffersRequest, DropBufferRequest, GetBuffersRequest, IdList, NATIVE_VERSION,
    PROTOCOL_VERSION, Payload, RegisterReply, RegisterRequest, ReleaseLeasesNotice, SealRequest, StoreType,
};
use crate::shm::{Mapping, Region, ShmError, WindowMut};

/// Requests that are on their way at the same time; few enough that neither side's socket buffer fills up.
const PIPELINE: usize = 128;
/// Leases that are collected before they are given back without a request to go with.
const RELEASE_COUNT: usize = 64;
/// Leased bytes that are collected before they are given back.
const RELEASE_BYTES: u64 = 1 << 20;

/// A registered connection. Lives for as long as a client or a view of its memory does.
#[derive(Debug)]
pub(super) struct Link {
    state: Mutex<State>,
    returns: Mutex<Returns>,
    store: StoreId,
    native: bool,
    instance: InstanceId,
}

#[derive(Debug)]
struct State {
    conn: Conn,
    arenas: Arenas,
    /// Set while a request is under way; found set, an earlier one panicked between request and reply.
    busy: bool,
}

/// What is to be given back at the next opportunity.
#[derive(Debug, Default)]
struct Returns {
    leases: Vec<ObjectId>,
    leased_bytes: u64,
    aborted: Vec<ObjectId>,
}

/// A place in an arena that this connection may write until the blob is sealed.
#[derive(Debug)]
pub(super) struct NewBlob {
    pub(super) id: ObjectId,
    label: i64,
    offset: u64,
    nbytes: u64,
    writable: Arc<Mapping>,
    lease: Arc<Lease>,
}

/// This client's claim to a blob's memory. Keeps the connection open, because the claim ends with it.
#[derive(Debug)]
struct Lease {
    link: Arc<Link>,
    id: ObjectId,
    nbytes: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.link.release(self.id, self.nbytes);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a connection and registers it.
pub(super) fn register(
    path: &Path,
    options: &ConnectOptions,
    native: Option<u32>,
) -> Result<(Conn, RegisterReply), ConnectError> {
    let socket = || PathBuf::from(path);
    let mut conn =
        Conn::open(path, options.timeout).map_err(|source| ConnectError::Unreachable { socket: socket(), source })?;
    let request = RegisterRequest {
        version: PROTOCOL_VERSION.to_owned(),
        store_type: StoreType::NORMAL,
        session_id: 0,
        username: options.username.clone(),
        password: options.password.clone(),
        native,
    };
    let reply = conn.call(&request).map_err(|source| ConnectError::Refused { socket: socket(), source })?;
    if !reply.store_match {
        return Err(ConnectError::StoreMismatch { socket: socket() });
    }
    Ok((conn, reply))
}

impl Link {
    pub(super) fn open(path: &Path, options: &ConnectOptions) -> Result<Arc<Self>, ConnectError> {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
        static HAZARD: Once = Once::new();
        let (conn, reply) = register(path, options, Some(NATIVE_VERSION))?;
        let native = reply.native.as_ref().filter(|native| native.native >= 1 && native.deferred_free);
        let store = match native {
            Some(native) => StoreId::Incarnation {
                number: native.incarnation,
                instance: reply.instance_id,
                session: reply.session_id,
            },
            None => StoreId::Connection(CONNECTIONS.fetch_add(1, Ordering::Relaxed)),
        };
        if native.is_none() {
            HAZARD.call_once(|| {
                tracing::warn!(
                    socket = %path.display(),
                    "this server reuses the memory of deleted blobs while they are viewed: copy what others may delete"
                );
            });
        }
        let native = native.is_some();
        let state = State { conn, arenas: Arenas::default(), busy: false };
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            returns: Mutex::new(Returns::default()),
            store,
            native,
            instance: reply.instance_id,
        }))
    }

    pub(super) fn store(&self) -> StoreId {
        self.store
    }

    pub(super) fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Whether the server checks that linked blobs exist, and defers freeing what is leased.
    pub(super) fn is_native(&self) -> bool {
        self.native
    }

    /// Sends one request and waits for the reply.
    pub(super) fn call<C: Call>(&self, request: &C) -> Result<C::Reply, CallError> {
        self.exchange(C::TYPE, |state| state.conn.call(request))
    }

    fn exchange<R>(
        &self,
        call: &'static str,
        talk: impl FnOnce(&mut State) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.busy, true) {
            state.conn.end();
        }
        let result = if state.conn.has_ended() {
            Err(CallError::new(call, CallReason::Disconnected(None)))
        } else {
            self.queue_returns(&mut state).and_then(|()| talk(&mut state))
        };
        state.busy = false;
        result
    }

    /// Puts leases and aborted blobs into the outbox, in front of the next request.
    fn queue_returns(&self, state: &mut State) -> Result<(), CallError> {
        let returns = std::mem::take(&mut *lock(&self.returns));
        if !returns.leases.is_empty() {
            state.conn.queue("release_leases_notice", &ReleaseLeasesNotice { ids: returns.leases })?;
        }
        for id in returns.aborted {
            state.conn.queue_unwanted(&DropBufferRequest { id })?;
        }
        Ok(())
    }

    /// Gives one lease back, without blocking: with the next request, or at once when enough have come together.
    fn release(&self, id: ObjectId, nbytes: u64) {
        if !self.native {
            return;
        }
        let mut returns = lock(&self.returns);
        returns.leases.push(id);
        returns.leased_bytes = returns.leased_bytes.saturating_add(nbytes);
        let enough = returns.leases.len() >= RELEASE_COUNT || returns.leased_bytes >= RELEASE_BYTES;
        drop(returns);
        if !enough {
            return;
        }
        // Whoever holds the connection now takes the leases along with its next request.
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if !state.busy && !state.conn.has_ended() && self.queue_returns(&mut state).is_ok() {
            state.conn.flush_some();
        }
    }

    /// Gives an unsealed blob up, without blocking.
    pub(super) fn abort(&self, id: ObjectId) {
        lock(&self.returns).aborted.push(id);
    }

    /// Gives back now what is to be given back.
    pub(super) fn settle(&self) -> Result<(), CallError> {
        const CALL: &str = DropBufferRequest::TYPE;
        self.exchange(CALL, |state| {
            state.conn.flush(CALL)?;
            state.conn.skip_unwanted(CALL)
        })
    }

    /// The blobs that the server has of `ids`.
    pub(super) fn blobs(self: &Arc<Self>, ids: &[ObjectId]) -> Result<HashMap<ObjectId, Blob>, CallError> {
        const CALL: &str = GetBuffersRequest::TYPE;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let request = GetBuffersRequest { ids: IdList::Indexed(ids.to_vec()), unsealed: false };
        let found = self.exchange(CALL, |state| {
            let reply = state.conn.call(&request)?;
            let payloads = reply.payloads;
            state.take_descriptors(CALL, &reply.fds, &payloads)?;
            let mut found = Vec::with_capacity(payloads.len());
            for payload in payloads {
                if !payload.is_sealed && payload.data_size > 0 || !ids.contains(&payload.object_id) {
                    let what = format!("blob {} was not asked for, or is not sealed", payload.object_id);
                    return Err(state.broken(CALL, what));
                }
                let mapping = match payload.data_size {
                    0 => None,
                    _ => Some(state.arenas.mapping(CALL, payload.store_fd, Access::Read)?),
                };
                found.push((payload, mapping));
            }
            Ok(found)
        })?;
        let memory = |error: ShmError| CallError::new(CALL, CallReason::Memory(error));
        let mut blobs = HashMap::with_capacity(found.len());
        for (payload, mapping) in found {
            let Payload { object_id: id, data_offset, data_size: nbytes, .. } = payload;
            let region = match mapping {
                None => Region::empty(),
                Some(mapping) => {
                    let lease = Arc::new(Lease { link: Arc::clone(self), id, nbytes });
                    Region::mapped(mapping, data_offset, nbytes, lease).map_err(memory)?
                }
            };
            blobs.insert(id, Blob::stored(region, self.store, id));
        }
        Ok(blobs)
    }

    /// Allocates unsealed blobs, none of them empty; all or none.
    pub(super) fn create(self: &Arc<Self>, sizes: &[u64]) -> Result<Vec<NewBlob>, CallError> {
        let created = if let &[size] = sizes {
            const CALL: &str = CreateBufferRequest::TYPE;
            self.exchange(CALL, |state| {
                let reply = state.conn.call(&CreateBufferRequest { size })?;
                let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
                state.take_new(CALL, labels, vec![reply.created], sizes)
            })?
        } else {
            const CALL: &str = CreateBuffersRequest::TYPE;
            let request = CreateBuffersRequest { sizes: sizes.to_vec(), num: sizes.len() as u64 };
            self.exchange(CALL, |state| {
                let reply = state.conn.call(&request)?;
                state.take_new(CALL, &reply.fds, reply.payloads, sizes)
            })?
        };
        let new_blob = |(payload, writable): (Payload, Arc<Mapping>)| {
            let Payload { object_id: id, data_size: nbytes, .. } = payload;
            let lease = Arc::new(Lease { link: Arc::clone(self), id, nbytes });
            NewBlob { id, label: payload.store_fd, offset: payload.data_offset, nbytes, writable, lease }
        };
        Ok(created.into_iter().map(new_blob).collect())
    }

    /// Seals several blobs, with few waits.
    pub(super) fn seal(&self, ids: &[ObjectId]) -> Result<(), CallError> {
        const CALL: &str = SealRequest::TYPE;
        self.exchange(CALL, |state| {
            let mut refused = None;
            for chunk in ids.chunks(PIPELINE) {
                for id in chunk {
                    state.conn.queue(CALL, &SealRequest { object_id: *id })?;
                }
                state.conn.flush(CALL)?;
                for _ in chunk {
                    match state.conn.reply::<SealRequest>() {
                        Ok(_) => {}
                        // The connection is in step: the other replies still come.
                        Err(error) if error.code().is_some() => refused = Some(error),
                        Err(error) => return Err(error),
                    }
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }
}

impl State {
    /// Receives the descriptors that follow a reply.
    fn take_descriptors(&mut self, call: &'static str, labels: &[i64], payloads: &[Payload]) -> Result<(), CallError> {
        for label in labels {
            let descriptor = self.conn.descriptor(call)?;
            self.arenas.add(*label, descriptor, payloads).map_err(|what| self.broken(call, what))?;
        }
        Ok(())
    }

    fn take_new(
        &mut self,
        call: &'static str,
        labels: &[i64],
        payloads: Vec<Payload>,
        sizes: &[u64],
    ) -> Result<Vec<(Payload, Arc<Mapping>)>, CallError> {
        self.take_descriptors(call, labels, &payloads)?;
        if !payloads.iter().map(|payload| payload.data_size).eq(sizes.iter().copied()) {
            return Err(self.broken(call, "other sizes were allocated than were asked for".to_owned()));
        }
        let writable = |payload: Payload| {
            let mapping = self.arenas.mapping(call, payload.store_fd, Access::Write)?;
            Ok((payload, mapping))
        };
        payloads.into_iter().map(writable).collect()
    }

    fn broken(&mut self, call: &'static str, what: String) -> CallError {
        self.conn.end();
        CallError::new(call, CallReason::Protocol(what))
    }
}

impl NewBlob {
    /// The one writable view. Asked for once, before the blob is sealed.
    pub(super) fn window(&self) -> Result<WindowMut, ShmError> {
        WindowMut::new(Arc::clone(&self.writable), self.offset, self.nbytes)
    }

    fn link(&self) -> &Arc<Link> {
        &self.lease.link
    }
}

impl Pending for NewBlob {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn seal(self: Box<Self>) -> Result<Blob, CallError> {
        const CALL: &str = SealRequest::TYPE;
        let link = Arc::clone(self.link());
        let sealed = link.seal(&[self.id]).and_then(|()| {
            let mapping = lock(&link.state).arenas.mapping(CALL, self.label, Access::Read)?;
            let keep = Arc::clone(&self.lease);
            Region::mapped(mapping, self.offset, self.nbytes, keep)
                .map_err(|error| CallError::new(CALL, CallReason::Memory(error)))
        });
        match sealed {
            Ok(region) => Ok(Blob::stored(region, link.store, self.id)),
            Err(error) => {
                link.abort(self.id);
                Err(error)
            }
        }
    }

    fn abort(&self) {
        self.link().abort(self.id);
    }
}
