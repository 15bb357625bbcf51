//! How the server is doing, told over HTTP: `/metrics` for Prometheus, `/status` for people and tools, `/healthz`.
//!
//! ```text
//! serve    the listener and its bounds, on a thread of its own
//! respond  which path has which answer
//! gather   what there is to tell: counters, and looks under short locks
//! page     as Prometheus reads it, by way of `writer`
//! status   as JSON
//! ```
//!
//! Nothing can be changed here. A scrape runs on this thread alone, and takes each lock for a moment: what is not
//! counted is looked at in pages.

#[cfg(feature = "http")]
mod gather;
#[cfg(feature = "http")]
mod page;
#[cfg(feature = "http")]
mod process;
#[cfg(feature = "http")]
mod respond;
#[cfg(feature = "http")]
mod serve;
#[cfg(feature = "http")]
mod status;
#[cfg(feature = "http")]
mod writer;

#[cfg(feature = "http")]
pub(crate) use serve::{Endpoint, Running};

#[cfg(not(feature = "http"))]
mod without {
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use std::sync::Arc;

    use crate::error::StartError;
    use crate::state::State;

    /// There is none in this build.
    #[derive(Debug)]
    pub(crate) struct Endpoint(Infallible);

    /// There is none in this build.
    #[derive(Debug)]
    pub(crate) struct Running(Infallible);

    impl Endpoint {
        pub(crate) fn bind(_: &str) -> Result<Self, StartError> {
            Err(StartError::NoHttp)
        }

        pub(crate) fn address(&self) -> SocketAddr {
            match self.0 {}
        }

        pub(crate) fn serve(self, _: &Arc<State>) -> Result<Running, StartError> {
            match self.0 {}
        }
    }
}

#[cfg(not(feature = "http"))]
pub(crate) use without::{Endpoint, Running};
