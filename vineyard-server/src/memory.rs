//! How much memory this process may use: the machine's, and the limits of its control groups (v1 and v2).

use std::fs;
use std::path::{Path, PathBuf};

/// The memory there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of the machine.
    pub physical: u64,
    /// The lowest limit of the control groups this process is in.
    pub cgroup: Option<u64>,
}

impl Memory {
    /// Reads the machine's memory and the limits of this process; `None` where `/proc` does not say.
    pub fn read() -> Option<Self> {
        Self::read_below(Path::new("/"))
    }

    /// What may be used: the smaller of both.
    pub fn usable(self) -> u64 {
        self.cgroup.map_or(self.physical, |cgroup| cgroup.min(self.physical))
    }

    fn read_below(root: &Path) -> Option<Self> {
        let physical = parse_meminfo(&fs::read_to_string(root.join("proc/meminfo")).ok()?)?;
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let cgroup = limit_files(&groups)
            .into_iter()
            .filter_map(|file| parse_limit(&fs::read_to_string(root.join(file)).ok()?))
            .min();
        Some(Self { physical, cgroup })
    }
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn parse_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// A limit file's number; `max` is none. What v1 writes for "no limit" is far above any machine's memory.
fn parse_limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The files that may limit a process whose `/proc/self/cgroup` is `groups`: its own groups' and all their parents'.
/// In a container the path may be the host's, of which only some parent exists inside; missing files are no limit.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (mount, file) = match controllers {
            "" => ("sys/fs/cgroup", "memory.max"),
            v1 if v1.split(',').any(|name| name == "memory") => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            files.push(Path::new(mount).join(group).join(file));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Option<Memory> {
        let root = tempfile::tempdir().expect("temporary directory");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("has a parent")).expect("directories");
            fs::write(path, text).expect("file");
        }
        Memory::read_below(root.path())
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:  1 kB\n");

    #[test]
    fn without_control_groups_the_machine_counts() {
        let memory = machine(&[MEMINFO]).expect("meminfo");
        assert_eq!(memory, Memory { physical: 16 << 30, cgroup: None });
        assert_eq!(memory.usable(), 16 << 30);
        assert_eq!(machine(&[]), None);
        assert_eq!(machine(&[("proc/meminfo", "MemTotal: x kB")]), None);
    }

    #[test]
    fn a_v2_limit_counts_also_when_a_parent_has_it() {
        let memory = machine(&[
            MEMINFO,
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "1073741824\n"),
        ]);
        assert_eq!(memory.map(Memory::usable), Some(1 << 30));
    }

    #[test]
    fn a_v1_limit_counts_and_its_no_limit_does_not() {
        let groups = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/1234\n0::/\n");
        let unlimited = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(machine(&[MEMINFO, groups, unlimited]).map(Memory::usable), Some(16 << 30));
        let limited = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "4096\n");
        assert_eq!(machine(&[MEMINFO, groups, limited]).map(Memory::usable), Some(4096));
    }

    #[test]
    fn a_file_of_garbage_is_no_limit() {
        let memory = machine(&[MEMINFO, ("proc/self/cgroup", "x\n0::\n"), ("sys/fs/cgroup/memory.max", "??")]);
        assert_eq!(memory.map(Memory::usable), Some(16 << 30));
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(Memory::read().is_some_and(|memory| memory.usable() > 0));
    }
}
