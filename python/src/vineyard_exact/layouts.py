"""Where the parts of a whole lie in it: arithmetic on shapes and grids, the same as in the Rust library."""

import math
from collections import namedtuple

# A part in the whole: its place in the grid, where its first element is, and its lengths, each by dimension.
Cell = namedtuple("Cell", ["place", "start", "shape"])

# The whole: its lengths, how many parts lie along each dimension, and the parts in the order in which they are stored.
Layout = namedtuple("Layout", ["shape", "grid", "cells"])


def lay_out(shapes, places, shape=(), grid=()):
    """Lays parts out on a grid, and compares the whole with what is said of it.

    places -- for each part its place in the grid, or None. If any says none, all lie in the order of the list, the last
    dimension fastest.
    shape, grid -- what is said of the whole; empty if nothing is. The grid follows from the places then, and without these
    the parts are stacked along the first dimension.

    Raises ValueError naming the part that does not fit.
    """
    shape, grid = tuple(shape), tuple(grid)
    if not shapes:
        if grid and 0 not in grid or shape and 0 not in shape:
            raise ValueError(f"there are no parts for a shape of {shape} and a grid of {grid}")
        return Layout(shape, grid, [])
    dimensions = len(shapes[0])
    for part, found in enumerate(shapes):
        if len(found) != dimensions:
            raise ValueError(f"part {part} has {len(found)} dimensions, part 0 has {dimensions}")
    if not dimensions and len(shapes) > 1:
        raise ValueError(f"{len(shapes)} parts without dimensions cannot be parts of one tensor")
    told = None not in places
    grid = grid or _implied(places if told else None, len(shapes), dimensions)
    if len(grid) != dimensions or math.prod(grid) != len(shapes):
        raise ValueError(
            f"a grid of {grid} does not have one place for each of {len(shapes)} parts of {dimensions} dimensions")
    places = _told(places, grid) if told else [_in_order(part, grid) for part in range(len(shapes))]
    starts = [_starts(shapes, places, at, length) for at, length in enumerate(grid)]
    found = tuple(ends[-1] for ends in starts)
    if shape and shape != found:
        raise ValueError(f"the parts make up {found}, `shape_` says {shape}")
    cells = [
        Cell(place, tuple(ends[at] for ends, at in zip(starts, place)), tuple(own)) for place, own in zip(places, shapes)
    ]
    return Layout(found, grid, cells)


def _implied(places, count, dimensions):
    """The grid of parts of which nobody said how they lie."""
    if places is None:
        return ((count,) + (1,) * dimensions)[:dimensions]
    return tuple(max(place[at] if at < len(place) else 0 for place in places) + 1 for at in range(dimensions))


def _told(places, grid):
    taken = {}
    for part, place in enumerate(map(tuple, places)):
        if len(place) != len(grid) or not all(0 <= at < length for at, length in zip(place, grid)):
            raise ValueError(f"part {part} says that its place is {place}, outside of the grid of {grid}")
        if place in taken:
            raise ValueError(f"parts {taken[place]} and {part} both say that their place is {place}")
        taken[place] = part
    return list(taken)


def _in_order(part, grid):
    place = []
    for length in reversed(grid):
        part, at = divmod(part, length)
        place.append(at)
    return tuple(reversed(place))


def _starts(shapes, places, dimension, count):
    """Where the parts at each place of a dimension start, and where the last ones end."""
    lengths = {}
    for part, (shape, place) in enumerate(zip(shapes, places)):
        beside, expected = lengths.setdefault(place[dimension], (part, shape[dimension]))
        if shape[dimension] != expected:
            raise ValueError(f"part {part} has length {shape[dimension]} in dimension {dimension}, "
                             f"part {beside} beside it has {expected}")
    ends = [0]
    for place in range(count):
        ends.append(ends[-1] + lengths[place][1])
    return ends
