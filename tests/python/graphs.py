"""Graphs between Rust and Python: what is got is taken apart and made anew, or compared with what was put."""

import pathlib
import sys

import networkx as nx
import numpy as np
import scipy.sparse
import vineyard
from vineyard._C import ObjectMeta

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact
from vineyard_exact import CsrGraph, VertexMap, elements

vineyard_exact.register()
client = vineyard.connect(sys.argv[1])


def put(name, value):
    client.put(value, persist=True, name=f"py/{name}")


def get(name):
    return client.get(client.get_name(name))


def check(graph):
    """Sees that all ways to look at a graph tell the same."""
    graph.verify()
    sources, targets = graph.ends()
    for vertex in range(graph.num_vertices):
        label = graph.label(vertex)
        assert graph.vertex(label) == vertex, (vertex, label)
        if graph.back is not None or not (graph.directed and graph.reversed):
            assert sorted(graph.neighbors(label).tolist()) == sorted(targets[sources == vertex].tolist())
            assert graph.degree(label) == len(graph.neighbors(label))
        if graph.back is not None or graph.reversed or not graph.directed:
            assert sorted(graph.in_neighbors(label).tolist()) == sorted(sources[targets == vertex].tolist())
    matrix = graph.to_scipy()
    weights = np.ones(len(sources)) if graph.weights is None else graph.weights
    expected = scipy.sparse.coo_array((weights, (sources, targets)), matrix.shape)
    assert np.array_equal(matrix.toarray(), expected.toarray())
    if graph.weights is not None and graph.num_edges:
        assert np.shares_memory(matrix.data, graph.weights) and np.shares_memory(matrix.indices, graph.targets)


def echo(count):
    """Makes each graph of Rust's anew, through networkx."""
    for number in range(count):
        graph = get(f"rs/{number}")
        check(graph)
        put(number, CsrGraph.from_networkx(graph.to_networkx()))
    print(f"echoed: {count}")


def networks():
    """Graphs of networkx, of every kind and with attributes of every type."""
    random = np.random.default_rng(7)
    for number, kind in enumerate([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph] * 6):
        graph = kind()
        texts = number % 2 == 0
        nodes = [f"näme {at}" if texts else int(at) * 1_000_003 - 2 ** 40 for at in range(int(random.integers(1, 30)))]
        for at, node in enumerate(nodes):
            graph.add_node(node, size=at, share=at / 7)
            if at % 3:
                graph.nodes[node].update(text=f"t{at}", flag=at % 2 == 0)
        for at in range(int(random.integers(0, 80))):
            ends = [nodes[int(end)] for end in random.integers(0, len(nodes), 2)]
            graph.add_edge(*ends, weight=float(at) if number % 3 else at)
            data = graph[ends[0]][ends[1]]
            data = data[max(data)] if graph.is_multigraph() else data
            if at % 4:
                data.update(kind="rail", long=2 ** 62 + at, vast=2 ** 64 - 1 - at, exact=at / 3)
        yield graph
    yield nx.karate_club_graph().__class__(list(nx.karate_club_graph().edges()))
    yield nx.Graph()


def same(got, expected):
    """The same nodes and edges with the same attributes of the same types, parallel edges in the same order."""
    assert got.is_directed() == expected.is_directed()
    assert repr(list(got.nodes(data=True))) == repr(list(expected.nodes(data=True)))

    def edges(graph):
        found = {}
        for source, target, data in graph.edges(data=True):
            ends = (source, target) if graph.is_directed() or source <= target else (target, source)
            found.setdefault(ends, []).append(sorted((name, repr(value)) for name, value in data.items()))
        return found

    assert edges(got) == edges(expected)


def put_networks():
    count = 0
    for number, graph in enumerate(networks()):
        put(number, CsrGraph.from_networkx(graph))
        same(get(f"py/{number}").to_networkx(), graph)
        count += 1
    print(f"put: {count}")


def get_networks():
    count = 0
    for number, graph in enumerate(networks()):
        found = get(f"rs/{number}")
        check(found)
        same(found.to_networkx(), graph)
        count += 1
    print(f"got: {count}")


def matrices():
    for number in range(4):
        random = np.random.default_rng(number)
        yield scipy.sparse.random(50, 50, 0.1, format="csr", dtype=["f8", "f4", "i8", "u4"][number], random_state=random,
                                  data_rvs=lambda size: random.integers(1, 100, size))


def put_matrices():
    for number, matrix in enumerate(matrices()):
        put(f"matrix/{number}", CsrGraph.from_scipy(matrix))
    print("put")


def get_matrices():
    """Rust has turned them over."""
    for number, matrix in enumerate(matrices()):
        found = get(f"rs/matrix/{number}").to_scipy()
        assert found.dtype == matrix.dtype and found.format == "csc"
        assert (found != matrix.T).nnz == 0
    print("got")


def refused(make, kind, reason):
    try:
        make()
    except (kind, RuntimeError) as error:
        # The client raises an error of its own where a resolver has failed.
        cause = error if isinstance(error, kind) else error.__cause__
        assert isinstance(cause, kind) and reason in str(cause), cause
    else:
        raise AssertionError(f"not refused: {reason}")


def refusals():
    """What cannot be kept, and what another writer has broken."""

    def network(change):
        graph = nx.MultiDiGraph()
        graph.add_nodes_from([0, 1], a=1)
        graph.add_edge(0, 1, weight=1.5)
        change(graph)
        return lambda: CsrGraph.from_networkx(graph)

    refused(network(lambda g: g.graph.update(name="x")), TypeError, "attributes of the graph have no place: 'name'")
    refused(network(lambda g: g.add_node("x")), TypeError, "vertex 2 has the label 'x', expected an integer")
    refused(network(lambda g: g.add_node((1, 2))), TypeError, "vertex 2 has the label (1, 2), expected an integer")
    refused(network(lambda g: g.add_node(2, a=2.5)), TypeError, "attribute 'a' of the nodes is of type float, int")
    refused(network(lambda g: g.add_node(2, b=None)), TypeError, "attribute 'b' of the nodes is of type NoneType")
    refused(network(lambda g: g.add_node(2, b=2 ** 70)), TypeError, "attribute 'b' of the nodes cannot be kept")
    refused(network(lambda g: g.add_node(2, **{"b": "\ud800"})), TypeError, "attribute 'b' of the nodes cannot be kept")
    refused(network(lambda g: g.add_edge(0, 1, key=7)), TypeError, "the edge from 0 to 1 has the key 7, expected 1")
    refused(network(lambda g: g.add_edge(0, 1, c=[1])), TypeError, "attribute 'c' of the edges is of type list")
    refused(lambda: CsrGraph.from_scipy(scipy.sparse.csr_matrix((2, 3))), ValueError, "a matrix of shape (2, 3)")
    refused(lambda: CsrGraph.from_scipy(scipy.sparse.csr_matrix((2, 2), dtype="c16")), TypeError, "numbers of type complex128")
    asymmetric = scipy.sparse.csr_matrix(np.array([[0.0, 1.0], [2.0, 0.0]]))
    refused(lambda: CsrGraph.from_scipy(asymmetric, directed=False), ValueError, "the matrix is not symmetric")
    refused(lambda: CsrGraph.from_edges(2, [0, 1], [1, 2]), ValueError, "edge 1 has endpoint 2, expected less than 2")
    refused(lambda: VertexMap(["a", "b", "a"]), ValueError, "label 'a' is given twice, to vertex 0 and to vertex 2")
    refused(lambda: get("rs/target").to_scipy(), ValueError, "target 0 is 9, expected less than 2")
    refused(lambda: get("rs/offset").to_networkx(), ValueError, "offset 2 is 0, expected at least 1")
    found = get("rs/offset")
    assert found.neighbors(1).tolist() == [], "a row that runs backwards is empty"

    def forged(offsets, targets):
        meta = ObjectMeta()
        meta["typename"], meta["directed_"] = "vineyard::CsrGraph<uint,double>", True
        meta.add_member("offsets_", elements.put(client, np.array(offsets, "<u8")))
        meta.add_member("targets_", elements.put(client, np.array(targets, "<u4")))
        meta["nbytes"] = 0
        return client.create_metadata(meta).id

    refused(lambda: client.get(forged([0, 2], [0])), ValueError, "the offsets go from 0 to 2, expected 0 to 1")
    refused(lambda: client.get(forged([], [])), ValueError, "found 0 offsets, expected one more than there are vertices")
    print("refused")


commands = {"echo": lambda: echo(int(sys.argv[3])), "put": put_networks, "get": get_networks, "refusals": refusals,
            "put-matrices": put_matrices, "get-matrices": get_matrices}
commands[sys.argv[2]]()
