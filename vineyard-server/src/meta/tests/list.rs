//! Listing, in pages.

use super::*;

#[test]
fn listing_goes_by_id_over_all_types_that_match() {
    let mut server = Server::new();
    let ids: Vec<ObjectId> =
        (0..60).map(|n| server.create(object(["my::A", "my::B", "other"][n % 3], json!({})))).collect();
    let of = |wanted: &[usize], limit| -> Vec<ObjectId> {
        let of_type = ids.iter().enumerate().filter(|(n, _)| wanted.contains(&(n % 3)));
        of_type.map(|(_, id)| *id).take(limit).collect()
    };
    assert_eq!(server.list("*", false, 100), ids);
    assert_eq!(server.list("my::*", false, 100), of(&[0, 1], 100));
    assert_eq!(server.list("my::*", false, 7), of(&[0, 1], 7));
    assert_eq!(server.list("other", false, 100), of(&[2], 100));
    assert_eq!(server.list("my::A|other", true, 5), of(&[0, 2], 5));
    assert_eq!(server.list("*", false, 0), []);
    assert_eq!(server.list("(", true, 9), []);
    assert_eq!(server.list("nothing", false, 9), []);
}

#[test]
fn pages_follow_each_other() {
    let mut server = Server::new();
    let ids: Vec<ObjectId> =
        (0..60).map(|n| server.create(object(["my::A", "my::B", "other"][n % 3], json!({})))).collect();
    for (pattern, regex) in [("*", false), ("my::*", false), ("my::A", false), ("my::A|other", true), ("x", false)] {
        let whole = server.list(pattern, regex, usize::MAX);
        let mut found = Vec::new();
        loop {
            let page = server.page(pattern, regex, found.last().copied(), 7);
            assert!(page.len() <= 7);
            if page.is_empty() {
                break;
            }
            found.extend(page);
            assert!(found.len() <= whole.len(), "pages overlap: {found:?}");
        }
        assert_eq!(found, whole, "{pattern}");
    }
    server.delete(&[ids[10]], false, false);
    assert_eq!(server.page("*", false, Some(ids[10]), 2), ids[11..13], "an id that is gone marks a place all the same");
    assert_eq!(server.page("other", false, Some(ids[10]), 1), [ids[11]]);
    assert_eq!(server.page("*", false, Some(ids[59]), 9), []);
    assert_eq!(server.page("*", false, Some(ObjectId::from_raw(0)), 1), [ids[0]]);
}
