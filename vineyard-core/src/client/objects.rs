//! Putting and getting, the same for both kinds of client.

use super::transport::Transport;
use super::{Client, RpcClient, get, put};
use crate::blob::Blob;
use crate::error::{Error, GetError, PutError};
use crate::id::ObjectId;
use crate::meta::ObjectMeta;
use crate::object::{IntoDraft, Object, Stored};
use crate::protocol::{PersistRequest, PutNameRequest};

macro_rules! objects {
    ($client:ident, put: $put:literal, get: $get:literal, get_blob: $get_blob:literal) => {
        impl $client {
            /// Stores an object and returns its id. Takes `&T`, `&Stored<T>` or a [`Draft<T>`](crate::Draft).
            ///
            #[doc = $put]
            ///
            /// Arrays that are a whole blob of this server and session are linked, and so are `Stored<T>` fields; what
            /// was deleted meanwhile is copied. An object of a plain field becomes a new node over its linked arrays.
            /// Putting a `Stored<T>` that is still in this store returns its id. The first put of a type also looks for
            /// its schema. A global object is published with its members, as by [`persist`](Self::persist): it is for
            /// other instances.
            ///
            /// # Errors
            ///
            /// [`PutError::Build`] if the object is not valid, [`PutError::NoRoom`] if it does not fit,
            /// [`PutError::Call`] if the server refuses or is gone. What was made of the object is taken back then, as
            /// far as the server can still be reached, except for members that hold blobs which were there before.
            pub fn put(&self, object: impl IntoDraft) -> Result<ObjectId, Error> {
                let source = object.into_source().map_err(PutError::Build)?;
                let transport = self.inner.transport();
                let made = put::put(&transport, source)?;
                if made.is_global {
                    transport.link().call(&PersistRequest { id: made.id })?;
                }
                Ok(made.keep())
            }

            /// Stores an object, publishes it and gives it a name, which an earlier holder loses.
            ///
            /// # Errors
            ///
            /// As [`put`](Self::put). If the name cannot be given, what was made is taken back as well.
            pub fn put_named(&self, name: &str, object: impl IntoDraft) -> Result<ObjectId, Error> {
                let source = object.into_source().map_err(PutError::Build)?;
                let transport = self.inner.transport();
                let made = put::put(&transport, source)?;
                let link = transport.link();
                link.call(&PersistRequest { id: made.id })?;
                link.call(&PutNameRequest { object_id: made.id, name: name.to_owned() })?;
                Ok(made.keep())
            }

            #[doc = $get]
            ///
            /// # Errors
            ///
            /// [`GetError::NotFound`], [`GetError::Resolve`] if it is of another type or its metadata does not fit,
            /// naming the field; [`GetError::Call`] if the server is gone.
            pub fn get<T: Object>(&self, id: ObjectId) -> Result<Stored<T>, Error> {
                Ok(get::typed(&self.inner.transport(), id)?)
            }

            /// The object as whatever type it is, if that type is linked into this program; else as an
            /// [`Opaque`](crate::Opaque).
            ///
            /// # Errors
            ///
            /// As [`get`](Self::get), and [`ResolveReason::Ambiguous`](crate::ResolveReason::Ambiguous) if two linked
            /// crates define the type.
            pub fn get_any(&self, id: ObjectId) -> Result<Stored<dyn Object>, Error> {
                Ok(get::any(&self.inner.transport(), id)?)
            }

            /// What the resolver for the object's typename and `M` makes of it; see [`Context`](crate::Context).
            ///
            /// # Errors
            ///
            /// As [`get`](Self::get), and [`ResolveReason::NoResolver`](crate::ResolveReason::NoResolver).
            pub fn get_as<M: 'static>(&self, id: ObjectId) -> Result<M, Error> {
                let meta = get::meta(&self.inner.transport(), id)?;
                Ok(meta.resolve_as().map_err(|cause| GetError::Resolve { id, cause })?)
            }

            /// The object's metadata, with the payloads below it.
            ///
            /// # Errors
            ///
            /// [`GetError::NotFound`], [`GetError::Call`].
            pub fn get_meta(&self, id: ObjectId) -> Result<ObjectMeta, Error> {
                Ok(get::meta(&self.inner.transport(), id)?)
            }

            #[doc = $get_blob]
            ///
            /// # Errors
            ///
            /// [`GetError::NotFound`], [`GetError::NotSealed`], [`GetError::Call`].
            pub fn get_blob(&self, id: ObjectId) -> Result<Blob, Error> {
                Ok(get::blob(&self.inner.transport(), id)?)
            }

            /// The object that has a name, as a `T`.
            ///
            /// # Errors
            ///
            /// [`GetError::NoSuchName`], and those of [`get`](Self::get) as [`GetError::Named`].
            pub fn get_by_name<T: Object>(&self, name: &str) -> Result<Stored<T>, Error> {
                get::named(&self.inner.transport(), name)
            }

            /// Several objects of one type, in order. As many requests as for one, whatever their number.
            ///
            /// # Errors
            ///
            /// As [`get`](Self::get), for the first that cannot be had.
            ///
            /// # Examples
            ///
            /// ```no_run
            /// # use vineyard_core::{Array, Object, ObjectId};
            /// # #[derive(Object)]
            /// # #[object(typename = "example::Column")]
            /// # struct Column {
            /// #     values: Array<f64>,
            /// # }
            #[doc = concat!("# let client = vineyard_core::", stringify!($client), "::from_env()?;")]
            /// # let ids = [ObjectId::INVALID; 2];
            /// let columns = client.get_many::<Column>(&ids)?;
            /// assert_eq!(columns.len(), ids.len());
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn get_many<T: Object>(&self, ids: &[ObjectId]) -> Result<Vec<Stored<T>>, Error> {
                Ok(get::many(&self.inner.transport(), ids)?)
            }
        }
    };
}

objects!(
    Client,
    put: "Heap arrays are copied once. One request for up to 32 KiB of them, else one to allocate and one to create; servers \
          that do not offer this get a round of seals between, and one request for each level of members.",
    get: "The object as a `T`, without a copy: its arrays are views of shared memory. One request, whatever the size; two of \
          servers that do not offer that.",
    get_blob: "A sealed blob, without a copy."
);

objects!(
    RpcClient,
    put: "Heap arrays are sent: up to 32 KiB along with the object in one request, else in one of their own.",
    get: "The object as a `T`. Its arrays are received into memory of this process. Two requests.",
    get_blob: "A sealed blob. Its bytes are received into memory of this process."
);
