"""Tensors and frames in parts, by the published client alone and with the companion package: put for Rust, got from Rust,
and put and got by Python."""

import json
import sys

import numpy as np
import pandas as pd
import vineyard
from vineyard.data.dataframe import make_global_dataframe
from vineyard.data.tensor import make_global_tensor

client = vineyard.connect(sys.argv[1])
WHOLE = np.arange(35.0).reshape(7, 5)
FRAME = pd.DataFrame(
    {"n": np.arange(7), "s": [f"naïve {at}" for at in range(7)], "x": np.arange(7) / 2}, index=np.arange(0, 70, 10))
# The published client does not keep the text that pandas 3 makes of it.
FRAME = FRAME.astype({"s": object})
PLACES = [(0, 0), (0, 1), (1, 0), (1, 1)]


def block(row, column):
    return WHOLE[slice(0, 3) if row == 0 else slice(3, 7), slice(0, 2) if column == 0 else slice(2, 5)].copy()


def name(id, text):
    client.put_name(id, f"py/{text}")


def put_by_the_client():
    """What the published client makes, of parts with and without a place, with and without saying the shape."""
    parts = [client.put(block(*place), partition_index=place) for place in reversed(PLACES)]
    name(make_global_tensor(client, parts, shape=WHOLE.shape, partition_shape=(2, 2)).id, "tensor")
    name(make_global_tensor(client, [int(part) for part in parts]).id, "tensor-without-shape")
    parts = [client.put(rows.copy()) for rows in (WHOLE[:3], WHOLE[3:])]
    name(make_global_tensor(client, parts).id, "tensor-without-places")
    frames = [FRAME.iloc[:4], FRAME.iloc[4:4], FRAME.iloc[4:]]
    name(make_global_dataframe(client, [client.put(frame, row_batch_index=at) for at, frame in enumerate(frames)]).id,
         "frame")
    name(make_global_tensor(client, [client.put(np.arange(3)), client.put(np.arange(3.0))]).id, "mixed")
    print("put")


def get_by_the_client():
    """What Rust has made has the keys of the published client, which gets its frames."""
    meta = client.get_meta(client.get_name("parts/tensor"))
    assert meta.typename == "vineyard::GlobalTensor" and meta.isglobal and meta.islocal
    assert json.loads(meta["shape_"]) == [7, 5] and json.loads(meta["partition_shape_"]) == [2, 2]
    assert meta["partitions_-size"] == 4
    for at, place in enumerate([[1, 0], [0, 1], [0, 0], [1, 1]]):
        part = meta[f"partitions_-{at}"]
        assert json.loads(part["partition_index_"]) == place, part
        assert np.array_equal(client.get(part.id), block(*place))
    meta = client.get_meta(client.get_name("parts/frame"))
    assert (meta["partition_shape_row_"], meta["partition_shape_column_"]) == (3, 1) and meta.isglobal
    pd.testing.assert_frame_equal(pd.concat(client.get(meta.id)), FRAME)
    meta = client.get_meta(client.get_name("parts/graph"))
    assert meta.typename == "vineyard::Collection<vineyard::CsrGraph<uint,double>>" and meta["partitions_-size"] == 2
    print("got")


def get_with_the_package(package):
    """What Rust has made is a tensor, a frame, a collection."""
    tensor = client.get(client.get_name("parts/tensor"))
    assert (tensor.shape, tensor.partition_shape, tensor.dtype) == ((7, 5), (2, 2), np.float64), tensor
    assert [(part.place, part.start) for part in tensor.parts[:2]] == [((1, 0), (3, 0)), ((0, 1), (0, 2))]
    assert len(tensor) == 4 and tensor.nbytes == WHOLE.nbytes == sum(part.nbytes for part in tensor.parts)
    for part, found in zip(tensor.parts, tensor.local_partitions()):
        assert part.is_local and np.array_equal(found, block(*part.place)) and found.flags.writeable is False
        assert found.base is not None, "a view of shared memory"
    assert np.array_equal(tensor.numpy(), WHOLE) and np.array_equal(np.asarray(tensor), WHOLE)
    assert np.array_equal(tensor.local_partition(3), block(1, 1)) and np.array_equal(tensor[-1], block(1, 1))
    frame = client.get(client.get_name("parts/frame"))
    assert (frame.shape, len(frame), [len(part) for part in frame]) == ((7, 3), 3, [4, 0, 3]), frame
    pd.testing.assert_frame_equal(frame.pandas(), FRAME)
    spread = package.get_whole(client, client.get_name("parts/spread"))
    assert spread.shape == (6,) and [part.is_local for part in spread.parts] == [False, True], spread.parts
    assert spread.local_partition().tolist() == [3, 4, 5] and len(spread.local_partitions()) == 1
    for get in (lambda: spread[0], spread.numpy, lambda: list(spread)):
        try:
            get()
        except ValueError as error:
            assert str(error).startswith("part 0 (") and "on instance 99): " in str(error), error
        else:
            raise AssertionError("a part that is elsewhere was got")
    graph = client.get(client.get_name("parts/graph"))
    assert graph.sizes == {"num_edges": [1, 2], "num_vertices": [3, 3]} and graph.params == {"by": "source"}
    assert [part.typename for part in graph.parts] == ["vineyard::CsrGraph<uint,double>"] * 2
    print("got")


def refused(text, make, parts, *rest):
    before = len(client.list_objects("*", limit=1_000_000))
    try:
        make(client, parts, *rest)
    except ValueError as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"{text} was not refused")
    assert len(client.list_objects("*", limit=1_000_000)) == before, "something was left behind"


def put_with_the_package(package):
    """What the package makes comes back the same, and can be put again; what does not fit is refused by part."""
    made = package.make_global_tensor(client, [block(*place) for place in PLACES], (2, 2))
    assert client.get_meta(made.id).isglobal
    name(made.id, "made-tensor")
    assert np.array_equal(client.get(made.id).numpy(), WHOLE)
    again = client.get(client.put(client.get(made.id)))
    assert np.array_equal(again.numpy(), WHOLE) and [part.id for part in again.parts] == [
        part.id for part in client.get(made.id).parts]
    stored = [client.put(FRAME.iloc[:4]), client.get_object(client.put(FRAME.iloc[4:]))]
    for parts in (stored, [FRAME.iloc[:4], FRAME.iloc[4:]], [stored[0], FRAME.iloc[4:]]):
        made = package.make_global_dataframe(client, parts)
        pd.testing.assert_frame_equal(client.get(made.id).pandas(), FRAME)
    name(made.id, "made-frame")
    # Of types that are tables in the store, of which one by itself would not be.
    columns = {"c": pd.Categorical(["a", "b", "a"]), "t": pd.to_datetime(["2024-01-01", None, "2024-01-03"], utc=True)}
    exact = pd.DataFrame(columns)
    made = package.make_global_dataframe(client, [exact.iloc[:1], exact.iloc[1:]])
    name(made.id, "made-tables")
    got = client.get(made.id)
    assert [part.typename for part in got.parts] == ["vineyard::Table"] * 2 and got.shape == (3, 2)
    pd.testing.assert_frame_equal(got.pandas(), exact)
    side = [FRAME.iloc[:4, :1], FRAME.iloc[:4, 1:], FRAME.iloc[4:, :1], FRAME.iloc[4:, 1:]]
    got = client.get(package.make_global_dataframe(client, side, (2, 2)).id)
    assert [part.start for part in got.parts] == [(0, 0), (0, 1), (4, 0), (4, 1)]
    pd.testing.assert_frame_equal(got.pandas(), FRAME)
    texts = package.make_global_tensor(client, [np.array(["a", "bcd"]), np.array(["naïve"])])
    assert client.get(texts.id).numpy().tolist() == ["a", "bcd", "naïve"]
    one = client.get(package.make_global_tensor(client, [np.array(7)]).id)
    assert one.shape == () and one.numpy() == 7 and one.local_partition() == 7
    for make in (package.make_global_tensor, package.make_global_dataframe):
        assert len(client.get(make(client, []).id)) == 0
    tensors, frames = package.make_global_tensor, package.make_global_dataframe
    refused("part 1 is of type float64, part 0 is of type int64", tensors, [np.arange(3), np.arange(3.0)])
    refused("part 1 has length 4 in dimension 1, part 0 beside it has 3", tensors, [np.ones((2, 3)), np.ones((2, 4))])
    refused("part 1 has 1 dimensions, part 0 has 2", tensors, [np.ones((2, 3)), np.ones(2)])
    refused("a grid of (3,) does not have one place for each of 2 parts", tensors, [np.ones(2), np.ones(2)], (3,))
    refused("part 0 is a list, expected an array", tensors, [[1, 2]])
    refused("part 1 has the columns", frames, [FRAME, FRAME.rename(columns={"x": "y"})])
    refused("part 1 has the columns", frames, [FRAME, FRAME.astype({"n": float})])
    refused("part 1 has the columns", frames, [exact[["c"]], exact[["c"]].assign(c=pd.Categorical(["b", "c", "d"]))])
    refused("part 1 is of type `vineyard::Tensor<double>`, expected a frame", frames,
            [client.put(FRAME), client.put(WHOLE)])
    try:
        client.get(client.get_name("py/mixed"))
    except Exception as error:
        assert "part 1 is of type float64, part 0 is of type int64" in str(error.__cause__ or error), error
    else:
        raise AssertionError("tensors of two types are no tensor")
    print("put")


def main(what):
    if what == "client":
        put_by_the_client()
        get_by_the_client()
        return
    import checks

    if what == "get":
        get_with_the_package(checks.vineyard_exact)
    else:
        put_with_the_package(checks.vineyard_exact)


main(sys.argv[2])
