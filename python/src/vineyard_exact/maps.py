"""Hash maps from integers or texts, as docs/hashmap.md lays them out: looked up where they lie."""

import random
import re

import numpy as np
from vineyard._C import ObjectMeta

from . import elements

_WIDTH, _LOAD, _MAX_PROBES, _TRIES, _EMPTY = 16, 12, 64, 8, 0xFF

# The client cannot write numbers of 64 bits without a sign, so the multiplier is another one than Rust's.
_SEED = (0x243F6A8885A308D3, 0x1E3779B97F4A7C15)

_TEXT = "std::string"
_SPAN = np.dtype([("start", "<u8"), ("nbytes", "<u8")])


def _xxh3(text, seed):
    try:
        import xxhash
    except ImportError as error:
        raise ImportError("maps of texts need the package `xxhash`") from error
    return xxhash.xxh3_64_intdigest(text, seed)


def _mixed(keys, offset, multiplier):
    """The hashes of integers: both halves of a product of 128 bits, xored."""
    bits = keys.view(f"<u{keys.dtype.itemsize}").astype("<u8") ^ np.uint64(offset)
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    low, high = bits & mask, bits >> half
    by_low, by_high = np.uint64(multiplier & 0xFFFFFFFF), np.uint64(multiplier >> 32)
    one, two, three, four = low * by_low, low * by_high, high * by_low, high * by_high
    middle = (one >> half) + (two & mask) + (three & mask)
    upper = four + (two >> half) + (three >> half) + (middle >> half)
    return ((one & mask) | (middle << half)) ^ upper


class SharedMap:
    """An immutable map; its arrays are views of shared memory if it was got."""

    def __init__(self, kind, numbers, control, keys, values, texts):
        self.kind, self.control, self.keys, self.values, self.texts = kind, control, keys, values, texts
        self.length, self.probes, self.seed, self.multiplier = numbers
        slots = len(control)
        if slots % _WIDTH or (slots // _WIDTH) & (slots // _WIDTH - 1) or not slots:
            raise ValueError(f"{slots} control bytes, expected 16 times a power of two")
        if len(keys) != slots or len(values) != slots:
            raise ValueError(f"{len(keys)} keys and {len(values)} values, expected {slots}, one for each control byte")
        if not 1 <= self.probes <= _MAX_PROBES:
            raise ValueError(f"look-ups read {self.probes} groups, expected 1 to {_MAX_PROBES}")

    def __len__(self):
        return self.length

    @property
    def is_text(self):
        """Whether the keys are texts; else they are integers."""
        return self.kind == _TEXT

    @classmethod
    def numbering(cls, kind, keys):
        """The map of keys to 0, 1 and so on, and its cells in this order.

        kind -- what C++ calls the type of the keys
        The caller has seen that no key is there twice.
        """
        texts = b""
        if kind == _TEXT:
            encoded = [key.encode() for key in keys]
            cells, texts = _spans(encoded), b"".join(encoded)
        else:
            encoded = cells = np.ascontiguousarray(keys, dtype=elements.dtype(kind))
        seed = _SEED
        for _ in range(_TRIES):
            if kind == _TEXT:
                hashes = np.fromiter((_xxh3(key, seed[0]) for key in encoded), "<u8", len(encoded))
            else:
                hashes = _mixed(cells, *seed)
            slots, probes, groups = _places(hashes)
            if probes <= _MAX_PROBES:
                break
            seed = (random.getrandbits(63), random.getrandbits(63) | 1)
        else:
            raise ValueError(f"a key lies more than {_MAX_PROBES} groups from its own, with each of {_TRIES} seeds")
        control = np.full(groups * _WIDTH, _EMPTY, "u1")
        stored, values = np.zeros(len(control), cells.dtype), np.zeros(len(control), "<u8")
        control[slots], stored[slots] = hashes >> np.uint64(57), cells
        values[slots] = np.arange(len(slots), dtype="<u8")
        return cls(kind, (len(slots), probes, *seed), control, stored, values, texts), cells

    def key(self, cell):
        """The key that a cell holds: an int or a str. Raises ValueError if it cannot be read."""
        if not self.is_text:
            return int(cell)
        start, nbytes = int(cell["start"]), int(cell["nbytes"])
        if start + nbytes > len(self.texts):
            raise ValueError(f"a text from {start} on of {nbytes} bytes does not lie inside {len(self.texts)}")
        return bytes(self.texts[start:start + nbytes]).decode()

    def get(self, key, default=None):
        """The value of a key, which is looked up where it lies."""
        if self.is_text:
            if type(key) is not str:
                return default
            found = _xxh3(key.encode(), self.seed)
        else:
            info = np.iinfo(self.keys.dtype)
            if isinstance(key, (bool, float, str)) or not info.min <= key <= info.max:
                return default
            found = int(_mixed(np.array([key], self.keys.dtype), self.seed, self.multiplier)[0])
        mask, tag = len(self.control) // _WIDTH - 1, found >> 57
        for step in range(self.probes):
            first = ((found + step) & mask) * _WIDTH
            group = self.control[first:first + _WIDTH]
            for slot in np.flatnonzero(group == tag) + first:
                if self.key(self.keys[slot]) == key:
                    return int(self.values[slot])
            if (group == _EMPTY).any():
                break
        return default

    def put(self, client):
        """Stores it."""
        meta = ObjectMeta()
        meta["typename"] = f"vineyard::SharedMap<{self.kind},uint64>"
        meta["length_"], meta["probes_"] = self.length, self.probes
        meta["seed_"], meta["multiplier_"] = self.seed, self.multiplier
        parts = {"control_": self.control, "keys_": self.keys, "values_": self.values}
        if len(self.texts):
            parts["texts_"] = np.frombuffer(self.texts, "u1")
        for key, part in parts.items():
            meta.add_member(key, elements.put(client, part))
        meta["nbytes"] = sum(part.nbytes for part in parts.values())
        return client.create_metadata(meta)

    @classmethod
    def resolve(cls, obj):
        """The map that an object is, without a copy."""
        kind, value = re.fullmatch(r"vineyard::SharedMap<\s*([^,]+?)\s*,\s*(.+?)\s*>", obj.typename).groups()
        meta = obj.meta
        numbers = [elements.unsigned(meta, key) for key in ("length_", "probes_", "seed_", "multiplier_")]
        texts = elements.view(obj, "texts_", np.dtype("u1")) if "texts_" in meta else np.empty(0, "u1")
        return cls(kind, numbers, elements.view(obj, "control_", np.dtype("u1")), cells(obj, "keys_", kind),
                   elements.view(obj, "values_", elements.dtype(value)), memoryview(texts))


def cells(obj, key, kind):
    """The cells of a map of such keys, in any order, that are a member of an object."""
    return elements.view(obj, key, _SPAN if kind == _TEXT else elements.dtype(kind))


def _spans(encoded):
    spans = np.zeros(len(encoded), _SPAN)
    spans["nbytes"] = np.fromiter(map(len, encoded), "<u8", len(encoded))
    spans["start"] = np.cumsum(spans["nbytes"]) - spans["nbytes"]
    return spans


def _places(hashes):
    """A slot for each of the keys with these hashes, how many groups a look-up reads, and how many groups there are."""
    groups = 1 << max(-(-len(hashes) // _LOAD) - 1, 0).bit_length()
    homes = (hashes & np.uint64(groups - 1)).astype("<i8")
    order = np.argsort(homes, kind="stable")
    filled = np.bincount(homes, minlength=groups)
    ranks = np.empty(len(hashes), "<i8")
    ranks[order] = np.arange(len(hashes)) - np.repeat(np.cumsum(filled) - filled, filled)
    slots = homes * _WIDTH + ranks
    filled, probes = np.minimum(filled, _WIDTH), 1
    for at in np.flatnonzero(ranks >= _WIDTH):
        step = 1
        while filled[(homes[at] + step) % groups] == _WIDTH:
            step += 1
        group = (homes[at] + step) % groups
        slots[at] = group * _WIDTH + filled[group]
        filled[group] += 1
        probes = max(probes, step + 1)
    return slots, probes, groups
