//! Where edges go that are read.

use super::{EdgeWeight, PlainEdges};
use crate::dataframe::DataFrame;
use crate::graph::{EdgeEnd, GraphError, LabelledEdges, VertexLabel};

mod sealed {
    pub trait Sealed {}
}

/// Edges that are being read: [`PlainEdges`] or [`LabelledEdges`].
pub trait EdgeSink: Default + sealed::Sealed {
    /// What the ends are.
    type Label: VertexLabel;
    /// What the weights are, if there are.
    type Weight: EdgeWeight;

    /// One more edge, between the ends that two texts spell; else which of the two spells none.
    #[doc(hidden)]
    fn push_text(&mut self, source: &str, target: &str) -> Result<(), End> {
        let pushed = Self::Label::parse(source, |source| {
            Self::Label::parse(target, |target| self.push(source, target)).ok_or(End::Target)
        });
        pushed.unwrap_or(Err(End::Source))
    }

    #[doc(hidden)]
    fn push(&mut self, source: &Query<Self>, target: &Query<Self>);

    /// All edges, with a weight and a row each if there are.
    #[doc(hidden)]
    fn finish(self, weights: Option<Vec<Self::Weight>>, table: Option<DataFrame>) -> Result<Self, GraphError>;
}

/// How labels are asked for.
#[doc(hidden)]
pub type Query<E> = <<E as EdgeSink>::Label as crate::hashmap::MapKey>::Query;

/// An end of an edge.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Source,
    Target,
}

impl<I, W> sealed::Sealed for PlainEdges<I, W> {}

impl<I: VertexLabel<Query = I> + EdgeEnd, W: EdgeWeight> EdgeSink for PlainEdges<I, W> {
    type Label = I;
    type Weight = W;

    fn push(&mut self, source: &I, target: &I) {
        self.pairs.push((*source, *target));
    }

    fn finish(self, weights: Option<Vec<W>>, table: Option<DataFrame>) -> Result<Self, GraphError> {
        let edges = Self { weights, table, ..self };
        edges.edges()?;
        Ok(edges)
    }
}

impl<I: VertexLabel, W> sealed::Sealed for LabelledEdges<I, W> {}

impl<I: VertexLabel, W: EdgeWeight> EdgeSink for LabelledEdges<I, W> {
    type Label = I;
    type Weight = W;

    fn push(&mut self, source: &I::Query, target: &I::Query) {
        LabelledEdges::push(self, source, target);
    }

    fn finish(self, weights: Option<Vec<W>>, table: Option<DataFrame>) -> Result<Self, GraphError> {
        let edges = match weights {
            Some(weights) => self.with_weights(weights)?,
            None => self,
        };
        match table {
            Some(table) => edges.with_table(table),
            None => Ok(edges),
        }
    }
}
