"""One of the peers of the benchmark `graph`, told what to do by lines on its input: `graph.py PEER FILE SCALE`.

The file holds pairs of 32-bit numbers, the ends of the edges. The program says `ready`, or why it cannot be. Then each line is
answered by one: `build` by nanoseconds, bytes that it took at most beside the edges, bytes of the result, and a number
that tells whether it is the right one; `rank ROUNDS` by nanoseconds, the rounds that there were, and the rank of the
first vertex.
"""

import contextlib
import os
import sys
import time

import numpy as np

WEIGHTS = 1024


def memory(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(key))


def timed(work):
    """What it gives, the nanoseconds it takes, and the bytes of memory that there are at most beside those before."""
    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")
    before = memory("VmRSS:")
    start = time.perf_counter_ns()
    result = work()
    elapsed = time.perf_counter_ns() - start
    return result, elapsed, memory("VmHWM:") - before


def checksum(indptr, indices, values):
    rows = np.repeat(np.arange(1, len(indptr), dtype=np.uint64), np.diff(indptr))
    return int((rows * (indices.astype(np.uint64) + np.uint64(1)) * values.astype(np.uint64)).sum())


class Sparse:
    """SciPy's matrices: with weights, sorted and merged."""

    def __init__(self, sources, targets, count):
        from scipy import sparse

        weights = (np.arange(len(sources)) % WEIGHTS).astype(np.float64)
        self.edges = sparse.coo_array((weights, (sources, targets)), shape=(count, count))

    def make(self):
        built = self.edges.tocsr()
        return built.indptr, built.indices, built.data


class Unsorted:
    """The step of it that makes rows of edges, and neither sorts nor merges; values are ones of one byte."""

    def __init__(self, sources, targets, count):
        from scipy.sparse import _sparsetools

        self.step = _sparsetools.coo_tocsr
        self.sources, self.targets, self.count = sources, targets, count
        self.ones = np.ones(len(sources), np.int8)

    def make(self):
        length, count = len(self.sources), self.count
        built = np.empty(count + 1, np.int32), np.empty(length, np.int32), np.empty(length, np.int8)
        self.step(count, count, length, self.sources, self.targets, self.ones, *built)
        return built


class NetworKit:
    """A directed graph of NetworKit."""

    def __init__(self, sources, targets, count):
        import networkit

        self.networkit = networkit
        self.graph = networkit.GraphFromCoo((sources, targets), n=count, directed=True)

    def rank(self, rounds):
        handling = self.networkit.centrality.SinkHandling.DistributeSinks
        ranks = self.networkit.centrality.PageRank(self.graph, damp=0.85, tol=0.0, distributeSinks=handling)
        ranks.maxIterations = int(rounds)
        _, elapsed, _ = timed(ranks.run)
        return f"{elapsed} {ranks.numberOfIterations()} {ranks.score(0)}"


PEERS = {"scipy": Sparse, "scipy-unsorted": Unsorted, "networkit": NetworKit}


def answer(peer, command, rest):
    if command == "rank":
        return peer.rank(*rest)
    built, elapsed, peak = timed(peer.make)
    return f"{elapsed} {peak} {sum(array.nbytes for array in built)} {checksum(*built)}"


def main(name, path, scale):
    # What libraries print goes to the log.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    edges = np.fromfile(path, np.int32).reshape(-1, 2)
    sources, targets = (np.ascontiguousarray(edges[:, column]) for column in (0, 1))
    try:
        peer = PEERS[name](sources, targets, 1 << int(scale))
    except ImportError as error:
        print(f"not installed: {error}", file=replies, flush=True)
        return
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        command, *rest = line.split()
        print(answer(peer, command, rest), file=replies, flush=True)


with contextlib.suppress(BrokenPipeError):
    main(*sys.argv[1:])
