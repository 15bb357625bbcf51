//! What the clients of both kinds are behind their doors.

use std::sync::{Arc, PoisonError, RwLock};

use super::conn::Conn;
use super::endpoint::Endpoint;
use super::transport::Transport;
use crate::error::{CallError, ConnectError};
use crate::protocol::Call;
use crate::sync::{Mutex, lock};

/// Connections that are kept for the next call that waits.
const IDLE_WAITERS: usize = 2;

/// A connection that can be opened anew, and others for calls that wait.
#[derive(Debug)]
pub(super) struct Inner<T> {
    endpoint: Endpoint,
    transport: RwLock<Arc<T>>,
    waiters: Mutex<Vec<Conn>>,
}

impl<T: Transport> Inner<T> {
    pub(super) fn open(endpoint: Endpoint) -> Result<Arc<Self>, ConnectError> {
        let transport = RwLock::new(T::open(&endpoint)?);
        Ok(Arc::new(Self { endpoint, transport, waiters: Mutex::new(Vec::new()) }))
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The connection as it is now.
    pub(super) fn transport(&self) -> Arc<T> {
        Arc::clone(&self.transport.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn reconnect(&self) -> Result<(), ConnectError> {
        let transport = T::open(&self.endpoint)?;
        self.forget_waiters();
        *self.transport.write().unwrap_or_else(PoisonError::into_inner) = transport;
        Ok(())
    }

    /// Sends one request and waits for the reply.
    pub(super) fn call<C: Call>(&self, request: &C) -> Result<C::Reply, CallError> {
        self.transport().link().call(request)
    }

    /// A connection of its own for a call that waits.
    pub(super) fn take_waiter(&self) -> Result<Conn, ConnectError> {
        let idle = lock(&self.waiters).pop();
        idle.map_or_else(|| self.endpoint.register(None).map(|(conn, _)| conn), Ok)
    }

    /// Closes the idle connections.
    pub(super) fn forget_waiters(&self) {
        lock(&self.waiters).clear();
    }

    /// Takes back a connection whose call has ended well.
    pub(super) fn give_back(&self, waiter: Conn) {
        let mut waiters = lock(&self.waiters);
        if waiters.len() < IDLE_WAITERS {
            waiters.push(waiter);
        }
    }
}
