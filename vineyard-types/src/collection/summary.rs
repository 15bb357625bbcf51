//! What a frame that is part of a collection tells of itself in its metadata.

use vineyard_core::{Key, Member, ObjectMeta, ResolveError, ResolveReason, TypeName};

/// The types of frames: with columns as objects, and as Arrow has them.
const FRAME: &str = "vineyard::DataFrame";
const TABLE: &str = "vineyard::Table";
const BATCH: &str = "vineyard::RecordBatch";

/// A frame by its metadata.
#[derive(Debug)]
pub(super) struct Summary {
    /// Names, as JSON, and types of its columns; of a table only if its schema can be read here.
    pub(super) columns: Vec<(String, TypeName)>,
    /// How many columns it has.
    pub(super) num_columns: u64,
    /// How many rows, if it tells.
    pub(super) rows: Option<u64>,
    /// Which part it is from above and from the left, if it tells.
    pub(super) place: Option<Vec<i64>>,
    /// The number of its batch of rows.
    pub(super) batch: i64,
}

impl Summary {
    /// Whether there are frames of a typename.
    pub(super) fn is_frame(typename: &str) -> bool {
        [FRAME, TABLE, BATCH].contains(&typename)
    }

    pub(super) fn of(meta: &ObjectMeta) -> Result<Self, ResolveError> {
        match meta.typename() {
            TABLE => table(meta, "num_rows_", "num_columns_"),
            BATCH => table(meta, "row_num_", "column_num_"),
            _ => frame(meta),
        }
    }

    /// The columns in words.
    pub(super) fn in_words(&self) -> String {
        if self.columns.is_empty() {
            return format!("{} columns", self.num_columns);
        }
        let columns = self.columns.iter().map(|(name, kind)| format!("{name} ({kind})"));
        format!("[{}]", columns.collect::<Vec<_>>().join(", "))
    }

    /// Whether another frame has the same columns.
    pub(super) fn continues(&self, other: &Self) -> bool {
        let same = |((name, kind), (other, theirs)): (&(String, TypeName), &(String, TypeName))| {
            name == other && theirs.matches(kind.as_str())
        };
        self.num_columns == other.num_columns
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(same)
    }
}

fn number<M: Member>(meta: &ObjectMeta, key: &'static str) -> Result<M, ResolveError> {
    M::resolve_at(meta, &Key::new(key)).map_err(|error| error.in_field(key))
}

/// A number that not every writer gives.
fn number_or(meta: &ObjectMeta, key: &'static str, default: i64) -> Result<i64, ResolveError> {
    if meta.contains(key) { number(meta, key) } else { Ok(default) }
}

fn frame(meta: &ObjectMeta) -> Result<Summary, ResolveError> {
    let values = Key::new("values_");
    let size = values.size();
    let num_columns = u64::resolve_at(meta, &size)?;
    // Each column has fields of its own, so a larger number is a lie.
    let Some(count) = usize::try_from(num_columns).ok().filter(|count| *count <= meta.keys().count()) else {
        return Err(ResolveReason::value(size.as_str(), "the number of columns", meta.value(size.as_str())?).into());
    };
    let (mut columns, mut rows) = (Vec::with_capacity(count), None);
    for column in 0..count {
        let name = String::resolve_at(meta, &values.map_key(column))?;
        let value = meta.member(values.map_value(column).as_str())?;
        rows = rows.or_else(|| length(&value));
        columns.push((name, TypeName::new(value.typename().to_owned())));
    }
    let labels = || meta.member("index_").and_then(|index| index.member("value_")).ok();
    let rows = rows.or_else(|| length(&labels()?)).or((count == 0).then_some(0));
    let place = [number_or(meta, "partition_index_row_", -1)?, number_or(meta, "partition_index_column_", -1)?];
    let place = place.iter().all(|number| *number >= 0).then(|| place.to_vec());
    Ok(Summary { columns, num_columns, rows, place, batch: number_or(meta, "row_batch_index_", 0)? })
}

/// The rows of a column: the first dimension of a tensor, the length of one of Arrow's arrays.
fn length(column: &ObjectMeta) -> Option<u64> {
    let shape = Vec::<u64>::resolve_at(column, &Key::new("shape_")).ok();
    match shape {
        Some(shape) => shape.first().copied(),
        None => u64::resolve_at(column, &Key::new("length_")).ok(),
    }
}

fn table(meta: &ObjectMeta, rows: &'static str, columns: &'static str) -> Result<Summary, ResolveError> {
    let num_columns = number(meta, columns)?;
    let rows = Some(number(meta, rows)?);
    Ok(Summary { columns: fields(meta)?, num_columns, rows, place: None, batch: 0 })
}

#[cfg(feature = "arrow")]
fn fields(meta: &ObjectMeta) -> Result<Vec<(String, TypeName)>, ResolveError> {
    let schema = crate::arrow::ArrowSchema::resolve_at(meta, &Key::new("schema_"));
    let schema = schema.map_err(|error| error.in_field("schema_"))?;
    let schema = schema.to_arrow().map_err(|error| ResolveReason::Invalid(Box::new(error)))?;
    let field = |field: &arrow_schema::FieldRef| (json(field.name()), TypeName::new(field.data_type().to_string()));
    Ok(schema.fields().iter().map(field).collect())
}

#[cfg(feature = "arrow")]
fn json(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Without Arrow nobody can read the schema; numbers of columns are compared.
#[cfg(not(feature = "arrow"))]
fn fields(_: &ObjectMeta) -> Result<Vec<(String, TypeName)>, ResolveError> {
    Ok(Vec::new())
}
