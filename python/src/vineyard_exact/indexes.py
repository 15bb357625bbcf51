"""Indexes of rows as columns of Arrow, and labels of columns as text."""

import base64

import pandas as pd
import pyarrow as pa

from . import columns

_NAMES = (str, int, float, bool, type(None))


def encode_name(what, name):
    """A name as JSON: text, a number, nothing, or a tuple of these."""
    if type(name) is tuple:
        return {"tuple": [encode_name(what, part) for part in name]}
    if type(name) not in _NAMES:
        raise TypeError(f"the name {name!r} of {what} is neither text nor a number")
    return name


def decode_name(name):
    """The name that JSON stands for; other writers have lists for tuples."""
    parts = name["tuple"] if isinstance(name, dict) else name
    return tuple(decode_name(part) for part in parts) if isinstance(parts, list) else parts


def encode(what, index):
    """An index as arrays, one for each of its levels, and what it says besides, which is JSON.

    Raises TypeError if it would come back as something else.
    """
    said = {"names": [encode_name(what, name) for name in index.names]}
    if type(index) is pd.RangeIndex:
        return [], {**said, "range": [index.start, index.stop, index.step]}
    if isinstance(index, pd.MultiIndex):
        found = [_level(what, index, number) for number in range(index.nlevels)]
        said["multi"] = True
    else:
        found = [columns.encode(what, index)]
    arrays, said["levels"] = [array for array, _ in found], [form for _, form in found]
    freq = getattr(index, "freq", None) if isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex)) else None
    if freq is not None:
        said["freq"] = freq.freqstr
        if pd.tseries.frequencies.to_offset(freq.freqstr) != freq:
            raise TypeError(f"the frequency {freq!r} of {what} is not told by its name")
    back = decode({**said, "freq": None}, [array.slice(0, 0) for array in arrays])
    if type(back) is not type(index):
        raise TypeError(f"{what} of type {type(index).__name__} would come back as {type(back).__name__}")
    return arrays, said


def _level(what, index, number):
    """A level as the values that rows have, or as categories if some are missing: pandas has other values for these."""
    level, codes = index.levels[number], index.codes[number]
    if not (codes == -1).any() or isinstance(level.dtype, pd.CategoricalDtype):
        return columns.encode(what, index.get_level_values(number))
    codes = pd.CategoricalIndex(pd.Categorical.from_codes(codes, categories=level))
    array, form = columns.encode(what, codes)
    return array, {"codes": form}


def decode(said, arrays):
    """The index of these arrays."""
    names = [decode_name(name) for name in said["names"]]
    if "range" in said:
        return pd.RangeIndex(*said["range"], name=names[0])
    levels = [columns.decode(form.get("codes", form), array) for form, array in zip(said["levels"], arrays)]
    if not said.get("multi"):
        values = levels[0]
        index = pd.Index(values, dtype=values.dtype, name=names[0])
        if said.get("freq") is not None:
            index.freq = said["freq"]
        return index
    index = pd.MultiIndex.from_arrays([pd.Index(values, dtype=values.dtype) for values in levels], names=names)
    for number, (form, values) in enumerate(zip(said["levels"], levels)):
        if "codes" in form:
            index = index.set_levels(values.categories, level=number, verify_integrity=False)
            index = index.set_codes(values.codes, level=number)
    return index


def encode_labels(labels):
    """The labels of columns as JSON."""
    what = "the labels of columns"
    if labels.dtype == object and not isinstance(labels, pd.MultiIndex) and set(map(type, labels)) <= set(_NAMES):
        return {"objects": list(labels), "names": [encode_name(what, name) for name in labels.names]}
    arrays, said = encode(what, labels)
    if not arrays:
        return {"index": said}
    batch = pa.record_batch([columns.one(array) for array in arrays], [f"level{at}" for at in range(len(arrays))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return {"index": said, "arrow": base64.b64encode(sink.getvalue()).decode()}


def decode_labels(said):
    """The labels that `encode_labels` has told."""
    if "objects" in said:
        return pd.Index(said["objects"], dtype=object, name=decode_name(said["names"][0]))
    if "arrow" not in said:
        return decode(said["index"], [])
    with pa.ipc.open_stream(base64.b64decode(said["arrow"])) as reader:
        batch = reader.read_next_batch()
    return decode(said["index"], batch.columns)
