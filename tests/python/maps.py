"""Looks keys up in the maps that Rust has put, and puts the same maps for Rust; refuses what is no map."""

import sys

import numpy as np

from checks import Checks, vineyard_exact
from vineyard_exact import hashes
from vineyard_exact.maps import PerfectMap, SharedMap

checks = Checks(sys.argv[1])
client = checks.client


def integer(bits, signed):
    def key(number):
        number = number * 37 % 2**bits
        return number - 2**bits if signed and number >= 2 ** (bits - 1) else number
    return key


def words(number):
    return f"{number}" + "x" * (number * 7 % 95)


KEYS = {
    "int8": (integer(8, True), 200), "int16": (integer(16, True), 1000), "int": (integer(32, True), 1000),
    "int64": (integer(64, True), 1000), "uint8": (integer(8, False), 200), "uint16": (integer(16, False), 1000),
    "uint": (integer(32, False), 1000), "uint64": (lambda number: number * (2**63 + 1) % 2**64, 1000),
    "std::string": (words, 1000), "vineyard::Bytes": (lambda number: words(number).encode() + b"\xff", 1000),
}
VALUES = {
    "uint64": lambda number: number * number, "float": lambda number: number / 2,
    "std::string": lambda number: f"value {number} ä"[: number % 12], "vineyard::Bytes": lambda number: b"\xfe" * (number % 9),
    "complex128": lambda number: complex(number, -float(number)),
}
ABSENT = {
    int: [-3, 2**64, 2**70, -(2**63) - 1, None, "1", b"1", 1.0, True], str: ["", "nobody", "\ud800", 1, b"1", None],
    bytes: [b"", b"nobody", "1", 1, None]}


def check(found, entries, kind):
    """All ways to look up give the same: one key, many, and all."""
    assert type(found) is kind and len(found) == len(entries), found
    assert dict(found.items()) == entries and dict(zip(found, found.values())) == entries
    assert set(found) == set(entries)
    keys = list(entries)
    for key, value in entries.items():
        assert found[key] == value and key in found
    values, there = found.get_many(keys)
    assert there.all() and values.tolist() == list(entries.values())
    assert sorted(found.find(keys)) == sorted(found._full())
    kind_of_key = type(keys[0]) if keys else str
    absent = [key for key in ABSENT[kind_of_key] if type(key) is not kind_of_key or key not in entries]
    assert not any(key in found for key in absent)
    values, there = found.get_many(absent + keys[:1])
    assert there.tolist() == [False] * len(absent) + [True] * len(keys[:1]), there
    if keys and isinstance(keys[0], int):
        asked = np.array(keys, np.uint64 if max(keys) >= 2**63 else np.int64)
        assert (found.find(asked) >= 0).all()
        assert (found.find(asked[::-1]) == found.find(keys)[::-1]).all()
        for dtype in (np.int8, np.uint64):
            asked = np.arange(100, dtype=dtype)
            assert (found.find(asked) >= 0).tolist() == [number in entries for number in range(100)]
    checks.count += 1


for key_name, (key, count) in KEYS.items():
    for value_name, value in VALUES.items():
        entries = {key(number): value(number) for number in range(count)}
        assert len(entries) == count
        types = f"<{key_name},{value_name}>"
        for kind in (SharedMap, PerfectMap):
            check(client.get(client.get_name(f"rs/{kind.__name__}{types}")), entries, kind)
        new = vineyard_exact.NewMap(entries, key_name, value_name)
        check(checks.back(new), entries, SharedMap)
        id = client.put(new)
        client.persist(id)
        client.put_name(id, f"py/SharedMap{types}")

# Without names of types: of arrays, of dicts by the first.
numbers = np.arange(5000, dtype=np.uint32) * 3
found = checks.back(vineyard_exact.NewMap((numbers, numbers / 2)))
assert (found.cells.key, found.cells.value_type) == ("uint", "double")
values, there = found.get_many(numbers)
assert there.all() and (values == numbers / 2).all()
check(checks.back(vineyard_exact.NewMap({"a": 1, "b": -2})), {"a": 1, "b": -2}, SharedMap)
check(checks.back(vineyard_exact.NewMap({}, "std::string", "int64")), {}, SharedMap)
check(checks.back(vineyard_exact.NewMap({"": ""})), {"": ""}, SharedMap)

# Keys that collide are hashed with another seed.
homes = hashes.folds(np.arange(3_000_000, dtype="u8") ^ np.uint64(hashes.OFFSET), hashes.MULTIPLIER) & np.uint64(0x7FF)
crowded = np.flatnonzero(homes == 0)[:1100]
found = checks.back(vineyard_exact.NewMap((crowded, crowded)))
assert found._seed[0] != hashes.OFFSET and (found.get_many(crowded)[0] == crowded).all()

for arguments, text in [
    (({1: 2, 2**40: 3}, "int"), "key 1099511627776 at 1 is not a int"),
    (({"a": 2, 1: 3},), "key 1 at 1 is not a std::string"),
    (({1: "a", 2: b"b"},), "value b'b' at 1 is not a std::string"),
    (({1: 2**64}, "int64", "uint64"), "values of type object"),
    (({1: 300}, "int64", "uint8"), "a value is not a uint8: it does not fit"),
    (((np.arange(3), np.arange(3)), "int64", "int"), "values of type int64"),
    (({1: 1.5}, "int64", "int64"), "of type float64"),
    ((([1, 2, 1], [1, 2, 3]),), "key 1 is given twice, at 0 and at 2"),
    (((["a", "a"], [1, 2]),), "key 'a' is given twice, at 0 and at 1"),
    ((([1, 2], [1]),), "1 values, expected 2"),
    (({1.5: 1},), "`double` is not the name of a type of keys"),
    (({None: 1},), "None is neither a number nor text nor bytes"),
]:
    try:
        vineyard_exact.NewMap(*arguments)
    except ValueError as refusal:
        assert text in str(refusal), refusal
    else:
        raise AssertionError(f"{arguments} was not refused")
    checks.count += 1

print(f"exact: {checks.count}")
