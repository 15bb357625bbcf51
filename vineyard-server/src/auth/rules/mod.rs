//! Which peer has which role: rules by user and group of this host, and by users of the file of passwords.
//!
//! The rules are tried in their order, and the first that fits decides, as in firewalls: so a rule can take one user out
//! of a group that a later rule lets in. A peer that none fits is an administrator if it is root or the server's own
//! user on this host; the file's defaults hold for the others.

mod error;
mod file;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::fmt;
use std::path::Path;

use nix::unistd::{Gid, Uid};

pub use error::RulesError;

use super::role::Role;
use crate::accounts;

/// What is known of a peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Who<'a> {
    /// User and group of its process, if it came through a UNIX socket.
    pub(crate) account: Option<(Uid, Gid)>,
    /// The user of the file of passwords whose password it knew.
    pub(crate) user: Option<&'a str>,
}

impl fmt::Display for Who<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account {
            Some((uid, gid)) => write!(f, "uid {uid}, gid {gid}")?,
            None => f.write_str("peers over TCP")?,
        }
        self.user.map_or(Ok(()), |user| write!(f, ", user `{user}`"))
    }
}

/// One rule. What it asks for is asked for at once: a peer has to fit each list that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    uids: Option<Vec<Uid>>,
    gids: Option<Vec<Gid>>,
    users: Option<Vec<String>>,
    role: Role,
}

impl Rule {
    /// Whether a peer fits, with the groups of its user.
    fn fits<'g>(&self, who: &Who<'_>, groups: impl FnOnce() -> &'g [Gid]) -> bool {
        let uid = |uids: &Vec<Uid>| who.account.is_some_and(|(uid, _)| uids.contains(&uid));
        let user = |users: &Vec<String>| who.user.is_some_and(|user| users.iter().any(|named| named == user));
        self.uids.as_ref().is_none_or(uid)
            && self.users.as_ref().is_none_or(user)
            && self.gids.as_ref().is_none_or(|gids| groups().iter().any(|gid| gids.contains(gid)))
    }
}

/// The rules of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// For peers of this host that no rule fits.
    default: Role,
    /// For peers over TCP that no rule fits.
    rpc: Role,
    rules: Vec<Rule>,
}

impl Rules {
    /// Reads a file of rules. It is not looked at again. Users and groups of this host are looked up, which may block.
    ///
    /// # Errors
    ///
    /// [`RulesError`] naming the rule or the line.
    pub(crate) fn read(path: &Path, authenticates: bool) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path).map_err(RulesError::Unreadable)?;
        file::parse(&text, authenticates)
    }

    /// Whether a role may depend on the groups of a user, which have to be looked up.
    pub(crate) fn ask_for_groups(&self) -> bool {
        self.rules.iter().any(|rule| rule.gids.is_some())
    }

    /// Whether peers over TCP need no more than to connect to be let in.
    pub(crate) fn let_any_tcp_peer_in(&self) -> bool {
        self.rpc > Role::None
    }

    /// The role of a peer. Blocks if it [asks for groups](Self::ask_for_groups).
    pub(crate) fn role_of(&self, who: &Who<'_>) -> Role {
        let listed = OnceCell::new();
        let groups = || match who.account {
            Some((uid, gid)) => listed.get_or_init(|| accounts::groups(uid, gid)).as_slice(),
            None => &[],
        };
        match (self.rules.iter().find(|rule| rule.fits(who, groups)), who.account) {
            (Some(rule), _) => rule.role,
            (None, Some((uid, _))) if uid.is_root() || uid == Uid::effective() => Role::Admin,
            (None, Some(_)) => self.default,
            (None, None) => self.rpc,
        }
    }
}
