"""One column of pandas as an array of Arrow, and its form: what makes the same column of that array again."""

import re
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa

# Text as it is in names of types. No parentheses, so that no name is a call: pandas asks every type that was registered
# with it for a name, and the client's own evaluates it.
_NAME = re.compile(r"[A-Za-z0-9_/+:\-, \[\]]+")

_TEXT = ({str}, {str, type(None)}, {bytes}, {bytes, type(None)})


def encode(what, values):
    """A series or an index as an array, and its form, which is JSON.

    Copies nothing of numbers and of columns that are Arrow's. Raises TypeError, which begins with `what`, if the values
    would come back as something else.
    """
    try:
        array, form = _encode(what, values)
        back = decode(form, array.slice(0, 0)).dtype
    except (pa.ArrowException, NotImplementedError, OverflowError, UnicodeEncodeError, ValueError) as error:
        raise TypeError(f"{what} of type {values.dtype} cannot be kept: {error}") from error
    if back != values.dtype:
        raise TypeError(f"{what} of type {values.dtype!r} would come back as {back!r}")
    return array, form


def _encode(what, values):
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return _encode_numpy(what, values.to_numpy())
    if isinstance(dtype, pd.CategoricalDtype):
        return _encode_categories(what, values)
    if isinstance(dtype, pd.SparseDtype):
        raise TypeError(f"{what} is sparse, which is kept beside numbers and text, and as a `SparseArray`, only")
    if isinstance(dtype, pd.DatetimeTZDtype):
        kind = pa.timestamp(dtype.unit, pa.lib.tzinfo_to_string(dtype.tz))
        array = pa.array(values.to_numpy(dtype=f"datetime64[{dtype.unit}]")).view(kind)
        if isinstance(dtype.tz, zoneinfo.ZoneInfo) and dtype.tz.key is not None:
            return array, {"zone": [dtype.unit, dtype.tz.key]}
        return array, _extension_form(what, dtype)
    if not hasattr(values.array, "__arrow_array__"):
        raise TypeError(f"{what} is of type {dtype}, which Arrow does not have")
    array = values.array.__arrow_array__()
    if isinstance(dtype, pd.ArrowDtype):
        return array, {"arrow": True}
    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if getattr(dtype, "na_value", pd.NA) is not pd.NA else "NA"
        return array, {"string": [dtype.storage, missing]}
    return array, _extension_form(what, dtype)


def _encode_numpy(what, values):
    dtype = values.dtype
    form = {"numpy": dtype.str}
    if dtype.kind == "O":
        return _encode_objects(what, values), {"objects": True}
    if dtype.kind == "c":
        parts = np.ascontiguousarray(values).astype(dtype.newbyteorder("="), copy=False)
        parts = parts.view(f"f{dtype.itemsize // 2}")
        return pa.FixedSizeListArray.from_arrays(pa.array(parts), 2), form
    return pa.array(values.astype(dtype.newbyteorder("="), copy=False)), form


def _encode_objects(what, values):
    """Objects as an array of which `to_pylist` makes the same ones."""
    objects = values.tolist()
    kinds = set(map(type, objects))
    try:
        array = pa.array(objects)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise TypeError(f"{what} holds objects, {_named(kinds)}, which have no exact form: {error}") from error
    if kinds in _TEXT:
        return array
    if isinstance(array, pa.ExtensionArray):
        raise TypeError(f"{what} holds objects, {_named(kinds)}, which have no exact form")
    for before, after in zip(objects, array.to_pylist()):
        # Equal numbers may have different types, and NaN equals nothing.
        if type(before) is not type(after) or repr(before) != repr(after):
            raise TypeError(
                f"{what} holds objects, {_named(kinds)}, which have no exact form: {before!r} would become {after!r}")
    return array


def _named(kinds):
    return ", ".join(sorted(kind.__name__ for kind in kinds))


def _encode_categories(what, values):
    dtype, codes = values.dtype, (values.cat if isinstance(values, pd.Series) else values).codes
    categories, form = encode(f"{what}, its categories", dtype.categories)
    categories = one(categories)
    if isinstance(categories, pa.DictionaryArray):
        raise TypeError(f"{what} has categories of categories, which Arrow's format of files does not have")
    if isinstance(categories, pa.ExtensionArray):
        # Dictionaries hold none of these.
        categories = categories.storage
    codes = np.asarray(codes)
    indices = pa.array(codes, mask=codes == -1)
    array = pa.DictionaryArray.from_arrays(indices, categories, ordered=bool(dtype.ordered))
    # Rust's library does not keep the order of dictionaries.
    return array, {"categories": form, "ordered": bool(dtype.ordered)}


def _extension_form(what, dtype):
    name = str(dtype)
    try:
        again = _extension(name)
    except (TypeError, ValueError):
        again = None
    if again != dtype:
        raise TypeError(f"{what} is of type {dtype!r}, which its name does not tell from others")
    return {"extension": name}


def _extension(name):
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"`{name}` is not the name of a type of pandas")
    return pd.api.types.pandas_dtype(name)


def one(array):
    """An array in one chunk; copies if there are several."""
    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    return array.combine_chunks()


def decode(form, array):
    """The values of an array by their form, as an array of numpy or of pandas.

    Numbers in one chunk are views. Raises ValueError if the array does not have this form.
    """
    if "numpy" in form:
        return _decode_numpy(np.dtype(form["numpy"]), one(array))
    if "objects" in form:
        return np.fromiter(array.to_pylist(), dtype=object, count=len(array))
    if "arrow" in form:
        return pd.arrays.ArrowExtensionArray(array)
    if "categories" in form:
        return _decode_categories(form["categories"], form["ordered"], array)
    if "string" in form:
        storage, missing = form["string"]
        dtype = pd.StringDtype(storage) if missing == "NA" else pd.StringDtype(storage, na_value=np.nan)
        return dtype.__from_arrow__(array)
    if "zone" in form:
        unit, zone = form["zone"]
        return pd.DatetimeTZDtype(unit, zoneinfo.ZoneInfo(zone)).__from_arrow__(array)
    if "extension" in form:
        dtype = _extension(form["extension"])
        if isinstance(dtype, (pd.Float32Dtype, pd.Float64Dtype)):
            return _decode_floats(one(array))
        return dtype.__from_arrow__(_typed(dtype, array))
    raise ValueError(f"{form} is not the form of a column")


def _decode_numpy(dtype, array):
    if array.null_count and dtype.kind not in "mM":
        raise ValueError(f"an array of {array.type} has {array.null_count} nulls, which {dtype} does not have")
    if dtype.kind == "c":
        values = array.flatten().to_numpy(zero_copy_only=False)
        values = values.view(f"c{2 * values.dtype.itemsize}")
    else:
        values = array.to_numpy(zero_copy_only=False)
    if values.dtype != dtype.newbyteorder("="):
        raise ValueError(f"an array of {array.type} is stored as one of {dtype}")
    return values.astype(dtype, copy=False)


def _decode_floats(array):
    """Floats of which some are missing and others no numbers; pandas itself takes the ones for the others."""
    missing = array.is_null().to_numpy(zero_copy_only=False)
    return pd.arrays.FloatingArray(array.fill_null(1).to_numpy(zero_copy_only=False), missing)


def _decode_categories(form, ordered, array):
    if isinstance(array, pa.ChunkedArray):
        array = one(array.unify_dictionaries())
    if not isinstance(array, pa.DictionaryArray):
        raise ValueError(f"an array of {array.type} is stored as one of categories")
    values = decode(form, array.dictionary)
    dtype = pd.CategoricalDtype(pd.Index(values, dtype=values.dtype), ordered)
    return pd.Categorical.from_codes(array.indices.fill_null(-1).to_numpy(), dtype=dtype)


def _typed(dtype, array):
    """An array with the type of Arrow that pandas has for its own; as dictionaries hold it, it has none."""
    if isinstance(dtype, (pd.PeriodDtype, pd.IntervalDtype)) and not isinstance(array.type, pa.BaseExtensionType):
        kind = pd.array([], dtype=dtype).__arrow_array__().type
        return pa.ExtensionArray.from_storage(kind, one(array))
    return array
