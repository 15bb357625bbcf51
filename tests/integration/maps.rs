//! Shared maps: put by one process, looked up in another.

use vineyard_core::Opaque;
use vineyard_tests::{Peer, TestResult, TestServer, samples};
use vineyard_types::Text;
use vineyard_types::hashmap::{BuildInError, Duplicates, MapError, PerfectMap, SharedMap};

use crate::PEER;

#[test]
fn maps_are_looked_up_by_another_process() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let map = samples::map()?;
    let id = client.put(&map)?;
    let used = client.instance_status()?.memory_usage - before;
    assert_eq!(used, map.nbytes() as u64);
    // 16,384 homes of a byte, a key and a value each, and what the last of them are too full for.
    assert!((16_384 * 17..16_384 * 17 + 1000).contains(&used), "{used}");
    let [perfect, texts] = [client.put(&samples::perfect_map()?)?, client.put(&samples::map_of_texts()?)?];
    for (what, id) in [("look-up", id), ("look-up-perfect", perfect), ("look-up-texts", texts)] {
        let mut reader = Peer::start(PEER, what, server.socket(), &[&id.to_string()]);
        assert_eq!(reader.line(), "found 10000", "{what}");
        assert!(reader.end().success());
    }
    server.stop();
    Ok(())
}

#[test]
fn maps_that_were_got_lie_in_shared_memory() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let id = client.put(&SharedMap::<u64, Text>::from_entries([(1, "one")], Duplicates::Refuse)?)?;
    let map = client.get::<SharedMap<u64, Text>>(id)?;
    let value = map.get(&1).ok_or("it is there")?;
    let lies = client.get::<Opaque>(id)?.meta().blob("texts_")?;
    assert_eq!((value, lies.arena_contains(value.as_ptr().addr())), ("one", true));
    let id = client.put(&PerfectMap::<u64, u64>::from_entries([(1, 2)], Duplicates::Refuse)?)?;
    let map = client.get::<PerfectMap<u64, u64>>(id)?;
    let value = map.get(&1).ok_or("it is there")?;
    let lies = client.get::<Opaque>(id)?.meta().blob("entries_")?;
    assert_eq!((*value, lies.arena_contains(std::ptr::from_ref(value).addr())), (2, true));
    Ok(())
}

#[test]
fn maps_are_built_in_the_store() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let words: Vec<String> = (0..50_000).map(|n| format!("word {n}")).collect();
    let entries: Vec<(u64, &str)> = (0..).zip(words.iter().map(String::as_str)).collect();
    let built = SharedMap::<u64, Text>::build_in(&client, &entries, Duplicates::Refuse)?;
    let perfect = PerfectMap::<u64, Text>::build_in(&client, &entries, Duplicates::Refuse)?;
    let used = client.instance_status()?.memory_usage - before;
    // To put them copies nothing: the blobs are linked.
    let (id, perfect_id) = (client.put(&built)?, client.put(&perfect)?);
    assert_eq!(client.instance_status()?.memory_usage - before, used);
    assert_eq!(used, (built.nbytes() + perfect.nbytes()) as u64);
    let (map, perfect) = (client.get::<SharedMap<u64, Text>>(id)?, client.get::<PerfectMap<u64, Text>>(perfect_id)?);
    map.verify()?;
    perfect.verify()?;
    assert!(entries.iter().all(|(key, word)| map.get(key) == Some(word) && perfect.get(key) == Some(word)));
    // The same bytes as on the heap, though memory of the store is not zeros.
    let heap = SharedMap::<u64, Text>::build(&entries, Duplicates::Refuse)?;
    let heap_id = client.put(&heap)?;
    for key in ["control_", "entries_", "texts_"] {
        let blob = |id| Ok::<_, vineyard_core::Error>(client.get::<Opaque>(id)?.meta().blob(key)?);
        assert!(blob(id)?.as_bytes() == blob(heap_id)?.as_bytes(), "{key}");
    }
    Ok(())
}

#[test]
fn a_map_that_is_not_built_leaves_no_memory_behind() -> TestResult {
    let server = TestServer::with_size(16 << 20);
    let client = server.client()?;
    let before = client.instance_status()?.memory_usage;
    let entries = [(1u64, 1u64), (2, 2), (1, 3)];
    let twice = MapError::Duplicate { key: "1".to_owned(), first: 0, second: 2 };
    let refused = SharedMap::<u64, u64>::build_in(&client, &entries, Duplicates::Refuse);
    assert!(matches!(refused, Err(BuildInError::Map(error)) if error == twice));
    let many: Vec<(u64, u64)> = (0..1_000_000).map(|n| (n, n)).collect();
    let refused = SharedMap::<u64, u64>::build_in(&client, &many, Duplicates::Refuse);
    assert!(matches!(refused, Err(BuildInError::Store(_))));
    assert_eq!(client.instance_status()?.memory_usage, before);
    Ok(())
}
