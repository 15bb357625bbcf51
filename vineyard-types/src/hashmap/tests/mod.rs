mod build;
mod hostile;
mod layout;
mod perfect;
mod shared;

use rayon::ThreadPool;
use vineyard_core::Object;
use vineyard_core::testing::draft_meta;

/// A pool of so many threads.
fn threads(count: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap()
}

/// What a reader gets of a map.
fn got<T: Object>(map: &T) -> T {
    T::resolve(&draft_meta(&map.stage().unwrap()).unwrap()).unwrap()
}

/// Different numbers that look random, the same at every run.
fn scrambled(count: u64) -> impl Iterator<Item = u64> + Clone {
    (1..=count).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

/// Different texts of 1 to 99 bytes.
fn words(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{n}{}", "x".repeat(n * 7 % 95))).collect()
}
