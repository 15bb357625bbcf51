use bytemuck::Zeroable;
use proptest::prelude::*;
use vineyard_core::testing::draft_meta;
use vineyard_core::{Array, Blob, DraftField, DraftNode, Key, Object};

use crate::Text;
use crate::hashmap::entry::{Entries, Line};
use crate::hashmap::{Duplicates, MapKey, MapValue, PerfectMap, SharedMap, TextSpan};

/// Entries of these bytes, of which those that do not fill the last sixteen are left out.
fn entries<K: MapKey, V: MapValue>(bytes: &[u8]) -> Entries<K, V> {
    let mut lines = vec![Line::zeroed(); bytes.len() / 16];
    bytemuck::cast_slice_mut(&mut lines).copy_from_slice(&bytes[..bytes.len() / 16 * 16]);
    Entries::new(lines.into())
}

/// Stores blobs and numbers under the name of a type, and gets an object of it.
fn resolve<T: Object>(numbers: &[(&'static str, u64)], blobs: Vec<(&'static str, Blob)>) -> Result<T, String> {
    let mut node = DraftNode::new(T::typename());
    for (key, value) in numbers {
        node.set_value(&Key::new(*key), (*value).into()).unwrap();
    }
    for (key, blob) in blobs {
        node.set(&Key::new(key), DraftField::Payload(blob)).unwrap();
    }
    T::resolve(&draft_meta(&node).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn sizes_that_lie_are_refused() {
    let control = "control bytes, expected a multiple of 16, and 16 more than the";
    let cases = [
        ((0, 16, 1), (32, 0), "0 entries, full or empty, expected 16".to_owned()),
        ((0, 0, 1), (16, 0), "0 homes, expected a power of two from 16 on".to_owned()),
        ((0, 8, 1), (32, 16), "8 homes, expected a power of two from 16 on".to_owned()),
        ((0, 48, 1), (64, 48), "48 homes, expected a power of two from 16 on".to_owned()),
        ((0, 16, 1), (0, 0), format!("0 {control} 16 homes at least")),
        ((0, 16, 1), (16, 0), format!("16 {control} 16 homes at least")),
        ((0, 16, 1), (33, 17), format!("33 {control} 16 homes at least")),
        ((0, 32, 1), (32, 16), format!("32 {control} 32 homes at least")),
        ((0, 1 << 63, 1), (32, 16), format!("32 {control} 9223372036854775808 homes at least")),
        ((0, 16, 1), (32, 17), "17 entries, full or empty, expected 16".to_owned()),
        ((17, 16, 1), (32, 16), "17 entries are announced, expected 16".to_owned()),
        ((0, 16, 0), (32, 16), "look-ups read 0 groups, expected 1 to 64".to_owned()),
        ((0, 16, 65), (32, 16), "look-ups read 65 groups, expected 1 to 64".to_owned()),
    ];
    for ((length, homes, probes), (control, slots), expected) in cases {
        let map = SharedMap::<u64, u64> {
            length,
            homes,
            probes,
            seed: 0,
            multiplier: 1,
            control: vec![0xFF; control].into(),
            entries: entries(&vec![0; slots * 16]),
            texts: None,
        };
        assert_eq!(map.verify().unwrap_err().to_string(), expected);
        assert!(map.stage().unwrap_err().to_string().ends_with(&expected));
        let numbers = [("length_", length), ("homes_", homes), ("probes_", probes), ("seed_", 0), ("multiplier_", 1)];
        let blobs = vec![
            ("control_", map.control.blob().clone()),
            ("entries_", Array::<u64>::from(vec![0; slots * 2]).blob().clone()),
        ];
        let error = resolve::<SharedMap<u64, u64>>(&numbers, blobs).unwrap_err();
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn sizes_of_a_perfect_map_that_lie_are_refused() {
    let function = |parts: &str| format!("{parts} each, expected at least one of each, and fewer than 2^63");
    let cases = [
        ((1, 0, 2, 1), (0, 1, 16), function("0 parts of 2 slots and 1 buckets")),
        ((1, 1, 0, 1), (1, 0, 16), function("1 parts of 0 slots and 1 buckets")),
        ((1, 1, 2, 0), (0, 1, 16), function("1 parts of 2 slots and 0 buckets")),
        ((1, 1 << 32, 1 << 31, 1), (0, 1, 16), function("4294967296 parts of 2147483648 slots and 1 buckets")),
        ((1, 1 << 63, 2, 2), (0, 1, 16), function("9223372036854775808 parts of 2 slots and 2 buckets")),
        ((3, 1, 2, 1), (1, 0, 16), "3 entries are announced, expected 2".to_owned()),
        ((1, 1, 2, 3), (2, 1, 16), "2 pilots, expected 3".to_owned()),
        ((1, 1, 2, 1), (1, 0, 16), "0 numbers of slots, expected 1".to_owned()),
        ((1, 1, 2, 1), (1, 1, 1), "1 entries, with those that fill up, expected 16".to_owned()),
        ((0, 1, 1, 1), (1, 1, 16), "16 entries, with those that fill up, expected 0".to_owned()),
    ];
    for ((length, parts, slots, buckets), (pilots, moved, count), expected) in cases {
        let map = PerfectMap::<u64, u64> {
            length,
            parts,
            slots,
            buckets,
            seed: 0,
            multiplier: 1,
            pilots: vec![0; pilots].into(),
            moved: vec![0; moved].into(),
            entries: entries(&vec![0; count * 16]),
            texts: None,
        };
        assert_eq!(map.verify().unwrap_err().to_string(), expected);
        let numbers = [
            ("length_", length),
            ("parts_", parts),
            ("slots_", slots),
            ("buckets_", buckets),
            ("seed_", 0),
            ("multiplier_", 1),
        ];
        let blobs = vec![
            ("pilots_", map.pilots.blob().clone()),
            ("moved_", map.moved.blob().clone()),
            ("entries_", Array::<u64>::from(vec![0; count * 2]).blob().clone()),
        ];
        let error = resolve::<PerfectMap<u64, u64>>(&numbers, blobs).unwrap_err();
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn texts_that_cannot_be_read_are_found_by_verify() {
    let cases = [
        (b"keyv\xFFlue".as_slice(), "holds a value that cannot be read"),
        (b"keyvalu", "holds a value that cannot be read"),
        (b"\xFFeyvalue", "holds a key that cannot be read"),
        (b"kez....", "holds a value that cannot be read"),
        (b"kezvalue", "holds a key that is not found there"),
        (b"", "holds a key that cannot be read"),
    ];
    for (texts, expected) in cases {
        let mut map = SharedMap::<Text, Text>::from_entries([("key", "value")], Duplicates::Refuse).unwrap();
        map.texts = Some(texts.to_vec().into());
        let error = map.verify().unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
        assert_eq!(map.get("key"), None);
        let mut map = PerfectMap::<Text, Text>::from_entries([("key", "value")], Duplicates::Refuse).unwrap();
        map.texts = Some(texts.to_vec().into());
        // Where there is one entry, whatever key it has is found there.
        let error =
            map.verify().err().map_or_else(|| "holds a key that is not found there".to_owned(), |e| e.to_string());
        assert!(error.ends_with(expected), "{error}");
        assert_eq!(map.get("key"), None);
    }
}

/// Spans, wild or near the texts.
fn spans() -> impl Strategy<Value = Vec<TextSpan>> {
    let span = any::<(u64, u64, bool)>().prop_map(|(start, nbytes, wild)| {
        if wild { TextSpan { start, nbytes } } else { TextSpan { start: start % 9, nbytes: nbytes % 9 } }
    });
    prop::collection::vec(span, 0..140)
}

const ASKED: [&str; 5] = ["", "a", "\0", "abcdefgh", "a key of more than sixteen bytes"];

proptest! {
    #[test]
    fn nothing_a_peer_writes_makes_reading_panic(
        control in prop::collection::vec(any::<u8>(), 0..90),
        mut spans in spans(),
        texts in prop::collection::vec(any::<u8>(), 0..9),
        numbers in any::<[u64; 5]>(),
        honest in any::<bool>(),
    ) {
        let [length, mut homes, mut probes, seed, multiplier] = numbers;
        let mut control = control;
        if honest {
            control.resize(80, 0);
            spans.resize(128, TextSpan { start: u64::MAX, nbytes: u64::MAX });
            (homes, probes) = (16 << (homes % 3), probes % 64 + 1);
        }
        let map = SharedMap::<Text, Text> {
            length,
            homes,
            probes,
            seed,
            multiplier,
            control: control.into(),
            entries: entries(bytemuck::cast_slice(&spans)),
            texts: Some(texts.into()),
        };
        let _verdict = map.verify();
        let _staged = map.stage();
        for key in ASKED {
            prop_assert!(map.contains(key) || map.get(key).is_none());
        }
        prop_assert!(map.iter().count() <= map.control.len());
    }

    #[test]
    fn nothing_a_peer_writes_into_a_perfect_map_makes_reading_panic(
        pilots in prop::collection::vec(any::<u8>(), 0..40),
        mut moved in prop::collection::vec(any::<u64>(), 0..40),
        mut spans in spans(),
        texts in prop::collection::vec(any::<u8>(), 0..9),
        numbers in any::<[u64; 6]>(),
        honest in any::<bool>(),
    ) {
        let [mut length, mut parts, mut slots, mut buckets, seed, multiplier] = numbers;
        let mut pilots = pilots;
        if honest {
            (parts, slots, buckets, length) = (parts % 3 + 1, slots % 20 + 10, buckets % 9 + 1, length % 10);
            pilots.resize((parts * buckets) as usize, 0);
            moved.resize((parts * slots - length) as usize, 3);
            spans.resize(length.next_multiple_of(16) as usize * 2, TextSpan { start: 0, nbytes: 1 });
        }
        let map = PerfectMap::<Text, Text> {
            length,
            parts,
            slots,
            buckets,
            seed,
            multiplier,
            pilots: pilots.into(),
            moved: moved.into(),
            entries: entries(bytemuck::cast_slice(&spans)),
            texts: Some(texts.into()),
        };
        let _verdict = map.verify();
        let staged = map.stage();
        prop_assert!(!honest || staged.is_ok());
        for key in ASKED {
            prop_assert!(map.contains(key) || map.get(key).is_none());
            prop_assert!(map.number(key).is_none_or(|number| (number as u64) < length));
        }
        prop_assert!(map.iter().count() as u64 <= length);
    }
}
