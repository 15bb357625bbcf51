//! The memory in numbers.

use super::{Owner, Pool};

/// The memory of a server in numbers; all are bytes but for the counts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct MemoryReport {
    /// What may be used.
    pub limit: u64,
    /// What clients asked for and did not give back.
    pub used: u64,
    /// What is taken for that, with what alignment costs; files that hold one blob count as long as they are.
    pub allocated: u64,
    /// Arenas, of which each takes two descriptors.
    pub arenas: usize,
    /// Those whose writer is gone.
    pub vacant_arenas: usize,
    /// Those that are prepared for the next writers.
    pub prepared_arenas: usize,
    /// Whether the next writer that needs an arena finds one whose pages are there.
    pub prefault_ready: bool,
    /// Blobs with a file of their own, which the kernel seals, each of which takes two descriptors.
    pub own_files: usize,
    /// The bytes of these.
    pub own_file_bytes: u64,
    /// Addresses of all arenas. They cost nothing.
    pub capacity: u64,
    /// Pages that may be in memory.
    pub touched: u64,
    /// Pages that are free and may be in memory, prepared ones included.
    pub warm: u64,
    /// Addresses that are free.
    pub free: u64,
    /// The longest range of them.
    pub largest_free: u64,
    /// How much of the warm pages is not in the longest run of them, from 0 to 1.
    pub fragmentation: f64,
}

impl Pool {
    /// The numbers. O(arenas).
    pub fn report(&self) -> MemoryReport {
        let mut report = MemoryReport {
            limit: self.limit,
            used: self.used,
            allocated: self.allocated.saturating_add(self.own_bytes),
            own_files: self.own_files,
            own_file_bytes: self.own_bytes,
            touched: self.touched,
            ..MemoryReport::default()
        };
        let mut longest = 0;
        for (_, arena) in self.arenas() {
            report.arenas = report.arenas.saturating_add(1);
            match arena.owner {
                Owner::Nobody => report.prepared_arenas = report.prepared_arenas.saturating_add(1),
                Owner::Gone { .. } => report.vacant_arenas = report.vacant_arenas.saturating_add(1),
                Owner::Writer(_) => {}
            }
            report.capacity = report.capacity.saturating_add(arena.capacity);
            report.warm = report.warm.saturating_add(arena.warm_bytes());
            report.largest_free = report.largest_free.max(arena.longest_free());
            longest = longest.max(arena.longest_warm());
        }
        report.prefault_ready = report.prepared_arenas > 0;
        report.free = report.capacity.saturating_sub(self.allocated);
        report.fragmentation = share(report.warm.saturating_sub(longest), report.warm);
        report
    }
}

/// A part of a whole, from 0 to 1; nothing of nothing is 0.
fn share(part: u64, whole: u64) -> f64 {
    // Six digits are enough for a figure, and a `u32` converts without loss.
    const UNIT: u32 = 1_000_000;
    let scaled = u128::from(part).saturating_mul(u128::from(UNIT)).checked_div(u128::from(whole)).unwrap_or(0);
    f64::from(u32::try_from(scaled).unwrap_or(UNIT)) / f64::from(UNIT)
}
