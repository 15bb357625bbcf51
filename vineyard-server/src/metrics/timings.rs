//! How long requests take, as histograms by type. Recording is two additions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use vineyard_core::protocol::RequestType;

/// The upper bounds of the buckets, in nanoseconds: 1, 2 and 5 of each decade from 1 µs to 10 s. What took longer is in
/// one bucket more.
const BOUNDS: [u64; 22] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// The requests of one type. Aligned, so that threads which count different types do not slow each other down.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Timing {
    buckets: [AtomicU64; BOUNDS.len()],
    longer: AtomicU64,
    /// Nanoseconds of all of them.
    sum: AtomicU64,
    /// Requests that were answered later, which are in no bucket.
    waited: AtomicU64,
}

impl Timing {
    /// One more, which took so long.
    pub(super) fn took(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let fitting = BOUNDS.iter().zip(&self.buckets).find(|(bound, _)| nanos <= **bound);
        fitting.map_or(&self.longer, |(_, bucket)| bucket).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
    }

    /// One more that is answered later.
    pub(super) fn waits(&self) {
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    /// Each bucket with its upper bound in seconds, the last one without a bound, and how many requests are in it.
    pub(crate) fn buckets(&self) -> impl Iterator<Item = (Option<f64>, u64)> + '_ {
        let bounds = BOUNDS.iter().map(|nanos| Some(Duration::from_nanos(*nanos).as_secs_f64()));
        let counts = self.buckets.iter().chain([&self.longer]).map(|bucket| bucket.load(Ordering::Relaxed));
        bounds.chain([None]).zip(counts)
    }

    /// How long they took together.
    pub(crate) fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum.load(Ordering::Relaxed))
    }

    /// How many were answered later.
    pub(crate) fn waited(&self) -> u64 {
        self.waited.load(Ordering::Relaxed)
    }
}

/// The requests of each type.
#[derive(Debug)]
pub(crate) struct Timings {
    by_type: Box<[Timing]>,
    /// Of a type that is none: there is no such index.
    other: Timing,
}

impl Timings {
    pub(super) fn new() -> Self {
        Self { by_type: RequestType::ALL.iter().map(|_| Timing::default()).collect(), other: Timing::default() }
    }

    /// The requests of a type.
    pub(crate) fn of(&self, request: RequestType) -> &Timing {
        self.by_type.get(request.index()).unwrap_or(&self.other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_in_the_first_bucket_that_is_long_enough() {
        let timings = Timings::new();
        let timing = timings.of(RequestType::Exists);
        for nanos in [0, 1_000, 1_001, 10_000_000_000, 10_000_000_001] {
            timing.took(Duration::from_nanos(nanos));
        }
        timing.took(Duration::MAX);
        let filled: Vec<_> = timing.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(Some(1e-6), 2), (Some(2e-6), 1), (Some(10.0), 1), (None, 2)]);
        assert_eq!(timings.of(RequestType::Seal).buckets().map(|(_, count)| count).sum::<u64>(), 0);
        assert!(BOUNDS.is_sorted());
    }
}
