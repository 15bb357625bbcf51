//! Files that nobody should have: whatever they hold, there is an answer.

use proptest::prelude::*;

use super::super::hash::Hash;
use super::vectors::vectors;
use super::*;

/// Texts that begin like hashes.
fn hash_like() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(vec![
        "",
        "$apr1$",
        "$1$",
        "$2y$",
        "$2y$05$",
        "$2b$31$",
        "{SHA}",
        "$5$",
        "$6$",
        "$5$rounds=",
        "$6$rounds=1000$salt$",
    ]);
    let rest = prop_oneof![
        "[./0-9A-Za-z$]{0,100}".prop_map(String::into_bytes),
        ".{0,70}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..70),
    ];
    (start, rest).prop_map(|(start, rest)| [start.as_bytes(), &rest].concat())
}

/// Whether a hash takes no more than a moment in a build without optimization.
fn is_cheap(hash: &Hash<'_>) -> bool {
    match hash {
        Hash::Bcrypt(text) => text.get(4..6) == Some("04"),
        Hash::Sha2 { rounds, .. } => *rounds <= 1000,
        Hash::Md5 { .. } | Hash::Sha1 { .. } | Hash::Des { .. } => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in hash_like(), password in ".{0,80}") {
        if let Ok(hash) = Hash::parse(&text) && is_cheap(&hash) {
            prop_assert!(!hash.verify(password.as_bytes()));
        }
    }

    #[test]
    fn a_changed_byte_makes_another_hash(
        (password, text) in prop::sample::select(vectors().collect::<Vec<_>>()),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut changed = text.as_bytes().to_vec();
        changed[at.index(text.len())] = byte;
        prop_assume!(changed != text.as_bytes());
        if let Ok(hash) = Hash::parse(&changed) && is_cheap(&hash) {
            // The three letters of bcrypt mean the same.
            let letter = text.starts_with("$2") && at.index(text.len()) == 2;
            prop_assert_eq!(hash.verify(password.as_bytes()), letter, "{:?}", changed);
        }
    }

    #[test]
    fn any_file_has_an_answer(
        lines in prop::collection::vec(("[ #]{0,2}[ab:\r]{0,3}", hash_like()), 0..6),
        user in "[ab:\r\n#]{0,2}",
    ) {
        let lines: Vec<Vec<u8>> = lines.into_iter().map(|(user, hash)| [user.as_bytes(), b":", &hash].concat()).collect();
        let text = lines.join(&b'\n');
        let (own, stand_in) = Htpasswd::new("").select(&text, user.as_bytes());
        prop_assert!(own.is_none() || stand_in.is_some());
    }
}
