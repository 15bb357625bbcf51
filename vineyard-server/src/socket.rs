//! The socket's path: who may take it, how, and when it is given up.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{AccessFlags, access};

use crate::error::StartError;
use crate::rights::Rights;

/// How long a server that starts waits for another one to be done with the directory, and how often it looks.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// A socket that listens, and whose file is this server's.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Where connections arrive.
    pub(crate) listener: UnixListener,
    /// The file, to be removed at the end.
    pub(crate) file: SocketFile,
}

/// The file of a socket; somebody else may have replaced it since.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Keeps the inode, whose number could be given to another file otherwise.
    inode: File,
}

/// Where a server listens if nobody says: `/var/run` if it can be written, else the user's own directories.
///
/// # Errors
///
/// [`StartError::NoSocketPath`] if there is none of them.
pub(crate) fn default_path() -> Result<PathBuf, StartError> {
    let writable = |dir: &Path| access(dir, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    default_path_in(writable, variable).ok_or(StartError::NoSocketPath)
}

fn default_path_in(writable: impl Fn(&Path) -> bool, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let system = Path::new("/var/run");
    if writable(system) {
        return Some(system.join("vineyard.sock"));
    }
    if let Some(runtime) = variable("XDG_RUNTIME_DIR") {
        return Some(runtime.join("vineyard.sock"));
    }
    Some(variable("HOME")?.join(".local/vineyard/vineyard.sock"))
}

impl Claim {
    /// Makes `path` a socket of this server and listens. Directories are made; what a dead server left is replaced.
    ///
    /// The directory is locked in between, so that of two servers that find the same stale file only one replaces it.
    /// Blocks for some seconds at most if somebody else has it locked.
    ///
    /// # Errors
    ///
    /// [`StartError`] with the reason: a live server, another file, a directory that cannot be written or stays locked.
    pub(crate) fn new(path: &Path, rights: Rights) -> Result<Self, StartError> {
        Self::make(path, rights, LOCK_PATIENCE)
    }

    /// As [`new`](Self::new), for a path that no other server takes: does not block.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub(crate) fn undisputed(path: &Path, rights: Rights) -> Result<Self, StartError> {
        Self::make(path, rights, Duration::ZERO)
    }

    fn make(path: &Path, rights: Rights, patience: Duration) -> Result<Self, StartError> {
        let invalid = |source: io::Error| StartError::Path { path: path.to_owned(), source };
        let path = std::path::absolute(path).map_err(invalid)?;
        let invalid = |source: io::Error| StartError::Path { path: path.clone(), source };
        let address = UnixAddr::new(&path).map_err(|errno| invalid(errno.into()))?;
        let (Some(parent), Some(_)) = (path.parent(), path.file_name()) else {
            return Err(invalid(io::ErrorKind::InvalidInput.into()));
        };
        let directory = |source: io::Error| StartError::Directory { path: parent.to_owned(), source };
        fs::create_dir_all(parent).map_err(directory)?;
        let locked = if patience.is_zero() { None } else { Some(lock(parent, patience).map_err(directory)?) };
        make_way(&path, &address)?;
        let socket = bind_at(&address, rights).map_err(directory)?;
        let file = SocketFile::at(&path).map_err(directory)?;
        // Nobody gets in before the rights are as they shall be: to connect is refused until the socket listens.
        let ready =
            file.give(rights).and_then(|()| listen(&socket, Backlog::MAXCONN).map_err(|errno| invalid(errno.into())));
        drop(locked);
        match ready {
            Ok(()) => Ok(Self { listener: UnixListener::from(socket), file }),
            Err(error) => {
                file.remove();
                Err(error)
            }
        }
    }
}

/// Removes what a dead server left; refuses to remove anything else.
fn make_way(path: &Path, address: &UnixAddr) -> Result<(), StartError> {
    let occupied = |source| StartError::Occupied { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(occupied(Some(error))),
        Ok(found) if !found.file_type().is_socket() => return Err(occupied(None)),
        Ok(_) => {}
    }
    match knock(address) {
        // EAGAIN: somebody listens, and is so busy that the queue is full.
        Ok(()) | Err(Errno::EAGAIN) => Err(StartError::InUse { path: path.to_owned() }),
        Err(Errno::ECONNREFUSED) => {
            tracing::info!(path = %path.display(), "a socket that a dead server left is replaced");
            fs::remove_file(path).map_err(|error| occupied(Some(error)))
        }
        Err(Errno::ENOENT) => Ok(()),
        Err(errno) => Err(occupied(Some(errno.into()))),
    }
}

fn stream_socket() -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Unix, SockType::Stream, flags, None)
}

/// Tries to connect, without waiting.
fn knock(address: &UnixAddr) -> Result<(), Errno> {
    let socket = stream_socket()?;
    connect(socket.as_raw_fd(), address)
}

/// A socket with a file, to which nobody can connect yet.
fn bind_at(address: &UnixAddr, rights: Rights) -> io::Result<OwnedFd> {
    let socket = stream_socket()?;
    // Before bind: the file is born with these permissions, but for what the umask takes away, never with more.
    fchmod(&socket, Mode::from_bits_truncate(rights.mode()))?;
    bind(socket.as_raw_fd(), address)?;
    Ok(socket)
}

/// Locks a directory. Everybody who may read it can do so, and keep it.
fn lock(directory: &Path, patience: Duration) -> io::Result<Flock<File>> {
    let (start, mut file) = (Instant::now(), File::open(directory)?);
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((file, Errno::EAGAIN)) if start.elapsed() < patience => file,
            Err((_, Errno::EAGAIN)) => return Err(io::Error::other("another process keeps it locked")),
            Err((_, errno)) => return Err(errno.into()),
        };
        thread::sleep(LOCK_PAUSE);
    }
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
        let inode = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)?;
        Ok(Self { path: path.to_owned(), inode })
    }

    /// Gives it its owner, group and permissions.
    fn give(&self, rights: Rights) -> Result<(), StartError> {
        rights.give_to(&self.inode, &self.path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the file, unless it is another server's by now.
    pub(crate) fn remove(self) {
        // Without the lock, a server that starts this very moment may lose its file; to wait for it could take for ever.
        let _locked = self.path.parent().and_then(|parent| lock(parent, Duration::ZERO).ok());
        let same = |found: &Metadata, ours: &Metadata| (found.dev(), found.ino()) == (ours.dev(), ours.ino());
        let ours = match (fs::symlink_metadata(&self.path), self.inode.metadata()) {
            (Ok(found), Ok(ours)) => same(&found, &ours),
            _ => false,
        };
        if !ours {
            tracing::warn!(path = %self.path.display(), "the socket is not ours any more and stays");
        } else if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the socket cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode_of(path: &Path) -> u32 {
        fs::symlink_metadata(path).expect("socket").permissions().mode() & 0o777
    }

    #[test]
    fn directories_are_made_and_the_file_goes_with_the_claim() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("a/b/s.sock");
        let claim = Claim::new(&path, Rights::of_mode(0o666)).expect("free");
        assert_eq!(mode_of(&path), 0o666);
        assert_eq!(claim.file.path(), path);
        claim.file.remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_live_socket_is_refused_and_a_stale_one_replaced() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("s.sock");
        let claim = Claim::new(&path, Rights::of_mode(0o600)).expect("free");
        assert!(matches!(Claim::new(&path, Rights::of_mode(0o600)), Err(StartError::InUse { .. })));
        drop(claim.listener);
        let next = Claim::new(&path, Rights::of_mode(0o640)).expect("stale");
        assert_eq!(mode_of(&path), 0o640);
        claim.file.remove();
        assert!(path.exists(), "it belongs to the next server");
        next.file.remove();
        assert!(!path.exists());
    }

    #[test]
    fn other_files_are_left_alone() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("precious");
        fs::write(&path, "data").expect("file");
        assert!(matches!(Claim::new(&path, Rights::of_mode(0o600)), Err(StartError::Occupied { .. })));
        assert_eq!(fs::read(&path).expect("still there"), b"data");
        assert!(matches!(Claim::new(&path.join("s.sock"), Rights::of_mode(0o600)), Err(StartError::Directory { .. })));
        assert!(matches!(Claim::new(Path::new("/"), Rights::of_mode(0o600)), Err(StartError::Path { .. })));
        assert!(matches!(
            Claim::new(&dir.path().join("x".repeat(200)), Rights::of_mode(0o600)),
            Err(StartError::Path { .. })
        ));
    }

    #[test]
    fn a_socket_of_another_kind_is_left_alone() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("datagrams");
        let _datagrams = std::os::unix::net::UnixDatagram::bind(&path).expect("bind");
        assert!(matches!(Claim::new(&path, Rights::of_mode(0o600)), Err(StartError::Occupied { source: Some(_), .. })));
    }

    #[test]
    fn the_default_path_is_the_first_that_can_be_written() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/u"));
        let both = |name: &str| Some(PathBuf::from(if name == "HOME" { "/home/u" } else { "/run/user/1" }));
        assert_eq!(default_path_in(|_| true, both), Some("/var/run/vineyard.sock".into()));
        assert_eq!(default_path_in(|_| false, both), Some("/run/user/1/vineyard.sock".into()));
        assert_eq!(default_path_in(|_| false, home), Some("/home/u/.local/vineyard/vineyard.sock".into()));
        assert_eq!(default_path_in(|_| false, |_| None), None);
    }
}
