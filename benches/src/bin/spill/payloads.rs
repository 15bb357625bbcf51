//! What is put: more payloads than there are different ones, so that they take little memory of this process.

use vineyard_benches::{Done, Payload};

/// Different payloads.
const DIFFERENT: u8 = 8;

/// How far what is looked at lies apart: a page.
const PAGE_BYTES: usize = 4096;

/// The payloads of a run.
#[derive(Debug)]
pub(crate) struct Payloads {
    objects: Vec<Payload>,
    /// How many are put.
    pub(crate) count: usize,
}

impl Payloads {
    /// So many payloads of so many bytes.
    pub(crate) fn new(count: usize, nbytes: usize) -> Self {
        let objects = (0..DIFFERENT).map(|byte| Payload { bytes: vec![byte; nbytes].into() }).collect();
        Self { objects, count }
    }

    /// One of them.
    pub(crate) fn object(&self, number: usize) -> &Payload {
        &self.objects[number % self.objects.len()]
    }

    /// Its bytes.
    pub(crate) fn bytes(&self, number: usize) -> &[u8] {
        &self.object(number).bytes
    }
}

/// Looks at a byte of each page.
pub(crate) fn look_at(found: &[u8], expected: &[u8]) -> Done {
    let pages = found.iter().step_by(PAGE_BYTES);
    if found.len() == expected.len() && pages.eq(expected.iter().step_by(PAGE_BYTES)) {
        Ok(())
    } else {
        Err("other bytes came back".into())
    }
}
