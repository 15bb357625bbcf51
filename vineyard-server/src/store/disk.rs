//! Blobs that are files.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;

use super::arena::ArenaFile;

/// Opens the file of a blob; an empty path gives one without a name. A file that is shorter than `size` grows.
///
/// # Errors
///
/// What the system says, or that it is no regular file.
pub fn open(path: &str, size: u64) -> io::Result<ArenaFile> {
    let file = if path.is_empty() { tempfile::tempfile()? } else { named(Path::new(path))? };
    if file.metadata()?.len() < size {
        file.set_len(size)?;
        // Files of /proc are regular ones, and take no notice.
        if file.metadata()?.len() < size {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not grow"));
        }
    }
    ArenaFile::from_file(file, size)
}

fn named(path: &Path) -> io::Result<File> {
    // Opening a FIFO or a device must neither wait nor have effects.
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o666).custom_flags(flags.bits());
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}

#[cfg(test)]
mod tests {
    use super::super::arena::Access;
    use super::*;

    #[test]
    fn files_grow_and_never_shrink() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("blob");
        std::fs::write(&path, [5; 100]).expect("written");
        let text = path.to_str().expect("text");
        open(text, 50).expect("opens");
        assert_eq!(std::fs::read(&path).expect("readable"), [5; 100]);
        open(text, 200).expect("opens");
        assert_eq!(std::fs::metadata(&path).expect("there").len(), 200);
        let unnamed = open("", 4096).expect("opens");
        assert_eq!(unnamed.file(Access::Read).metadata().expect("there").len(), 4096);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        for path in ["/dev/null", "/nonexistent/x", "/tmp", "/proc/version"] {
            assert!(open(path, 10).is_err(), "{path} was opened");
        }
    }
}
