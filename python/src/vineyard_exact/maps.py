"""Shared maps: read where they lie, and built of dicts or arrays. Their layouts are described in docs/hashmap.md."""

import random
from collections.abc import Mapping

import numpy as np
from vineyard._C import ObjectMeta
from vineyard.data.utils import build_buffer

from . import hashes
from .cells import Cells

_EMPTY, _WIDTH, _MAX_PROBES, _LOAD, _TRIES = 0xFF, 16, 64, 14, 8
_PILOT, _SLOT = 0xD6E8FEB86659FD93, 0xA0761D6478BD642F


def _view(obj, key):
    """The bytes of a blob; none if there is no such blob."""
    if key not in obj.meta:
        return memoryview(b"")
    blob = obj.member(key)
    return memoryview(b"") if blob.is_empty else memoryview(blob)


class _Map(Mapping):
    """What both kinds of maps have: a read-only mapping over blobs of the store.

    `find` and `get_many` look many keys up at once, with numpy. Texts are `str`, bytes `bytes`, numbers those of numpy.
    """

    def __init__(self, obj, kind):
        meta = obj.meta
        key, value = _types(obj.typename, kind)
        self.cells = Cells(key, value, _view(obj, "entries_"), _view(obj, "texts_"))
        self._length = int(meta["length_"])
        self._seed = int(meta["seed_"]), int(meta["multiplier_"])

    def __len__(self):
        return self._length

    def __getitem__(self, key):
        at = self._place(key)
        if at is None:
            raise KeyError(key)
        return self.cells.value(at)

    def __contains__(self, key):
        return self._place(key) is not None

    def __iter__(self):
        return iter(self.cells.keys(self._full()).tolist())

    def items(self):
        """All entries, in the order in which they lie."""
        rows = self._full()
        return dict(zip(self.cells.keys(rows).tolist(), self.cells.values(rows).tolist())).items()

    def values(self):
        """All values, in the order in which they lie."""
        return self.cells.values(self._full()).tolist()

    def __repr__(self):
        return f"{type(self).__name__} of {len(self)} entries from {self.cells.key} to {self.cells.value_type}"

    def get_many(self, keys):
        """The values of an array or list of keys, and whether each is there; zeros or None stand for those that are not."""
        at = self.find(keys)
        found = at >= 0
        values = self.cells.nothing(len(at))
        values[found] = self.cells.values(at[found])
        return values, found

    def _place(self, key):
        bits = self.cells.bits(key)
        if bits is None:
            return None
        if isinstance(bits, bytes):
            return self._find_one(hashes.wyhash(bits, self._seed[0]), bits)
        return self._find_one(hashes.fold(bits ^ self._seed[0], self._seed[1]), key)

    def _hashes(self, prepared):
        if self.cells.is_text:
            return hashes.wyhashes(prepared, self._seed[0])
        return hashes.folds(prepared ^ np.uint64(self._seed[0]), self._seed[1])


class SharedMap(_Map):
    """An immutable hash map in the store."""

    def __init__(self, obj):
        super().__init__(obj, "SharedMap")
        self._homes, self._probes = int(obj.meta["homes_"]), int(obj.meta["probes_"])
        self._control = np.frombuffer(_view(obj, "control_"), "u1")
        homes, slots = self._homes, len(self._control) - _WIDTH
        if homes < _WIDTH or homes & (homes - 1):
            raise ValueError(f"{homes} homes, expected a power of two from 16 on")
        if slots < homes or slots % _WIDTH:
            raise ValueError(f"{len(self._control)} control bytes, expected a multiple of 16, and 16 more than {homes}")
        if len(self.cells) != slots:
            raise ValueError(f"{len(self.cells)} entries, full or empty, expected {slots}")
        if self._length > slots:
            raise ValueError(f"{self._length} entries are announced, expected {slots} at most")
        if not 1 <= self._probes <= _MAX_PROBES:
            raise ValueError(f"look-ups read {self._probes} groups, expected 1 to {_MAX_PROBES}")

    def _full(self):
        return np.flatnonzero(self._control[: len(self.cells)] != _EMPTY)

    def _find_one(self, hash, key):
        tag, home = hash >> 57, hash & (self._homes - 1)
        for at, control in enumerate(self._control[home : home + self._probes * _WIDTH].tolist(), home):
            if control == _EMPTY:
                return None
            if control == tag and at < len(self.cells) and self.cells.is_key(at, key):
                return at
        return None

    def find(self, keys):
        """The slots of an array or list of keys, -1 for those that are not there."""
        prepared, rows, count = self.cells.prepare(keys)
        found = np.full(count, -1, "i8")
        hash = self._hashes(prepared)
        tags = (hash >> np.uint64(57)).astype("u1")
        at = (hash & np.uint64(self._homes - 1)).astype("i8")
        left = np.arange(len(rows))
        for _ in range(self._probes * _WIDTH):
            left = left[at[left] < len(self.cells)]
            control = self._control[at[left]]
            left, control = left[control != _EMPTY], control[control != _EMPTY]
            if not len(left):
                break
            candidates = left[control == tags[left]]
            hits = candidates[self.cells.are_keys(at[candidates], prepared, candidates)]
            found[rows[hits]] = at[hits]
            left = left[found[rows[left]] < 0]
            at[left] += 1
        return found


class PerfectMap(_Map):
    """An immutable map with a minimal perfect hash function in the store."""

    def __init__(self, obj):
        super().__init__(obj, "PerfectMap")
        self._parts, self._buckets, self._each = (int(obj.meta[key]) for key in ("parts_", "buckets_", "slots_"))
        self._pilots = np.frombuffer(_view(obj, "pilots_"), "u1")
        self._moved = np.frombuffer(_view(obj, "moved_"), "<u8")
        slots = self._parts * self._each
        if not 0 < slots < 1 << 63 or self._length > slots:
            raise ValueError(f"{self._length} entries in {self._parts} parts of {self._each} slots")
        for what, count, expected in (
            ("pilots", len(self._pilots), self._parts * self._buckets),
            ("numbers of slots", len(self._moved), slots - self._length),
            ("entries, with those that fill up", len(self.cells), -(-self._length // _WIDTH) * _WIDTH),
        ):
            if count != expected or not self._buckets:
                raise ValueError(f"{count} {what}, expected {expected}")

    def _full(self):
        return np.arange(self._length)

    def _find_one(self, hash, key):
        hash = hashes.fold(hash, _SLOT)
        part, rest = hash * self._parts >> 64, hash * self._parts & (1 << 64) - 1
        pilot = int(self._pilots[part * self._buckets + (rest * self._buckets >> 64)])
        slot = hashes.fold(hash ^ (pilot * _PILOT & (1 << 64) - 1), _SLOT) * self._each >> 64
        at = part * self._each + slot
        at = at if at < self._length else int(self._moved[at - self._length])
        return at if at < self._length and self.cells.is_key(at, key) else None

    def find(self, keys):
        """The numbers of an array or list of keys, -1 for those that are not there."""
        prepared, rows, count = self.cells.prepare(keys)
        found = np.full(count, -1, "i8")
        hash = hashes.folds(self._hashes(prepared), _SLOT)
        parts, buckets, each = (np.uint64(one) for one in (self._parts, self._buckets, self._each))
        part = hashes.high(hash, parts)
        pilot = self._pilots[part * buckets + hashes.high(hash * parts, buckets)].astype("u8")
        slot = hashes.high(hashes.folds(hash ^ pilot * np.uint64(_PILOT), _SLOT), each)
        at = part * each + slot
        beyond = at >= self._length
        at[beyond] = self._moved[at[beyond] - np.uint64(self._length)]
        inside = np.flatnonzero(at < self._length)
        at = at.astype("i8")
        hits = inside[self.cells.are_keys(at[inside], prepared, inside)]
        found[rows[hits]] = at[hits]
        return found


def _types(typename, kind):
    """The types of keys and values."""
    start, inner = f"vineyard::{kind}<", typename.rstrip(">").partition("<")[2]
    key, comma, value = inner.partition(",")
    if not typename.startswith(start) or not comma:
        raise ValueError(f"`{typename}` is not the name of a {kind} of keys and values")
    return key.strip(), value.strip()


class NewMap:
    """A shared map that is not stored yet: `client.put` stores it.

    entries -- a dict, or a pair of lists or arrays, of keys and of values
    key, value -- their types, as in names of maps: `int64`, `uint64`, `int`, `double`, `std::string`, `vineyard::Bytes`
        and so on. If not given, those of arrays, or `int64`, `double`, text or bytes by the first.

    Raises ValueError if a key is there twice, or does not fit its type. The bytes are those that Rust makes of the same.
    """

    def __init__(self, entries, key=None, value=None):
        keys, values = (entries.keys(), entries.values()) if isinstance(entries, Mapping) else entries
        self.cells = Cells.of(keys, values, key, value)
        seed = hashes.OFFSET, hashes.MULTIPLIER
        for _ in range(_TRIES):
            if self._arrange(seed):
                return
            seed = random.getrandbits(63), random.getrandbits(63) | 1
        raise ValueError(f"the keys collide too much to be found soon, with each of {_TRIES} seeds")

    def _arrange(self, seed):
        """Gives each entry its slot; whether all are near to their homes."""
        prepared = self.cells.prepared
        count = len(prepared)
        if self.cells.is_text:
            hash = hashes.wyhashes(prepared, seed[0])
        else:
            hash = hashes.folds(prepared ^ np.uint64(seed[0]), seed[1])
        homes = _WIDTH
        while homes * _LOAD < count * _WIDTH:
            homes *= 2
        home = (hash & np.uint64(homes - 1)).astype("i8")
        order = np.argsort(home, kind="stable")
        rank = np.arange(count)
        slot = np.maximum.accumulate(home[order] - rank) + rank
        farthest = int((slot - home[order]).max(initial=0))
        if farthest // _WIDTH >= _MAX_PROBES:
            return False
        slots = max(homes, int(slot[-1]) + 1 if count else 0)
        slots += -slots % _WIDTH
        self.control = np.full(slots + _WIDTH, _EMPTY, "u1")
        self.control[slot] = hash[order] >> np.uint64(57)
        self.entries, self.texts = self.cells.laid_out(order, slot, slots)
        self.numbers = {
            "length_": count, "homes_": homes, "probes_": farthest // _WIDTH + 1, "seed_": seed[0], "multiplier_": seed[1]}
        return True


def build(client, new, **_):
    """Stores a map."""
    meta = ObjectMeta()
    meta["typename"] = f"vineyard::SharedMap<{new.cells.key},{new.cells.value_type}>"
    for key, number in new.numbers.items():
        meta[key] = number
    for key, array in (("control_", new.control), ("entries_", new.entries), ("texts_", new.texts)):
        if array.nbytes or key != "texts_":
            meta.add_member(key, build_buffer(client, array.__array_interface__["data"][0], array.nbytes))
    meta["nbytes"] = new.control.nbytes + new.entries.nbytes + new.texts.nbytes
    return client.create_metadata(meta)


def register(builders, resolvers):
    """Enters maps."""
    builders.register(NewMap, build)
    resolvers.register("vineyard::SharedMap", SharedMap)
    resolvers.register("vineyard::PerfectMap", PerfectMap)
