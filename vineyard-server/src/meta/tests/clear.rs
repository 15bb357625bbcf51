//! Removing everything.

use super::*;

#[test]
fn clearing_takes_objects_and_tells_their_blobs() {
    let mut server = Server::new();
    let [a, b] = [(); 2].map(|()| server.blob(8));
    let leaf = server.create(object("S", json!({"a": blob(a, 0), "e": blob(ObjectId::EMPTY_BLOB, 0)})));
    let root = server.create(object("T", json!({"m": named(leaf), "a": blob(a, 0), "b": blob(b, 0)})));
    let unsigned = json!({"id": "o0000000000000001", "typename": "S", "instance_id": 0});
    let fields = json!({"global": true, "m": named(root), "r": blob(ObjectId::blob(1, 1), 3), "u": unsigned});
    let global = server.create(object("G", fields));
    server.tree.persist(global).expect("there");
    server.tree.put_name(global, "n").expect("persistent");

    let cleared = server.tree.clear().deleted();
    server.tree.check();
    assert_eq!(cleared, Deleted { objects: vec![ObjectId::from_raw(1), leaf, root, global], blobs: vec![a, b] });
    assert_eq!((server.tree.num_objects(), server.tree.key_lists.len()), (0, 0));
    assert_eq!(server.list("*", false, 9), []);
    assert_eq!(server.tree.name("n"), Some(global), "names stay");
    assert_eq!(server.tree.clear().deleted(), Deleted::default());

    let again = server.create(object("T", json!({"b": blob(b, 0)})));
    assert_eq!(server.list("*", false, 9), [again]);
}
