//! Makes ids that are never handed out twice. The only place of the metadata side that reads the clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use vineyard_core::{InstanceId, ObjectId, SessionId, Signature};

/// Bits of the sequence number below the milliseconds.
const SEQUENCE_BITS: u32 = 12;
const SEQUENCE_MASK: u64 = (1 << SEQUENCE_BITS) - 1;

/// Makes the ids of one server: one counter of milliseconds and sequence number feeds every kind.
///
/// Lock-free; every method takes `&self`. An id is never repeated: when the 4096 numbers of a millisecond are used
/// up, the time part runs ahead of the clock, and when the clock goes back, the time part stays.
///
/// ```
/// use vineyard_core::InstanceId;
/// use vineyard_server::ids::IdGenerator;
/// let ids = IdGenerator::new(InstanceId::from_raw(0));
/// assert!(ids.blob().is_blob());
/// assert!(ids.object() < ids.object());
/// ```
#[derive(Debug)]
pub struct IdGenerator {
    instance: InstanceId,
    /// The number handed out last: `millis << 12 | sequence`.
    last: AtomicU64,
}

impl IdGenerator {
    /// Starts strictly after now, so that a server that is restarted at once does not repeat the ids of its forerunner.
    pub fn new(instance: InstanceId) -> Self {
        Self::starting_after(instance, unix_millis())
    }

    /// Starts after a given time instead; tests choose it.
    pub(crate) fn starting_after(instance: InstanceId, millis: u64) -> Self {
        // The whole millisecond is skipped: the forerunner may have used any of its numbers.
        Self { instance, last: AtomicU64::new(first_of(millis) | SEQUENCE_MASK) }
    }

    /// A new object id, with the instance in it.
    pub fn object(&self) -> ObjectId {
        let (millis, sequence) = self.next(unix_millis());
        ObjectId::object(millis, self.instance, sequence)
    }

    /// A new blob id. It carries no instance: blob ids are unique within one instance only.
    pub fn blob(&self) -> ObjectId {
        let (millis, sequence) = self.next(unix_millis());
        ObjectId::blob(millis, sequence)
    }

    /// A new signature, with the instance in it.
    pub fn signature(&self) -> Signature {
        let (millis, sequence) = self.next(unix_millis());
        Signature::new(millis, self.instance, sequence)
    }

    /// A new session id, without the instance.
    pub fn session(&self) -> SessionId {
        let (millis, sequence) = self.next(unix_millis());
        let number = ObjectId::object(millis, InstanceId::from_raw(0), sequence);
        SessionId::from_raw(number.as_raw().cast_signed())
    }

    /// Takes the next number; the time is an argument so that tests can set it.
    fn next(&self, now: u64) -> (u64, u64) {
        // Only the number itself is shared, no other memory depends on it: relaxed is enough.
        let update = |last| Some(after(last, now));
        let last = match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update) {
            Ok(last) | Err(last) => last,
        };
        let number = after(last, now);
        (number >> SEQUENCE_BITS, number & SEQUENCE_MASK)
    }
}

/// The first number of a millisecond.
fn first_of(millis: u64) -> u64 {
    millis.min(u64::MAX >> SEQUENCE_BITS) << SEQUENCE_BITS
}

/// The number that follows `last` at the time `now`. Wraps after 2^64 ids, which no server lives to see.
fn after(last: u64, now: u64) -> u64 {
    last.wrapping_add(1).max(first_of(now))
}

/// Milliseconds since 1970 by the system's clock; 0 if it stands before that.
pub fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::thread;

    fn generator(millis: u64) -> IdGenerator {
        IdGenerator::starting_after(InstanceId::from_raw(5), millis)
    }

    #[test]
    fn layout_is_that_of_the_protocol() {
        let ids = IdGenerator::new(InstanceId::from_raw(5));
        assert_eq!((ids.object().as_raw() >> 12) & 0x3ff, 5);
        assert_eq!((ids.signature().as_raw() >> 12) & 0x3ff, 5);
        assert!(!ids.object().is_blob());
        let blob = ids.blob();
        assert!(blob.is_blob());
        assert_eq!((blob.as_raw() >> 12) & 0x3ff, 0);
        let session = ids.session().as_raw();
        assert!(session > 0 && (session >> 12) & 0x3ff == 0);
    }

    #[test]
    fn starts_after_the_millisecond_of_the_start() {
        let ids = generator(1000);
        assert_eq!(ids.next(1000), (1001, 0));
        assert_eq!(ids.next(5000), (5000, 0));
        assert_eq!(ids.next(5000), (5000, 1));
    }

    #[test]
    fn a_clock_that_goes_back_repeats_nothing() {
        let ids = generator(1000);
        let mut seen = HashSet::new();
        for now in [2000, 2000, 1999, 0, 2000, 2001, 1, u64::MAX, 7] {
            assert!(seen.insert(ids.next(now)), "repeated at {now}");
        }
    }

    #[test]
    fn more_than_4096_in_a_millisecond_advance_the_time() {
        let ids = generator(999);
        let numbers: Vec<_> = (0..10_000).map(|_| ids.next(1000)).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert_eq!(numbers[4096], (1001, 0));
        assert_eq!(ids.next(1001), (1002, 10_000 - 2 * 4096), "the clock has not caught up yet");
    }

    #[test]
    fn threads_share_no_number() {
        let ids = IdGenerator::new(InstanceId::from_raw(0));
        let batches: Vec<Vec<u64>> = thread::scope(|scope| {
            let take = || (0..5000).map(|_| ids.object().as_raw()).collect();
            let handles: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
        });
        let unique: HashSet<u64> = batches.into_iter().flatten().collect();
        assert_eq!(unique.len(), 20_000);
    }
}
