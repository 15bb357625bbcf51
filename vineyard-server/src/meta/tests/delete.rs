//! What a deletion takes with it.

use super::*;

/// Four objects: A -> B -> C and D -> B; A, B and C own the blobs a, b and c.
struct Family {
    server: Server,
    members: Vec<(char, ObjectId)>,
}

impl Family {
    fn new() -> Self {
        let mut server = Server::new();
        let [a, b, c] = [(); 3].map(|()| server.blob(8));
        let big_c = server.create(object("my::C", json!({"buf": blob(c, 0)})));
        let big_b = server.create(object("my::B", json!({"buf": blob(b, 0), "sub": named(big_c)})));
        let big_a = server.create(object("my::A", json!({"buf": blob(a, 0), "sub": named(big_b)})));
        let big_d = server.create(object("my::D", json!({"sub": named(big_b)})));
        let members = vec![('A', big_a), ('B', big_b), ('C', big_c), ('D', big_d), ('a', a), ('b', b), ('c', c)];
        Self { server, members }
    }

    fn left(&self) -> String {
        let there = |id: ObjectId| {
            if id.is_blob() { self.server.blobs.contains_key(&id) } else { self.server.tree.contains(id) }
        };
        self.members.iter().filter(|(_, id)| there(*id)).map(|(name, _)| *name).collect()
    }
}

#[test]
fn the_truth_table_holds_in_any_order() {
    const ALL: &str = "ABCDabc";
    // Requested; left after a shallow, deep, forced shallow and forced deep deletion.
    let table = [
        ("A", ["BCDbc", "BCDbc", "BCDbc", "BCDbc"]),
        ("AD", ["BCbc", "", "BCbc", ""]),
        ("B", [ALL, ALL, "Cc", ""]),
        ("C", [ALL, ALL, "", ""]),
        ("a", [ALL, ALL, "BCDbc", "BCDbc"]),
        ("b", [ALL, ALL, "Cc", "Cc"]),
        ("BA", ["BCDbc", "BCDbc", "Cc", ""]),
        ("ADB", ["Cc", "", "Cc", ""]),
        ("CBAD", ["", "", "", ""]),
        ("", [ALL; 4]),
    ];
    for (requested, outcomes) in table {
        for (mode, expected) in [(false, false), (false, true), (true, false), (true, true)].into_iter().zip(outcomes) {
            for reversed in [false, true] {
                let mut family = Family::new();
                let by_name: BTreeMap<char, ObjectId> = family.members.iter().copied().collect();
                let mut ids: Vec<ObjectId> = requested.chars().map(|name| by_name[&name]).collect();
                if reversed {
                    ids.reverse();
                }
                let deleted = family.server.delete(&ids, mode.0, mode.1);
                assert_eq!(family.left(), expected, "{requested} reversed={reversed} (force, deep)={mode:?}");
                assert_eq!(deleted.objects.len() + deleted.blobs.len(), ALL.len() - expected.len());
            }
        }
    }
}

#[test]
fn absent_ids_are_no_error() {
    let mut server = Server::new();
    let (absent, blob) = (ObjectId::from_raw(12345), ObjectId::blob(1, 1));
    for force in [false, true] {
        let deleted = server.delete(&[absent, blob, absent, blob], force, true);
        assert_eq!(deleted, Deleted { objects: vec![], blobs: vec![blob] });
    }
}

#[test]
fn everlasting_blobs_are_not_deleted_and_tie_nothing() {
    let mut server = Server::new();
    let fields = json!({"e": blob(ObjectId::EMPTY_BLOB, 0), "p": blob(ObjectId::PLACEHOLDER_BLOB, 0)});
    let id = server.create(object("T", fields));
    let deleted = server.delete(&[ObjectId::EMPTY_BLOB, ObjectId::PLACEHOLDER_BLOB], true, true);
    assert_eq!(deleted, Deleted::default());
    assert_eq!(server.delete(&[id], true, true), Deleted { objects: vec![id], blobs: vec![] });
}

#[test]
fn blobs_elsewhere_are_not_ours_to_free() {
    let mut server = Server::new();
    let here = server.blob(8);
    let keeper = server.create(object("K", json!({"b": blob(here, 0)})));
    let global = server.create(object("G", json!({"global": true, "b": blob(here, 3)})));
    assert_eq!(server.delete(&[global], false, true).blobs, []);
    assert_eq!(server.delete(&[keeper], false, true).blobs, [here]);
}

#[test]
fn two_links_to_one_member_count_once() {
    let mut server = Server::new();
    let shared = server.blob(8);
    let leaf = server.create(object("S", json!({"b": blob(shared, 0)})));
    let fields = json!({"a": named(leaf), "b": named(leaf), "c": blob(shared, 0), "d": blob(shared, 0)});
    let root = server.create(object("T", fields));
    let deleted = server.delete(&[root], false, true);
    assert_eq!((deleted.objects, deleted.blobs), (vec![leaf, root], vec![shared]));
}

#[test]
fn a_global_object_holds_its_members_by_signature() {
    let mut server = Server::new();
    let member = server.create(object("S", json!({})));
    let global = server.create(object("G", json!({"global": true, "m": named(member)})));
    assert_eq!(server.delete(&[member], false, true), Deleted::default());
    assert_eq!(server.delete(&[global], false, true).objects, [member, global]);
    assert_eq!(server.tree.edges.unpublished().count(), 0);
}

#[test]
fn an_equal_copy_elsewhere_makes_an_object_deletable() {
    let mut server = Server::new();
    let here = server.create(object("S", json!({"signature": 9, "k": "here"})));
    let there = server.create(json!({"typename": "S", "instance_id": 7, "signature": 9, "k": "there"}));
    let [a, b] = [here, there].map(|id| server.create(object("G", json!({"global": true, "m": named(id)}))));
    assert_eq!(server.view(b).expect("there")["m"]["k"], "here", "the own instance comes first");
    // One copy may go, but not both at once.
    assert_eq!(server.delete(&[here, there], false, false).objects, [here]);
    for id in [a, b] {
        assert_eq!(server.view(id).expect("there")["m"]["k"], "there");
    }
    assert_eq!(server.delete(&[there], false, false).objects, []);
    assert_eq!(server.delete(&[there], true, false).objects.len(), 3, "its parents by signature go with it");
}

#[test]
fn a_copy_that_goes_leaves_those_who_link_by_id_unreadable() {
    let mut server = Server::new();
    let here = server.create(object("S", json!({"signature": 9})));
    let there = server.create(json!({"typename": "S", "instance_id": 7, "signature": 9}));
    for id in [here, there] {
        server.create(object("G", json!({"global": true, "m": named(id)})));
    }
    let local = server.create(object("T", json!({"m": named(here)})));
    server.delete(&[here], false, false);
    assert!(server.tree.contains(local) && server.view(local).is_none());
    assert_eq!(server.list("T", false, 9), [], "what cannot be read is not listed");
    assert_eq!(server.delete(&[local], false, true).objects, [local]);
}

#[test]
fn blobs_that_were_asked_for_are_told_wherever_they_are() {
    let mut server = Server::new();
    let (absent, remote, here) = (server.ids.blob(), server.ids.blob(), server.blob(8));
    let global = server.create(object("G", json!({"global": true, "r": blob(remote, 3), "h": blob(here, 0)})));
    assert_eq!(server.delete(&[absent, remote, here], false, false).blobs, [absent, remote], "one is in use");
    assert!(server.view(global).is_some(), "a remote blob is not ours to take away");
    assert_eq!(server.delete(&[global, remote], false, true).blobs, [remote, here]);
}

#[test]
fn objects_without_a_signature_are_deleted_like_others() {
    let mut server = Server::new();
    let member = json!({"id": "o0000000000000001", "typename": "S", "instance_id": 0});
    let (member_id, global) = (ObjectId::from_raw(1), server.create(object("G", json!({"global": true, "m": member}))));
    assert_eq!(server.view(member_id).expect("there")["signature"], json!(null));
    server.tree.persist(global).expect("there");
    assert_eq!(server.delete(&[member_id], true, false).objects, [member_id, global]);
}

#[test]
fn a_deletion_in_steps_does_the_same_and_leaves_nothing_without_its_members() {
    for (force, deep) in [(false, false), (false, true), (true, false), (true, true)] {
        for requested in ["ABCDabc", "CA", "BA", "AD", "cB", "A"] {
            let ids = |family: &Family| -> Vec<ObjectId> {
                requested.chars().map(|name| family.members.iter().find(|(n, _)| *n == name).expect("one").1).collect()
            };
            let (mut at_once, mut in_steps) = (Family::new(), Family::new());
            at_once.server.delete(&ids(&at_once), force, deep);
            let mut deletion = Deletion::new(&ids(&in_steps), force, deep);
            while !deletion.is_done() {
                let deleted = deletion.step(&mut in_steps.server.tree, 1);
                in_steps.server.tree.check();
                in_steps.server.blobs.retain(|blob, _| !deleted.blobs.contains(blob));
                let readable = in_steps.server.list("*", false, 9).len();
                assert_eq!(readable, in_steps.server.tree.num_objects(), "what is there has its members");
            }
            assert_eq!(in_steps.left(), at_once.left(), "{requested} (force, deep)={:?}", (force, deep));
        }
    }
}

#[test]
fn what_is_linked_to_between_two_steps_of_a_deletion_stays() {
    for force in [false, true] {
        let mut server = Server::new();
        let buffer = server.blob(8);
        let leaf = server.create(object("S", json!({"b": blob(buffer, 0)})));
        let root = server.create(object("T", json!({"m": named(leaf)})));
        let mut deletion = Deletion::new(&[root], force, true);
        let mut deleted = Vec::new();
        while deleted.is_empty() {
            deleted.extend(deletion.step(&mut server.tree, 1).objects);
        }
        let other = server.create(object("T", json!({"m": named(leaf)})));
        let rest = deletion.step(&mut server.tree, usize::MAX);
        server.tree.check();
        assert_eq!((deleted, rest), (vec![root], Deleted::default()));
        assert_eq!(server.list("*", false, 9), [leaf, other]);
    }
}

#[test]
fn linked_blobs_come_in_pages() {
    let mut family = Family::new();
    let by_name: BTreeMap<char, ObjectId> = family.members.iter().copied().collect();
    let page = |family: &Family, after| family.server.tree.linked_blobs(after, 2);
    assert_eq!(page(&family, ObjectId::from_raw(0)), [by_name[&'a'], by_name[&'b']]);
    assert_eq!(page(&family, by_name[&'b']), [by_name[&'c']]);
    family.server.delete(&[by_name[&'A']], false, false);
    assert_eq!(page(&family, ObjectId::EMPTY_BLOB), [by_name[&'b'], by_name[&'c']]);
    assert!(page(&family, by_name[&'c']).is_empty());
}
