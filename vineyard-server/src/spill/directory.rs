//! The directory of one server's spilled blobs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use vineyard_core::ObjectId;

use super::file::{self, SpillError, SpilledBlob};

/// How the directories of servers are called, before a number that is each server's own.
const PREFIX: &str = "vineyard-spill-";

/// The file that a server holds locked for as long as it lives.
const LOCK: &str = "lock";

/// Where one server keeps its blobs on disk. Removed, with all that is in it, when it is dropped.
#[derive(Debug)]
pub struct SpillDirectory {
    path: PathBuf,
    /// Its lock says that the server lives, and ends with it however it ends.
    _lock: Flock<File>,
    /// Takes the paths of files to remove.
    remover: Sender<PathBuf>,
    /// Numbers files: that of a blob which came back may still be there when it leaves again.
    next: AtomicU64,
}

impl SpillDirectory {
    /// Makes a directory below `parent`, which is made as well if need be, and removes those of servers that are gone:
    /// nobody knows any more what their files stand for.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn create(parent: &Path, incarnation: u64) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        remove_leftovers(parent)?;
        let path = parent.join(format!("{PREFIX}{incarnation:016x}"));
        loop {
            fs::create_dir(&path)?;
            let lock = File::create_new(path.join(LOCK))?;
            let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
            // Another server that starts may have taken it for a leftover just before.
            if path.join(LOCK).exists() {
                let (remover, paths) = mpsc::channel::<PathBuf>();
                let remove = move || paths.iter().for_each(|path| file::remove(&path));
                // It ends with the last blob.
                thread::Builder::new().name("vineyard-remove".to_owned()).spawn(remove)?;
                return Ok(Self { path, _lock: lock, remover, next: AtomicU64::new(0) });
            }
        }
    }

    /// Where it is.
    #[cfg(test)]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the `length` bytes from `offset` of a file as the blob `id`. Takes time with their number.
    ///
    /// # Errors
    ///
    /// [`SpillError::Write`]; nothing is left behind then.
    pub fn write(&self, id: ObjectId, from: &File, offset: u64, length: u64) -> Result<SpilledBlob, SpillError> {
        let path = self.path.join(format!("{id}-{}", self.next.fetch_add(1, Ordering::Relaxed)));
        SpilledBlob::write(path, self.remover.clone(), id, from, offset, length)
    }
}

impl Drop for SpillDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the directory of spilled blobs cannot be removed");
        }
    }
}

/// Removes the directories whose lock nobody holds. One without a lock is being made, or being removed by another.
fn remove_leftovers(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !entry.file_type()?.is_dir() {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(_unused) => {
                tracing::info!(path = %entry.path().display(), "removes what an earlier server has spilled");
                fs::remove_dir_all(entry.path())?;
            }
            Err((_, Errno::EWOULDBLOCK)) => {}
            Err((_, errno)) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dead_servers_left_is_removed_and_what_living_ones_have_stays() {
        let parent = tempfile::tempdir().expect("a directory");
        let below = parent.path().join("a/b");
        let living = SpillDirectory::create(&below, 1).expect("created");
        let dead = below.join(format!("{PREFIX}dead"));
        fs::create_dir(&dead).expect("created");
        fs::write(dead.join(LOCK), "").expect("written");
        fs::write(dead.join("o8000000000000001"), "torn").expect("written");
        fs::write(below.join(format!("{PREFIX}file")), "of somebody else").expect("written");
        fs::create_dir(below.join("other")).expect("created");
        let second = SpillDirectory::create(&below, 2).expect("created");
        assert!(!dead.exists() && living.path().exists() && second.path().exists());
        assert!(below.join("other").exists() && below.join(format!("{PREFIX}file")).exists());
        let gone = living.path().to_owned();
        drop(living);
        assert!(!gone.exists(), "it goes with its server");
    }
}
