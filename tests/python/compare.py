"""What becomes of values of every type, as JSON: `exact`, or what comes back instead, or why nothing does.

compare.py SOCKET stock    by the published client alone
compare.py SOCKET exact    by the companion package; the values stay under `py/SECTION/NUMBER`
compare.py SOCKET rust     of what Rust has put anew under `rs/SECTION/NUMBER`
"""

import json
import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import vineyard

from same import same
from sample_arrays import ARROW, NUMPY, SCALARS
from samples import MIXED, categories, columns


def _in_frame(series):
    return pd.DataFrame({"x": series})


def _pandas():
    """Columns of frames; those whose pictures are columns of types that are shown already are left out."""
    found = columns()
    some = ("int64", "string[pyarrow, nan]", "period[M]", "interval of integers, right", "arrow string")
    found.update({name: one for name, one in categories(found) if name.removeprefix("categories of ") in some})
    found.update((f"objects: {name}", pd.Series(values, dtype=object)) for name, (values, _) in MIXED.items())
    found["sparse"] = pd.Series(pd.arrays.SparseArray([0, 0, 1, 0]))
    return {name: _in_frame(one) for name, one in found.items()}


def _frames():
    """Indexes, labels and series."""
    numbers = {"n": [1, 2, 3, 4]}
    days = pd.date_range("2024-01-01", periods=4)
    several = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["one", None])
    return {
        "frame without columns": pd.DataFrame(index=[1, 2]),
        "frame with labels that are numbers": pd.DataFrame([[1, 2.5]]),
        "frame with labels of both kinds": pd.DataFrame({"a": [1], 3: [2.5]}),
        "frame with labels twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "frame with a name for its labels": pd.DataFrame([[1]], columns=pd.Index(["a"], name="labels")),
        "frame with labels of several levels": pd.DataFrame([[1, 2, 3, 4]], columns=several),
        "frame of text, as pandas makes it": pd.DataFrame({"x": ["a", "naïve"]}),
        "series of text, as pandas makes it": pd.Series(["a", "naïve"]),
        "index of text, as pandas makes it": pd.DataFrame({"n": [1, 2]}, index=["a", "b"]),
        "index of numbers": pd.DataFrame(numbers, index=[1, 2, 5, 7]),
        "index of text": pd.DataFrame(numbers, index=pd.Index(list("abcd"), dtype=object)),
        "index of days, with a frequency": pd.DataFrame(numbers, index=days),
        "index of several levels": pd.DataFrame(numbers, index=several),
        "index with nulls in a level": pd.DataFrame(numbers, index=pd.MultiIndex.from_arrays([[1, 2, None, 4], list("abcd")])),
        "series of numbers": pd.Series([1.5, np.nan], name="s"),
        "series of times": pd.Series(days),
        "series of categories": pd.Series(pd.Categorical(["a", None])),
        "series with a tuple for a name": pd.Series([1, 2], name=("a", 1)),
        "`MultiIndex` by itself": several,
    }


def sections():
    batch = pa.record_batch([pa.array([1, None]), pa.array(["x", None])], ["n", "s"])
    odd = pa.schema([pa.field("s", pa.string(), nullable=False, metadata={"k": "v"})], {"k": "v"})
    tables = {
        "record batch of numbers and text": batch, "table of numbers and text": pa.Table.from_batches([batch] * 2),
        "table without batches": pa.Table.from_batches([], odd), "table of rows without columns":
            pa.Table.from_batches([batch]).select([]), "schema with metadata": odd,
        "table with a dictionary": pa.table({"d": pa.array(["x", "y", "x"]).dictionary_encode()}),
    }
    return {"scalars": SCALARS, "numpy": NUMPY, "arrow": ARROW, "tables": tables, "pandas": _pandas(), "frames": _frames()}


def _described(value, expected):
    """What a value is, as far as it tells it from the expected one."""
    if isinstance(expected, pd.DataFrame) and isinstance(value, pd.DataFrame):
        before, after = list(expected.dtypes), list(value.dtypes)
        return "columns of " + ", ".join(f"`{one}`" for one in after) if before != after else "other values"
    for kind in ("dtype", "type", "schema"):
        before, after = getattr(expected, kind, None), getattr(value, kind, None)
        if before is not None and after is not None and str(before) != str(after):
            return f"`{after}`".replace("\n", ", ")
    if type(value) is type(expected) or isinstance(value, np.ndarray):
        return "other values" if hasattr(value, "__len__") else f"`{value!r}`"
    return f"`{type(value).__name__}`"


def _why(error):
    """The first line of what an error says, without the names in it; the client hides it behind another one."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = re.sub(r"'[^']*'|column .*?(?= (is|holds) )|-?\d\d+", "…", str(error).split("\n")[0])
    return f"{type(error).__name__}: {text[:90]}{'…' * (len(text) > 90)}"


def outcome(get, expected):
    try:
        got = get()
    except Exception as error:
        return f"cannot be read: {_why(error)}"
    try:
        if isinstance(expected, (pa.Table, pa.RecordBatch, pa.Schema)):
            assert got.equals(expected, check_metadata=True)
            assert isinstance(expected, pa.Schema) or got.num_rows == expected.num_rows
        else:
            same(got, expected)
    except AssertionError:
        return f"comes back as {_described(got, expected)}"
    except Exception as error:
        return f"comes back broken: {_why(error)}"
    return "exact"


def _is_pickled(meta):
    return any(name in str(meta) for name in ("vineyard::PickleBuffer", "vineyard::Tensor<object>"))


def main(socket, mode):
    if mode != "stock":
        import vineyard_exact

        vineyard_exact.register()
    client, other = vineyard.connect(socket), vineyard.connect(socket)
    found = {}
    for section, values in sections().items():
        found[section] = {}
        for number, (name, value) in enumerate(values.items()):
            place = f"{section}/{number}"
            if mode == "rust":
                names = client.list_names(f"rs/{place}")
                result = outcome(lambda: other.get(names[f"rs/{place}"]), value) if names else ""
            else:
                try:
                    id = client.put(value)
                except Exception as error:
                    result = f"refused: {_why(error)}"
                else:
                    result = outcome(lambda: other.get(id), value)
                    if result == "exact" and _is_pickled(client.get_meta(id)):
                        result = "exact, pickled"
                    if mode == "exact":
                        client.persist(id)
                        client.put_name(id, f"py/{place}")
            found[section][name] = result
    print(json.dumps(found))


main(*sys.argv[1:])
