//! What `docs/hashmap.md` says about bytes.

use vineyard_core::Object;

use super::got;
use crate::Text;
use crate::hashmap::{Bytes, Duplicates, MapKey, PerfectMap, Seed, SharedMap};

#[test]
fn the_layout_is_pinned() {
    let map = SharedMap::<u32, u32>::from_entries([(1, 10), (2, 20), (3, 30)], Duplicates::Refuse).unwrap();
    assert_eq!((map.length, map.homes, map.probes, map.seed()), (3, 16, 1, Seed::DEFAULT));
    let hash = |key: u64| {
        let product = u128::from(key ^ 0x243f_6a88_85a3_08d3) * 0x2b7e_1516_28ae_d2a7;
        product as u64 ^ (product >> 64) as u64
    };
    let mut homes: Vec<(usize, u32)> = [1u32, 2, 3].map(|key| ((hash(key.into()) % 16) as usize, key)).to_vec();
    homes.sort_unstable();
    let (mut control, mut entries) = ([0xFF; 32], [[0u32; 2]; 16]);
    for (home, key) in homes {
        let slot = (home..).find(|slot| control[*slot] == 0xFF).unwrap();
        control[slot] = (hash(key.into()) >> 57) as u8;
        entries[slot] = [key, key * 10];
    }
    assert_eq!((&map.control[..], map.entries.bytes()), (&control[..], bytemuck::cast_slice(&entries)));
    assert_eq!(map.texts, None);
}

#[test]
fn entries_are_laid_out_as_structs_of_c() {
    let map = SharedMap::<u16, f64>::from_entries([(0x0201, 1.5)], Duplicates::Refuse).unwrap();
    let entries = map.entries.bytes().chunks_exact(16);
    let entry = entries.into_iter().find(|entry| entry[0] == 1).unwrap();
    assert_eq!((&entry[..8], &entry[8..]), (&[1, 2, 0, 0, 0, 0, 0, 0][..], &1.5f64.to_le_bytes()[..]));

    let map = SharedMap::<Text, Bytes>::from_entries([("key", b"value".as_slice())], Duplicates::Refuse).unwrap();
    let spans: &[u64] = bytemuck::cast_slice(map.entries.bytes());
    let full: Vec<&u64> = spans.iter().filter(|number| **number != 0).collect();
    assert_eq!((full, map.texts.as_deref()), (vec![&3, &3, &5], Some(b"keyvalue".as_slice())));
}

#[test]
fn a_perfect_map_is_pinned() {
    let keys: Vec<(u64, u64)> = (0..50).map(|n| (n, n * n)).collect();
    let map = PerfectMap::<u64, u64>::build(&keys, Duplicates::Refuse).unwrap();
    assert_eq!((map.length, map.parts, map.slots, map.buckets), (50, 1, 51, 17));
    assert_eq!((map.pilots.len(), map.moved.len(), map.entries.len()), (17, 1, 64));
    // The function as it is described, with plain arithmetic.
    let high = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> 64) as u64;
    let fold = |a: u64, b: u64| a.wrapping_mul(b) ^ high(a, b);
    let entries: &[[u64; 2]] = bytemuck::cast_slice(map.entries.bytes());
    for (key, value) in keys {
        let hash = fold(fold(key ^ 0x243f_6a88_85a3_08d3, 0x2b7e_1516_28ae_d2a7), 0xa076_1d64_78bd_642f);
        let pilot = u64::from(map.pilots[high(hash, 17) as usize]);
        let slot = high(fold(hash ^ pilot.wrapping_mul(0xd6e8_feb8_6659_fd93), 0xa076_1d64_78bd_642f), 51) as usize;
        let number = if slot < 50 { slot } else { map.moved[slot - 50] as usize };
        assert_eq!(entries[number], [key, value]);
    }
    assert!(entries[50..].iter().all(|entry| *entry == [0, 0]));
}

#[test]
fn hashes_are_pinned() {
    let zero = Seed { offset: 0, multiplier: 1 };
    assert_eq!((Text::hash("", zero), Bytes::hash(b"", zero)), (0x9322_8a4d_e0ee_c5a2, 0x9322_8a4d_e0ee_c5a2));
    assert_eq!(Text::hash("abc", Seed { offset: 2, multiplier: 1 }), 0xa97f_2f7b_1d9b_3314);
    assert_eq!((u64::hash(&7, zero), i8::hash(&-1, zero), i64::hash(&-1, zero)), (7, 255, u64::MAX));
}

#[test]
fn payloads_without_texts_have_no_blob_for_them() {
    let map = got(&SharedMap::<Text, u8>::from_entries([("", 1)], Duplicates::Refuse).unwrap());
    assert_eq!((map.texts.is_none(), map.get("")), (true, Some(&1)));
    assert_eq!(SharedMap::<Text, f64>::typename().as_str(), "vineyard::SharedMap<std::string,double>");
    assert_eq!(PerfectMap::<Bytes, Text>::typename().as_str(), "vineyard::PerfectMap<vineyard::Bytes,std::string>");
}
