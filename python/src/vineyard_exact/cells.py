"""Entries of shared maps: keys and values side by side, texts elsewhere."""

import operator

import numpy as np

from .tensors import dtype_of

TEXT, BYTES = "std::string", "vineyard::Bytes"
_SPAN = np.dtype([("start", "<u8"), ("nbytes", "<u8")], align=True)
_KEYS = ("int8", "int16", "int", "int64", "uint8", "uint16", "uint", "uint64", TEXT, BYTES)
_NAMES = {"int32": "int", "uint32": "uint", "float32": "float", "float64": "double"}


def _cell(name):
    return _SPAN if name in (TEXT, BYTES) else dtype_of(name)


def _encoded(text, name):
    """The bytes of a key or value; none if it is of another type."""
    if name == BYTES:
        return bytes(text) if isinstance(text, (bytes, bytearray, memoryview)) else None
    try:
        return text.encode() if isinstance(text, str) else None
    except UnicodeEncodeError:
        return None


class Cells:
    """Entries from keys of one type to values of another.

    key, value_type -- the names of the types
    """

    def __init__(self, key, value, entries=b"", texts=b""):
        if key not in _KEYS:
            raise ValueError(f"`{key}` is not the name of a type of keys")
        self.key, self.value_type = key, value
        self.is_text = key in (TEXT, BYTES)
        # C's rules, which numpy follows: each at a multiple of what aligns it, the whole as well.
        self.dtype = np.dtype([("key", _cell(key)), ("value", _cell(value))], align=True)
        self._entries = np.frombuffer(entries, self.dtype) if len(entries) else np.empty(0, self.dtype)
        self._texts = memoryview(texts).cast("B")

    def __len__(self):
        return len(self._entries)

    def _text(self, span, name):
        start, size = span
        text = bytes(self._texts[start : start + size])
        if len(text) != size:
            raise ValueError(f"bytes {start} to {start + size} do not lie inside {len(self._texts)} bytes of text")
        return text.decode() if name == TEXT else text

    def _column(self, rows, field, name):
        column = self._entries[field][rows]
        if column.dtype != _SPAN:
            return column
        texts = np.empty(len(rows), object)
        texts[:] = [self._text(span, name) for span in column.tolist()]
        return texts

    def keys(self, rows):
        """The keys of some rows."""
        return self._column(rows, "key", self.key)

    def values(self, rows):
        """The values of some rows."""
        return self._column(rows, "value", self.value_type)

    def nothing(self, count):
        """As many values that stand for no value."""
        cell = _cell(self.value_type)
        return np.full(count, None, object) if cell == _SPAN else np.zeros(count, cell)

    def value(self, row):
        """One value, as Python's own."""
        value = self._entries["value"][row].item()
        return self._text(value, self.value_type) if isinstance(value, tuple) else value

    def key_of(self, cell):
        """The key that is stored so, as Python's own: a number, or where a text lies among those of these entries."""
        return self._text(cell, self.key) if isinstance(cell, tuple) else cell

    def bits(self, key):
        """What is hashed of one key: bytes, or a number; none if it cannot be a key of this type."""
        if self.is_text:
            return _encoded(key, self.key)
        if isinstance(key, (bool, np.bool_)):
            return None
        try:
            key = operator.index(key)
        except TypeError:
            return None
        kind = self.dtype["key"]
        limits = np.iinfo(kind)
        return key & (1 << 8 * kind.itemsize) - 1 if limits.min <= key <= limits.max else None

    def is_key(self, row, key):
        """Whether a row has this key, a number or bytes."""
        found = self._entries["key"][row].item()
        if not self.is_text:
            return found == key
        start, size = found
        return size == len(key) and self._texts[start : start + size] == key

    def prepare(self, keys):
        """Of many keys: what is hashed of those that can be keys, which these are, and how many all are."""
        if self.is_text:
            encoded = [_encoded(key, self.key) for key in keys]
            rows = [row for row, text in enumerate(encoded) if text is not None]
            return [encoded[row] for row in rows], np.array(rows, "i8"), len(encoded)
        kind = self.dtype["key"]
        limits = np.iinfo(kind)
        if isinstance(keys, np.ndarray) and keys.dtype.kind in "iu":
            own = np.iinfo(keys.dtype)
            # Only bounds that the array's type has: numpy compares numbers of different kinds as floats.
            fits = np.ones(len(keys), bool)
            if own.min < limits.min:
                fits &= keys >= keys.dtype.type(limits.min)
            if own.max > limits.max:
                fits &= keys <= keys.dtype.type(limits.max)
            rows = np.flatnonzero(fits)
            kept = keys[rows].astype(kind)
        else:
            keys = list(keys)
            rows = np.array([row for row, key in enumerate(keys) if self.bits(key) is not None], "i8")
            kept = np.array([int(keys[row]) for row in rows.tolist()], kind)
        return kept.view(f"u{kept.itemsize}").astype("u8"), rows, len(keys)

    def are_keys(self, at, prepared, chosen):
        """Whether rows have the chosen ones of prepared keys."""
        found = self._entries["key"][at]
        if not self.is_text:
            return found.view(f"u{found.itemsize}").astype("u8") == prepared[chosen]
        pairs = zip(found.tolist(), chosen.tolist())
        same = (size == len(prepared[row]) and self._texts[start : start + size] == prepared[row]
                for (start, size), row in pairs)
        return np.fromiter(same, bool, len(chosen))

    @classmethod
    def of(cls, keys, values, key, value):
        """New entries of these keys and values, with `prepared` for their hashes."""
        keys, values = (given if isinstance(given, np.ndarray) else list(given) for given in (keys, values))
        if len(keys) != len(values):
            raise ValueError(f"{len(values)} values, expected {len(keys)}, one for each key")
        cells = cls(key or _name(keys), value or _name(values))
        cells.prepared, rows, count = cells.prepare(keys)
        if len(rows) != count:
            wrong = np.setdiff1d(np.arange(count), rows)[0]
            raise ValueError(f"key {keys[wrong]!r} at {wrong} is not a {cells.key}")
        _refuse_duplicates(cells.prepared if cells.is_text else cells.prepared.tolist(), keys)
        cells.given = cells._encode(values) if _cell(cells.value_type) == _SPAN else cells._convert(values)
        return cells

    def _encode(self, values):
        encoded = [_encoded(value, self.value_type) for value in values]
        if None in encoded:
            at = encoded.index(None)
            raise ValueError(f"value {values[at]!r} at {at} is not a {self.value_type}")
        return encoded

    def _convert(self, values):
        kind = _cell(self.value_type)
        given = np.asarray(values)
        # Numbers of Python go into every type that they fit, arrays into those that hold all numbers of theirs.
        fits = given.ndim == 1 and (
            np.can_cast(given.dtype, kind, "safe" if isinstance(values, np.ndarray) else "same_kind")
            or given.dtype.kind in "iu" and kind.kind in "iu" and not isinstance(values, np.ndarray)
            or not len(given))
        if not fits:
            raise ValueError(f"values of type {given.dtype} and {given.ndim} dimensions are not a {self.value_type} each")
        converted = given.astype(kind)
        if kind.kind in "iu" and converted.tolist() != given.tolist():
            raise ValueError(f"a value is not a {self.value_type}: it does not fit")
        return converted

    def laid_out(self, order, slot, slots):
        """The entries in this order in these of so many slots, and the bytes of their texts."""
        entries = np.zeros(slots, self.dtype)
        columns = [("key", self.prepared if self.is_text else None), ("value", self.given)]
        if not self.is_text:
            kind = self.dtype["key"]
            entries["key"][slot] = self.prepared[order].astype(f"u{kind.itemsize}").view(kind)
        texts = [(field, given) for field, given in columns if isinstance(given, list)]
        sizes = np.zeros((len(order), len(texts)), "u8")
        for number, (_, given) in enumerate(texts):
            sizes[:, number] = [len(given[row]) for row in order.tolist()]
        starts = np.cumsum(sizes.ravel(), dtype="u8").reshape(sizes.shape) - sizes
        for number, (field, _) in enumerate(texts):
            entries[field]["start"][slot], entries[field]["nbytes"][slot] = starts[:, number], sizes[:, number]
        if not isinstance(self.given, list):
            entries["value"][slot] = self.given[order]
        joined = b"".join(given[row] for row in order.tolist() for _, given in texts)
        return entries.view("u1"), np.frombuffer(joined, "u1")


def _name(items):
    """The name of the type of keys or values that are given without one."""
    if isinstance(items, np.ndarray) and items.dtype.kind in "iufc":
        return _NAMES.get(items.dtype.name, items.dtype.name)
    first = next(iter(items), 0)
    for kind, name in ((str, TEXT), ((bytes, bytearray), BYTES), (float, "double"), (int, "int64")):
        if isinstance(first, kind) and not isinstance(first, bool):
            return name
    raise ValueError(f"{first!r} is neither a number nor text nor bytes")


def _refuse_duplicates(prepared, keys):
    if len(set(prepared)) == len(prepared):
        return
    seen = {}
    for second, key in enumerate(prepared):
        first = seen.setdefault(key, second)
        if first != second:
            raise ValueError(f"key {keys[second]!r} is given twice, at {first} and at {second}")
