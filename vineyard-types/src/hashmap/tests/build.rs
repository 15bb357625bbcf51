use super::{scrambled, threads, words};
use crate::Text;
use crate::hashmap::wyhash::fold;
use crate::hashmap::{Duplicates, MapError, MapKey, PerfectMap, Seed, SharedMap};

/// Several parts, of entries in an order that is not that of their homes.
const MANY: u64 = 200_000;

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let entries: Vec<(u64, u64)> = scrambled(MANY).zip(0..).collect();
    let maps = [1, 2, 7].map(|count| {
        threads(count).install(|| {
            let map = SharedMap::<u64, u64>::build(&entries, Duplicates::Refuse).unwrap();
            let perfect = PerfectMap::<u64, u64>::build(&entries, Duplicates::Refuse).unwrap();
            (map, perfect)
        })
    });
    let [(one, perfect), others @ ..] = &maps;
    one.verify().unwrap();
    perfect.verify().unwrap();
    for (map, other) in others {
        assert_eq!((&map.control, map.probes), (&one.control, one.probes));
        assert_eq!(map.entries.bytes(), one.entries.bytes());
        assert_eq!((&other.pilots, &other.moved), (&perfect.pilots, &perfect.moved));
        assert_eq!(other.entries.bytes(), perfect.entries.bytes());
    }
}

#[test]
fn texts_do_not_depend_on_the_number_of_threads() {
    let words = words(40_000);
    let entries: Vec<(&str, &str)> = words.iter().zip(&words).map(|(key, value)| (&**key, &**value)).collect();
    let maps = [1, 3].map(|count| {
        threads(count).install(|| {
            let map = SharedMap::<Text, Text>::build(&entries, Duplicates::Refuse).unwrap();
            let perfect = PerfectMap::<Text, Text>::build(&entries, Duplicates::Refuse).unwrap();
            (map, perfect)
        })
    });
    maps[0].0.verify().unwrap();
    maps[0].1.verify().unwrap();
    assert_eq!((&maps[0].0.texts, maps[0].0.entries.bytes()), (&maps[1].0.texts, maps[1].0.entries.bytes()));
    assert_eq!((&maps[0].1.texts, maps[0].1.entries.bytes()), (&maps[1].1.texts, maps[1].1.entries.bytes()));
}

#[test]
fn keys_given_twice_are_refused_or_merged() {
    let entries = [("a", 1u64), ("b", 2), ("a", 3), ("b", 4)];
    let twice = MapError::Duplicate { key: "\"a\"".to_owned(), first: 0, second: 2 };
    assert_eq!(SharedMap::<Text, u64>::from_entries(entries, Duplicates::Refuse).unwrap_err(), twice);
    assert_eq!(PerfectMap::<Text, u64>::from_entries(entries, Duplicates::Refuse).unwrap_err(), twice);
    for (duplicates, expected) in [(Duplicates::KeepFirst, [1, 2]), (Duplicates::KeepLast, [3, 4])] {
        let map = SharedMap::<Text, u64>::from_entries(entries, duplicates).unwrap();
        let perfect = PerfectMap::<Text, u64>::from_entries(entries, duplicates).unwrap();
        map.verify().unwrap();
        perfect.verify().unwrap();
        assert_eq!((map.get("a"), map.get("b"), map.len()), (Some(&expected[0]), Some(&expected[1]), 2));
        assert_eq!((perfect.get("a"), perfect.get("b"), perfect.len()), (Some(&expected[0]), Some(&expected[1]), 2));
    }
}

#[test]
fn the_first_key_that_is_given_again_is_named_among_many() {
    let mut entries: Vec<(u64, u64)> = scrambled(MANY).zip(0..).collect();
    let key = entries[199].0;
    // The first repetition is that at 150,000, whatever part it belongs to.
    for (place, of) in [(150_000, 199), (150_001, 7), (160_000, 199), (199_999, 3)] {
        entries[place].0 = entries[of].0;
    }
    let twice = MapError::Duplicate { key: key.to_string(), first: 199, second: 150_000 };
    assert_eq!(SharedMap::<u64, u64>::build(&entries, Duplicates::Refuse).unwrap_err(), twice);
    assert_eq!(PerfectMap::<u64, u64>::build(&entries, Duplicates::Refuse).unwrap_err(), twice);
    let map = SharedMap::<u64, u64>::build(&entries, Duplicates::KeepLast).unwrap();
    let perfect = PerfectMap::<u64, u64>::build(&entries, Duplicates::KeepLast).unwrap();
    assert_eq!((map.len(), map.get(&key)), (199_996, Some(&160_000)));
    assert_eq!((perfect.len(), perfect.get(&key)), (199_996, Some(&160_000)));
}

#[test]
fn one_key_many_times_is_one_entry() {
    let entries: Vec<(u32, u64)> = (0..100_000).map(|n| (7, n)).collect();
    let map = SharedMap::<u32, u64>::build(&entries, Duplicates::KeepLast).unwrap();
    let perfect = PerfectMap::<u32, u64>::build(&entries, Duplicates::KeepFirst).unwrap();
    map.verify().unwrap();
    perfect.verify().unwrap();
    assert_eq!((map.len(), map.get(&7)), (1, Some(&99_999)));
    assert_eq!((perfect.len(), perfect.get(&7)), (1, Some(&0)));
}

#[test]
fn keys_that_collide_are_hashed_with_another_seed() {
    // All belong to one home with the default seed.
    let home = (0u64..).filter(|key| u64::hash(key, Seed::DEFAULT) & 0xFFF == 0).take(1500);
    let map = SharedMap::<u64, u64>::from_entries(home.map(|key| (key, key)), Duplicates::Refuse).unwrap();
    assert_ne!(map.seed(), Seed::DEFAULT);
    map.verify().unwrap();
}

#[test]
fn keys_that_collide_get_a_perfect_map_with_another_seed() {
    // All belong to one bucket with the default seed.
    let mixed = |key: &u64| fold(u64::hash(key, Seed::DEFAULT), 0xa076_1d64_78bd_642f);
    let bucket = (0u64..).filter(|key| mixed(key) >> 54 == 0).take(100);
    let map = PerfectMap::<u64, u64>::from_entries(bucket.map(|key| (key, key)), Duplicates::Refuse).unwrap();
    assert_ne!(map.seed(), Seed::DEFAULT);
    map.verify().unwrap();
}
