"""Puts a frame of polars with columns of most types, by the companion package, for Rust to get."""

import datetime
import sys

import polars as pl

from checks import Checks

client = Checks(sys.argv[1]).client
moment = datetime.datetime(2024, 2, 29, 12)
frame = pl.DataFrame({
    "int": [1, None, -3],
    "narrow": pl.Series([1, None, 255], dtype=pl.UInt8),
    "float": pl.Series([0.5, None, float("nan")], dtype=pl.Float32),
    "flag": [True, None, False],
    "text": ["a", None, "a text that is too long for a view"],
    "bytes": [b"a", None, b"\xff"],
    "date": [moment.date(), None, moment.date()],
    "time": [datetime.time(0), None, datetime.time(23, 59, 59, 999_999)],
    "datetime": [moment, None, moment],
    "zoned": pl.Series([moment, None, moment]).dt.replace_time_zone("Europe/Oslo"),
    "duration": pl.Series([1, None, -1]).cast(pl.Duration("ms")),
    "decimal": pl.Series(["1.25", None, "-3.00"]).str.to_decimal(scale=2).cast(pl.Decimal(9, 2)),
    "list": [["a"], None, []],
    "array": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int64, 2)),
    "struct": [{"a": 1, "b": "x"}, {"a": None, "b": None}, {"a": 2, "b": "y"}],
    "null": [None] * 3,
    "categorical": pl.Series(["x", None, "y"], dtype=pl.Categorical),
})
id = client.put(frame)
client.persist(id)
client.put_name(id, "py/polars")
print("put")
