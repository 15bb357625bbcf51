//! `#[derive(Object)]`: makes a struct storable in Vineyard.
//!
//! The struct the user writes is the *view*: what `get` returns. The derive adds the way in (a builder that makes a
//! draft), the way out (resolving metadata to the struct), a schema, a typename and an entry in the registry that
//! `get_any` asks. Generated code does no I/O and contains no `unsafe`.
//!
//! This crate is used through `vineyard_core`, which re-exports the macro next to the trait of the same name.

#![forbid(unsafe_code)]

mod attr;
mod bound;
mod case;
mod check;
mod ctxt;
mod expand;
mod input;
mod names;
mod receiver;
mod symbol;
mod typename;
mod value;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod tests;

/// Derives `Object`, `Member`, `Typename` and `TryFrom<&ObjectMeta>` for a struct with named fields, and a builder.
///
/// What a field is (metadata, payload, member, list of members) comes from its type through the `Member` trait; how
/// the type is spelt only shapes the setters. Rust things (paths, types) are written without quotes in attributes;
/// words that go on the wire are strings.
///
/// ```
/// use vineyard_core::{Array, Element, Object};
///
/// /// Directed graph in compressed sparse rows.
/// #[derive(Object)]
/// #[object(typename = "graph::CsrGraph", validate = Self::check, register(<u64, f64>))]
/// pub struct CsrGraph<V: Element, W: Element> {
///     /// Whether an edge is listed in one direction only.
///     pub directed: bool,
///     /// `num_vertices + 1` positions in `targets`.
///     pub offsets: Array<u64>,
///     /// Where each edge leads.
///     pub targets: Array<V>,
///     /// One weight for each edge.
///     pub weights: Option<Array<W>>,
/// }
///
/// impl<V: Element, W: Element> CsrGraph<V, W> {
///     fn check(&self) -> Result<(), &'static str> {
///         let ends = self.offsets.last() == Some(&(self.targets.len() as u64));
///         ends.then_some(()).ok_or("the last offset must equal the number of targets")
///     }
/// }
///
/// let draft = CsrGraph::<u64, f64>::builder()
///     .directed(true)
///     .offsets([0, 2, 3])
///     .targets([1, 1, 0])
///     .build()?;
/// # Ok::<(), vineyard_core::BuildError>(())
/// ```
///
#[doc = include_str!("../attributes.md")]
#[proc_macro_derive(Object, attributes(object))]
pub fn derive_object(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::derive(input.into()).into()
}

/// Derives `Typename` for a type that is an argument of stored types, but is not stored itself.
///
/// `typename = ".."` and `crate = ..` are those of [`derive(Object)`](macro@Object).
///
/// ```
/// use vineyard_core::Typename;
///
/// #[derive(Typename)]
/// #[object(typename = "units::Metre")]
/// struct Metre;
/// ```
#[proc_macro_derive(Typename, attributes(object))]
pub fn derive_typename(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    names::derive_typename(input.into()).into()
}

/// Derives `Element` and `Typename` for a struct, so that arrays can consist of it.
///
/// The struct needs a fixed layout (`#[repr(C)]` or `#[repr(transparent)]`) and bytemuck's `Pod`, which refuses padding
/// and pointers. `typename = ".."` and `crate = ..` are those of [`derive(Object)`](macro@Object).
///
/// ```
/// use bytemuck::{Pod, Zeroable};
/// use vineyard_core::{Array, Element};
///
/// #[derive(Clone, Copy, Pod, Zeroable, Element)]
/// #[repr(C)]
/// #[object(typename = "graph::Edge")]
/// struct Edge {
///     target: u32,
///     weight: f32,
/// }
///
/// let edges: Array<Edge> = vec![Edge { target: 1, weight: 0.5 }].into();
/// ```
#[proc_macro_derive(Element, attributes(object))]
pub fn derive_element(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    names::derive_element(input.into()).into()
}

/// Derives `MetaValue` and `Member` for an enum without fields: its variants are stored by their names.
///
/// On a variant, `rename = ".."` chooses another text, and `alias = ".."` (repeatable) one that is read as well.
///
/// ```
/// use vineyard_core::MetaValue;
///
/// #[derive(MetaValue)]
/// enum Order {
///     #[object(rename = "C")]
///     RowMajor,
///     #[object(rename = "F", alias = "Fortran")]
///     ColumnMajor,
/// }
/// ```
#[proc_macro_derive(MetaValue, attributes(object))]
pub fn derive_meta_value(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    value::derive(input.into()).into()
}
