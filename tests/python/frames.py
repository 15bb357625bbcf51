"""The published client puts series for Rust, or gets the series and rows of frames that Rust has put under names."""

import sys

import numpy as np
import pandas as pd
import vineyard

client = vineyard.connect(sys.argv[1])


def put(name, value):
    client.put(value, persist=True, name=f"py/{name}")


def get(name):
    return client.get(client.get_name(f"rs/{name}"))


def texts(values):
    return [None if value is None or value is np.nan else str(value) for value in values]


def put_series():
    put("int", pd.Series([1, -2, 3]))
    put("float", pd.Series([0.5, -1.5], name="degrees", index=[10, 20]))
    put("bool", pd.Series([True, False]))
    put("time", pd.Series(pd.to_datetime(["1970-01-01T00:00:01.5", None]).astype("datetime64[ns]")))
    put("micros", pd.Series(np.array([1_500_000], dtype="datetime64[us]")))
    put("empty", pd.Series([], dtype="float32", index=np.array([], dtype="int64")))
    put("text", pd.Series(["a", "", "naïve"], index=pd.Index(["x", "y", "z"], name="key")))
    print("put")


def get_all():
    rows = range(100)
    frame = pd.DataFrame(
        {
            "n": np.arange(100),
            "x": np.arange(100) / 4.0,
            "flag": np.arange(100) % 3 == 0,
            "full": [f"t{row}" for row in rows],
            "text": [f"naïve {row}" if row % 7 else None for row in rows],
        },
        index=np.arange(1000, 1100),
    )

    def same(name, expected):
        got = get(name)
        assert isinstance(got, pd.DataFrame), (name, type(got))
        assert list(got.columns) == list(expected.columns), (name, got.columns)
        assert list(got.index) == list(expected.index), (name, got.index)
        for column in expected.columns:
            if column in ("full", "text"):
                assert texts(got[column]) == list(expected[column]), (name, column, list(got[column]))
            else:
                assert got[column].dtype == expected[column].dtype, (name, column, got[column].dtype)
                assert list(got[column]) == list(expected[column]), (name, column, list(got[column]))

    same("rows", frame.iloc[13:77])
    same("fewer", frame.iloc[13:16].reset_index(drop=True))
    same("none", frame.iloc[50:50])
    same("renamed", frame[["text", "n", "full"]].rename(columns={"n": "m"}))
    for name, expected in [("series", frame["x"]), ("part", frame["x"].iloc[13:77])]:
        got = get(name)
        assert isinstance(got, pd.Series) and got.equals(expected) and got.name == "x", (name, got)
        assert list(got.index) == list(expected.index), (name, got.index)
    got = get("texts")
    assert isinstance(got, pd.Series) and got.name is None, got
    assert texts(got) == list(frame["text"].iloc[13:77]), list(got)
    print("got")


{"put": put_series, "get": get_all}[sys.argv[2]]()
