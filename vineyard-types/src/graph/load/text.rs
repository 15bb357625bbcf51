//! Edges as lines of text.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::error::shown;
use super::progress::Reporter;
use super::sink::End;
use super::{EdgeSink, EdgeWeight, LoadError, Progress};
use crate::graph::VertexLabel;

/// How long a line may be.
const LONGEST: u64 = 1 << 20;
/// Bytes that are read from a file at a time.
const BUFFER: usize = 1 << 18;

/// How edges are written as lines of text: two ends, separated by spaces or tabs, and perhaps a weight.
///
/// That is how [SNAP](https://snap.stanford.edu/data/) and [KONECT](http://konect.cc/networks/) publish graphs. Lines may
/// end with `\n` or `\r\n`; empty ones are skipped.
///
/// ```no_run
/// use std::ops::ControlFlow;
/// use vineyard_types::graph::EdgeOptions;
/// use vineyard_types::graph::load::{PlainEdges, Progress, TextFormat};
///
/// let tell = |progress: &Progress| {
///     eprintln!("{:?} of the file, {} edges", progress.fraction(), progress.edges);
///     ControlFlow::Continue(())
/// };
/// let edges: PlainEdges<u32, f64> = TextFormat::default().load("soc-LiveJournal1.txt", tell)?;
/// let graph = edges.build::<u32>(None, EdgeOptions::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFormat {
    /// Whether the third field of each line is a weight.
    pub weighted: bool,
    /// Whether fields after these are skipped; if not, there may be none.
    pub skip_rest: bool,
    /// Lines that start with one of these are skipped.
    pub comments: Vec<u8>,
}

impl Default for TextFormat {
    /// Two fields in each line, comments as SNAP (`#`) and KONECT (`%`) have them.
    fn default() -> Self {
        Self { weighted: false, skip_rest: false, comments: b"#%".to_vec() }
    }
}

impl TextFormat {
    /// Reads the edges of a file, in the order of its lines. One thread; keeps one line of the file at a time.
    ///
    /// `progress` is told how far it is each MiB or each 65,536 edges, and at the end; [`silent`](super::silent) ignores it.
    ///
    /// # Errors
    ///
    /// - [`LoadError::Io`] if the file cannot be opened or read.
    /// - [`LoadError::Fields`], [`LoadError::Field`] or [`LoadError::Long`] with the first line that is not an edge.
    /// - [`LoadError::Cancelled`] if `progress` breaks.
    pub fn load<E: EdgeSink>(
        &self,
        file: impl AsRef<Path>,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let name = file.as_ref().display().to_string();
        let (reader, total) = open(file.as_ref(), &name)?;
        self.read_all(BufReader::with_capacity(BUFFER, reader), &name, total, progress)
    }

    /// As [`load`](Self::load), from anything that can be read, such as a decompressor. Errors call it `name`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn read<E: EdgeSink>(
        &self,
        reader: impl BufRead,
        name: &str,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        self.read_all(reader, name, None, progress)
    }

    fn read_all<E: EdgeSink>(
        &self,
        mut reader: impl BufRead,
        name: &str,
        total: Option<u64>,
        progress: impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<E, LoadError> {
        let mut reporter = Reporter::new(None, total, progress);
        let (mut edges, mut weights) = (E::default(), Vec::new());
        let (mut text, mut line, mut bytes) = (Vec::new(), 0u64, 0u64);
        loop {
            text.clear();
            let read = reader.by_ref().take(LONGEST + 1).read_until(b'\n', &mut text);
            let count = read.map_err(|source| LoadError::Io { file: name.to_owned(), source })? as u64;
            if count == 0 {
                break;
            }
            line = line.saturating_add(1);
            bytes = bytes.saturating_add(count);
            if count > LONGEST {
                return Err(LoadError::Long { file: name.to_owned(), line, limit: LONGEST });
            }
            let text = text.trim_ascii();
            if text.first().is_none_or(|first| self.comments.contains(first)) {
                continue;
            }
            self.parse(text, Place { name, line }, &mut edges, &mut weights)?;
            reporter.edge(bytes)?;
        }
        reporter.end(bytes)?;
        Ok(edges.finish(self.weighted.then_some(weights), None)?)
    }

    fn parse<E: EdgeSink>(
        &self,
        text: &[u8],
        place: Place<'_>,
        edges: &mut E,
        weights: &mut Vec<E::Weight>,
    ) -> Result<(), LoadError> {
        let mut fields = text.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        let (source, target) = (fields.next(), fields.next());
        let weight = if self.weighted { fields.next() } else { None };
        let rest = if self.skip_rest { 0 } else { fields.count() };
        let complete = source.zip(target).filter(|_| weight.is_some() == self.weighted && rest == 0);
        let Some((source, target)) = complete else {
            let found = text.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count();
            return Err(place.fields(found, self.expected()));
        };
        let utf8 = |column, field| std::str::from_utf8(field).map_err(|_| place.field(column, field, "text in UTF-8"));
        let pushed = edges.push_text(utf8(1, source)?, utf8(2, target)?);
        let refused = |(column, field)| place.field(column, field, E::Label::EXPECTED);
        pushed.map_err(|end| refused(if end == End::Source { (1, source) } else { (2, target) }))?;
        if let Some(field) = weight {
            let weight = utf8(3, field)?.parse();
            weights.push(weight.map_err(|_| place.field(3, field, E::Weight::EXPECTED))?);
        }
        Ok(())
    }

    fn expected(&self) -> &'static str {
        match (self.weighted, self.skip_rest) {
            (false, false) => "2: source and target",
            (false, true) => "at least 2: source and target",
            (true, false) => "3: source, target and weight",
            (true, true) => "at least 3: source, target and weight",
        }
    }
}

/// A line of a file.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'a str,
    line: u64,
}

impl Place<'_> {
    fn fields(self, found: usize, expected: &'static str) -> LoadError {
        LoadError::Fields { file: self.name.to_owned(), line: self.line, found, expected }
    }

    fn field(self, column: u8, found: &[u8], expected: &'static str) -> LoadError {
        let (file, column, found) = (self.name.to_owned(), column.to_string(), shown(found));
        LoadError::Field { file, line: self.line, column, found, expected }
    }
}

/// A file, and how many bytes it has, if it is one that can tell.
pub(super) fn open(path: &Path, name: &str) -> Result<(File, Option<u64>), LoadError> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    let (file, metadata) = opened.map_err(|source| LoadError::Io { file: name.to_owned(), source })?;
    Ok((file, metadata.is_file().then_some(metadata.len())))
}
