//! Persisting and naming.

use super::*;

#[test]
fn persisting_takes_the_transient_members_along() {
    let mut server = Server::new();
    let buffer = server.blob(8);
    let leaf = server.create(object("S", json!({"b": blob(buffer, 0)})));
    let part = server.create(object("P", json!({"m": named(leaf)})));
    let global = server.create(object("G", json!({"global": true, "p": named(part)})));
    let other = server.create(object("T", json!({"m": named(leaf)})));
    assert_eq!(server.tree.is_persistent(global), Ok(false));
    assert_eq!(server.tree.persist(global), Ok(()));
    assert_eq!(server.tree.persist(global), Ok(()), "once more is a success");
    for id in [global, part, leaf] {
        assert_eq!(server.tree.is_persistent(id), Ok(true));
    }
    assert_eq!(server.tree.is_persistent(other), Ok(false), "parents are not taken along");
    assert_eq!(server.view(global).expect("there")["p"]["m"]["transient"], false);

    assert_eq!(code(server.tree.persist(buffer)), ASSERTION);
    assert_eq!(code(server.tree.persist(ObjectId::from_raw(0x123))), NO_MEMBER);
    assert_eq!(server.tree.is_persistent(buffer), Ok(false));
    assert_eq!(code(server.tree.is_persistent(ObjectId::from_raw(0x123))), NO_MEMBER);
}

#[test]
fn only_persistent_objects_get_names() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    assert_eq!(code(server.tree.put_name(id, "n")), INVALID);
    assert_eq!(code(server.tree.put_name(ObjectId::EMPTY_BLOB, "n")), INVALID);
    assert_eq!(code(server.tree.put_name(ObjectId::from_raw(0x123), "n")), NO_OBJECT);
    assert_eq!(server.tree.name("n"), None);
}

#[test]
fn names_are_overwritten_escaped_and_survive() {
    let mut server = Server::new();
    let [a, b] = [(); 2].map(|()| server.create(object("T", json!({"z": 1}))));
    for id in [a, b] {
        server.tree.persist(id).expect("there");
    }
    let name_of = |server: &Server, id| server.view(id).expect("there").get("__name").cloned();
    for (id, name) in [(a, "n1"), (b, "n1"), (b, "n2"), (a, "dir/na~me"), (a, "")] {
        server.tree.put_name(id, name).expect("persistent");
        server.tree.check();
        assert_eq!(server.tree.name(name), Some(id));
    }
    assert_eq!(name_of(&server, a), Some(json!("")));
    assert_eq!(name_of(&server, b), Some(json!("n2")));
    server.tree.put_name(a, "dir/na~me").expect("persistent");
    assert_eq!(name_of(&server, a), Some(json!("dir~1na~0me")));

    let list = |pattern: &str, regex, limit| {
        let names = server.tree.list_names(&Pattern::new(pattern, regex), None, limit);
        names.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(list("*", false, 9), ["", "dir/na~me", "n1", "n2"]);
    assert_eq!(list("*", false, 1), [""]);
    assert_eq!(list("d*e", false, 9), ["dir/na~me"]);
    assert_eq!(list("n[0-9]", true, 9), ["n1", "n2"]);
    assert_eq!(list("n", false, 9), [""; 0]);

    server.tree.drop_name("n1");
    server.tree.drop_name("absent");
    server.tree.check();
    assert_eq!(name_of(&server, b), None, "dropping one of two names also takes the field");
    assert_eq!(server.tree.name("n2"), Some(b));

    server.delete(&[b], false, true);
    assert_eq!(server.tree.name("n2"), Some(b), "a name survives its object");
    server.tree.drop_name("n2");
    assert_eq!(server.tree.name("n2"), None);
}

#[test]
fn naming_again_and_again_does_not_grow_the_object() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({"__name": 5})));
    server.tree.persist(id).expect("there");
    let name = "x".repeat(1000);
    server.tree.put_name(id, &name).expect("persistent");
    let once = server.tree.view(id, &server.blobs).expect("there").json_bytes();
    for _ in 0..10 {
        server.tree.put_name(id, &name).expect("persistent");
    }
    assert_eq!(server.tree.view(id, &server.blobs).expect("there").json_bytes(), once);
}

#[test]
fn a_name_that_no_reply_could_carry_is_refused() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    server.tree.persist(id).expect("there");
    server.fill(id);
    let before = server.view(id);
    let long = "/".repeat(600);
    assert_eq!(code(server.tree.put_name(id, &long)), INVALID);
    assert_eq!((server.tree.name(&long), server.view(id)), (None, before));
    assert_eq!(code(server.tree.put_name(id, "short")), 0);
}

#[test]
fn pages_of_names_follow_each_other() {
    let mut server = Server::new();
    let id = server.create(object("T", json!({})));
    server.tree.persist(id).expect("there");
    let names: Vec<String> = (0..50).map(|n| format!("{}{n:02}", ["a", "b/c"][n % 2])).collect();
    for name in &names {
        server.tree.put_name(id, name).expect("persistent");
    }
    for pattern in ["*", "b*", "b/c1?", "*1*", "nothing"] {
        let pattern = Pattern::new(pattern, false);
        let whole: Vec<String> = server.tree.list_names(&pattern, None, usize::MAX).into_keys().collect();
        assert_eq!(whole.len(), names.iter().filter(|name| pattern.matches(name)).count());
        let mut found: Vec<String> = Vec::new();
        loop {
            let page = server.tree.list_names(&pattern, found.last().map(String::as_str), 4);
            assert!(page.len() <= 4);
            if page.is_empty() {
                break;
            }
            found.extend(page.into_keys());
            assert!(found.len() <= whole.len(), "pages overlap: {found:?}");
        }
        assert_eq!(found, whole);
    }
    let begins_with_it = server.tree.list_names(&Pattern::new("a02*", false), Some("a02"), 9);
    assert!(begins_with_it.is_empty(), "{begins_with_it:?}");
    let all = Pattern::new("*", false);
    let after = |name: &str| server.tree.list_names(&all, Some(name), 1).into_keys().next();
    assert_eq!(after("a02").as_deref(), Some("a04"), "the name itself is not on the page");
    assert_eq!(after("a03").as_deref(), Some("a04"), "a name that is gone marks a place all the same");
    assert_eq!(after("z"), None);
}
