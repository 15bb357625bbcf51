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
    /// Bytes that can be had now without anything being swapped, if that is known: of the machine, or of the control
    /// group that has the least left. Cached files count as free.
    pub free: Option<u64>,
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
        let meminfo = fs::read_to_string(root.join("proc/meminfo")).ok()?;
        let physical = parse_meminfo(&meminfo, "MemTotal:")?;
        let read = |path: PathBuf| fs::read_to_string(root.join(path)).ok();
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let limits: Vec<(u64, Option<u64>)> = groups_of(&groups)
            .into_iter()
            .filter_map(|group| {
                let limit = parse_number(&read(group.path(group.files.limit))?)?;
                let used = read(group.path(group.files.used)).and_then(|text| parse_number(&text));
                let stat = read(group.path("memory.stat")).unwrap_or_default();
                let cached = parse_stat(&stat, group.files.cached).unwrap_or(0);
                Some((limit, used.map(|used| limit.saturating_sub(used.saturating_sub(cached)))))
            })
            .collect();
        let free = limits.iter().filter_map(|(_, free)| *free).chain(parse_meminfo(&meminfo, "MemAvailable:")).min();
        Some(Self { physical, cgroup: limits.iter().map(|(limit, _)| *limit).min(), free })
    }
}

/// A line of `/proc/meminfo`, in bytes.
fn parse_meminfo(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// A file's number; the `max` of a limit is none. What v1 writes for "no limit" is far above any machine's memory.
fn parse_number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// A line of `memory.stat`, in bytes.
fn parse_stat(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| parse_number(line.strip_prefix(name)?.strip_prefix(' ')?))
}

/// How the files of a version of control groups are called, and the cached files in its `memory.stat`.
#[derive(Debug)]
struct Files {
    mount: &'static str,
    limit: &'static str,
    used: &'static str,
    cached: &'static str,
}

const V1: Files = Files {
    mount: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: "total_inactive_file",
};

const V2: Files =
    Files { mount: "sys/fs/cgroup", limit: "memory.max", used: "memory.current", cached: "inactive_file" };

/// A control group.
struct Group {
    files: &'static Files,
    name: PathBuf,
}

impl Group {
    fn path(&self, file: &str) -> PathBuf {
        Path::new(self.files.mount).join(&self.name).join(file)
    }
}

/// The groups that may limit a process whose `/proc/self/cgroup` is `groups`: its own groups' and all their parents'.
/// In a container the path may be the host's, of which only some parent exists inside; missing files are no limit.
fn groups_of(groups: &str) -> Vec<Group> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let files = match controllers {
            "" => &V2,
            v1 if v1.split(',').any(|name| name == "memory") => &V1,
            _ => continue,
        };
        for name in Path::new(path.trim_start_matches('/')).ancestors() {
            found.push(Group { files, name: name.to_owned() });
        }
    }
    found
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
        assert_eq!(memory, Memory { physical: 16 << 30, cgroup: None, free: None });
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
    fn what_is_free_is_the_least_of_the_machine_and_its_groups() {
        const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable:  8388608 kB\n");
        let free = |files: &[(&str, &str)]| machine(files).and_then(|memory| memory.free);
        assert_eq!(free(&[MEMINFO]), Some(8 << 30));
        let v2 = [
            MEMINFO,
            ("proc/self/cgroup", "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/b/memory.current", "5000\n"),
            ("sys/fs/cgroup/a/memory.max", "10000\n"),
            ("sys/fs/cgroup/a/memory.current", "7000\n"),
            ("sys/fs/cgroup/a/memory.stat", "anon 4000\ninactive_file 2000\nactive_file 1000\n"),
        ];
        assert_eq!(free(&v2), Some(5000));
        let v1 = [
            MEMINFO,
            ("proc/self/cgroup", "4:memory:/x\n"),
            ("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "10000\n"),
            ("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "12000\n"),
            ("sys/fs/cgroup/memory/x/memory.stat", "inactive_file 1\ntotal_inactive_file 4000\n"),
        ];
        assert_eq!(free(&v1), Some(2000));
        assert_eq!(free(&[v1[0], v1[1], v1[2], v1[3]]), Some(0), "more is used than is allowed");
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
