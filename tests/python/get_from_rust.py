"""The published client gets what Rust has put under names."""

import sys

import numpy as np
import pandas as pd
import vineyard

client = vineyard.connect(sys.argv[1])


def get(name):
    return client.get(client.get_name(name))


for dtype in ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"]:
    got = get(f"rs/{dtype}")
    assert got.dtype == np.dtype(dtype), (dtype, got.dtype)
    assert got.shape == (2, 3) and (got == np.arange(6).reshape(2, 3)).all(), (dtype, got)

flags = get("rs/bool")
assert flags.dtype == np.bool_ and list(flags) == [True, False], flags
assert get("rs/empty").shape == (0, 3)
assert get("rs/int") == 42 and get("rs/str") == "text" and get("rs/float") == 3.25

strings = get("rs/strings")
assert list(np.asarray(strings)) == ["a", "", "naïve"], strings

frame = get("rs/frame")
assert isinstance(frame, pd.DataFrame), type(frame)
assert list(frame.columns) == ["n", "x", "s"], frame.columns
assert list(frame.index) == [10, 20, 30], frame.index
assert list(frame["n"]) == [1, 2, 3] and frame["n"].dtype == np.int64
assert list(frame["x"]) == [0.5, 1.5, 2.5] and frame["x"].dtype == np.float64
assert [str(s) for s in frame["s"]] == ["a", "", "naïve"], frame["s"]
assert frame["n"].sum() == 6

plain = get("rs/frame-without-index")
assert list(plain.index) == [0, 1, 2], plain.index
print("got")
