"""Recomputes the example's PageRank with numpy on the shared arrays, and compares."""

import sys

import numpy as np
import vineyard

client = vineyard.connect(sys.argv[1])


def array(meta, key, dtype):
    """The payload under a key, without a copy."""
    return np.frombuffer(memoryview(client.get_object(meta[key].id)), dtype=dtype)


graph = client.get_meta(client.get_name("airports/graph"))
assert graph.typename.startswith("vineyard::CsrGraph<"), graph.typename
offsets = array(graph, "offsets_", "uint64").astype(np.int64)
targets = array(graph, "targets_", "uint32")
weights = array(graph, "weights_", "float64")
n = len(offsets) - 1
sources = np.repeat(np.arange(n), np.diff(offsets))

strength = np.bincount(sources, weights=weights, minlength=n)
dangling = strength == 0
rank = np.full(n, 1.0 / n)
damping = 0.85
for _ in range(1000):
    flow = rank[sources] * weights / strength[sources]
    new = np.bincount(targets, weights=flow, minlength=n)
    new = (1 - damping) / n + damping * (new + rank[dangling].sum() / n)
    change = np.abs(new - rank).sum()
    rank = new
    if change < 1e-12:
        break

frame = client.get(client.get_name("airports/ranked"))
ours = np.asarray(frame["rank"])
assert len(ours) == n, (len(ours), n)
difference = np.abs(ours - rank).max()
assert difference < 1e-9, difference
top = np.argsort(-rank)[:10]
print("agrees:", ",".join(str(frame["iata"].iloc[i]) for i in top))
