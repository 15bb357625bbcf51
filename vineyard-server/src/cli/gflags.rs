//! The flags of the original daemon, `vineyardd` 0.24, and the way they are written.
//!
//! They are written as the library gflags reads them: with one dash or two, `_` or `-` between words, the value after
//! `=` or as the next word; `--rpc`, `--norpc` and `--rpc=false` for what is on or off. [`rewrite`] brings them to the
//! one form that our own parser reads. What they mean stands in [`args`](super::args); those that mean nothing here are
//! known to it by [`FLAGS`].

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// How a flag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// On or off.
    Switch,
    /// With a value.
    Value,
    /// One of the many that ask for help.
    Help,
}

/// What a flag is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An option of ours, apart from dashes of the same name.
    Shared,
    /// Another name of an option of ours.
    Alias,
    /// Accepted, without meaning.
    Ignored,
}

/// A flag of the original daemon.
#[derive(Debug)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) role: Role,
}

const fn flag(name: &'static str, kind: Kind, role: Role) -> Flag {
    Flag { name, kind, role }
}

/// All flags that `vineyardd --helpfull` of version 0.24.2 tells, but for those that read flags from elsewhere
/// (`flagfile`, `fromenv`, `tryfromenv`), complete words in a shell, tolerate unknown flags, or search in the help.
pub(super) const FLAGS: &[Flag] = &[
    flag("socket", Kind::Value, Role::Shared),
    flag("size", Kind::Value, Role::Shared),
    flag("meta", Kind::Value, Role::Shared),
    flag("deployment", Kind::Value, Role::Shared),
    flag("htpasswd", Kind::Value, Role::Shared),
    flag("stream_threshold", Kind::Value, Role::Shared),
    flag("spill_path", Kind::Value, Role::Shared),
    flag("spill_lower_rate", Kind::Value, Role::Shared),
    flag("spill_upper_rate", Kind::Value, Role::Shared),
    flag("rpc", Kind::Switch, Role::Alias),
    flag("rpc_socket_port", Kind::Value, Role::Alias),
    flag("compression", Kind::Switch, Role::Alias),
    flag("v", Kind::Value, Role::Alias),
    flag("helpfull", Kind::Help, Role::Alias),
    flag("helpshort", Kind::Help, Role::Alias),
    flag("helppackage", Kind::Help, Role::Alias),
    flag("helpxml", Kind::Help, Role::Alias),
    flag("allocator", Kind::Value, Role::Ignored),
    flag("coredump", Kind::Switch, Role::Ignored),
    flag("etcd_cmd", Kind::Value, Role::Ignored),
    flag("etcd_data_dir", Kind::Value, Role::Ignored),
    flag("etcd_endpoint", Kind::Value, Role::Ignored),
    flag("etcd_prefix", Kind::Value, Role::Ignored),
    flag("meta_timeout", Kind::Value, Role::Ignored),
    flag("metrics", Kind::Switch, Role::Ignored),
    flag("prometheus", Kind::Switch, Role::Ignored),
    flag("rdma_endpoint", Kind::Value, Role::Ignored),
    flag("reserve_memory", Kind::Switch, Role::Alias),
    flag("skip_launch_etcd", Kind::Switch, Role::Ignored),
    flag("sync_crds", Kind::Switch, Role::Ignored),
    // The log of the original is written by the library glog.
    flag("alsologtoemail", Kind::Value, Role::Ignored),
    flag("alsologtostderr", Kind::Switch, Role::Ignored),
    flag("colorlogtostderr", Kind::Switch, Role::Ignored),
    flag("drop_log_memory", Kind::Switch, Role::Ignored),
    flag("log_backtrace_at", Kind::Value, Role::Ignored),
    flag("log_dir", Kind::Value, Role::Ignored),
    flag("log_link", Kind::Value, Role::Ignored),
    flag("log_prefix", Kind::Switch, Role::Ignored),
    flag("log_utc_time", Kind::Switch, Role::Ignored),
    flag("logbuflevel", Kind::Value, Role::Ignored),
    flag("logbufsecs", Kind::Value, Role::Ignored),
    flag("logemaillevel", Kind::Value, Role::Ignored),
    flag("logfile_mode", Kind::Value, Role::Ignored),
    flag("logmailer", Kind::Value, Role::Ignored),
    flag("logtostderr", Kind::Switch, Role::Ignored),
    flag("max_log_size", Kind::Value, Role::Ignored),
    flag("minloglevel", Kind::Value, Role::Ignored),
    flag("stderrthreshold", Kind::Value, Role::Ignored),
    flag("stop_logging_if_full_disk", Kind::Switch, Role::Ignored),
    flag("symbolize_stacktrace", Kind::Switch, Role::Ignored),
    flag("timestamp_in_logfile_name", Kind::Switch, Role::Ignored),
    flag("vmodule", Kind::Value, Role::Ignored),
];

/// A switch with a value that is neither on nor off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no value of the switch --{name}: expected true or false")]
pub(super) struct BadSwitch {
    name: &'static str,
    value: String,
}

/// A command line in the one form that our parser reads.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// What our parser gets.
    pub(super) words: Vec<OsString>,
    /// Whether something was written that only the original has.
    pub(super) as_vineyardd: bool,
    /// Switches that stay on although the next word is `false`: as in the original, only `=false` turns them off.
    pub(super) left_on: Vec<&'static str>,
}

/// Brings the flags of the original among the arguments, without the program's name, into the form `--name=value`,
/// `--name` or `--noname`; other words stay.
///
/// # Errors
///
/// If a switch has a value that is neither on nor off.
pub(super) fn rewrite(words: impl IntoIterator<Item = OsString>) -> Result<Rewritten, BadSwitch> {
    let mut words = words.into_iter().peekable();
    let mut out = Rewritten::default();
    while let Some(word) = words.next() {
        if word == "--" {
            out.words.push(word);
            out.words.extend(words);
            break;
        }
        let Some(spelled) = Spelled::read(&word) else {
            out.words.push(word);
            continue;
        };
        let Some((flag, negated)) = spelled.find() else {
            out.words.push(spelled.with_two_dashes(&word));
            continue;
        };
        out.as_vineyardd |= flag.role != Role::Shared || spelled.single_dash || spelled.name.contains('_');
        match flag.kind {
            Kind::Help => out.words.push("--help".into()),
            Kind::Value => {
                // Templates leave values out: `--size --stream_threshold 80`.
                let next = || words.next_if(|next| !next.as_bytes().starts_with(b"--")).unwrap_or_default();
                let value = spelled.value.map_or_else(next, OsStr::to_owned);
                let mut written = OsString::from(format!("--{}=", flag.name));
                written.push(value);
                out.words.push(written);
            }
            Kind::Switch => {
                let on = match spelled.value {
                    _ if negated => false,
                    None => true,
                    Some(value) => switch_value(value).ok_or_else(|| bad_switch(flag, value))?,
                };
                // A word after a switch is no value of it; the original ignores it. Many write `--sync_crds true`.
                let next = match spelled.value {
                    None => words.next_if(|next| switch_value(next).is_some()),
                    Some(_) => None,
                };
                if on && flag.role == Role::Alias && next.is_some_and(|next| switch_value(&next) == Some(false)) {
                    out.left_on.push(flag.name);
                }
                // Whether what is ignored is ignored on or off makes no difference.
                let no = if on || flag.role == Role::Ignored { "" } else { "no" };
                out.words.push(format!("--{no}{}", flag.name).into());
            }
        }
    }
    Ok(out)
}

/// What the original takes for on and off.
fn switch_value(text: &OsStr) -> Option<bool> {
    let text = text.to_str()?;
    let is_one_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["1", "t", "true", "y", "yes"]) {
        Some(true)
    } else if is_one_of(["0", "f", "false", "n", "no"]) {
        Some(false)
    } else {
        None
    }
}

fn bad_switch(flag: &Flag, value: &OsStr) -> BadSwitch {
    BadSwitch { name: flag.name, value: value.to_string_lossy().chars().take(60).collect() }
}

/// A word that starts with a dash, taken apart.
struct Spelled<'a> {
    single_dash: bool,
    name: &'a str,
    value: Option<&'a OsStr>,
}

impl<'a> Spelled<'a> {
    fn read(word: &'a OsStr) -> Option<Self> {
        let bytes = word.as_bytes();
        let (single_dash, rest) = match bytes.strip_prefix(b"--") {
            Some(rest) => (false, rest),
            None => (true, bytes.strip_prefix(b"-")?),
        };
        let mut parts = rest.splitn(2, |byte| *byte == b'=');
        let name = std::str::from_utf8(parts.next()?).ok().filter(|name| !name.is_empty())?;
        Some(Self { single_dash, name, value: parts.next().map(OsStr::from_bytes) })
    }

    /// The flag, and whether it is written with a `no` before its name.
    fn find(&self) -> Option<(&'static Flag, bool)> {
        let name = self.name.replace('-', "_");
        let find = |name: &str| FLAGS.iter().find(|flag| flag.name == name);
        if let Some(flag) = find(&name) {
            return Some((flag, false));
        }
        let flag = find(name.strip_prefix("no")?)?;
        (flag.kind == Kind::Switch).then_some((flag, true))
    }

    /// The word with the two dashes that our options have, if it is more than one letter.
    fn with_two_dashes(&self, word: &OsStr) -> OsString {
        let is_a_word = self.name.len() > 1 && self.name.starts_with(|first: char| first.is_ascii_alphabetic());
        if self.single_dash && is_a_word {
            OsString::from_vec([b"-", word.as_bytes()].concat())
        } else {
            word.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(words: &[&str]) -> Rewritten {
        rewrite(words.iter().map(OsString::from)).expect("well written")
    }

    fn words(words: &[&str]) -> Vec<String> {
        rewritten(words).words.into_iter().map(|word| word.into_string().expect("text")).collect()
    }

    #[test]
    fn all_ways_to_write_a_value_are_one() {
        for given in [
            &["--rpc_socket_port", "9601"][..],
            &["--rpc_socket_port=9601"],
            &["-rpc_socket_port", "9601"],
            &["-rpc_socket_port=9601"],
            &["--rpc-socket-port", "9601"],
        ] {
            assert_eq!(words(given), ["--rpc_socket_port=9601"], "{given:?}");
        }
        assert_eq!(words(&["--socket=a=b"]), ["--socket=a=b"]);
        assert_eq!(words(&["--size", "-1"]), ["--size=-1"]);
    }

    #[test]
    fn a_value_may_be_empty_or_left_out() {
        assert_eq!(words(&["--size", "", "--socket="]), ["--size=", "--socket="]);
        assert_eq!(words(&["--size", "--stream_threshold", "80"]), ["--size=", "--stream_threshold=80"]);
        assert_eq!(words(&["--size"]), ["--size="]);
    }

    #[test]
    fn all_ways_to_write_a_switch_are_two() {
        for on in ["--rpc", "-rpc", "--rpc=true", "--rpc=T", "--rpc=YES", "--rpc=1"] {
            assert_eq!(words(&[on]), ["--rpc"], "{on}");
        }
        for off in ["--norpc", "-norpc", "--rpc=false", "--rpc=F", "--rpc=No", "--rpc=0", "--norpc=true"] {
            assert_eq!(words(&[off]), ["--norpc"], "{off}");
        }
        let error = rewrite(["--rpc=maybe".into()]).expect_err("neither").to_string();
        assert!(error.contains("maybe") && error.contains("--rpc"), "{error}");
    }

    #[test]
    fn a_word_after_a_switch_does_not_turn_it_off() {
        assert_eq!(words(&["--sync_crds", "true", "--size", "1G"]), ["--sync_crds", "--size=1G"]);
        let out = rewritten(&["--rpc", "false", "--compression", "0", "--norpc", "no", "--metrics", "false"]);
        assert_eq!(out.left_on, ["rpc", "compression"]);
        assert_eq!(words(&["--rpc", "maybe"]), ["--rpc", "maybe"]);
        assert_eq!(words(&["--rpc=true", "false"]), ["--rpc", "false"]);
    }

    #[test]
    fn other_words_stay() {
        let given =
            ["--no-rpc", "--socket-mode", "600", "-h", "-", "-5", "---size", "--nosize", "word", "--frob=1", "-=", ""];
        assert_eq!(words(&given), given);
        assert_eq!(words(&["-log-level", "debug", "-frob"]), ["--log-level", "debug", "--frob"]);
        assert_eq!(words(&["--", "-rpc", "--size", "1"]), ["--", "-rpc", "--size", "1"]);
        assert_eq!(words(&["-help", "--helpfull", "-version"]), ["--help", "--help", "--version"]);
    }

    #[test]
    fn what_only_the_original_has_is_noticed() {
        for ours in [&["--size", "1G"][..], &["--meta=local", "--no-rpc"], &["--stream-threshold", "5"], &["-h"], &[]] {
            assert!(!rewritten(ours).as_vineyardd, "{ours:?}");
        }
        for theirs in [&["-size", "1G"][..], &["--norpc"], &["--stream_threshold", "5"], &["--allocator", "dlmalloc"]] {
            assert!(rewritten(theirs).as_vineyardd, "{theirs:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let odd = OsString::from_vec(b"/tmp/\xff".to_vec());
        let out = rewrite(["-socket".into(), odd.clone()]).expect("well written");
        assert_eq!(out.words, [OsString::from_vec(b"--socket=/tmp/\xff".to_vec())]);
        let odd = OsString::from_vec(b"-\xff=1".to_vec());
        assert_eq!(rewrite([odd.clone()]).expect("well written").words, [odd]);
    }

    proptest! {
        #[test]
        fn what_was_rewritten_is_in_its_last_form(given in super::super::args::tests::command_line()) {
            if let Ok(out) = rewrite(given) {
                for word in out.words.into_iter().take_while(|word| word != "--") {
                    let again = rewrite([word.clone()]).expect("well written");
                    prop_assert_eq!(again.words, [word]);
                }
            }
        }
    }
}
