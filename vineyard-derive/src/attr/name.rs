//! Attributes of types that only have a name.

use syn::{Attribute, LitStr, Path};

use super::{Once, each_item, path, string, unknown};
use crate::ctxt::Ctxt;
use crate::symbol::{CRATE, ON_NAMED, TYPENAME};

/// What `#[object(..)]` on such a type says.
pub(crate) struct NameAttrs {
    pub(crate) typename: Option<LitStr>,
    pub(crate) krate: Option<Path>,
}

impl NameAttrs {
    pub(crate) fn parse(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut typename = Once::new(cx, TYPENAME);
        let mut krate = Once::new(cx, CRATE);
        each_item(cx, attrs, |word, input| {
            if *word == TYPENAME {
                typename.set(word, string(word, input)?);
            } else if *word == CRATE {
                krate.set(word, path(word, input)?);
            } else {
                return Err(unknown(word, ON_NAMED, &[], ""));
            }
            Ok(())
        });
        Self { typename: typename.given.map(|given| given.value), krate: krate.given.map(|given| given.value) }
    }
}

/// The words in `#[repr(..)]`.
pub(crate) fn repr_words(attrs: &[Attribute]) -> Vec<String> {
    let mut words = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        // What is wrong with it, rustc says.
        let _ = attr.parse_nested_meta(|meta| {
            words.extend(meta.path.get_ident().map(ToString::to_string));
            if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        });
    }
    words
}
