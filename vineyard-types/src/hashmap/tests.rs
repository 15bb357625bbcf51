use std::collections::HashMap;

use proptest::prelude::*;
use vineyard_core::testing::draft_meta;
use vineyard_core::{Array, DraftField, DraftNode, Key, Object};

use super::{Duplicates, MapError, MapKey, Seed, SharedMap, TextSpan};
use crate::Text;

type Numbers = SharedMap<u64, u64>;

#[test]
fn a_stored_map_is_looked_up_where_it_lies() {
    let map = Numbers::from_entries((0..5000).map(|n| (n * n, n)), Duplicates::Refuse).unwrap();
    let got = Numbers::resolve(&draft_meta(&map.stage().unwrap()).unwrap()).unwrap();
    got.verify().unwrap();
    assert_eq!(got.control.as_ptr(), map.control.as_ptr());
    assert!((0..5000).all(|n| got.get(&(n * n)) == Some(&n)));
    assert_eq!((got.len(), got.iter().count(), got.get(&2), got.contains(&3)), (5000, 5000, None, false));
}

#[test]
fn the_layout_is_pinned() {
    let map = SharedMap::<u32, u32>::from_entries([(1, 10), (2, 20), (3, 30)], Duplicates::Refuse).unwrap();
    assert_eq!((map.length, map.probes, map.seed()), (3, 1, Seed::DEFAULT));
    let full: Vec<u8> = map.control.iter().copied().filter(|tag| *tag != 0xFF).collect();
    let expected = [1u32, 2, 3].map(|key| {
        let product = u128::from(u64::from(key) ^ 0x243f_6a88_85a3_08d3) * 0x9e37_79b9_7f4a_7c15;
        ((product as u64 ^ (product >> 64) as u64) >> 57) as u8
    });
    assert_eq!((full, map.control.len()), (expected.to_vec(), 16));
    assert_eq!((&map.keys[..4], &map.values[..4]), (&[1, 2, 3, 0][..], &[10, 20, 30, 0][..]));
    let node = map.stage().unwrap();
    let keys: Vec<&str> = node.fields().map(|(key, _)| key).collect();
    assert_eq!(keys, ["__schema", "length_", "probes_", "seed_", "multiplier_", "control_", "keys_", "values_"]);
    assert_eq!(SharedMap::<Text, f64>::typename().as_str(), "vineyard::SharedMap<std::string,double>");
}

#[test]
fn hashes_are_pinned() {
    // XXH3-64 of nothing with seed 0, as its reference implementation gives it.
    let zero = Seed { offset: 0, multiplier: 1 };
    assert_eq!(Text::hash("", zero), 0x2d06_8005_38d3_94c2);
    assert_eq!((u64::hash(&7, zero), i8::hash(&-1, zero), i64::hash(&-1, zero)), (7, 255, u64::MAX));
}

#[test]
fn keys_given_twice_are_refused_or_merged() {
    let entries = [("a", 1u64), ("b", 2), ("a", 3), ("b", 4)];
    let error = SharedMap::<Text, u64>::from_entries(entries, Duplicates::Refuse).unwrap_err();
    assert_eq!(error, MapError::Duplicate { key: "\"a\"".to_owned(), first: 0, second: 2 });
    let first = SharedMap::<Text, u64>::from_entries(entries, Duplicates::KeepFirst).unwrap();
    assert_eq!((first.get("a"), first.get("b"), first.len()), (Some(&1), Some(&2), 2));
    let last = SharedMap::<Text, u64>::from_entries(entries, Duplicates::KeepLast).unwrap();
    assert_eq!((last.get("a"), last.get("b"), last.len()), (Some(&3), Some(&4), 2));
}

#[test]
fn keys_that_collide_are_hashed_with_another_seed() {
    // All belong into one group with the default seed.
    let group = (0u64..).filter(|key| u64::hash(key, Seed::DEFAULT) & 0xFFF == 0).take(1500);
    let map = Numbers::from_entries(group.map(|key| (key, key)), Duplicates::Refuse).unwrap();
    assert_ne!(map.seed(), Seed::DEFAULT);
    map.verify().unwrap();
}

#[test]
fn lengths_that_lie_are_refused() {
    let map = |control: usize, keys: usize, values: usize, length, probes| Numbers {
        length,
        probes,
        seed: 0,
        multiplier: 1,
        control: vec![0xFF; control].into(),
        keys: vec![0; keys].into(),
        values: vec![0; values].into(),
        texts: None,
    };
    let cases = [
        (map(0, 0, 0, 0, 1), "0 control bytes, expected 16 times a power of two"),
        (map(48, 48, 48, 0, 1), "48 control bytes, expected 16 times a power of two"),
        (map(16, 15, 16, 0, 1), "15 keys, expected 16, one for each control byte"),
        (map(16, 16, 17, 0, 1), "17 values, expected 16, one for each control byte"),
        (map(16, 16, 16, 17, 1), "17 entries are announced, expected 16"),
        (map(16, 16, 16, 0, 0), "look-ups read 0 groups, expected 1 to 64"),
        (map(16, 16, 16, 0, 65), "look-ups read 65 groups, expected 1 to 64"),
    ];
    for (map, expected) in cases {
        assert_eq!(map.verify().unwrap_err().to_string(), expected);
        assert!(map.stage().unwrap_err().to_string().ends_with(expected));
        let mut node = DraftNode::new(Numbers::typename());
        let numbers = [("length_", map.length), ("probes_", map.probes), ("seed_", 0), ("multiplier_", 1)];
        for (key, value) in numbers {
            node.set_value(&Key::new(key), value.into()).unwrap();
        }
        for (key, blob) in
            [("control_", map.control.blob()), ("keys_", map.keys.blob()), ("values_", map.values.blob())]
        {
            node.set(&Key::new(key), DraftField::Payload(blob.clone())).unwrap();
        }
        let error = Numbers::resolve(&draft_meta(&node).unwrap()).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

proptest! {
    #[test]
    fn maps_agree_with_the_standard_library(
        entries in prop::collection::vec((0i32..300, any::<u32>()), 0..400),
        asked in prop::collection::vec(any::<i32>(), 0..50),
    ) {
        let expected: HashMap<i32, u32> = entries.iter().copied().collect();
        let map = SharedMap::<i32, u32>::from_entries(entries, Duplicates::KeepLast).unwrap();
        map.verify().unwrap();
        prop_assert_eq!(map.len(), expected.len());
        for key in asked.into_iter().chain(-1..301) {
            prop_assert_eq!(map.get(&key), expected.get(&key));
        }
        prop_assert_eq!(map.iter().map(|(key, value)| (*key, *value)).collect::<HashMap<_, _>>(), expected);
    }

    #[test]
    fn texts_agree_with_the_standard_library(entries in prop::collection::hash_map(".{0,20}", any::<u64>(), 0..200)) {
        let given = entries.iter().map(|(key, value)| (key.as_str(), *value));
        let map = SharedMap::<Text, u64>::from_entries(given, Duplicates::Refuse).unwrap();
        map.verify().unwrap();
        for (key, value) in &entries {
            prop_assert_eq!(map.get(key), Some(value));
        }
        prop_assert_eq!(map.get("a key of more than twenty characters"), None);
    }

    #[test]
    fn nothing_a_peer_writes_makes_reading_panic(
        control in prop::collection::vec(any::<u8>(), 0..70),
        spans in prop::collection::vec((any::<u64>(), any::<u64>()).prop_map(|(a, b)| [a % 9, b % 9, a, b]), 0..70),
        texts in prop::collection::vec(any::<u8>(), 0..9),
        (probes, seed, multiplier, length) in any::<(u64, u64, u64, u64)>(),
        honest in any::<bool>(),
    ) {
        let wild = |[a, b, c, d]: [u64; 4]| if c & 1 == 0 { [a, b] } else { [c, d] };
        let mut keys: Vec<TextSpan> =
            spans.into_iter().map(wild).map(|[start, nbytes]| TextSpan { start, nbytes }).collect();
        let (mut control, mut probes) = (control, probes);
        if honest {
            control.resize(64, 0);
            keys.resize(64, TextSpan { start: u64::MAX, nbytes: u64::MAX });
            probes = probes % 64 + 1;
        }
        let values: Array<u8> = vec![0; control.len()].into();
        let map = SharedMap::<Text, u8> {
            length,
            probes,
            seed,
            multiplier,
            control: control.into(),
            keys: keys.into(),
            values,
            texts: Some(texts.into()),
        };
        let _verdict = map.verify();
        let _staged = map.stage();
        for key in ["", "a", "\0", "abcdefgh"] {
            prop_assert_eq!(map.contains(key), map.get(key).is_some());
        }
        prop_assert!(map.iter().count() <= map.control.len());
    }
}
