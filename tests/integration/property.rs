//! Property graphs: worked on by several processes, and changed in the store.

use vineyard_core::{DeleteOptions, ObjectId};
use vineyard_tests::property::{FRAGMENTS, Graph, PEOPLE, graph, knows};
use vineyard_tests::{Peer, TestResult, TestServer};
use vineyard_types::DataFrame;
use vineyard_types::graph::property::{Adjacency, Dangling, EdgeTable, Part, PropertyFragment, VertexTable};

use crate::PEER;
use crate::known::is_left_out;

fn id<T>(part: &Part<T>) -> Option<ObjectId> {
    part.stored().map(|stored| stored.id())
}

/// Bytes of a list of edges.
fn nbytes(list: &Adjacency<u32>) -> usize {
    list.all_offsets().nbytes() + list.all_neighbors().nbytes() + list.all_edges().nbytes()
}

fn outer_lists(fragment: &PropertyFragment<u32>, label: usize) -> usize {
    fragment.vertices(label).map_or(0, |vertices| vertices.num_outer())
}

#[test]
fn each_fragment_is_worked_on_by_a_process_of_its_own() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let graph_id = client.put(&graph()?)?;
    let mut workers: Vec<Peer> = (0..FRAGMENTS)
        .map(|index| {
            let arguments = [graph_id.to_string(), index.to_string()];
            Peer::start(PEER, "work-on-fragment", server.socket(), &arguments.each_ref().map(String::as_str))
        })
        .collect();
    let mut edges = 0;
    for worker in &mut workers {
        let line = worker.line();
        let (inner, out) = line.split_once(" inner, ").ok_or("two numbers")?;
        assert_eq!(inner.parse::<i64>()?, PEOPLE / FRAGMENTS as i64);
        edges += out.trim_end_matches(" edges").parse::<i64>()?;
    }
    assert_eq!(edges, 4 * PEOPLE);
    assert!(workers.into_iter().all(|worker| worker.end().success()));

    // Another process adds a column, and this one finds everything else where it was.
    let before = (client.get::<Graph>(graph_id)?, client.instance_status()?.memory_usage);
    let mut other = Peer::start(PEER, "rank", server.socket(), &[&graph_id.to_string()]);
    let ranked = client.get::<Graph>(other.line().parse()?)?;
    assert!(other.end().success());
    ranked.verify()?;
    assert_eq!(client.instance_status()?.memory_usage - before.1, PEOPLE as u64 * 8);
    let vertex = ranked.vertex(0, &7).ok_or("it is there")?;
    let (home, local) = ranked.home(vertex).ok_or("it is somewhere")?;
    let degrees = home.vertices(0).ok_or("a label")?.table().numbers::<u64>("degree")?;
    assert_eq!(degrees.as_slice().get(local).copied(), Some(ranked.out_edges(0, vertex).count() as u64));
    for (old, new) in before.0.fragments().iter().zip(ranked.fragments()) {
        let edges = |fragment: &PropertyFragment<u32>| {
            fragment.edges(0).map(|edges| edges.outgoing().all_neighbors().blob().id())
        };
        assert!(edges(old).is_some() && edges(old) == edges(new));
        assert_ne!(id(old), id(new));
    }
    drop((before, ranked, client));
    server.stop();
    Ok(())
}

#[test]
fn what_is_added_to_a_stored_graph_costs_what_is_new() -> TestResult {
    let server = TestServer::start();
    let client = server.client()?;
    let graph = client.get::<Graph>(client.put(&graph()?)?)?;
    let usage = || client.instance_status().map(|status| status.memory_usage as usize);
    let before = usage()?;

    // A label of vertices: its ids, which are the column of its table as well, and the maps of them.
    let codes: Vec<i64> = (0..3 * 1024).collect();
    let towns = VertexTable::new("town", "code", DataFrame::new().with_column("code", codes)?);
    let with_towns = client.get::<Graph>(client.put(&graph.with_vertex_label(&towns)?)?)?;
    let with_towns_usage = usage()?;
    // For each fragment 1024 ids, and 2048 slots of a byte and an entry of a key and a place, and 16 bytes at their end.
    assert_eq!(with_towns_usage - before, FRAGMENTS * (1024 * 8 + 2048 * (1 + 16) + 16));
    for (old, new) in graph.fragments().iter().zip(with_towns.fragments()) {
        let same = |fragment: &PropertyFragment<u32>| {
            let edges = fragment.edges(0).map(|edges| edges.incoming().all_edges().blob().id());
            let names =
                fragment.vertices(0).and_then(|people| people.table().texts("name").ok().map(|t| t.data().blob().id()));
            (edges, names)
        };
        assert_eq!(same(old), same(new));
    }

    // A label of edges: its lists, and the outer vertices that these lead to.
    let (who, home): (Vec<i64>, Vec<i64>) = (0..PEOPLE).map(|person| (person, person * 7 % (3 * 1024))).unzip();
    let homes = DataFrame::new().with_column("who", who)?.with_column("where", home)?;
    let lives_in = EdgeTable::new("lives_in", ("person", "who"), ("town", "where"), homes);
    let settled = with_towns.with_edge_label(&[lives_in], Dangling::Refuse)?;
    let mut expected = 0;
    for (old, new) in with_towns.fragments().iter().zip(settled.fragments()) {
        let edges = new.edges(1).ok_or("the new relation")?;
        let outer = |label| outer_lists(new, label) - outer_lists(old, label);
        expected += nbytes(edges.outgoing()) + nbytes(edges.incoming()) + 8 * (outer(0) + outer(1));
    }
    let settled = client.get::<Graph>(client.put(&settled)?)?;
    assert_eq!(usage()? - with_towns_usage, expected);
    settled.verify()?;
    assert_eq!(settled.num_edges(1), PEOPLE as usize);

    // Edges of a fragment: the other ones are the same objects, and so are the tables of vertices.
    let here: Vec<i64> = (0..1024).collect();
    let table = DataFrame::new().with_column("from", here.clone())?.with_column("to", here)?;
    let friends =
        EdgeTable::new("knows", ("person", "from"), ("person", "to"), table.with_column("since", vec![2000i32; 1024])?);
    let before = usage()?;
    let befriended = settled.with_edges(&friends, Dangling::Refuse)?;
    let edges = befriended.fragments()[0].edges(0).ok_or("the relation")?;
    let expected = nbytes(edges.outgoing()) + nbytes(edges.incoming()) + 4 * edges.num_edges();
    let befriended = client.get::<Graph>(client.put(&befriended)?)?;
    assert_eq!(usage()? - before, expected);
    befriended.verify()?;
    assert_eq!(befriended.num_edges(0), settled.num_edges(0) + 1024);
    let ids = |graph: &Graph| graph.fragments().iter().map(id).collect::<Vec<_>>();
    assert_eq!(ids(&befriended)[1..], ids(&settled)[1..]);
    assert_ne!(ids(&befriended)[0], ids(&settled)[0]);

    // Leaving out a column costs nothing, and what others hold stays when a graph is deleted.
    let before = usage()?;
    let less = client.get::<Graph>(client.put(&befriended.without_vertex_column("person", "name")?)?)?;
    assert_eq!(usage()?, before);
    client.delete(graph.id())?;
    less.verify()?;
    client.get::<Graph>(less.id())?.verify()?;
    drop((graph, with_towns, settled, befriended, less, client));
    server.stop();
    Ok(())
}

#[test]
fn a_graph_of_which_a_fragment_was_deleted_cannot_be_got() -> TestResult {
    if is_left_out("property::a_graph_of_which_a_fragment_was_deleted_cannot_be_got") {
        return Ok(());
    }
    let server = TestServer::start();
    let client = server.client()?;
    let graph = client.get::<Graph>(client.put(&graph()?)?)?;
    let fragment = id(&graph.fragments()[1]).ok_or("it is stored")?;
    // While the graph holds it, a fragment is only deleted by force, which takes the graph along.
    client.delete_with(&[fragment], DeleteOptions { force: true, ..DeleteOptions::default() })?;
    let error = client.get::<Graph>(graph.id()).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.starts_with("there is no object"), "{error}");
    // Who has got it before goes on with it, and can put it again.
    let again = client
        .get::<Graph>(client.put(&knows(2, 10).and_then(|edges| graph.with_edges(&edges, Dangling::Refuse))?)?)?;
    again.verify()?;
    assert_eq!(again.num_edges(0), graph.num_edges(0) + 10);
    drop((graph, again, client));
    server.stop();
    Ok(())
}
