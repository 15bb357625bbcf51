"""Record batches and tables of any columns, and frames of polars."""

import json

import pyarrow as pa
from vineyard._C import ObjectMeta

from . import arrays

# What the schema of a table says of what it was made of: a frame of pandas or polars. Whoever puts the table anew, in
# whatever language, puts the frame.
KEY = b"vineyard_exact"


def build_batch(client, batch, **_):
    """Stores a batch with its schema as it is."""
    meta = ObjectMeta()
    meta["typename"] = "vineyard::RecordBatch"
    meta["row_num_"], meta["column_num_"] = batch.num_rows, batch.num_columns
    meta["__columns_-size"] = batch.num_columns
    meta.add_member("schema_", arrays.build_schema(client, batch.schema))
    for index, column in enumerate(batch.columns):
        meta.add_member(f"__columns_-{index}", arrays.build(client, _storage(column)))
    meta["nbytes"] = batch.nbytes
    return client.create_metadata(meta)


def build_table(client, table, **_):
    """Stores a table with its schema and its batches as they are."""
    return _build_table(client, table, {})


def build_polars(client, frame, **_):
    """Stores a frame of polars as the table that it is, with the mark of this package and that of the client."""
    table = frame.to_arrow()
    metadata = {**(table.schema.metadata or {}), KEY: json.dumps({"polars": True})}
    return _build_table(client, table.replace_schema_metadata(metadata), {"from_polars": True})


def _build_table(client, table, extra):
    batches = _batches(table)
    meta = ObjectMeta()
    meta["typename"] = "vineyard::Table"
    meta["num_rows_"], meta["num_columns_"] = table.num_rows, table.num_columns
    meta["batch_num_"] = meta["partitions_-size"] = len(batches)
    for key, value in extra.items():
        meta[key] = value
    meta.add_member("schema_", arrays.build_schema(client, table.schema))
    for index, batch in enumerate(batches):
        meta.add_member(f"partitions_-{index}", build_batch(client, batch))
    meta["nbytes"] = table.nbytes
    return client.create_metadata(meta)


def _batches(table):
    """The batches; one without rows if that is what the columns are, as dictionaries have words without rows, too."""
    batches = table.to_batches()
    if not batches and table.num_columns and all(column.num_chunks for column in table.columns):
        batches = [pa.RecordBatch.from_arrays([column.chunk(0) for column in table.columns], schema=table.schema)]
    return batches


def resolve_batch(obj, resolver):
    """A batch; columns of extension types get their type back."""
    schema = resolver.run(obj.member("schema_"))
    count = int(obj.meta["__columns_-size"])
    if count != len(schema):
        raise ValueError(f"a batch has {count} columns, its schema {len(schema)}")
    columns = [
        _typed(resolver.run(obj.member(f"__columns_-{index}")), schema.field(index)) for index in range(count)
    ]
    if not columns:
        # Rows without columns: what is left of a batch with one.
        rows = pa.record_batch([pa.nulls(int(obj.meta["row_num_"]))], ["row"])
        return rows.select([]).replace_schema_metadata(schema.metadata)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def resolve_table(obj, resolver):
    """A table, which may have no batches."""
    schema = resolver.run(obj.member("schema_"))
    count = int(obj.meta["batch_num_"])
    batches = [resolver.run(obj.member(f"partitions_-{index}")) for index in range(count)]
    return pa.Table.from_batches(batches, schema=schema)


def said_of(table):
    """What the schema of a table says of what it was made of."""
    return json.loads((table.schema.metadata or {}).get(KEY, b"{}"))


def as_polars(table):
    """The frame of polars that a table was made of; the table where there is no polars."""
    try:
        import polars
    except ImportError:
        return table
    return polars.from_arrow(table)


def _storage(array):
    return array.storage if isinstance(array.type, pa.BaseExtensionType) else array


def _typed(array, field):
    """An array as a column of that field: extension types, and names within nested types, are known to the schema."""
    kind = field.type
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _typed(array, pa.field(field.name, kind.storage_type)))
    if array.type == kind:
        # Equal types may still name the elements of lists differently.
        return array if array.type.equals(kind, check_metadata=True) else array.cast(kind)
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"column `{field.name}` is stored as {array.type}, its schema says {kind}") from error


def register(builders, resolvers):
    """Enters batches and tables, and frames of polars if it is there."""
    builders.register(pa.RecordBatch, build_batch)
    builders.register(pa.Table, build_table)
    try:
        import polars
    except ImportError:
        pass
    else:
        builders.register(polars.DataFrame, build_polars)
    resolvers.register("vineyard::RecordBatch", resolve_batch)
    resolvers.register("vineyard::Table", resolve_table)
