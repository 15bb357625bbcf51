//! Sessions: stores of their own within one server, over UNIX sockets.

use super::transport::Transport;
use super::{Client, Inner};
use crate::address::Address;
use crate::error::{CallError, CallReason, Error};
use crate::id::{ObjectId, SessionId};
use crate::protocol::{Call, DeleteSessionRequest, MoveBuffersOwnershipRequest, NewSessionRequest, StoreType};

impl Client {
    /// Makes a session of its own objects, blobs and names within the server's memory, and connects to it. It stays
    /// until it is [deleted](Self::delete_session).
    ///
    /// One request, and those of connecting.
    ///
    /// # Errors
    ///
    /// [`CallError`] if the server makes none, [`ConnectError`](crate::ConnectError) if it cannot be reached.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # let client = vineyard_core::Client::from_env()?;
    /// let scratch = client.open_session()?;
    /// let blob = scratch.put_array(&[1u8, 2, 3])?;
    /// let id = blob.blob().id().expect("it is stored");
    /// assert!(!client.exists(id)?, "sessions do not see each other's blobs");
    /// client.take_over(scratch.session(), &[(id, id)])?;
    /// scratch.delete_session()?;
    /// assert_eq!(client.get_blob(id)?.as_bytes(), &[1, 2, 3]);
    /// # Ok::<(), vineyard_core::Error>(())
    /// ```
    pub fn open_session(&self) -> Result<Self, Error> {
        let socket = self.inner.call(&NewSessionRequest { bulk_store_type: StoreType::NORMAL })?.socket_path;
        let endpoint = self.inner.endpoint().at(Address::Socket(socket.into()));
        Ok(Self { inner: Inner::open(endpoint)? })
    }

    /// Ends the session of this client: nobody connects to it any more, and it goes with its last connection, of which
    /// this client's ends now. Views stay valid. One request.
    ///
    /// # Errors
    ///
    /// [`CallReason::NotSent`] for the root session, which is the server itself; [`CallError`] otherwise.
    pub fn delete_session(&self) -> Result<(), Error> {
        let transport = self.inner.transport();
        if transport.link().session() == SessionId::ROOT {
            let reason = CallReason::NotSent("the root session is the server itself");
            return Err(CallError::new(DeleteSessionRequest::TYPE, reason).into());
        }
        transport.link().call_last(&DeleteSessionRequest {})?;
        self.inner.forget_waiters();
        Ok(())
    }

    /// Takes blobs of another session of this server over, without copying: for each pair of ids, the first is what the
    /// blob is called there and the second what it is called here. They stay readable there. Blobs that do not exist
    /// are skipped, and so are those whose second id is taken. One request.
    ///
    /// # Errors
    ///
    /// [`CallError`], with a code if there is no such session; [`CallReason::NotSent`] for this client's own session.
    pub fn take_over(&self, from: SessionId, blobs: &[(ObjectId, ObjectId)]) -> Result<(), Error> {
        let transport = self.inner.transport();
        if from == transport.link().session() {
            let reason = CallReason::NotSent("the blobs are of this session already");
            return Err(CallError::new(MoveBuffersOwnershipRequest::TYPE, reason).into());
        }
        let request = MoveBuffersOwnershipRequest {
            session_id: from.as_raw(),
            id_to_id: blobs.to_vec(),
            ..MoveBuffersOwnershipRequest::default()
        };
        transport.link().call(&request)?;
        Ok(())
    }
}
