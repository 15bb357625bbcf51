//! The edges of a graph as a table.

use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::ArrowError;
use vineyard_core::Element;

use super::{EdgeColumns, EdgeWeight};
use crate::arrow::{ArrowArray, to_array, to_column};
use crate::dataframe::{Column, ColumnNumber, ConvertError, DataFrame, FrameError};
use crate::graph::{CsrGraph, GraphError, LabelError, LabelledGraph, VertexId, VertexLabel};

/// What the weights are called unless that is said.
const WEIGHT: &str = "weight";

/// The edges of a graph cannot be a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The graph is none.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The labels do not fit the graph.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// Two columns would have one name, or a property is not there.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A record batch cannot keep a column.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// A column of the table of edges is of a type that Arrow does not have, so that its rows cannot be picked.
    #[error("column `{column}` is of type {found}, whose rows cannot be picked")]
    Type {
        /// The column.
        column: String,
        /// What it holds.
        found: String,
    },
    /// The rows of a column cannot be picked.
    #[error("the rows of column `{column}` cannot be picked")]
    Rows {
        /// The column.
        column: String,
        /// What Arrow says.
        source: ArrowError,
    },
}

impl EdgeColumns {
    /// The edges of a graph, each once, with their labels, weights and properties, as a frame. An undirected edge has its
    /// ends in either order.
    ///
    /// Ends and weights are copied; properties are shared if each stored edge has the row at its place, else copied. Weights
    /// are called `weight` unless [`weight`](Self::weight) says otherwise. [`read`](Self::read) reads them back.
    ///
    /// # Errors
    ///
    /// [`ExportError`] if the graph is not [valid](LabelledGraph::verify), if a property is not there or has the name of
    /// another column, or if it is of a type that Arrow does not have.
    pub fn frame_of<I: VertexLabel, V: VertexId, W: EdgeWeight>(
        &self,
        graph: &LabelledGraph<I, V, W>,
    ) -> Result<DataFrame, ExportError> {
        graph.verify()?;
        let label = |vertex: usize| graph.label(vertex);
        self.frame(&graph.graph, |vertices| I::to_column(vertices.iter().filter_map(|vertex| label(*vertex))))
    }

    /// As [`frame_of`](Self::frame_of), of a graph without labels: ends are vertices.
    ///
    /// # Errors
    ///
    /// As [`frame_of`](Self::frame_of).
    pub fn frame_of_plain<V: VertexId + ColumnNumber, W: EdgeWeight>(
        &self,
        graph: &CsrGraph<V, W>,
    ) -> Result<DataFrame, ExportError>
    where
        Column: From<Vec<V>>,
    {
        graph.verify()?;
        self.frame(graph, |vertices| {
            vertices.iter().filter_map(|vertex| V::try_from_index(*vertex)).collect::<Vec<V>>().into()
        })
    }

    /// As [`frame_of`](Self::frame_of), as a record batch.
    ///
    /// # Errors
    ///
    /// As [`frame_of`](Self::frame_of), and as [`DataFrame::to_arrow`].
    pub fn batch_of<I: VertexLabel, V: VertexId, W: EdgeWeight>(
        &self,
        graph: &LabelledGraph<I, V, W>,
    ) -> Result<RecordBatch, ExportError> {
        Ok(self.frame_of(graph)?.to_arrow()?)
    }

    fn frame<V: VertexId, W: EdgeWeight>(
        &self,
        graph: &CsrGraph<V, W>,
        ends: impl Fn(&[usize]) -> Column,
    ) -> Result<DataFrame, ExportError> {
        let edges = Listed::of(graph);
        let mut columns =
            vec![(self.source.clone(), ends(&edges.sources)), (self.target.clone(), ends(&edges.targets))];
        if graph.weights.is_some() {
            let weights = edges.positions.iter().filter_map(|position| graph.weight(*position)).collect();
            columns.push((self.weight.clone().unwrap_or_else(|| WEIGHT.to_owned()), W::to_column(weights)));
        }
        let mut frame = DataFrame::new();
        for (name, column) in columns {
            frame = added(frame, name, column)?;
        }
        let Some(table) = &graph.edges else { return Ok(frame) };
        let rows: Vec<u64> =
            edges.positions.iter().filter_map(|position| Some(graph.edge_row(*position)? as u64)).collect();
        let in_place = rows.len() == table.num_rows() && rows.iter().zip(0u64..).all(|(row, place)| *row == place);
        let rows = UInt64Array::from(rows);
        for (name, column) in table.columns() {
            let name = name.to_string();
            if self.properties.as_ref().is_none_or(|properties| properties.contains(&name)) {
                let column = if in_place { column.clone() } else { picked(&name, column, &rows)? };
                frame = added(frame, name, column)?;
            }
        }
        Ok(frame)
    }
}

/// The frame with one more column, and none instead of another.
fn added(frame: DataFrame, name: String, column: Column) -> Result<DataFrame, FrameError> {
    if frame.column(name.as_str()).is_ok() {
        return Err(FrameError::Taken { name });
    }
    frame.with_column(name, column)
}

/// Some rows of a column.
fn picked(name: &str, column: &Column, rows: &UInt64Array) -> Result<Column, ExportError> {
    let found = || ExportError::Type { column: name.to_owned(), found: column.type_name().into_owned() };
    let array = to_array(column).map_err(|_| found())?.to_arrow().map_err(ConvertError::Array)?;
    let picked = arrow_select::take::take(&array, rows, None);
    let picked = picked.map_err(|source| ExportError::Rows { column: name.to_owned(), source })?;
    Ok(to_column(ArrowArray::from_arrow(&picked)))
}

/// The edges of a graph, each once.
#[derive(Default)]
struct Listed {
    sources: Vec<usize>,
    targets: Vec<usize>,
    positions: Vec<usize>,
}

impl Listed {
    /// Of a verified graph, which lists all its edges in the order of their positions.
    fn of<V: VertexId, W: Element>(graph: &CsrGraph<V, W>) -> Self {
        let mut listed = Self::default();
        for (position, (source, target, _)) in graph.edges().enumerate() {
            let Some(target) = target.try_to_index() else { continue };
            if graph.directed || source <= target {
                listed.sources.push(source);
                listed.targets.push(target);
                listed.positions.push(position);
            }
        }
        listed
    }
}
