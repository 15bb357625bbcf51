"""More frames than fit into the memory of a server: put, read back and deleted, as the first argument says.

    put SOCKET COUNT            puts frames in one process and prints their ids
    read SOCKET ID..            gets these frames, each through a connection of its own, and compares every bit
    loop SOCKET COUNT BACKLOG   puts, gets, compares and deletes frames in one connection; BACKLOG of them are there
                                before the first is got
"""

import sys

import numpy as np
import pandas as pd
import vineyard


def words(seed, count):
    """The first numbers of SplitMix64, as `vineyard_tests::random` has them."""
    z = np.arange(1, count + 1, dtype="uint64") * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def frame(number):
    """A frame of two columns, one of floats with all kinds of bits; 16 KiB to 512 KiB."""
    rows = 1024 * (1 + number * 13 % 32)
    return pd.DataFrame({"n": words(2 * number, rows).view("int64"), "x": words(2 * number + 1, rows).view("float64")})


def check(client, id, number):
    found, expected = client.get(id), frame(number)
    for name in expected:
        ours, theirs = (column.to_numpy() for column in (expected[name], found[name]))
        if len(found.columns) != 2 or ours.dtype != theirs.dtype or ours.tobytes() != theirs.tobytes():
            sys.exit(f"column {name} of frame {number} came back different")


def put(socket, count):
    client = vineyard.connect(socket)
    print(*(f"o{int(client.put(frame(number))):016x}" for number in range(int(count))))


def read(socket, *ids):
    for number, id in enumerate(ids):
        client = vineyard.connect(socket)
        check(client, vineyard.ObjectID(id), number)
        client.close()
    print(f"{len(ids)} frames came back the same")


def loop(socket, count, backlog):
    client = vineyard.connect(socket)
    count, backlog = int(count), int(backlog)
    before, limit = client.status.memory_usage, client.status.memory_limit
    there = []
    for number in range(count + backlog):
        if number < count:
            there.append(client.put(frame(number)))
        if number >= backlog:
            id = there.pop(0)
            check(client, id, number - backlog)
            client.delete(id)
        if client.status.memory_usage > limit:
            sys.exit(f"{client.status.memory_usage} bytes are in use after {number} frames, of {limit}")
    after = client.status.memory_usage
    if there or after != before:
        sys.exit(f"{before} bytes were in use before, and {after} at the end")
    print(f"{count} frames came back the same")


globals()[sys.argv[1]](*sys.argv[2:])
