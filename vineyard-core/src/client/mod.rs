//! The blocking client.
//!
//! [`Client`] is the door. Behind it: `conn` moves frames and descriptors, `link` is one registered connection with its
//! arenas, `lease` what it holds of the server's memory, `plan` works out what a put consists of, `put` and `get` carry
//! out.

mod arenas;
mod conn;
mod get;
mod lease;
mod link;
mod names;
mod options;
mod plan;
mod put;
mod schemas;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use options::ConnectOptions;

use self::conn::Conn;
use self::link::Link;
use crate::blob::{Array, Blob, BlobWriter, Element};
use crate::error::{CallError, CallReason, ConnectError, Error, GetError, PutError};
use crate::id::{InstanceId, ObjectId};
use crate::meta::ObjectMeta;
use crate::object::{IntoDraft, Object, Stored};
use crate::protocol::{
    Call, CreateBufferRequest, DelDataRequest, ExistsRequest, IfPersistRequest, InstanceStatus, InstanceStatusRequest,
    ListDataRequest, PersistRequest, PutNameRequest,
};

/// What to look for when listing: a shell glob, or a regular expression that must match the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pattern {
    /// `*`, `?` and `[..]`; `*` matches anything, also `/`.
    Glob(String),
    /// A regular expression.
    Regex(String),
}

impl From<&str> for Pattern {
    /// A glob.
    fn from(glob: &str) -> Self {
        Self::Glob(glob.to_owned())
    }
}

impl Pattern {
    fn into_parts(self) -> (String, bool) {
        match self {
            Self::Glob(pattern) => (pattern, false),
            Self::Regex(pattern) => (pattern, true),
        }
    }
}

/// How to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Also members that nobody else uses. On by default.
    pub deep: bool,
    /// Also what is in use, together with everything that uses it. Off by default.
    pub force: bool,
}

impl Default for DeleteOptions {
    fn default() -> Self {
        Self { deep: true, force: false }
    }
}

/// A blocking client of one server on the same host.
///
/// Cheap to clone, and usable from many threads at once: requests of all clones go through one connection, one after
/// the other, while payloads are copied outside of it; calls that wait for something have connections of their own.
///
/// When the server goes away, every call ends with an error in bounded time; views stay valid; [`reconnect`] is
/// explicit.
///
/// [`reconnect`]: Self::reconnect
///
/// ```no_run
/// use vineyard_core::{Array, Client, Object};
///
/// #[derive(Object)]
/// #[object(typename = "example::Samples")]
/// struct Samples {
///     rate: f64,
///     values: Array<f32>,
/// }
///
/// let client = Client::connect("/var/run/vineyard.sock")?;
/// let id = client.put(&Samples { rate: 44.1, values: vec![0.5, 0.25].into() })?;
/// let samples = client.get::<Samples>(id)?; // no copy: `values` lies in shared memory
/// assert_eq!(samples.values[1], 0.25);
/// # Ok::<(), vineyard_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    socket: PathBuf,
    options: ConnectOptions,
    link: RwLock<Arc<Link>>,
    /// Idle connections for calls that wait.
    waiters: Mutex<Vec<Conn>>,
}

impl Client {
    /// Connects to the server that listens at `path`.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Unreachable`] if nobody listens, [`ConnectError::Refused`] if the server does not want us.
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Ok(ConnectOptions::new().socket(path).connect()?)
    }

    /// Connects to the server that `VINEYARD_IPC_SOCKET` names, or that listens where servers do by default.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and [`ConnectError::NoSocket`] if there is none.
    pub fn from_env() -> Result<Self, Error> {
        Ok(ConnectOptions::new().connect()?)
    }

    fn open(socket: PathBuf, options: &ConnectOptions) -> Result<Self, ConnectError> {
        let link = RwLock::new(Link::open(&socket, options)?);
        let inner = Inner { socket, options: options.clone(), link, waiters: Mutex::new(Vec::new()) };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn link(&self) -> Arc<Link> {
        Arc::clone(&self.inner.link.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects anew, for all clones of this client. Views of the old connection stay valid and keep it open.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); the old connection is kept then.
    pub fn reconnect(&self) -> Result<(), Error> {
        let link = Link::open(&self.inner.socket, &self.inner.options)?;
        self.inner.waiters.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.inner.link.write().unwrap_or_else(PoisonError::into_inner) = link;
        Ok(())
    }

    /// The number of the instance this client talks to.
    pub fn instance(&self) -> InstanceId {
        self.link().instance()
    }

    /// Stores an object and returns its id. Takes `&T`, `&Stored<T>` or a [`Draft<T>`](crate::Draft).
    ///
    /// Heap arrays are copied once. Arrays that are a whole blob of this server and session are linked, and so are
    /// `Stored<T>` fields; what was deleted meanwhile is copied. An object of a plain field becomes a new node over its
    /// linked arrays. Putting a `Stored<T>` that is still in this store returns its id.
    ///
    /// One request to allocate, and one for each level of members, the first of which seals the blobs; servers that do
    /// not offer this get a round of seals between. The first put of a type also looks for its schema.
    ///
    /// # Errors
    ///
    /// [`PutError::Build`] if the object is not valid, [`PutError::NoRoom`] if it does not fit, [`PutError::Call`] if
    /// the server refuses or is gone. What was made of the object is taken back then, as far as the server can still
    /// be reached, except for members that hold blobs which were there before.
    pub fn put(&self, object: impl IntoDraft) -> Result<ObjectId, Error> {
        let source = object.into_source().map_err(PutError::Build)?;
        Ok(put::put(&self.link(), source)?.keep())
    }

    /// Stores an object, publishes it and gives it a name, which an earlier holder loses.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put). If the name cannot be given, what was made is taken back as well.
    pub fn put_named(&self, name: &str, object: impl IntoDraft) -> Result<ObjectId, Error> {
        let source = object.into_source().map_err(PutError::Build)?;
        let link = self.link();
        let made = put::put(&link, source)?;
        link.call(&PersistRequest { id: made.id })?;
        link.call(&PutNameRequest { object_id: made.id, name: name.to_owned() })?;
        Ok(made.keep())
    }

    /// The object as a `T`, without a copy: its arrays are views of shared memory.
    ///
    /// Two requests, whatever the size.
    ///
    /// # Errors
    ///
    /// [`GetError::NotFound`], [`GetError::Resolve`] if it is of another type or its metadata does not fit, naming the
    /// field; [`GetError::Call`] if the server is gone.
    pub fn get<T: Object>(&self, id: ObjectId) -> Result<Stored<T>, Error> {
        Ok(get::typed(&self.link(), id)?)
    }

    /// The object as whatever type it is, if that type is linked into this program; else as an
    /// [`Opaque`](crate::Opaque).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`ResolveReason::Ambiguous`](crate::ResolveReason::Ambiguous) if two linked crates
    /// define the type.
    pub fn get_any(&self, id: ObjectId) -> Result<Stored<dyn Object>, Error> {
        Ok(get::any(&self.link(), id)?)
    }

    /// What the resolver for the object's typename and `M` makes of it; see [`Context`](crate::Context).
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), and [`ResolveReason::NoResolver`](crate::ResolveReason::NoResolver).
    pub fn get_as<M: 'static>(&self, id: ObjectId) -> Result<M, Error> {
        let meta = get::meta(&self.link(), id)?;
        Ok(meta.resolve_as().map_err(|cause| GetError::Resolve { id, cause })?)
    }

    /// The object's metadata, with the payloads below it.
    ///
    /// # Errors
    ///
    /// [`GetError::NotFound`], [`GetError::Call`].
    pub fn get_meta(&self, id: ObjectId) -> Result<ObjectMeta, Error> {
        Ok(get::meta(&self.link(), id)?)
    }

    /// A sealed blob, without a copy.
    ///
    /// # Errors
    ///
    /// [`GetError::NotFound`], [`GetError::NotSealed`], [`GetError::Call`].
    pub fn get_blob(&self, id: ObjectId) -> Result<Blob, Error> {
        Ok(get::blob(&self.link(), id)?)
    }

    /// Allocates a blob of `nbytes` bytes to be filled in place.
    ///
    /// # Errors
    ///
    /// [`CallError`], with [`StatusCode::NotEnoughMemory`](crate::StatusCode::NotEnoughMemory) if it does not fit.
    pub fn create_blob(&self, nbytes: usize) -> Result<BlobWriter<u8>, Error> {
        self.create_array(nbytes)
    }

    /// Allocates a blob of `len` elements to be filled in place.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob).
    pub fn create_array<T: Element>(&self, len: usize) -> Result<BlobWriter<T>, Error> {
        const CALL: &str = CreateBufferRequest::TYPE;
        let nbytes = (len as u64).saturating_mul(size_of::<T>() as u64);
        let view = |error| CallError::view(CALL, error);
        if nbytes == 0 {
            return Ok(BlobWriter::new(None, len, None).map_err(view)?);
        }
        let new = self.link().create(&[nbytes])?.pop();
        let new = new.ok_or_else(|| CallError::new(CALL, CallReason::Protocol("no blob was created".to_owned())))?;
        let window = new.window()?;
        Ok(BlobWriter::new(Some(window), len, Some(Box::new(new))).map_err(view)?)
    }

    /// Copies elements into a new blob and seals it. The result can be part of several objects.
    ///
    /// # Errors
    ///
    /// As [`create_blob`](Self::create_blob).
    pub fn put_array<T: Element>(&self, items: &[T]) -> Result<Array<T>, Error> {
        let mut writer = self.create_array(items.len())?;
        writer.as_mut_slice().copy_from_slice(items);
        Ok(writer.seal()?)
    }

    /// Metadata of at most `limit` objects whose typename matches, without payloads. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn list(&self, typename: impl Into<Pattern>, limit: usize) -> Result<Vec<ObjectMeta>, Error> {
        let (pattern, regex) = typename.into().into_parts();
        let link = self.link();
        let content = link.call(&ListDataRequest { pattern, regex, limit: limit as u64, after: None })?.content;
        let trees = content.unwrap_or_default().into_values();
        Ok(trees.map(|tree| get::with_payloads(&link, tree, None)).collect())
    }

    /// Whether an object or blob exists, sealed or not. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn exists(&self, id: ObjectId) -> Result<bool, Error> {
        Ok(self.link().call(&ExistsRequest { id })?.exists)
    }

    /// Deletes an object and the members that nobody else uses. What others use is kept; what does not exist is a
    /// success. Views stay valid. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn delete(&self, id: ObjectId) -> Result<(), Error> {
        self.delete_with(&[id], DeleteOptions::default())
    }

    /// Deletes several objects or blobs.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn delete_with(&self, ids: &[ObjectId], options: DeleteOptions) -> Result<(), Error> {
        let DeleteOptions { deep, force } = options;
        let request = DelDataRequest { ids: ids.to_vec(), force, deep, memory_trim: false, fastpath: false };
        self.link().call(&request)?;
        Ok(())
    }

    /// Publishes an object and its members to the cluster. It can be named then. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`], with a code for blobs and for objects that do not exist.
    pub fn persist(&self, id: ObjectId) -> Result<(), Error> {
        self.link().call(&PersistRequest { id })?;
        Ok(())
    }

    /// Whether an object is published. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn is_persistent(&self, id: ObjectId) -> Result<bool, Error> {
        Ok(self.link().call(&IfPersistRequest { id })?.persist)
    }

    /// How the instance is doing: bytes in use, the limit, connections. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    pub fn instance_status(&self) -> Result<InstanceStatus, Error> {
        Ok(self.link().call(&InstanceStatusRequest {})?.meta)
    }

    /// The object that has a name, as a `T`.
    ///
    /// # Errors
    ///
    /// [`GetError::NoSuchName`], and those of [`get`](Self::get) as [`GetError::Named`].
    pub fn get_by_name<T: Object>(&self, name: &str) -> Result<Stored<T>, Error> {
        let id = self.get_name(name)?.ok_or_else(|| GetError::NoSuchName { name: name.to_owned() })?;
        let named = |cause| GetError::Named { name: name.to_owned(), cause: Box::new(cause) };
        Ok(get::typed(&self.link(), id).map_err(named)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_cross_threads() {
        fn check<T: Send + Sync + Clone + 'static>() {}
        check::<Client>();
    }
}
