"""Graphs of networkx as `CsrGraph`, and back: labels of vertices and attributes of both, exact or refused by name."""

import networkx
import numpy as np
import pandas as pd
import pyarrow as pa

from .csr import CsrGraph

_ABSENT = object()
_ARROW = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.large_string()}


def from_networkx(graph, weight="weight"):
    """The graph, with its nodes as labels, in their order, and attributes as columns of its tables.

    weight -- the attribute of edges that becomes their weight, if each has it and all are `int` or all `float`
    Raises TypeError with what would not come back as it is: nodes that are neither all `int` nor all `str`, attributes that
    are not of one of the types `int`, `float`, `bool`, `str`, attributes of the graph, keys of parallel edges that do not
    count them.
    """
    if graph.graph:
        raise TypeError(f"attributes of the graph have no place: {', '.join(map(repr, graph.graph))}")
    nodes = list(graph.nodes)
    number = {node: at for at, node in enumerate(nodes)}
    edges = list(_keyed(graph))
    attributes = _columns("edges", [data for _, _, data in edges])
    weights = attributes.get(weight)
    if isinstance(weights, np.ndarray) and weights.dtype.kind in "if":
        del attributes[weight]
    else:
        weights = None
    return CsrGraph.from_edges(
        len(nodes), [number[source] for source, _, _ in edges], [number[target] for _, target, _ in edges], weights,
        directed=graph.is_directed(), labels=nodes, vertices=_frame(_columns("nodes", [graph.nodes[node] for node in nodes])),
        edges=_frame(attributes))


def to_networkx(graph, weight="weight"):
    """The graph as a `Graph` or `DiGraph`, or one of those with parallel edges if there are. Rows without a value in a column
    have no such attribute. Edges come in the order of the table of edges, if there is one.
    """
    sources, targets = graph.ends()
    once = np.arange(len(sources)) if graph.directed else np.flatnonzero(sources <= targets)
    rows = graph.rows()
    if graph.edges is not None:
        once = once[np.argsort(rows[once], kind="stable")]
    pairs = list(zip(sources[once].tolist(), targets[once].tolist()))
    kinds = {(True, False): networkx.DiGraph, (True, True): networkx.MultiDiGraph, (False, False): networkx.Graph,
             (False, True): networkx.MultiGraph}
    made = kinds[graph.directed, len(set(pairs)) < len(pairs)]()
    labels = range(graph.num_vertices) if graph.labels is None else list(graph.labels)
    made.add_nodes_from(zip(labels, _attributes(graph.vertices, range(graph.num_vertices))))
    found = _attributes(graph.edges, rows[once].tolist())
    if graph.weights is not None:
        if graph.edges is not None and weight in graph.edges.columns:
            raise ValueError(f"the weights and a column of the table of edges are both called {weight!r}")
        found = ({weight: one, **data} for one, data in zip(graph.weights[once].tolist(), found))
    made.add_edges_from((labels[source], labels[target], data) for (source, target), data in zip(pairs, found))
    return made


def _keyed(graph):
    """Source, target and attributes of each edge; parallel ones have to be counted up."""
    if not graph.is_multigraph():
        yield from graph.edges(data=True)
        return
    for source, target, key, data in graph.edges(keys=True, data=True):
        expected = list(graph[source][target]).index(key)
        if type(key) is not int or key != expected:
            raise TypeError(f"the edge from {source!r} to {target!r} has the key {key!r}, expected {expected}")
        yield source, target, data


def _columns(what, found):
    """The attributes of all nodes or edges by name, each as a column."""
    names = dict.fromkeys(name for data in found for name in data)
    return {name: _column(what, name, [data.get(name, _ABSENT) for data in found]) for name in names}


def _column(what, name, values):
    """An array of numpy, or one of Arrow with nulls where the attribute is not there."""
    of = f"attribute {name!r} of the {what}"
    if type(name) is not str:
        raise TypeError(f"{of}: its name is no text")
    kinds = {type(value) for value in values if value is not _ABSENT}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind not in _ARROW:
        named = ", ".join(sorted(one.__name__ for one in kinds | {kind} if one is not None))
        raise TypeError(f"{of} is of type {named}, expected one of int, float, bool, str for all of them")
    vast = kind is int and max(value for value in values if value is not _ABSENT) >= 2 ** 63
    try:
        if any(value is _ABSENT for value in values):
            return pa.array([None if value is _ABSENT else value for value in values],
                            pa.uint64() if vast else _ARROW[kind])
        if kind is str:
            pa.array(values, pa.large_string())
            return np.array(values, object)
        return np.array(values, "u8" if vast else np.dtype(kind))
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise TypeError(f"{of} cannot be kept: {error}") from error


def _frame(columns):
    """A frame of columns; None if there are none."""
    if not columns:
        return None
    return pd.DataFrame({name: pd.arrays.ArrowExtensionArray(values) if isinstance(values, pa.Array) else values
                         for name, values in columns.items()})


def _attributes(table, rows):
    """The attributes of these rows of a table, as dicts."""
    if table is None:
        return ({} for _ in rows)
    columns = {}
    for name, series in table.items():
        arrow = not isinstance(series.dtype, np.dtype)
        columns[name] = series.array.__arrow_array__().to_pylist() if arrow else series.tolist()
    return ({name: values[row] for name, values in columns.items() if values[row] is not None} for row in rows)
