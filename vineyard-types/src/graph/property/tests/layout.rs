use std::collections::BTreeSet;

use vineyard_core::{DraftField, DraftNode, MetaValue, Object};

use super::{Graph, knows, options, people};
use crate::graph::property::{
    GlobalId, GraphSchema, IdLayout, MAX_FRAGMENTS, OutsideId, Partition, PartitionBy, Place, PropertyGraph,
};
use crate::{Text, graph};

/// The keys of a node and of those below it, by path; elements of lists by the key of the list.
fn keys(node: &DraftNode, path: &str, found: &mut BTreeSet<String>) {
    for (key, field) in node.fields().filter(|(key, _)| *key != "__schema") {
        let path = format!("{path}/{}", key.trim_end_matches(|each: char| each.is_ascii_digit()));
        match field {
            DraftField::Node(node) if node.typename().as_str().starts_with("vineyard::Property") => {
                keys(node, &path, found);
            }
            _ => {}
        }
        found.insert(path);
    }
}

#[test]
fn keys_and_typenames_are_pinned() {
    let graph = Graph::build(&[people(3)], &[knows(&[(0, 10)])], &options(2, PartitionBy::Range)).unwrap();
    let node = graph.stage().unwrap();
    assert_eq!(node.typename().as_str(), "vineyard::PropertyGraph<int64,uint>");
    assert_eq!(PropertyGraph::<Text, u64>::typename().as_str(), "vineyard::PropertyGraph<std::string,uint64>");
    let mut found = BTreeSet::new();
    keys(&node, "", &mut found);
    let expected = [
        "/__fragments_-",
        "/__fragments_-/__edges_-",
        "/__fragments_-/__edges_-/incoming_",
        "/__fragments_-/__edges_-/incoming_/edges_",
        "/__fragments_-/__edges_-/incoming_/neighbors_",
        "/__fragments_-/__edges_-/incoming_/offsets_",
        "/__fragments_-/__edges_-/num_edges_",
        "/__fragments_-/__edges_-/outgoing_",
        "/__fragments_-/__edges_-/outgoing_/edges_",
        "/__fragments_-/__edges_-/outgoing_/neighbors_",
        "/__fragments_-/__edges_-/outgoing_/offsets_",
        "/__fragments_-/__edges_-/table_",
        "/__fragments_-/__edges_-size",
        "/__fragments_-/__vertices_-",
        "/__fragments_-/__vertices_-/__outer_-",
        "/__fragments_-/__vertices_-/__outer_-size",
        "/__fragments_-/__vertices_-/table_",
        "/__fragments_-/__vertices_-size",
        "/__fragments_-/index_",
        "/__fragments_-/num_fragments_",
        "/__fragments_-/schema_",
        "/__fragments_-size",
        "/partition_",
        "/schema_",
        "/vertex_map_",
        "/vertex_map_/__ids_-0-",
    ];
    assert_eq!(found.iter().map(String::as_str).take(expected.len()).collect::<Vec<_>>(), expected);
    let json = graph.schema().to_json().to_string();
    let schema = concat!(
        r#"{"edges":[{"columns":[{"name":"weight","type":"float64"}],"label":"knows"}],"#,
        r#""relations":[{"edge":0,"source":0,"target":0}],"#,
        r#""vertices":[{"columns":[{"name":"id","type":"int64"},{"name":"age","type":"uint8"},{"name":"name","type":"text"}],"#,
        r#""key":"id","label":"person"}]}"#
    );
    assert_eq!(json, schema);
    assert_eq!(GraphSchema::from_json(&graph.schema().to_json()).as_ref(), Some(graph.schema()));
    assert_eq!(graph.partition().to_json().to_string(), r#"{"bounds":[[10]],"by":"range"}"#);
    assert_eq!(Partition::<i64>::Hash.to_json().to_string(), r#"{"by":"hash"}"#);
}

#[test]
fn fingerprints_are_pinned() {
    let fingerprints = [
        <Graph as Object>::schema().fingerprint(),
        <graph::property::PropertyFragment<u32> as Object>::schema().fingerprint(),
        <graph::property::PropertyVertexMap<Text, u64> as Object>::schema().fingerprint(),
        <graph::property::PropertyEdges<u64> as Object>::schema().fingerprint(),
        <graph::property::Adjacency<u32> as Object>::schema().fingerprint(),
        <graph::property::PropertyVertices as Object>::schema().fingerprint(),
        <graph::property::VertexIds<i64, u32> as Object>::schema().fingerprint(),
    ];
    assert_eq!(
        fingerprints.map(|fingerprint| fingerprint.to_string()),
        [
            "c75519df5084b0de",
            "41c83cfc376e3861",
            "d6d1aa2863197bc7",
            "c43dfcf3e69110aa",
            "32d9f7e52f528800",
            "e99e473c3111a76f",
            "0e78d05ee46a9050"
        ]
    );
}

#[test]
fn hashes_of_ids_are_pinned() {
    // SplitMix64 with the seed 0 begins with this number; XXH3-64 of nothing with seed 0 is this one.
    assert_eq!(<i64 as OutsideId>::spread(&0), 0xe220_a839_7b1d_cdaf);
    assert_eq!(<Text as OutsideId>::spread(""), 0x2d06_8005_38d3_94c2);
    assert_eq!(<i32 as OutsideId>::spread(&-1), <u64 as OutsideId>::spread(&u64::from(u32::MAX)));
    assert_eq!(Partition::<i64>::Hash.fragment(4, 0, &0), 3);
}

#[test]
fn ids_are_packed_as_the_number_of_fragments_says() {
    for (fragments, bits) in [(1, 56), (2, 56), (3, 55), (4, 55), (5, 54), (MAX_FRAGMENTS, 41)] {
        let layout = IdLayout::new(fragments).unwrap();
        assert_eq!(layout.offset_bits(), bits);
        let last = Place { fragment: fragments - 1, label: 127, offset: (1 << bits) - 2 };
        assert_eq!(layout.unpack(layout.pack(last).unwrap()), last);
        let too_much = [
            (
                Place { fragment: fragments, ..last },
                format!("the fragment of an id: found {fragments}, expected less than {fragments}"),
            ),
            (Place { label: 128, ..last }, "the label of an id: found 128, expected less than 128".to_owned()),
            (
                Place { offset: last.offset + 1, ..last },
                format!("the place of an id: found {}, expected less than 2^{bits} - 1", last.offset + 1),
            ),
        ];
        for (place, expected) in too_much {
            assert_eq!(layout.pack(place).unwrap_err().to_string(), expected);
        }
    }
    assert!(IdLayout::new(MAX_FRAGMENTS + 1).is_err());
    assert_eq!(GlobalId::from_raw(5).to_string(), "0x0000000000000005");
}
