//! Entries in the registry.

use proc_macro2::TokenStream;
use quote::quote;

use crate::input::Input;

/// One entry for a plain type, one for each listed instance of a generic one.
pub(super) fn expand(input: &Input) -> TokenStream {
    let ident = &input.ident;
    let types: Vec<TokenStream> = match &input.register {
        Some(register) => register.value.iter().map(|instance| quote!(#ident #instance)).collect(),
        None if input.no_register.is_some() => Vec::new(),
        None => vec![quote!(#ident)],
    };
    quote! {
        #(
            __v::inventory::submit! {
                __v::Registration::of::<#types>(::core::concat!(::core::file!(), ":", ::core::line!()))
            }
        )*
    }
}
