//! A file in Arrow's IPC format, written and read by the crate `arrow-ipc`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::root_as_footer;
use arrow_ipc::writer::FileWriter;
use bytes::Bytes;
use mmap_io::MemoryMappedFile;
use vineyard_benches::Done;

use crate::frame::{look_at, sum_of};
use crate::peer::{Needs, Peer, timed};

/// Bytes at the end of a file: the length of what stands before them, and `ARROW1`.
const TRAILER_BYTES: usize = 10;

/// A file that is put over what it held before.
#[derive(Debug)]
pub(crate) struct Files {
    batch: RecordBatch,
    path: PathBuf,
}

impl Files {
    pub(crate) fn new(batch: RecordBatch) -> Self {
        Self { batch, path: PathBuf::new() }
    }

    fn write(&self) -> Done {
        // Not cut off: the pages of a file that is there stay.
        let file = File::options().write(true).create(true).truncate(false).open(&self.path)?;
        let mut writer = FileWriter::try_new_buffered(file, &self.batch.schema())?;
        writer.write(&self.batch)?;
        Ok(writer.finish()?)
    }
}

/// A mapped file, all of which is seen as bytes.
struct Mapped(MemoryMappedFile, u64);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice_bytes(0, self.1).unwrap_or_default()
    }
}

/// The first batch of a file, whose columns are views of it.
fn read(path: &Path) -> Done<RecordBatch> {
    let nbytes = fs::metadata(path)?.len();
    let buffer = Buffer::from(Bytes::from_owner(Mapped(MemoryMappedFile::open_ro(path)?, nbytes)));
    let (before, trailer) = buffer.split_last_chunk::<TRAILER_BYTES>().ok_or("no trailer")?;
    let footer_bytes = read_footer_length(*trailer)?;
    let footer = before.len().checked_sub(footer_bytes).and_then(|start| before.get(start..)).ok_or("no footer")?;
    let footer = root_as_footer(footer).map_err(|error| error.to_string())?;
    let schema = try_fb_to_schema(footer.schema().ok_or("no schema")?)?;
    let decoder = FileDecoder::new(Arc::new(schema), footer.version());
    let block = footer.recordBatches().and_then(|batches| batches.iter().next()).ok_or("no batch")?;
    let (start, head, body) = (block.offset(), i64::from(block.metaDataLength()), block.bodyLength());
    let data = buffer.slice_with_length(usize::try_from(start)?, usize::try_from(head + body)?);
    Ok(decoder.read_record_batch(block, &data)?.ok_or("no batch")?)
}

impl Peer for Files {
    fn name(&self) -> &str {
        "Rust, Arrow IPC file on tmpfs (`arrow-ipc`)"
    }

    fn needs(&self) -> Needs {
        Needs::Tmpfs
    }

    fn gets(&self) -> usize {
        100
    }

    fn open(&mut self, directory: &Path) -> Done {
        self.path = directory.join("frame.arrow");
        Ok(())
    }

    fn put(&mut self) -> Done<f64> {
        timed(|| self.write()).map(|((), time)| time)
    }

    fn get(&mut self) -> Done<f64> {
        timed(|| read(&self.path)).map(|(_, time)| time)
    }

    fn touch(&mut self) -> Done<f64> {
        timed(|| Ok(look_at(&read(&self.path)?))).map(|(_, time)| time)
    }

    fn sum(&mut self) -> Done<f64> {
        Ok(sum_of(&read(&self.path)?))
    }

    fn delete(&mut self) -> Done {
        Ok(())
    }

    fn close(&mut self) -> Done {
        Ok(fs::remove_file(&self.path)?)
    }
}
