//! Memory that counts although it lies in no arena: that of blobs with a file of their own.

use std::sync::atomic::Ordering;

use vineyard_core::ServerError;

use super::{Pool, SharedPool};

/// What pages are counted in.
const PAGE_BYTES: u64 = 4096;

/// The memory of a file, counted until this is dropped. The lock of the pool must not be held then.
#[derive(Debug)]
pub struct FileCharge {
    pool: SharedPool,
    bytes: u64,
}

impl FileCharge {
    /// How many bytes are counted.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn pages(&self) -> u64 {
        self.bytes.div_ceil(PAGE_BYTES).saturating_mul(PAGE_BYTES)
    }
}

impl SharedPool {
    /// Counts the memory of a file.
    ///
    /// # Errors
    ///
    /// As [`Pool::check`].
    pub fn charge_file(&self, bytes: u64) -> Result<FileCharge, ServerError> {
        let mut pool = self.lock();
        let charge = FileCharge { pool: self.clone(), bytes: pool.charge(Some(bytes))? };
        pool.own_files = pool.own_files.saturating_add(1);
        pool.own_bytes = pool.own_bytes.saturating_add(bytes);
        pool.touched = pool.touched.saturating_add(charge.pages());
        if pool.is_crowded() {
            pool.crowded.store(true, Ordering::Release);
        }
        Ok(charge)
    }
}

impl Drop for FileCharge {
    fn drop(&mut self) {
        let mut pool = self.pool.lock();
        let pool: &mut Pool = &mut pool;
        pool.own_files = pool.own_files.saturating_sub(1);
        pool.own_bytes = pool.own_bytes.saturating_sub(self.bytes);
        pool.touched = pool.touched.saturating_sub(self.pages());
        pool.discharge(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_until_it_is_closed() {
        let pool = SharedPool::new(1 << 20).expect("memfd");
        let charge = pool.charge_file(5000).expect("fits");
        let report = pool.lock().report();
        assert_eq!((report.used, report.allocated, report.touched), (5000, 5000, 8192));
        assert_eq!((report.own_files, report.own_file_bytes), (1, 5000));
        pool.charge_file(1 << 20).expect_err("too much");
        drop(charge);
        let report = pool.lock().report();
        assert_eq!((report.used, report.allocated, report.touched, report.own_files), (0, 0, 0, 0));
        pool.charge_file(1 << 20).expect("fits");
    }
}
