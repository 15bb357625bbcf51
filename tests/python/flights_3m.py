"""Real data, in and out: the three million flights of vega-datasets as an Arrow table, frames of pandas and of polars.

flights_3m.py SOCKET FILE put FORM    puts them under `py/FORM`
flights_3m.py SOCKET FILE get FORM    gets `rs/FORM`, which Rust has put, and compares it with the file cell by cell
"""

import sys

import pandas as pd
import polars as pl
import pyarrow.parquet as pq

from checks import Checks

FORMS = {
    "table": pq.read_table,
    "pandas": pd.read_parquet,
    "pandas-arrow": lambda file: pd.read_parquet(file, dtype_backend="pyarrow"),
    "polars": pl.read_parquet,
}


def same(got, expected):
    assert type(got) is type(expected), (type(got), type(expected))
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(got, expected, check_exact=True)
    elif isinstance(expected, pl.DataFrame):
        assert got.schema == expected.schema, (got.schema, expected.schema)
        assert got.equals(expected)
    else:
        assert got.equals(expected, check_metadata=True)


def main(socket, file, mode, form):
    client, value = Checks(socket).client, FORMS[form](file)
    if mode == "put":
        id = client.put(value)
        client.persist(id)
        client.put_name(id, f"py/{form}")
    else:
        same(client.get(client.get_name(f"rs/{form}")), value)
    print(f"{mode}: {value.shape[0] * value.shape[1]}")


main(*sys.argv[1:])
