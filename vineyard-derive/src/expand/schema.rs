//! The body of `Object::schema`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::input::{Field, Input, Keys, Storage};

/// The version of a type's layout. Types do not choose one yet, and the first is 1.
const VERSION: u32 = 1;

pub(super) fn expand(input: &Input) -> TokenStream {
    let fields: Vec<TokenStream> = input.stored().map(|(field, keys)| describe(field, keys)).collect();
    let fields = if fields.is_empty() { quote!(__v::Vec::new()) } else { quote!(__v::Vec::from([#(#fields),*])) };
    quote!(__v::schema::<Self>(#VERSION, #fields))
}

fn describe(field: &Field, keys: &Keys) -> TokenStream {
    let ty = &field.ty;
    let key = &keys.key.value;
    match field.storage {
        Storage::Json(_) => quote_spanned!(field.span()=> __v::describe_json::<#ty>(#key)),
        Storage::Member(_) | Storage::Skip => quote_spanned!(field.span()=> __v::describe_field::<#ty>(#key)),
    }
}
