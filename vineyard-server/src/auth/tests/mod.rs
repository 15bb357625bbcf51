//! Tests of the checks against real files. What `htpasswd`, OpenSSL and `crypt` made is in `fixtures`.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that stumbles is a test that fails"
)]

mod hostile;
mod vectors;

use std::fs;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::stat::Mode;
use tempfile::TempDir;
use vineyard_core::{ServerError, StatusCode};

use super::file::MAX_FILE_BYTES;
use super::*;

/// A file of users that `htpasswd` wrote.
const USERS: &str = include_str!("../fixtures/users.htpasswd");

fn file(text: impl AsRef<[u8]>) -> (TempDir, Htpasswd) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("htpasswd");
    fs::write(&path, text).expect("file");
    (dir, Htpasswd::new(path))
}

fn allowed(users: &Htpasswd, user: &str, password: &str) -> bool {
    match users.check(user, password) {
        Ok(()) => true,
        Err(AuthError::Denied) => false,
        Err(error) => panic!("{user}: {error}"),
    }
}

/// What was logged during a call.
fn logged(run: impl FnOnce()) -> String {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    // With a single subscriber, the first thread to reach a log line decides for all whether it is wanted, and that may
    // be another test's, which has none. With two, both are asked.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(subscriber, run);
    let bytes = lines.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    String::from_utf8(bytes).expect("text")
}

#[test]
fn every_kind_of_entry_lets_its_user_in_and_nobody_else() {
    for text in [USERS.to_owned(), USERS.replace('\n', "\r\n"), USERS.trim_end().to_owned()] {
        let (_dir, users) = file(text);
        let names =
            ["apr1", "des", "sha1", "bcrypt", "sha256", "sha512", "sha256-rounds", "sha512-rounds", "bcrypt-cost"];
        for user in names {
            assert!(allowed(&users, user, &format!("pw of {user}")), "{user}");
            assert!(!allowed(&users, user, "pw of"), "{user}");
            assert!(!allowed(&users, user, ""), "{user}");
        }
        assert!(allowed(&users, "empty", ""));
        assert!(!allowed(&users, "empty", "x"));
        assert!(allowed(&users, "jürgen", "pässwörd🔑"));
        assert!(!allowed(&users, "jürgen", "password"));
    }
}

#[test]
fn plain_text_is_not_accepted() {
    let (_dir, users) = file(USERS);
    assert!(USERS.ends_with("plain:pw of plain\n"));
    assert!(!allowed(&users, "plain", "pw of plain"));
}

#[test]
fn only_whole_names_are_users() {
    let (_dir, users) = file(USERS);
    for user in ["", "nobody", "apr", "apr1 ", " apr1", "APR1", "apr1:", "   # apr1", "no colon on this line"] {
        assert!(!allowed(&users, user, "pw of apr1"), "{user:?}");
        assert!(!allowed(&users, user, ""), "{user:?}");
    }
}

#[test]
fn the_first_entry_of_a_user_counts() {
    let hash = |user: &str| USERS.lines().find_map(|line| line.strip_prefix(&format!("{user}:"))).expect("there");
    let (_dir, users) = file(format!("u:{}\nu:{}\nv:plain\nv:{0}\n", hash("sha1"), hash("apr1")));
    assert!(allowed(&users, "u", "pw of sha1"));
    assert!(!allowed(&users, "u", "pw of apr1"));
    assert!(!allowed(&users, "v", "pw of sha1"), "an entry that cannot be used hides later ones");
}

#[test]
fn comments_are_no_entries() {
    let hash = USERS.lines().find_map(|line| line.strip_prefix("sha1:")).expect("there");
    let (_dir, users) = file(format!("#u:{hash}\n\t # v:{hash}\nw#:{hash}\n"));
    assert!(!allowed(&users, "#u", "pw of sha1"));
    assert!(!allowed(&users, "\t # v", "pw of sha1"));
    assert!(allowed(&users, "w#", "pw of sha1"));
}

#[test]
fn an_empty_name_is_a_user_if_the_file_has_it() {
    let hash = USERS.lines().find_map(|line| line.strip_prefix("sha1:")).expect("there");
    let (_dir, users) = file(format!(":{hash}\n"));
    assert!(allowed(&users, "", "pw of sha1"));
    assert!(!allowed(&users, "", ""));
}

#[test]
fn changes_of_the_file_count_at_once() {
    let (dir, users) = file("");
    assert!(!allowed(&users, "apr1", "pw of apr1"));
    fs::write(dir.path().join("htpasswd"), USERS).expect("written");
    assert!(allowed(&users, "apr1", "pw of apr1"));
    fs::remove_file(dir.path().join("htpasswd")).expect("removed");
    assert!(matches!(users.check("apr1", "pw of apr1"), Err(AuthError::Unreadable(_))));
}

#[test]
fn passwords_that_htpasswd_refuses_are_denied() {
    let long = "x".repeat(MAX_PASSWORD_BYTES);
    // Made by htpasswd -nbd, which looks at the first eight bytes.
    let (_dir, users) = file("u:FxngDTMZJWkhI\n");
    assert!(allowed(&users, "u", &long));
    assert!(!allowed(&users, "u", &format!("{long}x")));
    assert!(!allowed(&users, "u", &"x".repeat(1 << 20)));
    assert!(allowed(&users, "u", "xxxxxxxx!"));
    assert!(!allowed(&users, "u", "xxxxxxxx\0"));
}

#[test]
fn without_a_file_nobody_is_let_in() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let missing = dir.path().join("missing");
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("pipe");
    for (path, expected) in [
        (missing.as_path(), "the server's file of passwords cannot be read: No such file or directory (os error 2)"),
        (dir.path(), "the server's file of passwords is not a regular file"),
        (&pipe, "the server's file of passwords is not a regular file"),
    ] {
        let error = Htpasswd::new(path).check("u", "p").expect_err("no file");
        let answer = ServerError::from(error);
        assert_eq!((answer.code, answer.message.as_str()), (StatusCode::ConnectionError, expected));
    }
}

#[test]
fn the_size_of_the_file_is_bounded() {
    let size = usize::try_from(MAX_FILE_BYTES).expect("small");
    let mut text = USERS.to_owned();
    text.extend(std::iter::repeat_n('#', size - text.len()));
    let (_dir, users) = file(&text);
    assert!(allowed(&users, "apr1", "pw of apr1"));
    text.push('#');
    let (_dir, users) = file(&text);
    let error = users.check("apr1", "pw of apr1").expect_err("too large");
    assert_eq!(error.to_string(), "the server's file of passwords is larger than 1048576 bytes");
}

#[test]
fn a_denial_says_neither_why_nor_what() {
    let (_dir, users) = file(USERS);
    for (user, password) in [("apr1", "guess"), ("nobody", "guess"), ("plain", "pw of plain"), ("apr1", "gue\0ss")] {
        let answer = ServerError::from(users.check(user, password).expect_err("denied"));
        assert_eq!(answer, ServerError::new(StatusCode::ConnectionError, "the user name or the password is wrong"));
    }
}

#[test]
fn the_work_for_a_stranger_is_that_of_the_first_usable_entry() {
    let (_dir, users) = file("");
    let text =
        b"a:plain\nb:$2y$31$tooexpensive\nc:$apr1$salt$0123456789012345678901\nd:{SHA}0123456789012345678901234567";
    let first = Hash::parse(b"$apr1$salt$0123456789012345678901").expect("well-formed");
    let sha1 = Hash::parse(b"{SHA}0123456789012345678901234567").expect("well-formed");
    assert_eq!(users.select(text, b"stranger"), (None, Some(first)));
    assert_eq!(users.select(text, b"a"), (None, Some(first)));
    assert_eq!(users.select(text, b"d"), (Some(sha1), Some(first)));
    assert_eq!(users.select(b"a:plain\n", b"a"), (None, None));
}

#[test]
fn the_log_says_what_the_peer_is_not_told() {
    let (dir, users) = file(USERS);
    assert_eq!(logged(|| users.warn_if_unreadable()), "");
    let line = USERS.lines().count();
    let log = logged(|| assert!(!allowed(&users, "plain", "pw of plain")));
    assert!(log.contains("plain text is not accepted") && log.contains(&format!("line={line}")), "{log}");
    assert!(!log.contains("pw of"), "{log}");
    fs::remove_file(dir.path().join("htpasswd")).expect("removed");
    for log in
        [logged(|| users.warn_if_unreadable()), logged(|| drop(users.check("u", "secret").expect_err("no file")))]
    {
        assert!(log.contains("nobody can register") && log.contains("No such file"), "{log}");
        assert!(log.contains(dir.path().to_str().expect("text")) && !log.contains("secret"), "{log}");
    }
}
