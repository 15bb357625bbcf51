//! References to objects, and what they lead to; the same for both kinds of client.

use super::{Client, RpcClient, get};
use crate::error::Error;
use crate::id::ObjectId;
use crate::object::{Object, ObjectRef, Stored};

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Client {}

    impl Sealed for super::RpcClient {}
}

/// What references can be followed with: a [`Client`] or an [`RpcClient`]. Types that hold references ask for one where they
/// give what these lead to.
pub trait Fetch: sealed::Sealed {
    /// As [`Client::fetch`].
    ///
    /// # Errors
    ///
    /// As there.
    fn fetch<'a, T: Object>(
        &self,
        references: impl IntoIterator<Item = &'a ObjectRef<T>>,
    ) -> Result<Vec<Stored<T>>, Error>;
}

macro_rules! references {
    ($client:ident, payloads: $payloads:literal) => {
        impl $client {
            /// A reference to an object, by its metadata alone: no payload is leased, loaded from disk or sent, however
            /// large it is and wherever it lives. It can be part of an object that is put, which links it.
            ///
            /// One request.
            ///
            /// # Errors
            ///
            /// [`GetError::NotFound`](crate::GetError::NotFound), [`GetError::Resolve`](crate::GetError::Resolve) if it
            /// is of another type, [`GetError::Call`](crate::GetError::Call).
            ///
            /// # Examples
            ///
            /// ```no_run
            /// use vineyard_core::{Array, Object};
            ///
            /// #[derive(Object)]
            /// #[object(typename = "example::Numbers")]
            /// struct Numbers {
            ///     numbers: Array<u64>,
            /// }
            ///
            #[doc = concat!("# let client = vineyard_core::", stringify!($client), "::from_env()?;")]
            /// # let id = vineyard_core::ObjectId::INVALID;
            /// let reference = client.get_ref::<Numbers>(id)?;
            /// println!("{} bytes on {}", reference.meta().nbytes(), reference.instance());
            /// let fetched = client.fetch([&reference])?; // now they are here
            /// # Ok::<(), vineyard_core::Error>(())
            /// ```
            pub fn get_ref<T: Object>(&self, id: ObjectId) -> Result<ObjectRef<T>, Error> {
                Ok(get::reference(&self.inner.transport(), id)?)
            }

            /// As [`get_ref`](Self::get_ref) for several objects, in their order. One request.
            ///
            /// # Errors
            ///
            /// As there, for the first that does not exist or is of another type.
            pub fn get_refs<T: Object>(&self, ids: &[ObjectId]) -> Result<Vec<ObjectRef<T>>, Error> {
                Ok(get::references(&self.inner.transport(), ids)?)
            }

            /// What references lead to, in their order.
            ///
            #[doc = $payloads]
            /// One request for all of them; one or two more for each reference that came from another store.
            ///
            /// # Errors
            ///
            /// [`GetError::Resolve`](crate::GetError::Resolve) for the first object whose payloads are on another
            /// instance or were deleted, or that does not fit its type; [`GetError::Call`](crate::GetError::Call).
            pub fn fetch<'a, T: Object>(
                &self,
                references: impl IntoIterator<Item = &'a ObjectRef<T>>,
            ) -> Result<Vec<Stored<T>>, Error> {
                let references: Vec<&ObjectRef<T>> = references.into_iter().collect();
                Ok(get::fetch(&self.inner.transport(), &references)?)
            }
        }

        impl Fetch for $client {
            fn fetch<'a, T: Object>(
                &self,
                references: impl IntoIterator<Item = &'a ObjectRef<T>>,
            ) -> Result<Vec<Stored<T>>, Error> {
                Self::fetch(self, references)
            }
        }
    };
}

references!(Client, payloads: "Without a copy: their arrays are views of shared memory.");
references!(RpcClient, payloads: "Their arrays are received into memory of this process.");
