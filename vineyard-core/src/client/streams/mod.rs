//! Streams: chunks that one side writes and another reads while they are written.
//!
//! Both ends have connections of their own, because they wait for each other.

mod reader;
mod writer;

pub use reader::{StreamChunk, StreamReader};
pub use writer::StreamWriter;

use super::{Client, RpcClient};
use crate::error::Error;
use crate::id::ObjectId;
use crate::protocol::{CreateStreamRequest, DropStreamRequest};

macro_rules! streams {
    ($client:ident) => {
        impl $client {
            /// Makes a stream. It goes by the id of the object that describes it, whatever its type. Streams are of
            /// this instance and are no part of the metadata. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError), with [`StatusCode::ObjectExists`](crate::StatusCode::ObjectExists) if
            /// the id has a stream.
            pub fn create_stream(&self, id: ObjectId) -> Result<(), Error> {
                self.inner.call(&CreateStreamRequest { object_id: id })?;
                Ok(())
            }

            /// Forgets a stream, with the chunks that nobody has read; a reader that waits gets an error. One request.
            ///
            /// # Errors
            ///
            /// [`CallError`](crate::CallError), with a code if there is none.
            pub fn drop_stream(&self, id: ObjectId) -> Result<(), Error> {
                self.inner.call(&DropStreamRequest { id })?;
                Ok(())
            }

            /// Opens a stream for reading, over a connection of its own. Each stream has one reader.
            ///
            /// One request, and those of connecting.
            ///
            /// # Errors
            ///
            /// [`ConnectError`](crate::ConnectError), or [`CallError`](crate::CallError) with
            /// [`StatusCode::ObjectNotExists`](crate::StatusCode::ObjectNotExists) if there is none and
            /// [`StatusCode::StreamOpened`](crate::StatusCode::StreamOpened) if it is being read.
            pub fn read_stream(&self, id: ObjectId) -> Result<StreamReader, Error> {
                StreamReader::open(&self.inner, id)
            }
        }
    };
}

streams!(Client);
streams!(RpcClient);

impl Client {
    /// Opens a stream for writing, over a connection of its own. Each stream has one writer.
    ///
    /// One request, and those of connecting.
    ///
    /// # Errors
    ///
    /// As [`read_stream`](Self::read_stream), if it is being written.
    pub fn write_stream(&self, id: ObjectId) -> Result<StreamWriter, Error> {
        StreamWriter::open(&self.inner, id)
    }
}
