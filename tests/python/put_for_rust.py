"""The published client puts tensors and a frame under names, for Rust to get."""

import sys

import numpy as np
import pandas as pd
import vineyard

client = vineyard.connect(sys.argv[1])


def put(name, value):
    client.put(value, persist=True, name=name)


put("py/int64", np.arange(6, dtype="int64").reshape(2, 3))
put("py/float32", np.array([0.5, 1.5], dtype="float32"))
put("py/uint32", np.array([[1], [2**32 - 1]], dtype="uint32"))
put("py/int8", np.array([-128, 127], dtype="int8"))
put("py/empty", np.zeros((0, 3), dtype="float64"))
put("py/bool", np.array([True, False]))
put("py/scalar", np.array(7, dtype="uint16"))
put("py/strings", np.array(["a", "", "naïve"]))
put("py/frame", pd.DataFrame(
    {"n": np.array([1, 2, 3], dtype="int64"), "x": [0.5, 1.5, 2.5], "u": np.array([7, 8, 9], dtype="uint8"), "s": ["p", "", "naïve"]},
    index=[10, 20, 30]))
put("py/int", 42)
put("py/str", "text")
put("py/float", 3.25)
print("put")
