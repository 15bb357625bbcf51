//! One registered connection: requests, arenas, leases.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, TryLockError};

use super::arenas::{Access, Arenas};
use super::conn::Conn;
use super::lease::{Lease, NewBlob};
use super::options::ConnectOptions;
use crate::blob::{Blob, StoreId};
use crate::error::{CallError, CallReason, ConnectError};
use crate::id::{InstanceId, ObjectId};
use crate::protocol::{
    Call, CreateBufferRequest, CreateBuffersRequest, DropBufferRequest, GetBuffersRequest, IdList, NATIVE_VERSION,
    PROTOCOL_VERSION, Payload, RegisterReply, RegisterRequest, ReleaseLeasesNotice, SealRequest, StoreType,
};
use crate::schema::Fingerprint;
use crate::shm::{Mapping, Region};

/// Requests that are on their way at the same time; few enough that neither side's socket buffer fills up.
const PIPELINE: usize = 128;
/// Leases that one notice gives back; keeps the frame small.
const NOTICE_LEASES: usize = 1 << 16;
/// Leases that are collected before they are given back without a request to go with.
const RELEASE_COUNT: usize = 64;
/// Leased bytes that are collected before they are given back.
const RELEASE_BYTES: u64 = 1 << 20;

/// A registered connection. Lives for as long as a client or a view of its memory does.
#[derive(Debug)]
pub(super) struct Link {
    state: Mutex<State>,
    /// Locked for moments only, never while something is sent or received.
    arenas: Mutex<Arenas>,
    returns: Mutex<Returns>,
    /// Schemas that were looked for in this store.
    published: Mutex<HashSet<Fingerprint>>,
    store: StoreId,
    native: bool,
    seals_on_create: bool,
    instance: InstanceId,
    /// The process that opened the connection. One that is forked from it must not talk over it.
    process: u32,
}

#[derive(Debug)]
struct State {
    conn: Conn,
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

impl Returns {
    fn is_enough(&self) -> bool {
        self.leases.len() >= RELEASE_COUNT || self.leased_bytes >= RELEASE_BYTES
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
        Conn::open(path, options.timeout).map_err(|cause| ConnectError::Unreachable { socket: socket(), cause })?;
    let request = RegisterRequest {
        version: PROTOCOL_VERSION.to_owned(),
        store_type: StoreType::NORMAL,
        session_id: 0,
        username: options.username.clone(),
        password: options.password.clone(),
        native,
    };
    let reply = conn.call(&request).map_err(|cause| ConnectError::Refused { socket: socket(), cause })?;
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
        let seals_on_create = native.is_some_and(|native| native.seal_on_create);
        let native = native.is_some();
        let state = State { conn, busy: false };
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            arenas: Mutex::new(Arenas::default()),
            returns: Mutex::new(Returns::default()),
            published: Mutex::new(HashSet::new()),
            store,
            native,
            seals_on_create,
            instance: reply.instance_id,
            process: std::process::id(),
        }))
    }

    /// Whether a schema is asked for the first time.
    pub(super) fn is_unpublished(&self, fingerprint: Fingerprint) -> bool {
        lock(&self.published).insert(fingerprint)
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

    /// Whether objects can be created and their blobs sealed by one request.
    pub(super) fn seals_on_create(&self) -> bool {
        self.seals_on_create
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
        if self.is_forked() {
            return Err(CallError::new(call, CallReason::Forked));
        }
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.busy, true) {
            state.conn.end();
        }
        let result = if state.conn.has_ended() {
            Err(CallError::new(call, CallReason::Disconnected(None)))
        } else {
            self.queue_leases(&mut state).and_then(|()| self.queue_aborts(&mut state)).and_then(|()| talk(&mut state))
        };
        // What was dropped meanwhile could not be given back by those who dropped it.
        if !state.conn.has_ended() && lock(&self.returns).is_enough() && self.queue_leases(&mut state).is_ok() {
            state.conn.flush_some();
        }
        state.busy = false;
        result
    }

    fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }

    /// Puts leases into the outbox, in front of the next request.
    fn queue_leases(&self, state: &mut State) -> Result<(), CallError> {
        let leases = {
            let mut returns = lock(&self.returns);
            returns.leased_bytes = 0;
            std::mem::take(&mut returns.leases)
        };
        for ids in leases.chunks(NOTICE_LEASES) {
            state.conn.queue("release_leases_notice", &ReleaseLeasesNotice { ids: ids.to_vec() })?;
        }
        Ok(())
    }

    /// Puts aborted blobs into the outbox, in front of the next request; what is too much for it is sent now.
    fn queue_aborts(&self, state: &mut State) -> Result<(), CallError> {
        const CALL: &str = DropBufferRequest::TYPE;
        let aborted = std::mem::take(&mut lock(&self.returns).aborted);
        let mut chunks = aborted.chunks(PIPELINE).peekable();
        while let Some(ids) = chunks.next() {
            for id in ids {
                state.conn.queue_unwanted(&DropBufferRequest { id: *id })?;
            }
            if chunks.peek().is_some() {
                state.conn.flush(CALL)?;
                state.conn.skip_unwanted(CALL)?;
            }
        }
        Ok(())
    }

    /// Gives one lease back, without blocking: with the next request, or at once when enough have come together.
    pub(super) fn release(&self, id: ObjectId, nbytes: u64) {
        if !self.native || self.is_forked() {
            return;
        }
        let mut returns = lock(&self.returns);
        returns.leases.push(id);
        returns.leased_bytes = returns.leased_bytes.saturating_add(nbytes);
        let enough = returns.is_enough();
        drop(returns);
        if !enough {
            return;
        }
        // Whoever holds the connection now looks again before letting go.
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if !state.busy && !state.conn.has_ended() && self.queue_leases(&mut state).is_ok() {
            state.conn.flush_some();
        }
    }

    /// Gives an unsealed blob up, without blocking.
    pub(super) fn abort(&self, id: ObjectId) {
        if !self.is_forked() {
            lock(&self.returns).aborted.push(id);
        }
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
        // The placeholder's payload is the whole arena, with all that is being written in it.
        let wanted: HashSet<ObjectId> = ids.iter().copied().filter(|id| *id != ObjectId::PLACEHOLDER_BLOB).collect();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = ids.iter().copied().filter(|id| wanted.contains(id)).collect();
        let request = GetBuffersRequest { ids: IdList::Indexed(ids), unsealed: false };
        self.exchange(CALL, |state| {
            let reply = state.conn.call(&request)?;
            self.take_descriptors(state, CALL, &reply.fds, &reply.payloads)?;
            // All leases first: whatever goes wrong below, they are given back.
            let lease = |payload: &Payload| (payload.data_size > 0).then(|| Lease::new(self, payload));
            let leased: Vec<_> = reply.payloads.into_iter().map(|payload| (lease(&payload), payload)).collect();
            let mut blobs = HashMap::with_capacity(leased.len());
            for (lease, payload) in leased {
                let Payload { object_id: id, data_offset, data_size, .. } = payload;
                if !payload.is_sealed && data_size > 0 || !wanted.contains(&id) {
                    return Err(state.broken(CALL, format!("blob {id} was not asked for, or is not sealed")));
                }
                let region = match lease {
                    None => Region::empty(),
                    Some(lease) => {
                        let mapping = self.mapping(CALL, payload.store_fd, Access::Read)?;
                        let region = Region::mapped(mapping, data_offset, data_size, lease);
                        region.map_err(|error| CallError::new(CALL, CallReason::Memory(error)))?
                    }
                };
                blobs.insert(id, Blob::stored(region, self.store, id));
            }
            Ok(blobs)
        })
    }

    /// Allocates unsealed blobs, none of them empty; all or none.
    pub(super) fn create(self: &Arc<Self>, sizes: &[u64]) -> Result<Vec<NewBlob>, CallError> {
        if let &[size] = sizes {
            const CALL: &str = CreateBufferRequest::TYPE;
            return self.exchange(CALL, |state| {
                let reply = state.conn.call(&CreateBufferRequest { size })?;
                let labels = if reply.fd < 0 { &[][..] } else { &[reply.fd] };
                self.take_new(state, CALL, labels, vec![reply.created], sizes)
            });
        }
        const CALL: &str = CreateBuffersRequest::TYPE;
        let request = CreateBuffersRequest { sizes: sizes.to_vec(), num: sizes.len() as u64 };
        self.exchange(CALL, |state| {
            let reply = state.conn.call(&request)?;
            self.take_new(state, CALL, &reply.fds, reply.payloads, sizes)
        })
    }

    /// Receives the descriptors that follow a reply.
    fn take_descriptors(
        &self,
        state: &mut State,
        call: &'static str,
        labels: &[i64],
        payloads: &[Payload],
    ) -> Result<(), CallError> {
        for label in labels {
            let descriptor = state.conn.descriptor(call)?;
            let added = lock(&self.arenas).add(*label, descriptor, payloads);
            added.map_err(|what| state.broken(call, what))?;
        }
        Ok(())
    }

    /// The mapping of an arena that this connection was given.
    pub(super) fn mapping(&self, call: &'static str, label: i64, access: Access) -> Result<Arc<Mapping>, CallError> {
        lock(&self.arenas).mapping(call, label, access)
    }

    /// Takes new blobs over.
    fn take_new(
        self: &Arc<Self>,
        state: &mut State,
        call: &'static str,
        labels: &[i64],
        payloads: Vec<Payload>,
        sizes: &[u64],
    ) -> Result<Vec<NewBlob>, CallError> {
        self.take_descriptors(state, call, labels, &payloads)?;
        if !payloads.iter().map(|payload| payload.data_size).eq(sizes.iter().copied()) {
            return Err(state.broken(call, "other sizes were allocated than were asked for".to_owned()));
        }
        Ok(payloads.iter().map(|payload| NewBlob::new(self, payload)).collect())
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
    fn broken(&mut self, call: &'static str, what: String) -> CallError {
        self.conn.end();
        CallError::new(call, CallReason::Protocol(what))
    }
}
