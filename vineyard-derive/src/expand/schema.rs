//! The body of `Object::schema`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::input::{Field, Input, Storage};

pub(super) fn expand(input: &Input) -> TokenStream {
    let version = input.version;
    let fields: Vec<TokenStream> = input.staged().map(describe).collect();
    if fields.is_empty() {
        return quote!(__v::schema::<Self>(#version, __v::Vec::new()));
    }
    quote! {
        let mut __fields = __v::Vec::new();
        #(#fields)*
        __v::schema::<Self>(#version, __fields)
    }
}

fn describe(field: &Field) -> TokenStream {
    let ty = &field.ty;
    let Some(key) = field.keys().map(|keys| &keys.key.value) else {
        return quote_spanned!(field.span()=> __v::describe_flat::<#ty>(&mut __fields););
    };
    let describe =
        if matches!(field.storage, Storage::Json(_)) { quote!(describe_json) } else { quote!(describe_field) };
    quote_spanned!(field.span()=> __v::Vec::push(&mut __fields, __v::#describe::<#ty>(#key));)
}
