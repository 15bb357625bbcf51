//! What is counted along the way, for who looks from outside: requests, connections, bytes.
//!
//! What can be found out by looking (blobs, objects, memory) is not counted here.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used)]

mod peers;
mod refusals;
pub(crate) mod timings;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use vineyard_core::protocol::RequestType;

pub(crate) use peers::Peers;
pub(crate) use refusals::Refusals;

use crate::session::{Entered, Gauge};
use timings::Timings;

/// Counts what happened since the start.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// So many more.
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The connections of one transport, since the start.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Those that were served.
    pub(crate) accepted: Counter,
    /// Those that were given up before they were.
    pub(crate) refused: Counter,
}

/// The counters of a server.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// Whether requests are timed, which is for somebody to look at.
    timed: bool,
    /// When the server started.
    pub(crate) started: (Instant, SystemTime),
    /// How long requests took that were answered at once.
    pub(crate) timings: Timings,
    /// What peers were refused.
    pub(crate) refusals: Refusals,
    /// Requests that are served now, until their reply and what follows it is out.
    in_hand: Gauge,
    /// Connections through UNIX sockets.
    pub(crate) unix: Arrivals,
    /// Connections over TCP.
    pub(crate) tcp: Arrivals,
    /// Bytes of payloads that came through connections.
    pub(crate) received: Counter,
    /// Bytes of payloads that went out through connections.
    pub(crate) sent: Counter,
    /// Who is there now.
    pub(crate) peers: Peers,
}

impl Metrics {
    /// Nothing happened yet. Unless requests are to be `timed`, they are not counted either.
    pub(crate) fn new(timed: bool) -> Self {
        Self {
            timed,
            started: (Instant::now(), SystemTime::now()),
            timings: Timings::new(),
            refusals: Refusals::default(),
            in_hand: Gauge::default(),
            unix: Arrivals::default(),
            tcp: Arrivals::default(),
            received: Counter::default(),
            sent: Counter::default(),
            peers: Peers::default(),
        }
    }

    /// A request is there.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.timed.then(Instant::now)
    }

    /// It has its reply, or nothing to reply.
    pub(crate) fn answered(&self, request: RequestType, start: Option<Instant>) {
        if let Some(start) = start {
            self.timings.of(request).took(start.elapsed());
        }
    }

    /// It is answered later.
    pub(crate) fn waits(&self, request: RequestType) {
        if self.timed {
            self.timings.of(request).waits();
        }
    }

    /// Counts a request as in hand for as long as what is returned is kept.
    pub(crate) fn in_hand(&self) -> Option<Entered<'_>> {
        self.timed.then(|| self.in_hand.enter())
    }

    /// Requests in hand.
    pub(crate) fn num_in_hand(&self) -> u64 {
        self.in_hand.count()
    }
}
