//! Which peer has which role: rules by user and group of this host, by users of the file of passwords, and by names in
//! certificates.
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
use std::sync::Arc;

use nix::unistd::{Gid, Uid};

pub use error::RulesError;

use super::role::Role;
use crate::accounts;

/// What is known of a peer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    /// User and group of its process, if it came through a UNIX socket.
    pub(crate) account: Option<(Uid, Gid)>,
    /// The user of the file of passwords whose password it knew.
    pub(crate) user: Option<String>,
    /// The names in the certificate that it has shown.
    pub(crate) certificate: Option<Arc<[String]>>,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account {
            Some((uid, gid)) => write!(f, "uid {uid}, gid {gid}")?,
            None => f.write_str("peers over TCP")?,
        }
        if let Some(user) = &self.user {
            write!(f, ", user `{user}`")?;
        }
        match &self.certificate {
            Some(names) => write!(f, ", certificate of `{}`", names.join("`, `")),
            None => Ok(()),
        }
    }
}

/// One rule. What it asks for is asked for at once: a peer has to fit each list that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    uids: Option<Vec<Uid>>,
    gids: Option<Vec<Gid>>,
    users: Option<Vec<String>>,
    certificates: Option<Vec<String>>,
    role: Role,
}

impl Rule {
    /// Whether a peer fits, with the groups of its user.
    fn fits<'g>(&self, who: &Who, groups: impl FnOnce() -> &'g [Gid]) -> bool {
        let uid = |uids: &Vec<Uid>| who.account.is_some_and(|(uid, _)| uids.contains(&uid));
        let user = |users: &Vec<String>| who.user.as_ref().is_some_and(|user| users.contains(user));
        let shown = who.certificate.as_deref().unwrap_or_default();
        let certificate = |names: &Vec<String>| shown.iter().any(|name| names.contains(name));
        self.uids.as_ref().is_none_or(uid)
            && self.users.as_ref().is_none_or(user)
            && self.certificates.as_ref().is_none_or(certificate)
            && self.gids.as_ref().is_none_or(|gids| groups().iter().any(|gid| gids.contains(gid)))
    }
}

/// How peers can show who they are, besides what the kernel says. A rule that asks for another proof would never fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proofs {
    /// By the password of a user.
    pub(crate) passwords: bool,
    /// By a certificate.
    pub(crate) certificates: bool,
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
    pub(crate) fn read(path: &Path, proofs: Proofs) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path).map_err(RulesError::Unreadable)?;
        file::parse(&text, proofs)
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
    pub(crate) fn role_of(&self, who: &Who) -> Role {
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
