//! One registered connection: requests, one after the other, and what is given back with them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::conn::Conn;
use super::endpoint::Endpoint;
use super::returns::{Carrier, Line};
use crate::address::Address;
use crate::blob::StoreId;
use crate::error::{CallError, CallReason, ConnectError};
use crate::id::{InstanceId, ObjectId, SessionId};
use crate::meta::{BlobSet, Keeper};
use crate::protocol::{
    Call, DropBufferRequest, NATIVE_VERSION, NativeReply, RegisterReply, ReleaseLeasesNotice, SealRequest,
};
use crate::schema::Fingerprint;
use crate::sync::{Mutex, lock};

/// Requests that are on their way at the same time; few enough that neither side's socket buffer fills up.
const PIPELINE: usize = 128;
/// Leases that one notice gives back; keeps the frame small.
const NOTICE_LEASES: usize = 1 << 16;

/// A registered connection. Lives for as long as a client or a view of its memory does.
#[derive(Debug)]
pub(super) struct Link {
    conn: Line<Conn>,
    /// Schemas that were looked for in this store.
    published: Mutex<HashSet<Fingerprint>>,
    store: StoreId,
    native: bool,
    seals_on_create: bool,
    takes_whole_trees: bool,
    owns_blobs: bool,
    has_kernel_seals: bool,
    has_slices: bool,
    gets_objects: bool,
    puts_objects: bool,
    seal_above: Option<u64>,
    instance: InstanceId,
    session: SessionId,
    /// The process that opened the connection. One that is forked from it must not talk over it.
    process: u32,
}

impl Carrier for Conn {
    fn has_ended(&self) -> bool {
        Conn::has_ended(self)
    }

    fn is_inherited(&self) -> bool {
        Conn::is_inherited(self)
    }

    fn end(&mut self) {
        Conn::end(self);
    }

    fn queue_leases(&mut self, leases: &[ObjectId]) -> Result<(), CallError> {
        for ids in leases.chunks(NOTICE_LEASES) {
            self.queue("release_leases_notice", &ReleaseLeasesNotice { ids: ids.to_vec() })?;
        }
        Ok(())
    }

    fn flush_some(&mut self) {
        Conn::flush_some(self);
    }
}

impl Link {
    /// Opens a connection and registers it; what else the server answered comes along.
    pub(super) fn open(endpoint: &Endpoint) -> Result<(Self, RegisterReply), ConnectError> {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
        let (conn, reply) = endpoint.register(Some(NATIVE_VERSION))?;
        // Only over sockets are payloads leased.
        let is_remote = matches!(endpoint.address, Address::Tcp(_));
        let speaks = |native: &&NativeReply| native.native >= 1 && (native.deferred_free || is_remote);
        let native = reply.native.as_ref().filter(speaks);
        let store = match native {
            Some(native) => StoreId::Incarnation {
                number: native.incarnation,
                instance: reply.instance_id,
                session: reply.session_id,
            },
            None => StoreId::Connection(CONNECTIONS.fetch_add(1, Ordering::Relaxed)),
        };
        let link = Self {
            conn: Line::new(conn),
            published: Mutex::new(HashSet::new()),
            store,
            native: native.is_some(),
            seals_on_create: native.is_some_and(|native| native.seal_on_create),
            takes_whole_trees: native.is_some_and(|native| native.whole_trees),
            owns_blobs: native.is_some_and(|native| native.owned_blobs),
            has_kernel_seals: native.is_some_and(|native| native.kernel_seals),
            has_slices: native.is_some_and(|native| native.slices),
            gets_objects: native.is_some_and(|native| native.get_objects),
            puts_objects: native.is_some_and(|native| native.put_objects),
            seal_above: native.and_then(|native| native.seal_above),
            instance: reply.instance_id,
            session: reply.session_id,
            process: std::process::id(),
        };
        Ok((link, reply))
    }

    /// Whether a schema is asked for the first time.
    pub(super) fn is_unpublished(&self, fingerprint: Fingerprint) -> bool {
        lock(&self.published).insert(fingerprint)
    }

    pub(super) fn store(&self) -> StoreId {
        self.store
    }

    pub(super) fn session(&self) -> SessionId {
        self.session
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

    /// Whether objects can be created by one request, whatever their levels.
    pub(super) fn takes_whole_trees(&self) -> bool {
        self.takes_whole_trees
    }

    /// Whether blobs can go with the connection that makes them.
    pub(super) fn owns_blobs(&self) -> bool {
        self.owns_blobs
    }

    /// Whether blobs can have files of their own, which the kernel seals, and which come anew with each reply.
    pub(super) fn has_kernel_seals(&self) -> bool {
        self.has_kernel_seals
    }

    /// Whether blobs can be parts of others.
    pub(super) fn has_slices(&self) -> bool {
        self.has_slices
    }

    /// Whether objects can be got with their payloads by one request.
    pub(super) fn gets_objects(&self) -> bool {
        self.gets_objects
    }

    /// Whether blobs and objects can be made by binary requests, small blobs and objects by the same.
    pub(super) fn puts_objects(&self) -> bool {
        self.puts_objects
    }

    /// Above how many bytes the server wants blobs to be sealed by the kernel.
    pub(super) fn seal_above(&self) -> Option<u64> {
        self.seal_above.filter(|_| self.has_kernel_seals)
    }

    /// Sends one request and waits for the reply.
    pub(super) fn call<C: Call>(&self, request: &C) -> Result<C::Reply, CallError> {
        self.exchange(C::TYPE, |conn| conn.call(request))
    }

    /// Sends the last request of the connection: the server ends it after the reply.
    pub(super) fn call_last<C: Call>(&self, request: &C) -> Result<C::Reply, CallError> {
        self.exchange(C::TYPE, |conn| {
            let reply = conn.call(request)?;
            conn.end();
            Ok(reply)
        })
    }

    /// Sends one request whose reply nobody will wait for, without blocking.
    pub(super) fn notify<C: Call>(&self, request: &C) {
        let told = self.exchange(C::TYPE, |conn| {
            conn.queue_unwanted(request)?;
            conn.flush_some();
            Ok(())
        });
        if let Err(error) = told {
            tracing::warn!(%error, "the server could not be told");
        }
    }

    /// How long the requests that follow may take.
    pub(super) fn set_timeout(&self, call: &'static str, timeout: Duration) -> Result<(), CallError> {
        let disconnected = |error| CallError::new(call, CallReason::Disconnected(Some(error)));
        self.exchange(call, |conn| conn.set_timeout(timeout).map_err(disconnected))
    }

    /// Lets `talk` have the connection for itself, after what is to be given back.
    pub(super) fn exchange<R>(
        &self,
        call: &'static str,
        talk: impl FnOnce(&mut Conn) -> Result<R, CallError>,
    ) -> Result<R, CallError> {
        if self.is_forked() {
            return Err(CallError::new(call, CallReason::Forked));
        }
        self.conn.exchange(call, |conn| self.queue_aborts(conn).and_then(|()| talk(conn)))
    }

    fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }

    /// Puts aborted blobs into the outbox, in front of the next request; what is too much for it is sent now.
    fn queue_aborts(&self, conn: &mut Conn) -> Result<(), CallError> {
        const CALL: &str = DropBufferRequest::TYPE;
        let aborted = self.conn.take_aborted();
        let mut chunks = aborted.chunks(PIPELINE).peekable();
        while let Some(ids) = chunks.next() {
            for id in ids {
                conn.queue_unwanted(&DropBufferRequest { id: *id })?;
            }
            if chunks.peek().is_some() {
                conn.flush(CALL)?;
                conn.skip_unwanted(CALL)?;
            }
        }
        Ok(())
    }

    /// Gives one lease back, without blocking: with the next request, or at once when enough have come together.
    pub(super) fn release(&self, id: ObjectId, nbytes: u64) {
        // That the process may have forked is looked at before anything is sent.
        if self.native {
            self.conn.release(id, nbytes);
        }
    }

    /// Gives back together what `leave` leaves.
    pub(super) fn together(&self, leave: impl FnOnce()) {
        self.conn.release_together(leave);
    }

    /// Gives an unsealed blob up, without blocking.
    pub(super) fn abort(&self, id: ObjectId) {
        if !self.is_forked() {
            self.conn.abort(id);
        }
    }

    /// Gives back now what is to be given back.
    pub(super) fn settle(&self) -> Result<(), CallError> {
        const CALL: &str = DropBufferRequest::TYPE;
        self.exchange(CALL, |conn| {
            conn.flush(CALL)?;
            conn.skip_unwanted(CALL)
        })
    }

    /// Seals several blobs, with few waits.
    pub(super) fn seal(&self, ids: &[ObjectId]) -> Result<(), CallError> {
        const CALL: &str = SealRequest::TYPE;
        self.exchange(CALL, |conn| {
            let mut refused = None;
            for chunk in ids.chunks(PIPELINE) {
                for id in chunk {
                    conn.queue(CALL, &SealRequest { object_id: *id })?;
                }
                conn.flush(CALL)?;
                for _ in chunk {
                    match conn.reply::<SealRequest>() {
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

impl Keeper for Link {
    fn let_go(&self, blobs: BlobSet) {
        self.together(|| drop(blobs));
    }
}
