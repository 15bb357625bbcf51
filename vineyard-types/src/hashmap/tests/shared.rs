use std::collections::HashMap;

use proptest::prelude::*;

use super::{got, scrambled, words};
use crate::Text;
use crate::hashmap::{Bytes, Duplicates, MapValue, Seed, SharedMap};

type Numbers = SharedMap<u64, u64>;

#[test]
fn a_stored_map_is_looked_up_where_it_lies() {
    let map = Numbers::from_entries((0..5000).map(|n| (n * n, n)), Duplicates::Refuse).unwrap();
    let got = got(&map);
    got.verify().unwrap();
    assert_eq!(got.control.as_ptr(), map.control.as_ptr());
    assert_eq!(got.entries.as_slice().as_ptr(), map.entries.as_slice().as_ptr());
    assert!((0..5000).all(|n| got.get(&(n * n)) == Some(&n)));
    assert_eq!((got.len(), got.iter().count(), got.get(&2), got.contains(&3)), (5000, 5000, None, false));
}

#[test]
fn values_are_texts_or_bytes() {
    let words = words(2000);
    let entries = words.iter().zip(scrambled(2000)).map(|(word, key)| (key, word.as_str()));
    let map = SharedMap::<u64, Text>::from_entries(entries, Duplicates::Refuse).unwrap();
    let map = got(&map);
    map.verify().unwrap();
    assert!(words.iter().zip(scrambled(2000)).all(|(word, key)| map.get(&key) == Some(word)));
    assert_eq!(map.get(&1), None);

    let pairs = words.iter().zip(words.iter().rev()).map(|(key, value)| (key.as_bytes(), value.as_bytes()));
    let map = SharedMap::<Bytes, Bytes>::from_entries(pairs, Duplicates::Refuse).unwrap();
    let map = got(&map);
    map.verify().unwrap();
    assert!(words.iter().zip(words.iter().rev()).all(|(key, value)| map.get(key.as_bytes()) == Some(value.as_bytes())));
    assert_eq!(map.get(b"\xFF".as_slice()), None);
}

#[test]
fn a_map_may_be_empty_and_texts_too() {
    let none = got(&SharedMap::<Text, Text>::from_entries([("", ""); 0], Duplicates::Refuse).unwrap());
    none.verify().unwrap();
    assert_eq!((none.len(), none.is_empty(), none.get(""), none.iter().count()), (0, true, None, 0));
    let one = got(&SharedMap::<Text, Text>::from_entries([("", "")], Duplicates::Refuse).unwrap());
    one.verify().unwrap();
    assert_eq!((one.len(), one.get(""), one.get("a")), (1, Some(""), None));
}

#[test]
fn values_of_any_alignment_are_found() {
    fn check<V: MapValue<View = V> + PartialEq + std::fmt::Debug + Copy + Sync>(values: [V; 3]) {
        let entries = values.iter().zip(1u8..).map(|(value, key)| (key, *value));
        let map = got(&SharedMap::<u8, V>::from_entries(entries, Duplicates::Refuse).unwrap());
        map.verify().unwrap();
        assert_eq!((map.get(&1), map.get(&3), map.get(&0)), (Some(&values[0]), Some(&values[2]), None));
    }
    check([1u8, 2, 3]);
    check([-1i16, 2, 3]);
    check([1.5f32, 2.5, 3.5]);
    check([1.5f64, 2.5, 3.5]);
    check([
        num_complex::Complex::new(1.0, 2.0),
        num_complex::Complex::new(3.0, 4.0),
        num_complex::Complex::new(5.0, 6.0),
    ]);
}

#[test]
fn a_full_table_keeps_look_ups_short() {
    // As many as 16,384 homes take, in order, strided, and scrambled.
    let count = 14_336;
    let keys: [Vec<u64>; 4] = [
        (0..count).collect(),
        (0..count).map(|n| n << 32).collect(),
        (0..count).map(|n| n * 4096).collect(),
        scrambled(count).collect(),
    ];
    for keys in keys {
        let map = Numbers::from_entries(keys.iter().map(|key| (*key, *key)), Duplicates::Refuse).unwrap();
        map.verify().unwrap();
        assert_eq!((map.homes, map.seed()), (16_384, Seed::DEFAULT));
        assert!(map.probes <= 8, "{} groups", map.probes);
    }
}

proptest! {
    #[test]
    fn maps_agree_with_the_standard_library(
        entries in prop::collection::vec((0i32..300, any::<u32>()), 0..400),
        asked in prop::collection::vec(any::<i32>(), 0..50),
    ) {
        let expected: HashMap<i32, u32> = entries.iter().copied().collect();
        let map = got(&SharedMap::<i32, u32>::from_entries(entries, Duplicates::KeepLast).unwrap());
        map.verify().unwrap();
        prop_assert_eq!(map.len(), expected.len());
        for key in asked.into_iter().chain(-1..301) {
            prop_assert_eq!(map.get(&key), expected.get(&key));
        }
        prop_assert_eq!(map.iter().map(|(key, value)| (*key, *value)).collect::<HashMap<_, _>>(), expected);
    }

    #[test]
    fn texts_agree_with_the_standard_library(
        entries in prop::collection::vec((".{0,3}", ".{0,20}"), 0..200),
        asked in prop::collection::vec(".{0,3}", 0..50),
    ) {
        let mut expected: HashMap<&str, &str> = HashMap::new();
        for (key, value) in &entries {
            expected.entry(key).or_insert(value);
        }
        let map = got(&SharedMap::<Text, Text>::build(&entries, Duplicates::KeepFirst).unwrap());
        map.verify().unwrap();
        prop_assert_eq!(map.len(), expected.len());
        for key in asked.iter().chain(entries.iter().map(|(key, _)| key)) {
            prop_assert_eq!(map.get(key), expected.get(key.as_str()).copied());
        }
        prop_assert_eq!(map.iter().collect::<HashMap<_, _>>(), expected);
    }

    #[test]
    fn every_key_of_eight_bits_is_there_or_not(keys in prop::collection::hash_set(any::<i8>(), 0..256)) {
        let map = SharedMap::<i8, u8>::from_entries(keys.iter().map(|key| (*key, 0)), Duplicates::Refuse).unwrap();
        prop_assert!((i8::MIN..=i8::MAX).all(|key| map.contains(&key) == keys.contains(&key)));
    }
}
