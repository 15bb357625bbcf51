//! Who is let in, and as what.

use super::Htpasswd;
use super::error::AuthError;
use super::role::Role;
use super::rules::{Rules, Who};

/// What a peer has to get past: a password, if the server asks for one, and the rules, if it has some.
#[derive(Debug, Default)]
pub(crate) struct Door {
    /// Without it nobody is asked for a password.
    pub(crate) htpasswd: Option<Htpasswd>,
    /// Without them everybody may do everything.
    pub(crate) rules: Option<Rules>,
}

impl Door {
    /// Whether [`admit`](Self::admit) may block.
    pub(crate) fn takes_its_time(&self) -> bool {
        self.htpasswd.is_some() || self.rules.as_ref().is_some_and(Rules::ask_for_groups)
    }

    /// Whether whoever reaches the TCP endpoint is let in, without having to show anything.
    pub(crate) fn is_open_to_tcp(&self) -> bool {
        self.htpasswd.is_none() && self.rules.as_ref().is_none_or(Rules::let_any_tcp_peer_in)
    }

    /// The role of a peer that says it is `user`; it may say so in vain if the server knows no users. Blocks as
    /// [`Htpasswd::check`] does, and while groups are looked up.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLetIn`] if the rules have no role for it, the others if its password is not right.
    pub(crate) fn admit(&self, who: Who, user: &str, password: &str) -> Result<Role, AuthError> {
        let who = match &self.htpasswd {
            Some(htpasswd) => {
                htpasswd.check(user, password)?;
                Who { user: Some(user.to_owned()), ..who }
            }
            None => who,
        };
        match self.rules.as_ref().map_or(Role::Admin, |rules| rules.role_of(&who)) {
            Role::None => Err(AuthError::NotLetIn { who: who.to_string() }),
            role => Ok(role),
        }
    }
}
