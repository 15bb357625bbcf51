//! Core.
extern crate self as vineyard_core;

pub mod id;
pub mod meta;
pub mod protocol;
mod status;

pub use id::{InstanceId, ObjectId, ParseIdError, SessionId, Signature};
pub use status::{ServerError, StatusCode};
