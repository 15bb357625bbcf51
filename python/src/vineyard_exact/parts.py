"""Arrow arrays as flat lists of nodes and buffers, in preorder: what `vineyard::ArrowArray` holds."""

import pyarrow as pa


def take_apart(array):
    """The nodes of an array, each with length, offset, number of nulls, 1 if it has a bitmap and number of buffers beside
    it, and the buffers of all nodes, a bitmap first.

    Copies nothing, but for nested arrays and slices: their bytes are copied once, so that only what they show is kept.
    """
    if array.offset or array.type.num_fields or pa.types.is_dictionary(array.type):
        array = _compact(array)
    nodes, buffers = [], []
    _visit(array, nodes, buffers)
    return nodes, buffers


def _compact(array):
    """The same array without offsets anywhere: the format of files has none."""
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([array], ["array"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    with pa.ipc.open_stream(sink.getvalue()) as reader:
        return reader.read_next_batch().column(0)


def _visit(array, nodes, buffers):
    kind = array.type
    if isinstance(kind, pa.DictionaryType):
        own, children = array.buffers(), [array.dictionary]
    elif pa.types.is_map(kind):
        own, children = array.buffers()[:2], None
    elif kind.num_fields:
        children = _children(array)
        own = array.buffers()[: _own_buffers(kind)]
    else:
        own, children = array.buffers(), []
    bitmap, rest = own[0], own[1:]
    nodes.append([len(array), 0, array.null_count if bitmap else 0, 1 if bitmap else 0, len(rest)])
    buffers.extend(([bitmap] if bitmap else []) + rest)
    if children is None:
        # The entries of a map: keys and items side by side, none of them null.
        nodes.append([len(array.keys), 0, 0, 0, 0])
        children = [array.keys, array.items]
    for child in children:
        _visit(child, nodes, buffers)


def _own_buffers(kind):
    """How many buffers a nested type has itself, its bitmap included, which may be missing."""
    if pa.types.is_struct(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_run_end_encoded(kind):
        return 1
    if _is_list_view(kind) or (pa.types.is_union(kind) and kind.mode == "dense"):
        return 3
    return 2


def _children(array):
    kind = array.type
    if pa.types.is_struct(kind) or pa.types.is_union(kind):
        return [array.field(index) for index in range(kind.num_fields)]
    if pa.types.is_run_end_encoded(kind):
        return [array.run_ends, array.values]
    return [array.values]


def _is_list_view(kind):
    return any(getattr(pa.types, name, lambda _: False)(kind) for name in ("is_list_view", "is_large_list_view"))


def put_together(kind, nodes, buffers):
    """The array of a type whose nodes and buffers these are.

    Raises ValueError if there are too few of them, or some are left.
    """
    nodes, buffers = iter(nodes), iter(buffers)
    try:
        array = _build(kind, nodes, buffers)
    except StopIteration:
        raise ValueError(f"an array of type {kind} has more nodes or buffers than are stored") from None
    if next(nodes, None) is not None or next(buffers, None) is not None:
        raise ValueError(f"an array of type {kind} has fewer nodes or buffers than are stored")
    array.validate()
    return array


def _build(kind, nodes, buffers):
    length, offset, null_count, has_bitmap, count = _next(nodes)
    own = [_next(buffers) if has_bitmap else None] + [_next(buffers) for _ in range(count)]
    if isinstance(kind, pa.DictionaryType):
        dictionary = _build(kind.value_type, nodes, buffers)
        indices = pa.Array.from_buffers(kind.index_type, length, own, null_count, offset)
        return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=kind.ordered, safe=True)
    if pa.types.is_map(kind):
        entries = pa.struct([kind.key_field.with_nullable(False), kind.item_field])
        children = [_build(entries, nodes, buffers)]
    else:
        fields = [kind.field(index).type for index in range(kind.num_fields)]
        children = [_build(field, nodes, buffers) for field in fields]
    return pa.Array.from_buffers(kind, length, own, null_count, offset, children or None)


def _next(items):
    for item in items:
        return item
    raise StopIteration
