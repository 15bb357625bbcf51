//! What a process can try on a file whose descriptor it has.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::process::{Command, Stdio};

use nix::fcntl::{FallocateFlags, FcntlArg, OFlag, SealFlag, fallocate, fcntl};
use nix::unistd::Uid;

const SCRIPT: &str = include_str!("mappings.py");

/// Bytes that are tried to be changed.
const SOME: usize = 4096;

/// The names of those attempts that were not refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done(Vec<String>);

impl Done {
    fn note<R, E>(&mut self, name: &str, outcome: Result<R, E>) {
        if outcome.is_ok() {
            self.0.push(name.to_owned());
        }
    }

    /// These, but for some.
    pub fn but(mut self, expected: &[&str]) -> Self {
        for name in expected {
            let place = self.0.iter().position(|done| done == name);
            self.0.remove(place.unwrap_or_else(|| panic!("`{name}` was refused")));
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Tries to change a file through its descriptor; as another user than its owner, also by opening it anew.
pub fn by_descriptor(file: &File) -> Done {
    let metadata = file.metadata().expect("a file");
    let length = i64::try_from(metadata.len()).expect("a length");
    let mut done = Done::default();
    done.note("write", file.write_all_at(&[0xFF; SOME], 0));
    done.note("shrink", file.set_len(0));
    done.note("grow", file.set_len(metadata.len() + 1));
    done.note("allocate", fallocate(file, FallocateFlags::empty(), length, 1));
    let punch = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    done.note("punch", fallocate(file, punch, 0, i64::try_from(SOME).expect("small")));
    done.note("seal", fcntl(file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE)));
    done.note("seal the seals", fcntl(file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SEAL)));
    if metadata.uid() != Uid::effective().as_raw() {
        done.note("let everybody write", file.set_permissions(Permissions::from_mode(0o666)));
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        done.note("open anew", OpenOptions::new().read(true).write(true).open(&path));
        done.note("open to truncate", OpenOptions::new().write(true).truncate(true).open(&path));
        done.note("open to append", OpenOptions::new().append(true).custom_flags(OFlag::O_SYNC.bits()).open(&path));
    }
    done
}

/// Tries to change a file through mappings of its descriptor, by another program of this user.
pub fn by_mappings(file: &File) -> Done {
    let run = |python: &str| {
        let descriptor = file.try_clone().expect("another");
        Command::new(python).args(["-c", SCRIPT]).stdin(Stdio::from(descriptor)).output().ok()
    };
    let output = run("/usr/bin/python3").or_else(|| run("python3")).expect("there is a Python for this user");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), 5, "{text}");
    let done = text.lines().filter_map(|line| line.strip_suffix(": done"));
    Done(done.map(str::to_owned).collect())
}

/// Tries to take a descriptor out of the process that runs the tests.
pub fn open_files_of_parent() -> io::Result<()> {
    std::fs::read_dir(format!("/proc/{}/fd", std::os::unix::process::parent_id())).map(drop)
}
