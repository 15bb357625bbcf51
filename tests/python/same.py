"""Comparing to the last bit."""

import pathlib
import struct
import sys

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "python" / "src"))

from vineyard_exact import parts


def _integers(kind):
    """The type with integers in the place of floats."""
    types = pa.types
    if types.is_floating(kind):
        return {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[kind.bit_width]
    if types.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _integers(kind.value_type), kind.ordered)
    if types.is_map(kind):
        return pa.map_(kind.key_type, _integers(kind.item_type))
    if types.is_run_end_encoded(kind):
        return pa.run_end_encoded(kind.run_end_type, _integers(kind.value_type))
    fields = [kind.field(at).with_type(_integers(kind.field(at).type)) for at in range(kind.num_fields)]
    if types.is_struct(kind):
        return pa.struct(fields)
    if types.is_union(kind):
        return pa.union(fields, kind.mode, kind.type_codes)
    if types.is_fixed_size_list(kind):
        return pa.list_(fields[0], kind.list_size)
    for name in ("list", "large_list", "list_view", "large_list_view"):
        if getattr(types, f"is_{name}")(kind):
            return getattr(pa, name + "_" * (name == "list"))(fields[0])
    return kind


def bits(array):
    """The array with its floats as the integers of the same bits: NaN equals nothing."""
    kind = _integers(array.type)
    return array if kind == array.type else parts.put_together(kind, *parts.take_apart(array))


def same_array(got, expected):
    """The same type, names of fields and metadata included, and the same bits."""
    got.validate(full=True)
    assert got.type.equals(expected.type, check_metadata=True), (got.type, expected.type)
    assert bits(got).equals(bits(expected)), (got, expected)


def same_values(got, expected):
    """Series or indexes of the same type with the same values: the same bits of numbers, the same objects."""
    assert got.dtype == expected.dtype, (got.dtype, expected.dtype)
    if isinstance(expected.dtype, pd.CategoricalDtype):
        before, after = (getattr(one, "cat", one).categories for one in (expected, got))
        assert got.dtype.ordered == expected.dtype.ordered and type(after) is type(before), (after, before)
        same_values(after, before)
    if isinstance(expected.dtype, np.dtype) and expected.dtype.kind in "biufcmM":
        assert expected.to_numpy().tobytes() == got.to_numpy().tobytes(), (got, expected)
        return
    assert len(got) == len(expected), (got, expected)
    for one, other in zip(got, expected):
        assert type(one) is type(other) and repr(one) == repr(other), (one, other)


def same_index(got, expected):
    """The same index; numbers that are counted up are the same whether they are stored or not."""
    assert list(got.names) == list(expected.names), (got.names, expected.names)
    if isinstance(expected, pd.RangeIndex) and type(got) is pd.Index:
        expected = pd.Index(expected.to_numpy(), name=expected.name)
    assert type(got) is type(expected), (type(got), type(expected))
    assert getattr(got, "freq", None) == getattr(expected, "freq", None), (got, expected)
    if isinstance(expected, pd.MultiIndex):
        assert list(got.dtypes) == list(expected.dtypes), (got.dtypes, expected.dtypes)
    for level in range(expected.nlevels):
        same_values(got.get_level_values(level), expected.get_level_values(level))


def same_frame(got, expected):
    """The same columns in the same order, with the same labels, in the same rows."""
    assert type(got) is pd.DataFrame, type(got)
    assert got.shape == expected.shape, (got.shape, expected.shape)
    same_index(got.index, expected.index)
    same_index(got.columns, expected.columns)
    for at in range(expected.shape[1]):
        same_values(got.iloc[:, at], expected.iloc[:, at])
    # The blocks that pandas makes of it work, too.
    repr(got)
    got.copy()


def same_series(got, expected):
    """The same values with the same labels and the same name."""
    assert isinstance(got, pd.Series) and got.name == expected.name, (got, expected)
    assert type(got.name) is type(expected.name), (got.name, expected.name)
    same_index(got.index, expected.index)
    same_values(got, expected)
    repr(got)


def same_numpy(got, expected):
    """The same bits in the same shape; the same objects."""
    assert got.dtype == expected.dtype and got.shape == expected.shape, (got.dtype, got.shape)
    assert isinstance(got, np.ma.MaskedArray) == isinstance(expected, np.ma.MaskedArray)
    if expected.dtype.kind == "O" or isinstance(expected, np.ma.MaskedArray):
        assert repr(got.tolist()) == repr(expected.tolist()), (got, expected)
    else:
        assert got.tobytes() == expected.tobytes(), (got, expected)


def same_matrix(got, expected):
    """The same kind of sparse matrix with the same parts, to the bit."""
    assert type(got) is type(expected) and got.shape == expected.shape, (type(got), got.shape)
    names = {"coo": ["data", "row", "col"], "dia": ["data", "offsets"]}.get(expected.format, ["data", "indices", "indptr"])
    for name in names:
        same_numpy(np.asarray(getattr(got, name)), getattr(expected, name))


def same_scalar(got, expected):
    """The same value of the same type; the same bits of a float."""
    assert type(got) is type(expected) and repr(got) == repr(expected), (got, expected)
    if isinstance(expected, float):
        assert struct.pack("<d", got) == struct.pack("<d", expected), (got, expected)


def same(got, expected):
    """The same value, of any type that is compared here."""
    if isinstance(expected, pa.Array):
        same_array(got, expected)
    elif isinstance(expected, pd.DataFrame):
        same_frame(got, expected)
    elif isinstance(expected, pd.Series):
        same_series(got, expected)
    elif isinstance(expected, pd.Index):
        same_index(got, expected)
    elif isinstance(expected, np.ndarray):
        same_numpy(got, expected)
    else:
        same_scalar(got, expected)
