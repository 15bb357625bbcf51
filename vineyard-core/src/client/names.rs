//! Names, and waiting for them, the same for both kinds of client.

use std::time::Duration;

use super::transport::Transport;
use super::{Client, RpcClient, get};
use crate::error::{CallError, CallReason, Error, GetError};
use crate::id::ObjectId;
use crate::protocol::{Call, DropNameRequest, GetNameRequest, PutNameRequest};

macro_rules! names {
    ($client:ident) => {
        impl $client {
            /// Gives a published object a name, which an earlier holder loses. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`], with a code for objects that do not exist or are not published.
            pub fn put_name(&self, id: ObjectId, name: &str) -> Result<(), Error> {
                self.inner.call(&PutNameRequest { object_id: id, name: name.to_owned() })?;
                Ok(())
            }

            /// The id of the object that has a name, if any has; the object may have been deleted since. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn get_name(&self, name: &str) -> Result<Option<ObjectId>, Error> {
                Ok(get::id_of(self.inner.transport().link(), name)?)
            }

            /// Waits until an object has a name, and returns its id. Does not hold up other calls of this client.
            ///
            /// # Errors
            ///
            /// [`GetError::NameTimeout`] when `timeout` has passed, [`CallError`] if the server ends meanwhile.
            pub fn wait_for_name(&self, name: &str, timeout: Duration) -> Result<ObjectId, Error> {
                const CALL: &str = GetNameRequest::TYPE;
                let mut conn = self.inner.take_waiter()?;
                let disconnected = |error| CallError::new(CALL, CallReason::Disconnected(Some(error)));
                conn.set_timeout(timeout).map_err(disconnected)?;
                let reply = conn.call(&GetNameRequest { name: name.to_owned(), wait: true }).map_err(|error| {
                    match error.reason {
                        CallReason::Timeout { timeout } => {
                            Error::Get(GetError::NameTimeout { name: name.to_owned(), waited: timeout })
                        }
                        _ => Error::Call(error),
                    }
                })?;
                self.inner.give_back(conn);
                Ok(reply.object_id)
            }

            /// Takes a name away; one that nobody has is a success. The object stays. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`].
            pub fn drop_name(&self, name: &str) -> Result<(), Error> {
                self.inner.call(&DropNameRequest { name: name.to_owned() })?;
                Ok(())
            }
        }
    };
}

names!(Client);
names!(RpcClient);
