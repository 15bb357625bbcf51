//! The file of rules: TOML, read strictly, so that no misspelt rule is taken for none.

use std::fmt;
use std::io;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::{Proofs, Role, Rule, Rules, RulesError};
use crate::accounts;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "nobody")]
    default: Role,
    #[serde(default = "nobody")]
    rpc: Role,
    #[serde(default)]
    rule: Vec<Entry>,
}

fn nobody() -> Role {
    Role::None
}

/// One `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    uid: Option<Names>,
    gid: Option<Names>,
    htpasswd: Option<Names>,
    certificate: Option<Names>,
    role: Role,
}

/// A name, a number, or a list of them.
#[derive(Debug)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, a number, or a list of them")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Names, E> {
                Ok(Names(vec![number.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(Names(mut more)) = list.next_element()? {
                    names.append(&mut more);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}

impl Names {
    /// Looks every name up.
    fn resolve<T>(
        self,
        rule: usize,
        kind: &'static str,
        look_up: impl Fn(&str) -> io::Result<Option<T>>,
    ) -> Result<Vec<T>, RulesError> {
        let resolve_one = |name: String| match look_up(&name) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(RulesError::Unknown { rule, kind, name }),
            Err(cause) => Err(RulesError::LookUp { rule, kind, name, cause }),
        };
        self.0.into_iter().map(resolve_one).collect()
    }
}

/// Reads rules.
pub(super) fn parse(text: &str, proofs: Proofs) -> Result<Rules, RulesError> {
    let File { default, rpc, rule } = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    let rules = rule.into_iter().zip(1..).map(|(entry, number)| entry.check(number, proofs));
    Ok(Rules { default, rpc, rules: rules.collect::<Result<_, _>>()? })
}

impl Entry {
    fn check(self, rule: usize, proofs: Proofs) -> Result<Rule, RulesError> {
        let Self { uid, gid, htpasswd, certificate, role } = self;
        if uid.is_none() && gid.is_none() && htpasswd.is_none() && certificate.is_none() {
            return Err(RulesError::Empty { rule });
        }
        if htpasswd.is_some() && !proofs.passwords {
            return Err(RulesError::Never { rule, what: "users of the file of passwords", option: "--htpasswd" });
        }
        if certificate.is_some() && !proofs.certificates {
            return Err(RulesError::Never { rule, what: "certificates of clients", option: "--tls-client-ca" });
        }
        Ok(Rule {
            uids: uid.map(|names| names.resolve(rule, "user", accounts::uid)).transpose()?,
            gids: gid.map(|names| names.resolve(rule, "group", accounts::gid)).transpose()?,
            users: htpasswd.map(|Names(users)| users),
            certificates: certificate.map(|Names(names)| names),
            role,
        })
    }
}

/// What the parser says, in one line.
fn syntax(text: &str, error: &toml::de::Error) -> RulesError {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count().saturating_add(1);
    RulesError::Syntax { line, message: error.message().lines().collect::<Vec<_>>().join(", ") }
}
