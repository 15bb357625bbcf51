//! What does not fit between the parts of a collection.

use vineyard_core::{Error, InstanceId, ObjectId, ResolveError};

use crate::dataframe::FrameError;

/// Parts that do not fit each other, or that cannot be had. Parts are told by their number in the collection, from 0 on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectionError {
    /// A part of another kind than the collection is made of.
    #[error("part {part} is of type `{found}`, expected {expected}")]
    Kind {
        /// The part.
        part: usize,
        /// Its type.
        found: String,
        /// What collections of this type consist of.
        expected: &'static str,
    },
    /// A part of another type than the first.
    #[error("part {part} is of type `{found}`, part 0 is of type `{expected}`")]
    Type {
        /// The part.
        part: usize,
        /// Its type.
        found: String,
        /// The type of the first part.
        expected: String,
    },
    /// A part whose metadata does not tell what it should.
    #[error("part {part}: {cause}")]
    Unreadable {
        /// The part.
        part: usize,
        /// What is wrong with it.
        cause: ResolveError,
    },
    /// A frame that does not tell how many rows it has.
    #[error("part {part} does not tell how many rows it has")]
    NoRows {
        /// The part.
        part: usize,
    },
    /// Another number of dimensions than the first part has.
    #[error("part {part} has {found} dimensions, part 0 has {expected}")]
    Dimensions {
        /// The part.
        part: usize,
        /// Its dimensions.
        found: usize,
        /// Those of the first part.
        expected: usize,
    },
    /// Several parts of a single number each, which cannot lie side by side.
    #[error("{parts} parts without dimensions cannot be parts of one tensor")]
    Scalars {
        /// How many parts there are.
        parts: usize,
    },
    /// A grid that has not one place for each part.
    #[error("a grid of {grid:?} does not have one place for each of {parts} parts of {dimensions} dimensions")]
    Grid {
        /// How many parts lie along each dimension.
        grid: Vec<u64>,
        /// How many parts there are.
        parts: usize,
        /// The dimensions of each part.
        dimensions: usize,
    },
    /// A part that says it lies where there is no place.
    #[error("part {part} says that its place is {place:?}, outside of the grid of {grid:?}")]
    Outside {
        /// The part.
        part: usize,
        /// Its place.
        place: Vec<i64>,
        /// How many parts lie along each dimension.
        grid: Vec<u64>,
    },
    /// Two parts that say they lie at the same place.
    #[error("parts {first} and {part} both say that their place is {place:?}")]
    Taken {
        /// The part that has the place.
        first: usize,
        /// The one that wants it.
        part: usize,
        /// The place.
        place: Vec<u64>,
    },
    /// A part that is longer or shorter than those beside it.
    #[error("part {part} has length {found} in dimension {dimension}, part {beside} beside it has {expected}")]
    Length {
        /// The part.
        part: usize,
        /// The dimension.
        dimension: usize,
        /// Its length.
        found: u64,
        /// The part beside it.
        beside: usize,
        /// The length of that.
        expected: u64,
    },
    /// Parts that do not make up the whole.
    #[error("the parts make up {found:?}, `shape_` says {expected:?}")]
    Whole {
        /// The sum of the parts.
        found: Vec<u64>,
        /// What the writer says.
        expected: Vec<u64>,
    },
    /// More than can be counted.
    #[error("the lengths in dimension {dimension} add up to more than can be counted")]
    Overflow {
        /// The dimension.
        dimension: usize,
    },
    /// More elements than this program can hold.
    #[error("the parts have more elements together than this program can hold")]
    TooLarge,
    /// A part that is not what its metadata said when the collection was got.
    #[error("part {part} has the shape {found:?}, its reference says {expected:?}")]
    Changed {
        /// The part.
        part: usize,
        /// Its shape.
        found: Vec<u64>,
        /// The shape in the collection.
        expected: Vec<u64>,
    },
    /// A frame with other columns than the one it continues.
    #[error("part {part} has the columns {found}, part {first} has {expected}")]
    Columns {
        /// The part.
        part: usize,
        /// Its columns, with their types.
        found: String,
        /// The part it continues.
        first: usize,
        /// The columns of that.
        expected: String,
    },
    /// A column that is in two frames side by side.
    #[error("column `{name}` is in part {first} and in part {part} beside it")]
    ColumnTwice {
        /// The column.
        name: String,
        /// One part.
        first: usize,
        /// The other.
        part: usize,
    },
    /// Frames that say they are in another order.
    #[error("part {part} says that it is batch {found} of the rows, the part before it that it is {before}")]
    Order {
        /// The part.
        part: usize,
        /// Its `row_batch_index_`.
        found: i64,
        /// That of the part before it.
        before: i64,
    },
    /// Sizes of another number than parts.
    #[error("there are {found} sizes named `{name}` for {expected} parts")]
    Sizes {
        /// What the sizes count.
        name: String,
        /// How many sizes there are.
        found: usize,
        /// How many parts.
        expected: usize,
    },
    /// Graphs of which some are directed and some are not.
    #[error("part {part} is {}, part 0 is {}", direction(*found), direction(!*found))]
    Directed {
        /// The part.
        part: usize,
        /// Whether it is directed.
        found: bool,
    },
    /// There is no such part.
    #[error("there is no part {part}: there are {parts}")]
    NoPart {
        /// The part asked for.
        part: usize,
        /// How many there are.
        parts: usize,
    },
    /// Nothing to be put together.
    #[error("there are no parts, so nobody knows of what type the whole would be")]
    NoParts,
    /// A part that cannot be had: it is elsewhere, it was deleted, or it is not valid.
    #[error("part {part} ({id} on instance {instance}): {cause}")]
    Part {
        /// The part.
        part: usize,
        /// Its object.
        id: ObjectId,
        /// Where it lives.
        instance: InstanceId,
        /// Why.
        cause: Box<Error>,
    },
    /// The parts cannot be asked for.
    #[error(transparent)]
    Fetch(Box<Error>),
    /// Parts that cannot be put together.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

fn direction(directed: bool) -> &'static str {
    if directed { "directed" } else { "undirected" }
}
