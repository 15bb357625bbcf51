"""One of the peers of the benchmark `frames`, told what to do by lines on its input: `frames.py PEER ROWS COLUMNS`.

It says `ready`, or why it cannot be. Then each line is answered by one: nanoseconds for `put`, `get` and `touch` (a get,
one value of each column, and letting go), the sum of all values for `sum`, `ok` for `open WHERE`, `delete` and `close`.
"""

import contextlib
import gc
import os
import pathlib
import sys
import time

import numpy as np
import pandas as pd


def columns(rows, count):
    """As the program in Rust makes them: small whole numbers, whose sum is exact in any order."""
    return {f"c{number}": np.arange(number, number + rows) % 1024 * 1.0 for number in range(count)}


def as_frame(values):
    return pd.DataFrame(values)


def as_batch(values):
    import pyarrow as pa

    return pa.RecordBatch.from_pydict(values)


def touch_frame(frame):
    return [frame[name].to_numpy()[0] for name in frame.columns]


def touch_batch(batch):
    return [column[0] for column in batch.columns]


def sum_of_frame(frame):
    return float(frame.to_numpy().sum())


def sum_of_batch(batch):
    return float(sum(column.to_numpy().sum() for column in batch.columns))


FRAME = (as_frame, touch_frame, sum_of_frame)
BATCH = (as_batch, touch_batch, sum_of_batch)


class Vineyard:
    """The published client, with what `vineyard-exact` teaches it or without."""

    def __init__(self, exact=False):
        import vineyard

        self.connect = vineyard.connect
        if exact:
            sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))
            import vineyard_exact

            vineyard_exact.register()

    def open(self, socket):
        self.client = self.connect(socket)

    def put(self, value):
        self.id = self.client.put(value)

    def get(self):
        return self.client.get(self.id)

    def delete(self):
        self.client.delete(self.id)

    def close(self):
        self.client.close()
        del self.client


class Ray:
    """Ray's object store, in a cluster of this machine alone."""

    STORE_BYTES = 1 << 30

    def __init__(self):
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray

        self.ray = ray

    def open(self, directory):
        self.ray.init(
            num_cpus=1,
            object_store_memory=self.STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            _temp_dir=directory,
        )

    def put(self, value):
        self.ref = self.ray.put(value)

    def get(self):
        return self.ray.get(self.ref)

    def delete(self):
        # Those who hold the memory learn of it later.
        del self.ref
        gc.collect()
        time.sleep(0.1)

    def close(self):
        self.ray.shutdown()


class File:
    """A file in Arrow's IPC format, mapped into memory to be read; put over what it held before."""

    def __init__(self):
        import pyarrow as pa
        import pyarrow.ipc

        self.pa = pa

    def open(self, directory):
        self.path = os.path.join(directory, "frame.arrow")

    def put(self, batch):
        # A file that is there is not cut off: its pages stay.
        mode = "r+b" if os.path.exists(self.path) else "wb"
        with open(self.path, mode, buffering=0) as file:
            with self.pa.ipc.new_file(self.pa.PythonFile(file, "w"), batch.schema) as writer:
                writer.write_batch(batch)

    def get(self):
        return self.pa.ipc.open_file(self.pa.memory_map(self.path)).get_batch(0)

    def delete(self):
        pass

    def close(self):
        os.unlink(self.path)


PEERS = {
    "vineyard": (Vineyard, FRAME),
    "vineyard-batch": (Vineyard, BATCH),
    "exact-batch": (lambda: Vineyard(exact=True), BATCH),
    "ray": (Ray, FRAME),
    "file": (File, BATCH),
}


def timed(work):
    start = time.perf_counter_ns()
    result = work()
    return time.perf_counter_ns() - start, result


def answer(peer, value, touch, total, command, rest):
    if command == "put":
        return timed(lambda: peer.put(value))[0]
    if command == "get":
        # The result lives until the clock has stopped.
        return timed(peer.get)[0]
    if command == "touch":
        return timed(lambda: touch(peer.get()))[0]
    if command == "sum":
        return int(total(peer.get()))
    getattr(peer, command)(*rest)
    return "ok"


def main(name, rows, count):
    # What libraries print goes to the log.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    make, (build, touch, total) = PEERS[name]
    try:
        peer = make()
    except ImportError as error:
        print(f"not installed: {error}", file=replies, flush=True)
        return
    value = build(columns(int(rows), int(count)))
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        command, *rest = line.split()
        print(answer(peer, value, touch, total, command, rest), file=replies, flush=True)


with contextlib.suppress(BrokenPipeError):
    main(*sys.argv[1:])
