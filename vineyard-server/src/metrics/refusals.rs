//! How many requests were refused, by the code of the error.

use std::sync::atomic::{AtomicU64, Ordering};

use vineyard_core::StatusCode;

/// Codes of the protocol are below this.
const CODES: usize = 256;

/// Errors that were sent, by their code.
#[derive(Debug)]
pub(crate) struct Refusals {
    by_code: Box<[AtomicU64]>,
    /// With a number that has no name: only a peer that sends it gets it back.
    unnamed: AtomicU64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { by_code: (0..CODES).map(|_| AtomicU64::new(0)).collect(), unnamed: AtomicU64::new(0) }
    }
}

impl Refusals {
    /// One more.
    pub(crate) fn count(&self, code: StatusCode) {
        let named = match code {
            StatusCode::Unknown(_) => None,
            code => usize::try_from(code.as_raw()).ok().and_then(|code| self.by_code.get(code)),
        };
        named.unwrap_or(&self.unnamed).fetch_add(1, Ordering::Relaxed);
    }

    /// The codes that were sent, by name, and how often.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let named = (0..).map(|code| StatusCode::from_raw(code).name()).zip(&self.by_code);
        let all = named.chain([(StatusCode::Unknown(-1).name(), &self.unnamed)]);
        all.map(|(name, count)| (name, count.load(Ordering::Relaxed))).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_the_name_of_their_code() {
        let refusals = Refusals::default();
        let codes = [1, 255, 12, 12, 9, 256, -1, i64::MAX];
        codes.into_iter().for_each(|code| refusals.count(StatusCode::from_raw(code)));
        let expected = [("Invalid", 1), ("ObjectNotExists", 2), ("UnknownError", 1), ("Unknown", 4)];
        assert_eq!(refusals.counts().collect::<Vec<_>>(), expected);
    }
}
