"""Arrays, batches and tables of random types, by the companion package.

exact_random.py SOCKET self COUNT    puts them and gets them by another connection
exact_random.py SOCKET put COUNT     puts them under `py/array/0`, `py/batch/0`, `py/table/0`, …
exact_random.py SOCKET get COUNT     gets `rs/array/0`, …, which Rust has put, and compares them
"""

import sys

import pyarrow as pa

from checks import Checks
from random_arrays import Arrays
from same import same_array


def values(count, ordered):
    """What the numbers below `count` stand for, by name."""
    for seed in range(count):
        arrays = Arrays(seed, ordered)
        length = 0 if seed % 9 == 0 else arrays.random.randrange(40)
        yield f"array/{seed}", arrays.array(arrays.random.randint(1, 4), length)
        batch = arrays.batch(length)
        yield f"batch/{seed}", batch
        cut = arrays.random.randint(0, length)
        yield f"table/{seed}", pa.Table.from_batches([batch.slice(0, cut), batch.slice(cut)])


def same(got, expected):
    if isinstance(expected, pa.Array):
        same_array(got, expected)
        return
    assert got.schema.equals(expected.schema, check_metadata=True), (got.schema, expected.schema)
    for one, other in zip(got.columns, expected.columns):
        if isinstance(expected, pa.RecordBatch):
            same_array(one, other)
        else:
            # Chunks of no rows are no part of a table.
            parts, others = ([chunk for chunk in chunks if len(chunk)] for chunks in (one.chunks, other.chunks))
            assert len(parts) == len(others)
            for part, of in zip(parts, others):
                same_array(part, of)


def main(socket, mode, count):
    checks = Checks(socket)
    for name, value in values(count, mode == "self"):
        value.validate(full=True)
        if mode == "put":
            id = checks.client.put(value)
            checks.client.persist(id)
            checks.client.put_name(id, f"py/{name}")
            checks.count += 1
            continue
        try:
            got = checks.back(value) if mode == "self" else checks.client.get(checks.client.get_name(f"rs/{name}"))
            same(got, value)
        except Exception as error:
            raise AssertionError(f"{name} is not the same: {getattr(value, 'schema', getattr(value, 'type', ''))}") from error
        checks.count += mode == "get"
    print(f"{mode}: {checks.count}")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
