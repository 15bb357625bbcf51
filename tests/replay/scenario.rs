//! The recordings, and how the daemon was started for each.

use std::path::Path;

use vineyard_tests::replay::{Deviation, Process, Recording, play};

/// One test for each recording: `each_scenario!(function)` calls the function with a [`Scenario`].
///
/// Left out are recordings of two instances with etcd (`etcd_death`, `etcd_lock_death`, `etcd_locks`, `etcd_orphan`,
/// `etcd_session`, `etcd_spread`, `etcd_two`): they are about what etcd holds and when, which is no exchange of messages.
macro_rules! each_scenario {
    ($run:path) => {
        each_scenario! { $run,
            arena_raw: plain, auth: passwords, blobs: plain, blobs_raw: plain, connect: plain, connect_raw: plain,
            delete: plain, delete_raw: plain, errors: small, evict_client: plain, exists_copy_clear: plain,
            labels: plain, lifetime_raw: plain, listing: plain, meta: plain, meta_raw: plain, names: plain,
            persist: plain, plasma_raw: plain, putget_arrow: plain, putget_containers: plain, putget_numpy: plain,
            putget_pandas: plain, putget_scalars: plain, rpc: plain, rpc_blobs: plain, rpc_raw: plain,
            rpc_server_nocompress: uncompressed, sessions_raw: plain, status: plain, stream_byte: plain,
            stream_dataframe: plain, stream_raw: plain, stream_recordbatch: plain
        }
    };
    ($run:path, $($name:ident: $kind:ident),*) => {
        $(#[test]
        fn $name() {
            $run($crate::scenario::Scenario::$kind(stringify!($name)));
        })*
    };
}

/// What a recording needs of its server.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// The recording.
    pub name: &'static str,
    /// How much the server holds.
    pub size: &'static str,
    /// Whether users need passwords.
    pub passwords: bool,
    /// Whether the server offers compression.
    pub compression: bool,
    /// Whether the server may write blobs to files.
    pub spilling: bool,
}

impl Scenario {
    /// What most need.
    pub const fn plain(name: &'static str) -> Self {
        Self { name, size: "256Mi", passwords: false, compression: true, spilling: false }
    }

    /// Less memory.
    pub const fn small(name: &'static str) -> Self {
        Self { size: "64Mi", ..Self::plain(name) }
    }

    /// A file with passwords.
    pub const fn passwords(name: &'static str) -> Self {
        Self { passwords: true, ..Self::plain(name) }
    }

    /// No compression.
    pub const fn uncompressed(name: &'static str) -> Self {
        Self { compression: false, ..Self::plain(name) }
    }

    /// Little memory, and a directory for what does not fit.
    pub const fn spilling(name: &'static str) -> Self {
        Self { size: "8Mi", spilling: true, ..Self::plain(name) }
    }

    /// The options that servers have in common. Files that they need are written to the directory of the run.
    pub fn options(&self, directory: &Path) -> Vec<String> {
        let mut options = vec![format!("--size={}", self.size)];
        if self.passwords {
            let file = directory.join("htpasswd");
            std::fs::write(&file, PASSWORDS).expect("can be written");
            options.push(format!("--htpasswd={}", file.display()));
        }
        if !self.compression {
            options.push("--compression=false".to_owned());
        }
        if self.spilling {
            let spilled = directory.join("spilled");
            std::fs::create_dir(&spilled).expect("can be made");
            options.push(format!("--spill_path={}", spilled.display()));
        }
        options
    }

    /// Replays it, prints one line about that, and fails with everything that was different.
    pub fn replay(self, server: &Process, deviations: &[Deviation]) {
        let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/wire");
        let report = play(&Recording::read(&recordings, self.name), server, deviations);
        println!("{}: {} replies compared, {} deviations used", report.name, report.compared, report.deviations);
        assert!(report.faults.is_empty(), "{} faults:\n{}", report.faults.len(), report.faults.join("\n"));
    }
}

/// `alice` with the password `secret`, as `htpasswd -c` writes it.
const PASSWORDS: &str = "alice:$apr1$IXVscVTE$fJRpwj.VNBaVdA.SsQQUJ1\n";
