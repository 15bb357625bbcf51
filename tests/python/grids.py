"""The European grids that pandapower ships: buses and lines with labels and properties, through Rust and back."""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import vineyard

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

import vineyard_exact
from vineyard_exact import CsrGraph

ENDS = {"line": ("from_bus", "to_bus"), "trafo": ("hv_bus", "lv_bus")}

vineyard_exact.register()
client = vineyard.connect(sys.argv[1])
case, directory = sys.argv[3], pathlib.Path(sys.argv[4])


def tables():
    """Each table of the case as columns, under the label of its rows. The package is not run: its files are read."""
    (package,) = importlib.util.find_spec("pandapower").submodule_search_locations
    file = pathlib.Path(package) / "networks" / "power_system_test_case_jsons" / f"{case}.json"
    for name, table in json.loads(file.read_text())["_object"].items():
        if name in ("bus", *ENDS):
            found = json.loads(table["_object"])
            columns = {key: column(values) for key, values in zip(found["columns"], zip(*found["data"]))}
            yield name, found["index"], pd.DataFrame(columns)


def column(values):
    """The values as a column in which what is missing stays missing."""
    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int, float}:
        values, kinds = [None if value is None else float(value) for value in values], {float}
    assert len(kinds) <= 1, kinds
    if None in values and kinds & {int, float, bool}:
        return pd.arrays.ArrowExtensionArray(pa.array(values))
    return np.array(values, object if kinds <= {str} else None)


def grids():
    """The buses, and the edges that each table of lines is: sources, targets, and the frame of the rest."""
    found = {name: (index, frame) for name, index, frame in tables()}
    buses, frame = found["bus"]
    for name, (source, target) in ENDS.items():
        index, edges = found[name]
        edges = edges.assign(element=np.array(index))
        yield name, buses, frame, edges[source].to_numpy(), edges[target].to_numpy(), edges.drop(columns=[source, target])


def put():
    """Puts the graphs, and writes their edges to files as well."""
    for name, buses, frame, sources, targets, edges in grids():
        number = {bus: at for at, bus in enumerate(buses)}
        ends = [[number[int(bus)] for bus in end] for end in (sources, targets)]
        weights = edges["parallel"].to_numpy().astype("f8")
        graph = CsrGraph.from_edges(len(buses), *ends, weights, directed=False, labels=buses, vertices=frame, edges=edges)
        client.put(graph, persist=True, name=f"py/{name}")
        table = edges.assign(source=sources, target=targets, units=weights)
        pa.parquet.write_table(pa.Table.from_pandas(table, preserve_index=False), directory / f"{name}.parquet")
        table[["source", "target", "units", "in_service", "element"]].to_csv(directory / f"{name}.csv", index=False)
        print(f"{name}: {len(buses)} buses, {len(edges)} edges")
    print("put")


def values(series):
    """The cells as Python's objects; None where one is missing."""
    return series.tolist() if isinstance(series.dtype, np.dtype) else series.array.__arrow_array__().to_pylist()


def compare(what, found, expected):
    """Compares two frames cell by cell: the same values of the same types. Returns how many there are."""
    assert list(found.columns) == list(expected.columns), (what, list(found.columns))
    for name in expected.columns:
        got, wanted = values(found[name]), values(expected[name])
        assert len(got) == len(wanted), (what, name)
        for row, (one, other) in enumerate(zip(got, wanted)):
            assert type(one) is type(other) and repr(one) == repr(other), (what, name, row, one, other)
    return expected.size


def get():
    """Compares what Rust has made of them."""
    cells = 0
    for name, buses, frame, sources, targets, edges in grids():
        graph = client.get(client.get_name(f"rs/{name}"))
        graph.verify()
        assert list(graph.labels) == buses
        cells += compare(f"{name}: buses", graph.vertices, frame)
        # Once for each edge, in the order in which they were given.
        found_sources, found_targets = graph.ends()
        once = found_sources <= found_targets
        rows = graph.rows()[once]
        labels = graph.labels.array()
        table = graph.edges.iloc[rows].assign(units=graph.weights[once])
        order = np.argsort(table["element"].to_numpy(), kind="stable")
        expected = edges.iloc[np.argsort(edges["element"].to_numpy(), kind="stable")]
        cells += compare(name, table.iloc[order].drop(columns="units"), expected)
        assert np.array_equal(table["units"].to_numpy()[order], expected["parallel"].to_numpy().astype("f8"))
        by_element = np.argsort(edges["element"].to_numpy(), kind="stable")
        ends = [np.sort(np.stack(pair), axis=0) for pair in (
            (labels[found_sources[once]][order], labels[found_targets[once]][order]),
            (sources[by_element], targets[by_element]))]
        assert np.array_equal(*ends)
        degrees = np.bincount(np.concatenate([sources, targets]), minlength=max(buses) + 1)
        assert all(graph.degree(bus) == degrees[bus] for bus in buses)
    print(f"cells: {cells}")


{"put": put, "get": get}[sys.argv[2]]()
