//! Who a socket belongs to, and who may connect to it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::fcntl::AtFlags;
use nix::unistd::{Gid, Uid, fchownat};

use crate::accounts;
use crate::config::Config;
use crate::error::StartError;

/// Owner, group and permissions of a socket's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    mode: u32,
    /// The server's own user if it is not given.
    owner: Option<Uid>,
    /// The server's own group, or the directory's, if it is not given.
    group: Option<Gid>,
}

impl Rights {
    /// What a configuration says, with the names looked up.
    ///
    /// # Errors
    ///
    /// [`StartError::Option`] if there is no such user or group, [`StartError::System`] if none can be looked up.
    pub(crate) fn new(config: &Config) -> Result<Self, StartError> {
        let unknown = |option: &'static str, value: &str, expected: &'static str| StartError::Option {
            option,
            value: value.to_owned(),
            expected,
        };
        let owner = match &config.socket_owner {
            None => None,
            Some(name) => {
                Some(accounts::uid(name).map_err(StartError::system("list of users"))?.ok_or_else(|| {
                    unknown("owner of the socket", name, "the name of a user of this host, or a number")
                })?)
            }
        };
        let group = match &config.socket_group {
            None => None,
            Some(name) => {
                Some(accounts::gid(name).map_err(StartError::system("list of groups"))?.ok_or_else(|| {
                    unknown("group of the socket", name, "the name of a group of this host, or a number")
                })?)
            }
        };
        Ok(Self { mode: config.socket_mode, owner, group })
    }

    /// These permissions, and the server's own user and group.
    #[cfg(test)]
    pub(crate) fn of_mode(mode: u32) -> Self {
        Self { mode, owner: None, group: None }
    }

    /// Permissions.
    pub(crate) fn mode(self) -> u32 {
        self.mode
    }

    /// Gives them to the file behind a descriptor, whatever is at its path by now. The permissions come first, because
    /// whoever gives a file away may not change them any more.
    ///
    /// # Errors
    ///
    /// [`StartError::Rights`] naming the file, as `path`, and what the system refused.
    pub(crate) fn give_to(self, inode: &File, path: &Path) -> Result<(), StartError> {
        let refused = |right: String, source: io::Error| StartError::Rights { path: path.to_owned(), right, source };
        // The descriptor only names the file, which `fchmod` does not accept; its link in /proc leads to the same file.
        fs::set_permissions(format!("/proc/self/fd/{}", inode.as_raw_fd()), fs::Permissions::from_mode(self.mode))
            .map_err(|source| refused(format!("mode {:o}", self.mode), source))?;
        if let Some(group) = self.group {
            fchownat(inode, c"", None, Some(group), AtFlags::AT_EMPTY_PATH)
                .map_err(|errno| refused(format!("group {group}"), errno.into()))?;
        }
        if let Some(owner) = self.owner {
            fchownat(inode, c"", Some(owner), None, AtFlags::AT_EMPTY_PATH)
                .map_err(|errno| refused(format!("owner {owner}"), errno.into()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_once() {
        let config = |owner: Option<&str>, group: Option<&str>| Config {
            socket_owner: owner.map(str::to_owned),
            socket_group: group.map(str::to_owned),
            ..Config::default()
        };
        let rights = Rights::new(&config(Some("root"), Some("7"))).expect("they are there");
        assert_eq!(rights, Rights { mode: 0o660, owner: Some(Uid::from_raw(0)), group: Some(Gid::from_raw(7)) });
        assert_eq!(Rights::new(&config(None, None)).expect("nothing to look up"), Rights::of_mode(0o660));
        let message = Rights::new(&config(Some("no one"), None)).expect_err("unknown").to_string();
        assert!(message.contains("`no one` is not a valid owner"), "{message}");
        let message = Rights::new(&config(None, Some(""))).expect_err("unknown").to_string();
        assert!(message.contains("group of the socket"), "{message}");
    }
}
