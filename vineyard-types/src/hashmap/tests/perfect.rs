use std::collections::HashMap;

use proptest::prelude::*;

use super::{got, scrambled, words};
use crate::Text;
use crate::hashmap::{Duplicates, PerfectMap, Seed};

type Numbers = PerfectMap<u64, u64>;

#[test]
fn each_key_has_a_number_of_its_own() {
    let map = got(&Numbers::from_entries(scrambled(300_000).zip(0..), Duplicates::Refuse).unwrap());
    map.verify().unwrap();
    assert!(map.parts > 1);
    let mut numbers: Vec<usize> = scrambled(300_000).map(|key| map.number(&key).unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..300_000));
    assert!(scrambled(300_000).zip(0..).all(|(key, value)| map.get(&key) == Some(&value)));
    assert!((0..300_000).filter(|key| map.contains(key)).count() < 10);
    assert!((2.5..4.0).contains(&map.bits_per_key()), "{} bits", map.bits_per_key());
}

#[test]
fn keys_in_a_row_or_far_apart_are_no_worse_than_random_ones() {
    for step in [1, 1000, 1 << 32, 1 << 40] {
        let keys = (0..20_000).map(|n| n * step);
        let map = Numbers::from_entries(keys.map(|key| (key, key)), Duplicates::Refuse).unwrap();
        map.verify().unwrap();
        assert_eq!(map.seed(), Seed::DEFAULT, "{step}");
    }
}

#[test]
fn maps_of_every_small_size_are_found() {
    for count in 0..300 {
        let map = Numbers::from_entries((0..count).map(|n| (n, n)), Duplicates::Refuse).unwrap();
        map.verify().unwrap();
        assert_eq!((map.len() as u64, map.get(&count), map.iter().count() as u64), (count, None, count));
    }
}

#[test]
fn keys_that_are_not_there_are_not_found_in_a_map_of_texts() {
    let words = words(3000);
    let (there, not_there) = words.split_at(1500);
    let entries = there.iter().map(|word| (word.as_str(), word.as_str()));
    let map = got(&PerfectMap::<Text, Text>::from_entries(entries, Duplicates::Refuse).unwrap());
    map.verify().unwrap();
    assert!(there.iter().all(|word| map.get(word) == Some(word)));
    assert!(not_there.iter().all(|word| map.get(word).is_none()));
    assert_eq!(map.iter().filter(|(key, value)| key == value).count(), 1500);
}

proptest! {
    #[test]
    fn perfect_maps_agree_with_the_standard_library(
        entries in prop::collection::vec((0i16..300, ".{0,9}"), 0..400),
        asked in prop::collection::vec(any::<i16>(), 0..50),
    ) {
        let expected: HashMap<i16, &str> = entries.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let map = got(&PerfectMap::<i16, Text>::build(&entries, Duplicates::KeepLast).unwrap());
        map.verify().unwrap();
        prop_assert_eq!(map.len(), expected.len());
        for key in asked.into_iter().chain(-1..301) {
            prop_assert_eq!(map.get(&key), expected.get(&key).copied());
        }
        prop_assert_eq!(map.iter().map(|(key, value)| (*key, value)).collect::<HashMap<_, _>>(), expected);
    }
}
