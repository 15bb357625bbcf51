"""Reads a property graph that Rust has put, by the companion package, and checks every edge from both of its ends."""

import sys

import numpy as np
import vineyard
from scipy.sparse import csr_matrix

from checks import Checks

client = Checks(sys.argv[1]).client
graph = client.get(client.get_name("property/graph"))
assert [label["label"] for label in graph.schema["vertices"]] == ["person"], graph.schema
assert graph.partition["by"] == "range", graph.partition

# The outside id of each vertex of a fragment, by its local number.
inner = [fragment.vertices("person").table["id"].to_numpy() for fragment in graph.fragments]
ids = []
for fragment in graph.fragments:
    outer = [graph.place(vertex) for vertex in fragment.vertices("person").outer]
    assert all(place[0] != fragment.index and place[1] == 0 for place in outer)
    ids.append(np.concatenate([inner[fragment.index], [inner[place[0]][place[2]] for place in outer]]))
names = graph.fragments[1].vertices(0).table["name"]
assert list(names[:2]) == [f"person {number}" for number in inner[1][:2]], names

out = []
into = []
for fragment in graph.fragments:
    edges = fragment.edges(("person", "knows", "person"))
    since = edges.table["since"].to_numpy()
    for lists, ends in ((edges.outgoing, out), (edges.incoming, into)):
        rows = np.repeat(np.arange(len(lists.indptr) - 1), np.diff(lists.indptr))
        here, there = ids[fragment.index][rows], ids[fragment.index][lists.indices]
        source, target = (here, there) if lists is edges.outgoing or ends is out else (there, here)
        # What Rust has said of each edge.
        assert np.array_equal(since[lists.edges], source % 100 + 1900)
        ends.extend(zip(source.tolist(), target.tolist()))
        matrix = csr_matrix((np.ones(len(lists.indices)), lists.indices, lists.indptr), copy=False)
        assert np.shares_memory(matrix.indices, lists.indices) or matrix.indices.dtype != lists.indices.dtype
        assert matrix.sum() == len(lists.indices)
assert sorted(out) == sorted(into)

alone = client.get(vineyard.ObjectID(client.get_meta(client.get_name("property/graph"))["__fragments_-2"].id))
assert (alone.index, alone.num_fragments, len(alone.edges(0))) == (2, 3, len(graph.fragments[2].edges(0)))
for wrong in [("person", "likes", "person"), ("town", "knows", "person")]:
    try:
        alone.edges(wrong)
    except KeyError:
        continue
    raise AssertionError(f"there are edges {wrong}")
print("edges:", len(out))
