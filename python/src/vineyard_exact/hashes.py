"""The hash functions of shared maps: of one key as a number of Python, of many as arrays of numpy, with the same results."""

import numpy as np

OFFSET, MULTIPLIER = 0x243F6A8885A308D3, 0x2B7E151628AED2A7
"""The seed of maps whose keys do not collide."""

_SECRET = (0x2D358DCCAA6C78A5, 0x8BB84B93962EACC9, 0x4B33A62ED433D4A3, 0x4D5A2DA51DE1AA47)
_MASK = (1 << 64) - 1
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def fold(a, b):
    """Both halves of the product of two numbers of 64 bits, xored."""
    product = a * b
    return (product & _MASK) ^ (product >> 64)


def wyhash(text, seed):
    """wyhash, final version 4.2 (https://github.com/wangyi-fudan/wyhash), of bytes."""
    size, number = len(text), int.from_bytes
    seed ^= fold(seed ^ _SECRET[0], _SECRET[1])
    if size > 16:
        a, b = number(text[size - 16 : size - 8], "little"), number(text[size - 8 :], "little")
        seed = _long(text, seed)
    elif size >= 4:
        step, end = size >> 3 << 2, size - 4
        a, b = (
            number(text[at : at + 4], "little") << 32 | number(text[then : then + 4], "little")
            for at, then in ((0, step), (end, end - step)))
    elif size:
        a, b = text[0] << 16 | text[size >> 1] << 8 | text[size - 1], 0
    else:
        a = b = 0
    product = (a ^ _SECRET[1]) * (b ^ seed)
    return fold((product & _MASK) ^ _SECRET[0] ^ size, (product >> 64) ^ _SECRET[1])


def _long(text, seed):
    def step(state, at, secret):
        first, second = (int.from_bytes(text[start : start + 8], "little") for start in (at, at + 8))
        return fold(first ^ _SECRET[secret], second ^ state)

    at, size = 0, len(text)
    if size > 48:
        states = [seed, seed, seed]
        while size - at > 48:
            states = [step(state, at + 16 * lane, lane + 1) for lane, state in enumerate(states)]
            at += 48
        seed = states[0] ^ states[1] ^ states[2]
    while size - at > 16:
        seed, at = step(seed, at, 1), at + 16
    return seed


def high(a, b):
    """The upper halves of the products of arrays of numbers of 64 bits."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    middle = a_high * b_low + (a_low * b_low >> _HALF)
    return a_high * b_high + (middle >> _HALF) + ((middle & _LOW) + a_low * b_high >> _HALF)


def folds(a, b):
    """As `fold`, of arrays."""
    a, b = np.asarray(a, "u8"), np.asarray(b, "u8")
    return a * b ^ high(a, b)


def wyhashes(texts, seed):
    """As `wyhash`, of a list of bytes."""
    sizes = np.fromiter(map(len, texts), "u8", len(texts))
    starts = np.zeros(len(texts), "i8")
    np.cumsum(sizes[:-1], out=starts[1:])
    padded = b"".join([*texts, bytes(8)])
    eights = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))
    secret = [np.uint64(one) for one in _SECRET]
    seeds = np.full(len(texts), seed ^ fold(seed ^ _SECRET[0], _SECRET[1]), "u8")
    a, b = np.zeros_like(seeds), np.zeros_like(seeds)

    def fours(at):
        return eights[at] & _LOW

    rows = np.flatnonzero((sizes > 0) & (sizes < 4))
    at, size = starts[rows], sizes[rows].astype("i8")
    first, middle, last = (eights[at + skip] & np.uint64(0xFF) for skip in (0, size >> 1, size - 1))
    a[rows] = first << np.uint64(16) | middle << np.uint64(8) | last
    rows = np.flatnonzero((sizes >= 4) & (sizes <= 16))
    at, size = starts[rows], sizes[rows].astype("i8")
    step, end = size >> 3 << 2, at + size - 4
    a[rows] = fours(at) << _HALF | fours(at + step)
    b[rows] = fours(end) << _HALF | fours(end - step)
    rows = np.flatnonzero(sizes > 16)
    end = starts[rows] + sizes[rows].astype("i8")
    a[rows], b[rows] = eights[end - 16], eights[end - 8]

    def lane(states, at, number):
        return folds(eights[at] ^ secret[number], eights[at + 8] ^ states)

    at, left = starts.copy(), sizes.astype("i8")
    rows = np.flatnonzero(left > 48)
    if len(rows):
        long, states = rows, [seeds.copy() for _ in range(3)]
        while len(rows):
            for number, state in enumerate(states):
                state[rows] = lane(state[rows], at[rows] + 16 * number, number + 1)
            at[rows] += 48
            left[rows] -= 48
            rows = rows[left[rows] > 48]
        seeds[long] = states[0][long] ^ states[1][long] ^ states[2][long]
    rows = np.flatnonzero(left > 16)
    while len(rows):
        seeds[rows] = lane(seeds[rows], at[rows], 1)
        at[rows] += 16
        left[rows] -= 16
        rows = rows[left[rows] > 16]
    a, b = a ^ secret[1], b ^ seeds
    return folds(a * b ^ secret[0] ^ sizes, high(a, b) ^ secret[1])
