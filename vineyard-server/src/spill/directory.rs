//! The directory of one server's spilled blobs.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
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
            unless(ErrorKind::AlreadyExists, fs::create_dir(&path))?;
            // Another server that starts may take it for a leftover before it is locked.
            let lock = match File::create_new(path.join(LOCK)) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                lock => lock?,
            };
            let lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
            if is_there(&lock, &path)? {
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
        if let Err(error) = remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the directory of spilled blobs cannot be removed");
        }
    }
}

/// Removes the directories of servers that are gone, which is told by their locks. What is of nobody that spills stays.
fn remove_leftovers(parent: &Path) -> io::Result<()> {
    let mut foreign = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || !entry.file_type()?.is_dir() {
            foreign.push(entry.file_name());
            continue;
        }
        let path = entry.path();
        let lock = match File::open(path.join(LOCK)) {
            Ok(lock) => lock,
            // It is being made, or its server was killed while it was made or removed: then it is empty.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if fs::remove_dir(&path).is_err_and(|error| error.kind() == ErrorKind::DirectoryNotEmpty) {
                    foreign.push(entry.file_name());
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "it cannot be told whether a server spills there");
                continue;
            }
        };
        match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            // Another has removed it just before.
            Ok(held) if !is_there(&held, &path)? => {}
            Ok(_held) => {
                tracing::info!(path = %path.display(), "removes what an earlier server has spilled");
                remove(&path)?;
            }
            Err((_, Errno::EWOULDBLOCK)) => {}
            Err((_, errno)) => return Err(errno.into()),
        }
    }
    if let Some(first) = foreign.first() {
        let (path, count) = (parent.display(), foreign.len());
        tracing::info!(%path, count, ?first, "the spill directory holds what no server has spilled; it stays");
    }
    Ok(())
}

/// Removes the directory of a server. Its lock goes last: if this server is killed meanwhile, the next one that starts
/// finds it, and removes the rest. Its blobs may be removed one by one at the same time.
fn remove(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        let is_directory = entry.file_type()?.is_dir();
        let removed = if is_directory { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        unless(ErrorKind::NotFound, removed)?;
    }
    fs::remove_file(path.join(LOCK))?;
    match fs::remove_dir(path) {
        // Its server was about to lock it, and makes it again; or another has found it empty.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => Ok(()),
        removed => removed,
    }
}

/// Whether a lock is the one of a directory, and not of what was there before.
fn is_there(lock: &File, path: &Path) -> io::Result<bool> {
    let there = unless(ErrorKind::NotFound, fs::metadata(path.join(LOCK)))?;
    let lock = lock.metadata()?;
    Ok(there.is_some_and(|there| (there.dev(), there.ino()) == (lock.dev(), lock.ino())))
}

/// What was done, or nothing if the error is of this kind.
fn unless<T>(kind: ErrorKind, done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == kind => Ok(None),
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server leaves that was killed.
    fn leave(path: &Path) {
        fs::create_dir(path).expect("created");
        fs::write(path.join(LOCK), "").expect("written");
        fs::write(path.join("o8000000000000001-0"), "torn").expect("written");
    }

    #[test]
    fn what_dead_servers_left_is_removed_and_what_living_ones_have_stays() {
        let parent = tempfile::tempdir().expect("a directory");
        let below = parent.path().join("a/b");
        let living = SpillDirectory::create(&below, 1).expect("created");
        let dead = below.join(format!("{PREFIX}dead"));
        leave(&dead);
        fs::create_dir(dead.join("within")).expect("created");
        fs::write(below.join(format!("{PREFIX}file")), "of somebody else").expect("written");
        fs::create_dir(below.join("other")).expect("created");
        let second = SpillDirectory::create(&below, 2).expect("created");
        assert!(!dead.exists() && living.path().exists() && second.path().exists());
        assert!(below.join("other").exists() && below.join(format!("{PREFIX}file")).exists());
        let gone = living.path().to_owned();
        drop(living);
        assert!(!gone.exists(), "it goes with its server");
    }

    #[test]
    fn one_that_is_empty_is_removed_and_one_of_somebody_else_stays() {
        let parent = tempfile::tempdir().expect("a directory");
        let [made, foreign] = ["made", "full"].map(|name| parent.path().join(format!("{PREFIX}{name}")));
        fs::create_dir(&made).expect("created");
        fs::create_dir(&foreign).expect("created");
        fs::write(foreign.join("something"), "of somebody else").expect("written");
        drop(SpillDirectory::create(parent.path(), 1).expect("created"));
        assert!(!made.exists() && foreign.join("something").exists());
    }

    #[test]
    fn the_lock_goes_last() {
        let parent = tempfile::tempdir().expect("a directory");
        let dead = parent.path().join(format!("{PREFIX}dead"));
        leave(&dead);
        for number in 0..2000 {
            fs::write(dead.join(number.to_string()), "").expect("written");
        }
        // Whoever is killed meanwhile leaves what this thread sees.
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                while dead.join(LOCK).exists() {}
                fs::read_dir(&dead).map_or(0, Iterator::count)
            });
            drop(SpillDirectory::create(parent.path(), 1).expect("created"));
            assert_eq!(looking.join().expect("no panic"), 0, "files without a lock");
        });
    }

    #[test]
    fn many_that_start_at_once_remove_the_same() {
        let parent = tempfile::tempdir().expect("a directory");
        for round in 0..50u64 {
            leave(&parent.path().join(format!("{PREFIX}dead-{round}")));
            let parent = parent.path();
            let start =
                |number| move || SpillDirectory::create(parent, 4 * round + number).map(|own| own.path().exists());
            let all = std::thread::scope(|scope| {
                let started: Vec<_> = (0..4).map(|number| scope.spawn(start(number))).collect();
                started.into_iter().map(|one| one.join().expect("no panic")).collect::<io::Result<Vec<bool>>>()
            });
            assert!(all.expect("each has one").iter().all(|is_there| *is_there));
            assert_eq!(fs::read_dir(parent).expect("there").count(), 0, "round {round}");
        }
    }
}
