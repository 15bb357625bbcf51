//! Arrow's arrays on a real server.

mod every_type;
mod linking;
