//! How Arrow's types of fixed width are named in `vineyard::NumericArray<…>`.

use arrow_schema::{DataType, TimeUnit};

/// All names that are written, with their types.
///
/// Both the published Python package, which takes them for names of numpy's types unless it is told better, and the
/// original's C++ library read those of integers and of `double`; what is called `float` Python would read as 64 bits
/// wide, and what Arrow calls `timestamp[ns]` not at all, so these have the names that numpy gives them.
pub(super) const WRITTEN: &[(&str, DataType)] = &[
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float16", DataType::Float16),
    ("float32", DataType::Float32),
    ("double", DataType::Float64),
    ("datetime64[D]", DataType::Date32),
    ("datetime64[s]", DataType::Timestamp(TimeUnit::Second, None)),
    ("datetime64[ms]", DataType::Timestamp(TimeUnit::Millisecond, None)),
    ("datetime64[us]", DataType::Timestamp(TimeUnit::Microsecond, None)),
    ("datetime64[ns]", DataType::Timestamp(TimeUnit::Nanosecond, None)),
    ("timedelta64[s]", DataType::Duration(TimeUnit::Second)),
    ("timedelta64[ms]", DataType::Duration(TimeUnit::Millisecond)),
    ("timedelta64[us]", DataType::Duration(TimeUnit::Microsecond)),
    ("timedelta64[ns]", DataType::Duration(TimeUnit::Nanosecond)),
];

/// The name that is written for a type; `None` for types that are stored otherwise.
pub(super) fn name(data_type: &DataType) -> Option<&'static str> {
    WRITTEN.iter().find(|(_, written)| written == data_type).map(|(name, _)| *name)
}

/// The type of a name: those that are written here, by the original's C++ library and by its Python package, which
/// writes Arrow's.
pub(super) fn data_type(name: &str) -> Option<DataType> {
    if let Some((_, data_type)) = WRITTEN.iter().find(|(written, _)| *written == name) {
        return Some(data_type.clone());
    }
    Some(match name {
        "short" | "int16_t" => DataType::Int16,
        "int32" | "int32_t" => DataType::Int32,
        "long" | "long long" | "int64_t" => DataType::Int64,
        "unsigned short" | "uint16_t" => DataType::UInt16,
        "uint32" | "unsigned int" | "uint32_t" => DataType::UInt32,
        "unsigned long" | "unsigned long long" | "uint64_t" => DataType::UInt64,
        "halffloat" => DataType::Float16,
        // 32 bits to Arrow and to C++, whatever numpy thinks of the word.
        "float" => DataType::Float32,
        "float64" => DataType::Float64,
        "date32[day]" => DataType::Date32,
        "date64[ms]" => DataType::Date64,
        "time32[s]" => DataType::Time32(TimeUnit::Second),
        "time32[ms]" => DataType::Time32(TimeUnit::Millisecond),
        "time64[us]" => DataType::Time64(TimeUnit::Microsecond),
        "time64[ns]" => DataType::Time64(TimeUnit::Nanosecond),
        _ => return unit_type(name),
    })
}

/// `timestamp[ns]`, `timestamp[us, tz=Europe/Oslo]`, `duration[s]`.
fn unit_type(name: &str) -> Option<DataType> {
    let (kind, argument) = name.strip_suffix(']')?.split_once('[')?;
    let (unit, zone) = match argument.split_once(", tz=") {
        Some((unit, zone)) => (unit, Some(zone.into())),
        None => (argument, None),
    };
    let unit = match unit {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    };
    match (kind, zone) {
        ("timestamp", zone) => Some(DataType::Timestamp(unit, zone)),
        ("duration", None) => Some(DataType::Duration(unit)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_arrow_and_of_other_compilers_are_read() {
        assert_eq!(data_type("float"), Some(DataType::Float32));
        assert_eq!(data_type("uint32"), Some(DataType::UInt32));
        assert_eq!(data_type("timestamp[ns]"), Some(DataType::Timestamp(TimeUnit::Nanosecond, None)));
        let oslo = DataType::Timestamp(TimeUnit::Microsecond, Some("Europe/Oslo".into()));
        assert_eq!(data_type("timestamp[us, tz=Europe/Oslo]"), Some(oslo.clone()));
        assert_eq!(name(&oslo), None, "the time zone has no name in numpy");
        for unknown in ["", "decimal128(3, 2)", "timestamp[h]", "duration[s, tz=UTC]", "int128", "timestamp[", "["] {
            assert_eq!(data_type(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_written_name_is_read_as_its_type() {
        for (written, expected) in WRITTEN {
            assert_eq!(data_type(written).as_ref(), Some(expected), "{written}");
            assert_eq!(name(expected), Some(*written));
        }
    }
}
