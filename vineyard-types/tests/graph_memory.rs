//! How much memory a graph takes while it is built, beside the edges that it is built of. A program of its own, because
//! everything that is allocated counts.

use peak_alloc::PeakAlloc;
use vineyard_types::graph::{CsrGraph, Directions, EdgeOptions, Edges, GraphError, Parallel, SelfLoops};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

type Graph = CsrGraph<u32, f64>;

/// The ends of an edge, by its number.
type Shape = fn(u64) -> (u32, u32);

const VERTICES: u32 = 1 << 14;
const EDGES: usize = 1 << 19;

/// What a build takes at most, in hundredths of what the graph takes that it makes.
const MOST: usize = 250;

/// Numbers that are spread evenly (SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

fn even(edge: u64) -> (u32, u32) {
    let bits = mixed(edge);
    ((bits >> 32) as u32 % VERTICES, bits as u32 % VERTICES)
}

/// Few vertices have most of the edges: the one with both halves of the bits set has more than all others.
fn skewed(edge: u64) -> (u32, u32) {
    let end = |number: u64| (mixed(number) & mixed(number ^ 0xF0F0)) as u32 % VERTICES;
    (end(2 * edge), end(2 * edge + 1))
}

/// All edges lead away from one vertex.
fn star(edge: u64) -> (u32, u32) {
    (5, even(edge).1)
}

fn nbytes(graph: &Graph) -> usize {
    let counts = [Some(&graph.offsets), graph.back_offsets.as_ref(), graph.back_edges.as_ref()];
    let targets = [Some(&graph.targets), graph.back_targets.as_ref()];
    let counts = counts.into_iter().flatten().map(|array| size_of_val(&array[..]));
    let targets = targets.into_iter().flatten().map(|array| size_of_val(&array[..]));
    counts.sum::<usize>() + targets.sum::<usize>() + graph.weights.as_ref().map_or(0, |array| size_of_val(&array[..]))
}

/// What building a graph takes at most, in hundredths of what it would make if all edges stayed.
fn share(edges: Edges<'_, u32, f64>, options: EdgeOptions) -> Result<usize, GraphError> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let graph = Graph::build(VERTICES as usize, edges, options)?;
    let peak = MEMORY.peak_usage() - before;
    Ok(peak * 100 / nbytes(&graph) * graph.num_edges() / edges.len())
}

#[test]
fn a_build_takes_little_beside_the_graph() -> Result<(), Box<dyn std::error::Error>> {
    const KEPT: EdgeOptions = EdgeOptions {
        directed: true,
        parallel: Parallel::Keep,
        self_loops: SelfLoops::Keep,
        directions: Directions::Out,
    };
    const BOTH: EdgeOptions = EdgeOptions { directions: Directions::Both, ..KEPT };
    const MERGED: EdgeOptions = EdgeOptions { parallel: Parallel::Merge, ..KEPT };
    let weights: Vec<f64> = (0..EDGES).map(|edge| edge as f64).collect();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let shapes: [(&str, Shape); 3] = [("even", even), ("skewed", skewed), ("star", star)];
    for (name, shape) in shapes {
        let pairs: Vec<(u32, u32)> = (0..EDGES as u64).map(shape).collect();
        let plain = Edges::pairs(&pairs);
        let weighted = plain.with_weights(&weights)?;
        for (edges, options) in [(plain, KEPT), (weighted, KEPT), (plain, BOTH), (weighted, BOTH), (weighted, MERGED)] {
            let share = threads.install(|| share(edges, options))?;
            assert!(share <= MOST, "{name}, {options:?}: {share} hundredths");
        }
    }
    Ok(())
}
