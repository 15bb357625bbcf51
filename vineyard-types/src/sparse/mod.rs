//! Sparse matrices, which Python gets as those of scipy.
//!
//! Each has the parts of scipy's matrix of the same name, as tensors: values, and indices of 32 or 64 bits. Getting one
//! copies nothing, but reads the indices once: what was got can be walked without finding an index outside of it.
//!
//! The typename names the values as tensors do, `vineyard::CSRMatrix<double>`; the original writes numpy's names there,
//! `float64`, and either is read by both.

mod bsr;
mod compressed;
mod coo;
mod dia;
mod indices;
#[cfg(feature = "sprs")]
mod sprs;
mod structure;

pub use bsr::BsrMatrix;
pub use compressed::{CscMatrix, CsrMatrix};
pub use coo::CooMatrix;
pub use dia::DiaMatrix;
pub use indices::Indices;
#[cfg(feature = "sprs")]
pub use sprs::{SparseIndex, SprsError};
pub use structure::SparseError;

/// Every matrix has two dimensions.
fn two() -> u64 {
    2
}

#[cfg(test)]
mod tests;
