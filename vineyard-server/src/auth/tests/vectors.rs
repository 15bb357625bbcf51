//! Hashes that other programs made.

use super::super::hash::{Hash, HashError, Kind};

/// Passwords and their hashes.
const VECTORS: &str = include_str!("../fixtures/vectors.txt");

/// The passwords and hashes that were made.
pub(super) fn vectors() -> impl Iterator<Item = (&'static str, &'static str)> {
    VECTORS.lines().filter_map(|line| line.split_once('\t'))
}

#[test]
fn every_password_fits_its_hash_and_no_other_does() {
    let mut count = 0;
    for (password, text) in vectors() {
        let hash = Hash::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(hash.verify(password.as_bytes()), "{password:?} {text}");
        assert!(!hash.verify(format!("!{password}").as_bytes()), "{password:?} {text}");
        count += 1;
    }
    assert_eq!(count, 215, "vectors are missing");
}

#[test]
fn malformed_hashes_are_refused() {
    let digest22 = "0123456789012345678901";
    let digest43 = "0123456789012345678901234567890123456789012";
    let digest86 = format!("{digest43}{digest43}");
    let bcrypt = "abcdefghijklmnopqrstuuhKF09ZYWwH2zP/0fwE1X8e/Q1YNx/hO";
    for (kind, texts) in [
        (
            Kind::Md5,
            vec![
                "$apr1$".to_owned(),
                format!("$apr1${digest22}"),
                format!("$apr1$salt${digest22}0"),
                format!("$apr1$salt${digest22} "),
                format!("$apr1$ninechars${digest22}"),
                format!("$1$salt$more${digest22}"),
            ],
        ),
        (
            Kind::Bcrypt,
            vec![
                "$2y$".to_owned(),
                "$2y$05$".to_owned(),
                format!("$2y$05${bcrypt}0"),
                format!("$2y$5${bcrypt}0"),
                format!("$2y$+5${bcrypt}"),
                format!("$2a$xx${bcrypt}"),
                format!("$2b$05${}", bcrypt.replace('/', "=")),
                format!("$2y$05${}é", &bcrypt[..51]),
            ],
        ),
        (
            Kind::Sha1,
            vec![
                "{SHA}".to_owned(),
                "{SHA}2jmj7l5rSw0yVb".to_owned(),
                "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=\t".to_owned(),
            ],
        ),
        (
            Kind::Sha2,
            vec![
                "$5$".to_owned(),
                "$6$$".to_owned(),
                format!("$5$salt${digest86}"),
                format!("$6$salt${digest43}"),
                format!("$5$seventeen.letters${digest43}"),
                format!("$5$rounds=$salt${digest43}"),
                format!("$5$rounds=+5000$salt${digest43}"),
                format!("$6$rounds=5000${digest86}"),
                format!("$6$rounds=99999999999$salt${digest86}"),
            ],
        ),
    ] {
        for text in texts {
            assert_eq!(Hash::parse(text.as_bytes()), Err(HashError::Malformed(kind)), "{text}");
        }
    }
    for text in [
        "",
        "*",
        "!",
        "*0",
        "secret",
        "$",
        "$7$x$y",
        "$y$j9T$x$y",
        "{SSHA}x",
        "ab0123456789",
        "ab!1234567890",
        "ä01234567890",
    ] {
        assert_eq!(Hash::parse(text.as_bytes()), Err(HashError::Unknown), "{text}");
    }
}

#[test]
fn absurd_costs_are_refused() {
    let bcrypt = "abcdefghijklmnopqrstuuhKF09ZYWwH2zP/0fwE1X8e/Q1YNx/hO";
    for (cost, fine) in [(3, false), (4, true), (17, true), (18, false), (31, false), (99, false)] {
        let text = format!("$2y${cost:02}${bcrypt}");
        let expected = if fine {
            Ok(Hash::Bcrypt(&text))
        } else {
            Err(HashError::Cost { kind: Kind::Bcrypt, found: cost, min: 4, max: 17 })
        };
        assert_eq!(Hash::parse(text.as_bytes()), expected);
    }
    let digest = "0".repeat(43);
    for (rounds, fine) in
        [(0, false), (999, false), (1000, true), (5_000_000, true), (5_000_001, false), (u32::MAX, false)]
    {
        let text = format!("$5$rounds={rounds}$salt${digest}");
        match Hash::parse(text.as_bytes()) {
            Ok(Hash::Sha2 { rounds: found, .. }) => assert!(fine && found == rounds, "{text}"),
            Err(error) => {
                assert!(!fine, "{text}");
                assert_eq!(
                    error.to_string(),
                    format!("the SHA-2 hash has a cost of {rounds}, expected 1000 to 5000000")
                );
            }
            Ok(other) => panic!("{other:?}"),
        }
    }
}
