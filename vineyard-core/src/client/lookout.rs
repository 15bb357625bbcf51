//! Looking for a reply before sleeping.
//!
//! A server that is idle answers within some tens of microseconds, while to sleep and to be woken takes 10 on a good day
//! and more on virtual machines, whose idle processors halt. Who looks out meanwhile saves that, and the server the waking.
//! Where replies take longer, looking is given up for longer and longer, so that others can use the processor.

use std::time::{Duration, Instant};

/// How long is looked.
const LOOK: Duration = Duration::from_micros(30);

/// After so many looks in a row that found nothing, one is taken for every 2^8 replies.
const MOST_MISSES: u32 = 8;

/// What became of the last looks.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    /// Looks in a row that found nothing.
    misses: u32,
    /// Replies that are waited for without a look.
    blind: u32,
}

impl Lookout {
    /// Looks for a moment whether something is there, unless that was in vain before.
    pub(super) fn look(&mut self, is_there: impl Fn() -> bool) {
        if let Some(left) = self.blind.checked_sub(1) {
            self.blind = left;
            return;
        }
        let start = Instant::now();
        while start.elapsed() < LOOK {
            if is_there() {
                self.misses = 0;
                return;
            }
            // The server may need this very processor.
            std::thread::yield_now();
        }
        self.misses = self.misses.saturating_add(1).min(MOST_MISSES);
        self.blind = 1 << self.misses;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// How many of some replies are looked for.
    fn looks(lookout: &mut Lookout, replies: usize, is_there: bool) -> usize {
        let looked = |lookout: &mut Lookout| {
            let asked = Cell::new(false);
            lookout.look(|| {
                asked.set(true);
                is_there
            });
            asked.get()
        };
        (0..replies).filter(|_| looked(lookout)).count()
    }

    #[test]
    fn who_looks_in_vain_looks_more_and_more_seldom() {
        let mut lookout = Lookout::default();
        assert_eq!(looks(&mut lookout, 100, true), 100);
        // The 1st, 4th, 9th, 18th, …: each time twice as many are left out.
        assert_eq!(looks(&mut lookout, 18, false), 4);
        looks(&mut lookout, 2000, false);
        assert!(looks(&mut lookout, 1000, false) <= 4);
        looks(&mut lookout, 256, true);
        assert_eq!(looks(&mut lookout, 100, true), 100);
    }
}
