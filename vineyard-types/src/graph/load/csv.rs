//! Edges in separated columns.

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use ::csv::{ByteRecord, Reader, ReaderBuilder};

use super::error::shown;
use super::progress::Reporter;
use super::sink::End;
use super::text::open;
use super::{EdgeSink, EdgeWeight, LoadError, Progress};
use crate::dataframe::{Column, DataFrame};
use crate::graph::VertexLabel;
use crate::strings::StringArray;

/// How long a record may be.
const LONGEST: u64 = 1 << 24;

/// What a column of properties holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyType {
    /// Integers of 64 bits.
    Int,
    /// Floats of 64 bits.
    Float,
    /// `true` or `false`, in any case, or `1` or `0`.
    Bool,
    /// Text. A field that is empty is an empty text.
    Text,
}

/// Which columns of a file with separated columns are the edges, by the names in its first line.
///
/// ```
/// use vineyard_types::Text;
/// use vineyard_types::graph::load::{CsvFormat, PropertyType, silent};
/// use vineyard_types::graph::{EdgeOptions, LabelledEdges, LabelledGraph};
///
/// let file = "from,to,km,road\nOslo,Bergen,463.5,E16\nBergen,Voss,107.0,E16\n";
/// let format = CsvFormat::new("from", "to").weight("km").property("road", PropertyType::Text);
/// let roads: LabelledEdges<Text, f64> = format.read(file.as_bytes(), "roads.csv", silent)?;
/// let roads: LabelledGraph<Text, u32, f64> = roads.build(EdgeOptions::default())?;
/// assert_eq!(roads.graph.weights_of(0), Some(&[463.5][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvFormat {
    source: String,
    target: String,
    weight: Option<String>,
    properties: Vec<(String, PropertyType)>,
    delimiter: u8,
    has_header: bool,
}

impl CsvFormat {
    /// Edges between the vertices in two columns, separated by commas. Other columns are skipped.
    pub fn new(source: impl Into<String>, target: impl Into<String>) -> Self {
        let (source, target) = (source.into(), target.into());
        Self { source, target, weight: None, properties: Vec::new(), delimiter: b',', has_header: true }
    }

    /// The same with weights from a column.
    #[must_use]
    pub fn weight(self, column: impl Into<String>) -> Self {
        Self { weight: Some(column.into()), ..self }
    }

    /// The same with one more column that goes to the table of edges.
    #[must_use]
    pub fn property(mut self, column: impl Into<String>, kind: PropertyType) -> Self {
        self.properties.push((column.into(), kind));
        self
    }

    /// The same with another character between the columns, such as `b'\t'` or `b';'`.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// The same for a file that starts with the first edge: its columns are called `1`, `2` and so on.
    #[must_use]
    pub fn without_header(self) -> Self {
        Self { has_header: false, ..self }
    }

    /// Reads the edges of a file, in the order of its lines. One thread; keeps one line of the file at a time, beside the
    /// edges and properties.
    ///
    /// `progress` is told how far it is as by [`TextFormat::load`](super::TextFormat::load).
    ///
    /// # Errors
    ///
    /// - [`LoadError::Io`] if the file cannot be opened or read.
    /// - [`LoadError::NoColumn`] if a column is not there, [`LoadError::Twice`] if there are two of that name.
    /// - [`LoadError::Field`] with the first field that cannot be read; [`LoadError::Width`] if a line has more or fewer
    ///   fields than the first; [`LoadError::Long`] if it has more than 16 MiB, as after a quote that does not end.
    /// - [`LoadError::Cancelled`] if `progress` breaks.
    pub fn load<E: EdgeSink>(
        &self,
        file: impl AsRef<Path>,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let name = file.as_ref().display().to_string();
        let (reader, total) = open(file.as_ref(), &name)?;
        self.read_all(reader, &name, total, progress)
    }

    /// As [`load`](Self::load), from anything that can be read; it is buffered here. Errors call it `name`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn read<E: EdgeSink>(
        &self,
        reader: impl Read,
        name: &str,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        self.read_all(reader, name, None, progress)
    }

    fn read_all<E: EdgeSink>(
        &self,
        reader: impl Read,
        name: &str,
        total: Option<u64>,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let pending = Cell::new(0);
        let reader = Bounded { reader, pending: &pending };
        let mut reader =
            ReaderBuilder::new().delimiter(self.delimiter).has_headers(self.has_header).from_reader(reader);
        let mut reporter = Reporter::new(None, total, progress);
        let failed = |error: ::csv::Error, line: u64| refused(error, name, line);
        let places = self.places(&mut reader, name)?;
        let mut columns: Vec<Builder> = self.properties.iter().map(|(_, kind)| Builder::new(*kind)).collect();
        let (mut edges, mut weights, mut record) = (E::default(), Vec::new(), ByteRecord::new());
        loop {
            let line = reader.position().line();
            pending.set(0);
            if !reader.read_byte_record(&mut record).map_err(|error| failed(error, line))? {
                break;
            }
            let line = record.position().map_or(line, ::csv::Position::line);
            let row = Row { name, line, record: &record };
            let (source, target) = (row.text(places.source, &self.source)?, row.text(places.target, &self.target)?);
            edges.push_text(source, target).map_err(|end| match end {
                End::Source => row.field(&self.source, source, E::Label::EXPECTED),
                End::Target => row.field(&self.target, target, E::Label::EXPECTED),
            })?;
            if let (Some(place), Some(column)) = (places.weight, &self.weight) {
                let text = row.text(place, column)?;
                weights.push(text.parse().map_err(|_| row.field(column, text, E::Weight::EXPECTED))?);
            }
            let properties = self.properties.iter().zip(&places.properties).zip(&mut columns);
            for (((column, _), place), builder) in properties {
                let text = row.text(*place, column)?;
                builder.push(text).ok_or_else(|| row.field(column, text, builder.expected()))?;
            }
            reporter.edge(reader.position().byte())?;
        }
        reporter.end(reader.position().byte())?;
        let weights = self.weight.is_some().then_some(weights);
        let mut table = (!columns.is_empty()).then(DataFrame::new);
        for ((name, _), builder) in self.properties.iter().zip(columns) {
            table = table.map(|table| table.with_column(name.as_str(), builder.finish())).transpose()?;
        }
        Ok(edges.finish(weights, table)?)
    }

    /// Where the columns are.
    fn places<R: Read>(&self, reader: &mut Reader<R>, name: &str) -> Result<Places, LoadError> {
        let first = reader.byte_headers().map_err(|error| refused(error, name, 1))?;
        let names: Vec<String> = match self.has_header {
            true => first.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect(),
            false => (1..=first.len()).map(|number| number.to_string()).collect(),
        };
        let place = |column: &String| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == column);
            match (found.next(), found.next()) {
                (Some((place, _)), None) => Ok(place),
                (Some(_), Some(_)) => Err(LoadError::Twice { file: name.to_owned(), column: column.clone() }),
                // A file of nothing at all has no edges, if it needs no header.
                (None, _) if names.is_empty() && !self.has_header => Ok(0),
                (None, _) => {
                    let found = names.iter().map(|name| shown(name.as_bytes())).collect();
                    Err(LoadError::NoColumn { file: name.to_owned(), column: column.clone(), found })
                }
            }
        };
        Ok(Places {
            source: place(&self.source)?,
            target: place(&self.target)?,
            weight: self.weight.as_ref().map(place).transpose()?,
            properties: self.properties.iter().map(|(column, _)| place(column)).collect::<Result<_, _>>()?,
        })
    }
}

/// Where columns are in each record.
struct Places {
    source: usize,
    target: usize,
    weight: Option<usize>,
    properties: Vec<usize>,
}

/// One record.
struct Row<'a> {
    name: &'a str,
    line: u64,
    record: &'a ByteRecord,
}

impl<'a> Row<'a> {
    fn text(&self, place: usize, column: &str) -> Result<&'a str, LoadError> {
        let field = self.record.get(place).unwrap_or_default();
        std::str::from_utf8(field).map_err(|_| self.refused(column, field, "text in UTF-8"))
    }

    fn field(&self, column: &str, found: &str, expected: &'static str) -> LoadError {
        self.refused(column, found.as_bytes(), expected)
    }

    fn refused(&self, column: &str, found: &[u8], expected: &'static str) -> LoadError {
        let (file, column, found) = (self.name.to_owned(), format!("`{column}`"), shown(found));
        LoadError::Field { file, line: self.line, column, found, expected }
    }
}

/// A column that grows.
enum Builder {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
    Text { all: String, ends: Vec<usize> },
}

impl Builder {
    fn new(kind: PropertyType) -> Self {
        match kind {
            PropertyType::Int => Self::Int(Vec::new()),
            PropertyType::Float => Self::Float(Vec::new()),
            PropertyType::Bool => Self::Bool(Vec::new()),
            PropertyType::Text => Self::Text { all: String::new(), ends: vec![0] },
        }
    }

    fn expected(&self) -> &'static str {
        match self {
            Self::Int(_) => "an integer of 64 bits",
            Self::Float(_) => "a float",
            Self::Bool(_) => "`true`, `false`, `1` or `0`",
            Self::Text { .. } => "text",
        }
    }

    fn push(&mut self, field: &str) -> Option<()> {
        match self {
            Self::Int(values) => values.push(field.parse().ok()?),
            Self::Float(values) => values.push(field.parse().ok()?),
            Self::Bool(values) => values.push(match field {
                "1" => true,
                "0" => false,
                _ if field.eq_ignore_ascii_case("true") => true,
                _ if field.eq_ignore_ascii_case("false") => false,
                _ => return None,
            }),
            Self::Text { all, ends } => {
                all.push_str(field);
                ends.push(all.len());
            }
        }
        Some(())
    }

    fn finish(self) -> Column {
        match self {
            Self::Int(values) => values.into(),
            Self::Float(values) => values.into(),
            Self::Bool(values) => values.into(),
            Self::Text { all, ends } => {
                let texts = ends.iter().zip(ends.iter().skip(1)).map(|(start, end)| all.get(*start..*end));
                StringArray::from_options(texts).into()
            }
        }
    }
}

/// Stops before a record makes the reader keep more than it should.
struct Bounded<'a, R> {
    reader: R,
    pending: &'a Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.get() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = self.reader.read(buffer)?;
        self.pending.set(self.pending.get().saturating_add(count as u64));
        Ok(count)
    }
}

fn refused(error: ::csv::Error, name: &str, line: u64) -> LoadError {
    let file = name.to_owned();
    match error.into_kind() {
        ::csv::ErrorKind::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => {
            LoadError::Long { file, line, limit: LONGEST }
        }
        ::csv::ErrorKind::Io(source) => LoadError::Io { file, source },
        ::csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.map_or(line, |position| position.line());
            LoadError::Width { file, line, found: len, expected: expected_len }
        }
        other => LoadError::Format { file, format: "CSV", source: format!("{other:?}").into() },
    }
}
