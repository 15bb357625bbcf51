//! The client for servers on other hosts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::inner::Inner;
use super::remote::RemoteLink;
use super::tls::Connector;
#[cfg(feature = "tls")]
use super::tls::TlsOptions;
use super::transport::Transport;
use crate::address::Address;
use crate::blob::{Array, Blob, Element};
use crate::error::{CallError, CallReason, ConnectError, Error};
use crate::id::{InstanceId, ObjectId, SessionId};
use crate::protocol::{Call, CreateRemoteBufferRequest};

/// The environment variable that names the endpoint.
const ENDPOINT_VARIABLE: &str = "VINEYARD_RPC_ENDPOINT";

/// A blocking client of a server on any host, over TCP: payloads travel, arrays are on the heap.
///
/// Otherwise it is as [`Client`](super::Client): cheap to clone, usable from many threads, with the same objects. All
/// clones share one connection, and a payload that travels through it holds up their other requests; clients that
/// shall not wait for each other connect on their own.
///
/// Payloads travel compressed if the server offers it and the crate's feature `zstd` is on.
///
/// The time-out bounds each request; payloads may take longer, as long as bytes move within each time-out.
///
/// ```no_run
/// use vineyard_core::{Array, Object, RpcClient};
///
/// #[derive(Object)]
/// #[object(typename = "example::Samples")]
/// struct Samples {
///     rate: f64,
///     values: Array<f32>,
/// }
///
/// let client = RpcClient::connect("storage.example:9600")?;
/// let id = client.put(&Samples { rate: 44.1, values: vec![0.5, 0.25].into() })?; // sent
/// let samples = client.get::<Samples>(id)?; // received
/// assert_eq!(samples.values[1], 0.25);
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RpcClient {
    pub(super) inner: Arc<Inner<RemoteLink>>,
}

impl RpcClient {
    /// Connects to the server that listens at `host:port`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Unreachable`] if nobody listens, [`ConnectError::Refused`] if the server does not want us.
    pub fn connect(endpoint: impl Into<String>) -> Result<Self, Error> {
        Ok(RpcOptions::new().endpoint(endpoint).connect()?)
    }

    /// Connects to the server that `VINEYARD_RPC_ENDPOINT` names.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and [`ConnectError::NoEndpoint`] if the variable is not set.
    pub fn from_env() -> Result<Self, Error> {
        Ok(RpcOptions::new().connect()?)
    }

    /// Connects anew, for all clones of this client.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); the old connection is kept then.
    pub fn reconnect(&self) -> Result<(), Error> {
        Ok(self.inner.reconnect()?)
    }

    /// The number of the instance this client talks to.
    pub fn instance(&self) -> InstanceId {
        self.inner.transport().link().instance()
    }

    /// The session this client is in.
    pub fn session(&self) -> SessionId {
        self.inner.transport().link().session()
    }

    /// Sends elements, which become a sealed blob. The result holds the same elements, without a copy, and can be part
    /// of several objects that are put: it is linked then, not sent again. One request; none for no elements.
    ///
    /// # Errors
    ///
    /// [`CallError`], with [`StatusCode::NotEnoughMemory`](crate::StatusCode::NotEnoughMemory) if it does not fit.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # let client = vineyard_core::RpcClient::from_env()?;
    /// let bytes = client.put_array(vec![1u8, 2, 3])?;
    /// let id = bytes.blob().id().expect("it is stored");
    /// assert_eq!(client.get_blob(id)?.as_bytes(), &[1, 2, 3]);
    /// # Ok::<(), vineyard_core::Error>(())
    /// ```
    pub fn put_array<T: Element>(&self, items: impl Into<Array<T>>) -> Result<Array<T>, Error> {
        const CALL: &str = CreateRemoteBufferRequest::TYPE;
        let items = items.into();
        let payload = items.to_payload();
        if payload.id() == Some(ObjectId::EMPTY_BLOB) {
            return Ok(items);
        }
        let transport = self.inner.transport();
        let made = transport.upload(std::slice::from_ref(&payload))?.pop();
        let made = made.ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no blob was made".to_owned())))?;
        let stored = Blob::stored(payload.region().clone(), transport.link().store(), made.id());
        made.keep();
        Ok(stored.elements().map_err(|error| CallError::view(CALL, error))?)
    }
}

/// How to connect over TCP, for when [`RpcClient::connect`] is not enough.
///
/// ```no_run
/// use std::time::Duration;
/// use vineyard_core::RpcOptions;
/// let client = RpcOptions::new().endpoint("localhost:9600").timeout(Duration::from_secs(5)).connect()?;
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RpcOptions {
    endpoint: Option<String>,
    timeout: Duration,
    username: String,
    password: String,
    session: SessionId,
    compression: bool,
    #[cfg(feature = "tls")]
    tls: Option<TlsOptions>,
}

impl fmt::Debug for RpcOptions {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RpcOptions");
        out.field("endpoint", &self.endpoint).field("timeout", &self.timeout).field("username", &self.username);
        out.field("session", &self.session).field("compression", &self.compression);
        #[cfg(feature = "tls")]
        out.field("tls", &self.tls);
        out.finish_non_exhaustive()
    }
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl RpcOptions {
    /// No endpoint, a time-out of 60 s, no user, the root session, compression if both sides can, no TLS.
    pub fn new() -> Self {
        Self {
            endpoint: None,
            timeout: Duration::from_secs(60),
            username: String::new(),
            password: String::new(),
            session: SessionId::ROOT,
            compression: true,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Where the server listens, as `host:port`. Without it, `VINEYARD_RPC_ENDPOINT` is looked at.
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// How long connecting, one request, or a standstill of payloads may take before the connection is given up. Calls
    /// that wait for something have their own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For servers that authenticate.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.username = name.into();
        self.password = password.into();
        self
    }

    /// The session to reach; the root session if this is not called.
    #[must_use]
    pub fn session(mut self, session: SessionId) -> Self {
        self.session = session;
        self
    }

    /// Whether payloads may travel compressed. They do if the server offers it, too, and the crate's feature `zstd` is
    /// on.
    #[must_use]
    pub fn compression(mut self, allowed: bool) -> Self {
        self.compression = allowed;
        self
    }

    /// Encrypts what travels, and checks who the server is; it has to offer TLS. Without it nothing is encrypted.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, options: TlsOptions) -> Self {
        self.tls = Some(options);
        self
    }

    #[cfg(feature = "tls")]
    fn connector(&self) -> Result<Option<Connector>, ConnectError> {
        Ok(self.tls.as_ref().map(TlsOptions::connector).transpose()?)
    }

    #[cfg(not(feature = "tls"))]
    fn connector(&self) -> Result<Option<Connector>, ConnectError> {
        Ok(None)
    }

    /// Connects and registers. One round trip, after the host's name was looked up, and one before it with TLS.
    ///
    /// # Errors
    ///
    /// [`ConnectError::NoEndpoint`] if none is given or named, [`ConnectError::Unreachable`] if nobody listens, or is not
    /// who was expected, [`ConnectError::Refused`] if the server does not want us or has no such session. With the feature
    /// `tls` also `ConnectError::Tls`, if certificates or keys cannot be used.
    pub fn connect(&self) -> Result<RpcClient, ConnectError> {
        let named = || std::env::var(ENDPOINT_VARIABLE).ok().filter(|endpoint| !endpoint.is_empty());
        let endpoint = Endpoint {
            seal_above: None,
            address: Address::Tcp(self.endpoint.clone().or_else(named).ok_or(ConnectError::NoEndpoint)?),
            timeout: self.timeout,
            username: self.username.clone(),
            password: self.password.clone(),
            session: self.session,
            compression: self.compression,
            tls: self.connector()?,
        };
        Ok(RpcClient { inner: Inner::open(endpoint)? })
    }
}
