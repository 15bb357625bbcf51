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
/// ```ignore
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
/// ```
///
/// # Names
///
/// - `typename = "ns::Name"`: **required**. The name other processes and languages know the type by; it must not
///   change when code moves. Type arguments are appended as `<A,B>`; const arguments print their value.
/// - `typename = "ns::Name<{W},{V}>"`: spells the arguments out, in any order and as deep as needed
///   (`"ns::Map<{K},{V},std::hash<{K}>>"`). Every parameter must appear, or two instances would share a name.
/// - `rename_all = "{}_"`: pattern of the metadata keys; `{}` stands for the field's name. `"{}_"` is the layout that
///   C++ types use.
///
/// - `alias = "old::Name"`: an older name that is read as well; repeatable.
///
/// # Evolution
///
/// Objects carry the version of their type and a fingerprint of their schema (`Object::schema`), whose text is once in
/// each store. Adding an `Option` or `default` field or an alias is compatible. For anything else, raise the version or
/// choose another typename.
///
/// - `version = 2`: counts changes that older readers cannot read; 1 if not given.
/// - `accepts(1)`: older versions that this struct reads as well. Objects of other versions are refused.
///
/// # Checks
///
/// - `validate = path`: a `fn(&Self) -> Result<(), E>` with `E: Into<Box<dyn Error + Send + Sync>>`. Runs before an
///   object is published and again when it is resolved, so it should be cheap.
///
/// # Registration
///
/// - `register(<u64, f64>, <u32, f32>)`: the instances of a generic type that `get_any` can return.
/// - `no_register`: none. A generic type must choose one of the two; other types are registered by themselves unless
///   they say `no_register`.
///
/// # Global objects
///
/// - `global`: the members may live on several instances. Fields are plain values, `ObjectRef<T>` and lists of these.
///
/// # Expansion
///
/// - `bound = "V: Element"`: the predicates on the impls, in place of those that follow from the fields.
/// - `builder = Name`: the builder's name, in place of the struct's with `Builder` behind it.
/// - `crate = ::path`: where `vineyard_core` is to be found, when it was renamed or re-exported.
///
/// # Fields
///
/// - `rename = "key"`: the metadata key, in place of the field's name. It is not changed by `rename_all`.
/// - `alias = "key"`: an older key, read when the key is absent; repeatable.
/// - `default`, `default = path`: the value when no key is there, from `Default` or from a function.
/// - `skip`: not stored; filled by `default`.
/// - `json`: any type that implements serde's `Serialize` and `DeserializeOwned`, stored as JSON text in one string.
///
/// - `len = field`: on an `Array<T>`: the number of elements is that field, and the blob may have room to spare. A
///   builder fills the field in if it is not set.
/// - `none = "empty_blob"`: on an `Option<Array<T>>` or `Option<Blob>`: `None` is stored as the empty blob, as C++
///   types do, and an absent key is read as well.
/// - `collection`: on a `Vec`: the keys are `key-size`, `key-0` and so on, without underscores in front, as those of the
///   original's collections are.
/// - `flatten`: on a field that is an object: its fields are stored beside the others, not as a member.
///
/// # The builder
///
/// `Name::builder()` returns a `NameBuilder` with one setter for each stored field and `build()`, which makes the
/// draft. A setter whose field is spelt `Option<X>` takes the inner value; a `PhantomData` field has no setter. The
/// setter of a field named `build` is called `build_`.
///
/// `NameBuilder::from(&stored)` starts from a stored object: what is not set is shared with it, without a copy.
#[proc_macro_derive(Object, attributes(object))]
pub fn derive_object(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::derive(input.into()).into()
}

/// Derives `Typename` for a type that is an argument of stored types, but is not stored itself.
///
/// `typename = ".."` and `crate = ..` are those of [`derive(Object)`](macro@Object).
///
/// ```ignore
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
/// ```ignore
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
/// ```ignore
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
