//! Whether bytes are a record: one pass along the slots, in which offsets only grow.

use super::read::{Bytes, Place, RecordError, halves, slots};
use super::{BLOB_BYTES, MAX_DEPTH, SLOT_BYTES, tag};

/// What is wrong, and where.
type Wrong = (&'static str, u32);

/// A row of slots that is being looked at.
struct Row {
    next: u32,
    left: u32,
}

struct Check<'a> {
    bytes: Bytes<'a>,
    /// What was looked at ends here; what is met for the first time begins at or behind it.
    seen: u32,
    /// The shapes that were looked at, in order, with their counts of keys.
    shapes: Vec<(u32, u32)>,
}

/// Checks a record and says where its root is.
///
/// # Errors
///
/// [`RecordError`] names the first thing that is wrong.
pub(super) fn check(bytes: &[u8]) -> Result<Place, RecordError> {
    let wrong = |(what, at): Wrong| RecordError { len: bytes.len(), what, at: u64::from(at) };
    if u32::try_from(bytes.len()).is_err() {
        return Err(wrong(("more than 4 GiB", 0)));
    }
    let mut check = Check { bytes: Bytes(bytes), seen: SLOT_BYTES, shapes: Vec::new() };
    check.walk().map_err(wrong)
}

impl Check<'_> {
    fn walk(&mut self) -> Result<Place, Wrong> {
        let (root, first) = self.slot(0)?;
        let mut rows = Vec::from_iter(first);
        while let Some(row) = rows.last_mut() {
            let Some(left) = row.left.checked_sub(1) else {
                rows.pop();
                continue;
            };
            let at = row.next;
            (row.left, row.next) = (left, at.saturating_add(SLOT_BYTES));
            if let (_, Some(inner)) = self.slot(at)? {
                if rows.len() >= MAX_DEPTH {
                    return Err(("nodes that are nested too deeply", at));
                }
                rows.push(inner);
            }
        }
        root.ok_or(("a root that is no node", 0))
    }

    /// Looks at a slot and what hangs on it; the slots of a node are still to be looked at.
    fn slot(&mut self, at: u32) -> Result<(Option<Place>, Option<Row>), Wrong> {
        let cut = ("a slot beyond the end", at);
        let tag = self.bytes.u32(at).ok_or(cut)?;
        let value = self.bytes.u64(at.saturating_add(4)).ok_or(cut)?;
        let (offset, len) = halves(value);
        match tag {
            tag::NULL | tag::FALSE | tag::TRUE | tag::UINT | tag::INT | tag::ID => Ok((None, None)),
            tag::FLOAT if f64::from_bits(value).is_finite() => Ok((None, None)),
            tag::FLOAT => Err(("a float that JSON does not have", at)),
            tag::TEXT => self.text(offset, len).map(|_| (None, None)),
            tag::LIST => {
                let text = self.text(offset, len)?;
                let is_list = text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                if is_list { Ok((None, None)) } else { Err(("a list that is not JSON", at)) }
            }
            tag::NODE if len == 0 => self.node(offset).map(|row| (Some(Place::Node(offset)), Some(row))),
            tag::BLOB if len == 0 => {
                self.pass(offset, BLOB_BYTES)?;
                Ok((Some(Place::Blob(offset)), None))
            }
            _ => Err(("a slot of an unknown kind", at)),
        }
    }

    /// Goes on behind something that is met for the first time.
    fn pass(&mut self, at: u32, len: u32) -> Result<(), Wrong> {
        let end = at.checked_add(len).filter(|end| *end as usize <= self.bytes.0.len());
        match end {
            Some(end) if at >= self.seen => {
                self.seen = end;
                Ok(())
            }
            Some(_) => Err(("something that is there twice, or out of order", at)),
            None => Err(("something beyond the end", at)),
        }
    }

    fn text(&mut self, at: u32, len: u32) -> Result<&str, Wrong> {
        self.pass(at, len)?;
        let bytes = self.bytes.get(at, len).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| ("text that is not UTF-8", at))
    }

    fn node(&mut self, node: u32) -> Result<Row, Wrong> {
        let cut = ("a node beyond the end", node);
        let shape = self.bytes.u32(node).ok_or(cut)?;
        let known = self.shapes.binary_search_by_key(&shape, |(at, _)| *at);
        let count = match known.ok().and_then(|index| self.shapes.get(index)) {
            Some((_, count)) => *count,
            None => self.shape(shape)?,
        };
        let bytes = count.checked_mul(SLOT_BYTES).and_then(|bytes| bytes.checked_add(4)).ok_or(cut)?;
        self.pass(node, bytes)?;
        Ok(Row { next: slots(node).ok_or(cut)?, left: count })
    }

    /// Looks at the keys of a shape.
    fn shape(&mut self, shape: u32) -> Result<u32, Wrong> {
        let cut = ("a shape beyond the end", shape);
        let count = self.bytes.u32(shape).ok_or(cut)?;
        let table = shape.checked_add(4).ok_or(cut)?;
        self.pass(shape, count.checked_mul(8).and_then(|bytes| bytes.checked_add(4)).ok_or(cut)?)?;
        let mut before: Option<(u32, u32)> = None;
        for index in 0..count {
            // No overflow: the whole table lies inside.
            let entry = table.saturating_add(index.saturating_mul(8));
            let (at, len) = halves(self.bytes.u64(entry).ok_or(cut)?);
            self.text(at, len)?;
            let key = |(at, len): (u32, u32)| self.bytes.get(at, len);
            if before.is_some_and(|before| key(before) >= key((at, len))) {
                return Err(("keys that are not in order", at));
            }
            before = Some((at, len));
        }
        self.shapes.push((shape, count));
        Ok(count)
    }
}
