"""Arrow arrays of every type that Python has, nested four deep, with nulls and offsets: the same for the same seed."""

import random

import pyarrow as pa

TEXTS = ["", "a", "naïve", "\0", "a text that is longer than what fits into a view", "∀x"]
UNITS = ["s", "ms", "us", "ns"]
DAY = 86_400

NUMBERS = [
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.float16(),
    pa.float32(), pa.float64(), pa.date32(), pa.month_day_nano_interval(), *(pa.timestamp(unit) for unit in UNITS),
    *(pa.timestamp(unit, "Europe/Oslo") for unit in UNITS), *(pa.duration(unit) for unit in UNITS),
]
# Of these not every number is a value.
BOUNDED = {
    pa.date64(): (-DAY, DAY, 1000 * DAY), pa.time32("s"): (0, DAY, 1), pa.time32("ms"): (0, 1000 * DAY, 1),
    pa.time64("us"): (0, 10**6 * DAY, 1), pa.time64("ns"): (0, 10**9 * DAY, 1),
    pa.decimal32(9, 2): (-10**9 + 1, 10**9, 1), pa.decimal64(18, -3): (-10**18 + 1, 10**18, 1),
    pa.decimal128(38, 10): (-10**38 + 1, 10**38, 1), pa.decimal256(76, 0): (-10**76 + 1, 10**76, 1),
}
BYTES = [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()]


class Arrays:
    """Makes arrays from a seed.

    ordered -- whether some dictionaries say that their values are in order, for which Rust's library has no place
    """

    def __init__(self, seed, ordered):
        self.random, self.ordered = random.Random(seed), ordered

    def array(self, depth, length):
        """An array that nests up to so many levels deep; some are slices of longer ones."""
        before, after = self.random.choice([(0, 0), (0, 0), (self.random.randrange(20), self.random.randrange(20))])
        whole = self._whole(depth, before + length + after)
        return whole.slice(before, length) if before + after else whole

    def batch(self, length):
        """Some columns, with metadata on the fields."""
        columns = [self.array(self.random.randint(1, 4), length) for _ in range(self.random.randint(1, 5))]
        fields = [pa.field(f"c{at}", column.type, metadata={"at": str(at)}) for at, column in enumerate(columns)]
        return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, {"k": "v"}))

    def _whole(self, depth, length):
        if depth <= 1:
            return self._flat(length)
        make = self.random.choice([
            self._list, self._list, self._view, self._fixed, self._struct, self._map, self._union, self._dictionary,
            self._runs])
        return make(depth - 1, length)

    def _flags(self, length):
        """Which are there; none if all are."""
        share = self.random.choice([0, 1, 3])
        return [self.random.randrange(4) >= share for _ in range(length)] if share else None

    def _bitmap(self, length):
        flags = self._flags(length)
        return None if flags is None else pa.array(flags, pa.bool_()).buffers()[1]

    def _with_nulls(self, values, kind):
        flags = self._flags(len(values)) or [True] * len(values)
        return pa.array([one if there else None for one, there in zip(values, flags)], kind)

    def _flat(self, length):
        number = self.random.randrange(len(NUMBERS) + len(BOUNDED) + len(BYTES) + 3)
        if number < len(NUMBERS):
            kind = NUMBERS[number]
            data = self.random.randbytes(length * kind.byte_width)
            return pa.Array.from_buffers(kind, length, [self._bitmap(length), pa.py_buffer(data)])
        number -= len(NUMBERS)
        if number < len(BOUNDED):
            kind = list(BOUNDED)[number]
            first, end, step = BOUNDED[kind]
            values = [self.random.randrange(first, end) * step for _ in range(length)]
            data = b"".join(value.to_bytes(kind.byte_width, "little", signed=True) for value in values)
            return pa.Array.from_buffers(kind, length, [self._bitmap(length), pa.py_buffer(data)])
        number -= len(BOUNDED)
        if number < len(BYTES):
            texts = ["".join(self.random.choices(TEXTS, k=self.random.randrange(3))) for _ in range(length)]
            kind = BYTES[number]
            return self._with_nulls(texts if "string" in str(kind) else [text.encode() for text in texts], kind)
        if number == len(BYTES):
            return self._with_nulls([self.random.randrange(2) == 0 for _ in range(length)], pa.bool_())
        if number == len(BYTES) + 1:
            return self._with_nulls([self.random.randbytes(3) for _ in range(length)], pa.binary(3))
        return pa.nulls(length)

    def _field(self, name, kind):
        metadata = self.random.choice([None, None, {"k": "v"}])
        return pa.field(self.random.choice([name, name, "other"]), kind, metadata=metadata)

    def _integers(self, values, bits):
        return pa.array(values, {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[bits])

    def _list(self, depth, length):
        offsets = [0]
        for _ in range(length):
            offsets.append(offsets[-1] + self.random.randrange(4))
        values = self.array(depth, offsets[-1])
        make, bits = self.random.choice([(pa.list_, 32), (pa.large_list, 64)])
        buffers = [self._bitmap(length), self._integers(offsets, bits).buffers()[1]]
        return pa.Array.from_buffers(make(self._field("item", values.type)), length, buffers, children=[values])

    def _view(self, depth, length):
        values = self.array(depth, 5)
        make, bits = self.random.choice([(pa.list_view, 32), (pa.large_list_view, 64)])
        parts = [self._integers([self.random.randrange(3) for _ in range(length)], bits).buffers()[1] for _ in range(2)]
        kind = make(self._field("item", values.type))
        return pa.Array.from_buffers(kind, length, [self._bitmap(length), *parts], children=[values])

    def _fixed(self, depth, length):
        size = self.random.randrange(4)
        values = self.array(depth, size * length)
        kind = pa.list_(self._field("item", values.type), size)
        return pa.Array.from_buffers(kind, length, [self._bitmap(length)], children=[values])

    def _struct(self, depth, length):
        children = [self.array(depth, length) for _ in range(self.random.randrange(4))]
        kind = pa.struct([pa.field(f"f{at}", child.type) for at, child in enumerate(children)])
        return pa.Array.from_buffers(kind, length, [self._bitmap(length)], children=children)

    def _map(self, depth, length):
        offsets = [0]
        for _ in range(length):
            offsets.append(offsets[-1] + self.random.randrange(4))
        keys = pa.array([f"k{at}" for at in range(offsets[-1])], pa.string())
        items = self.array(depth, offsets[-1])
        kind = pa.map_(keys.type, items.type, keys_sorted=self.random.randrange(2) == 0)
        entries = pa.StructArray.from_arrays([keys, items], fields=[kind.key_field, kind.item_field])
        buffers = [self._bitmap(length), self._integers(offsets, 32).buffers()[1]]
        return pa.Array.from_buffers(kind, length, buffers, children=[entries])

    def _union(self, depth, length):
        codes = [0, 5, 127][: self.random.randint(1, 3)]
        names = [f"u{code}" for code in codes]
        chosen = [self.random.choice(codes) for _ in range(length)]
        kinds = pa.array(chosen, pa.int8())
        if self.random.randrange(2) == 0:
            children = [self.array(depth, length) for _ in codes]
            return pa.UnionArray.from_sparse(kinds, children, names, codes)
        offsets = pa.array([chosen[:at].count(code) for at, code in enumerate(chosen)], pa.int32())
        children = [self.array(depth, chosen.count(code)) for code in codes]
        return pa.UnionArray.from_dense(kinds, offsets, children, names, codes)

    def _dictionary(self, depth, length):
        values = self.array(depth, 4)
        while pa.types.is_dictionary(values.type):
            # The format of files has no dictionaries of dictionaries.
            values = values.dictionary
        indices = self._with_nulls(
            [self.random.randrange(max(len(values), 1)) if len(values) else None for _ in range(length)],
            self.random.choice([pa.int8(), pa.uint16(), pa.int32(), pa.uint64()]))
        ordered = self.random.randrange(2) == 0 and self.ordered
        return pa.DictionaryArray.from_arrays(indices, values, ordered=ordered)

    def _runs(self, depth, length):
        ends, end = [], 0
        while end < length:
            end += self.random.randint(1, 4)
            ends.append(min(end, length))
        ends = self._integers(ends, self.random.choice([16, 32, 64]))
        return pa.RunEndEncodedArray.from_arrays(ends, self.array(depth, len(ends)))
