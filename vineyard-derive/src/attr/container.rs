//! Attributes of the struct.

use syn::parse::ParseStream;
use syn::{AngleBracketedGenericArguments, Attribute, LitStr, Path, Token, parenthesized};

use super::{Once, Spanned, each_item, flag, path, string, unknown};
use crate::case::Pattern;
use crate::ctxt::Ctxt;
use crate::symbol::{CRATE, NO_REGISTER, ON_FIELD, ON_STRUCT, REGISTER, RENAME_ALL, TYPENAME, VALIDATE};

/// What `#[object(..)]` on the struct says, each word as the user gave it.
pub(crate) struct ContainerAttrs {
    pub(crate) typename: Option<LitStr>,
    pub(crate) rename_all: Pattern,
    pub(crate) validate: Option<Path>,
    pub(crate) register: Option<Spanned<Vec<AngleBracketedGenericArguments>>>,
    pub(crate) no_register: Option<Spanned<()>>,
    pub(crate) krate: Option<Path>,
}

impl ContainerAttrs {
    pub(crate) fn parse(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut typename = Once::new(cx, TYPENAME);
        let mut rename_all = Once::new(cx, RENAME_ALL);
        let mut validate = Once::new(cx, VALIDATE);
        let mut register = Once::new(cx, REGISTER);
        let mut no_register = Once::new(cx, NO_REGISTER);
        let mut krate = Once::new(cx, CRATE);
        each_item(cx, attrs, |word, input| {
            if *word == TYPENAME {
                typename.set(word, string(word, input)?);
            } else if *word == RENAME_ALL {
                rename_all.set(word, string(word, input)?);
            } else if *word == VALIDATE {
                validate.set(word, path(word, input)?);
            } else if *word == REGISTER {
                register.set(word, instances(word, input)?);
            } else if *word == NO_REGISTER {
                no_register.set(word, flag(word, input)?);
            } else if *word == CRATE {
                krate.set(word, path(word, input)?);
            } else {
                return Err(unknown(word, ON_STRUCT, ON_FIELD, "a field"));
            }
            Ok(())
        });
        Self {
            typename: typename.given.map(|given| given.value),
            rename_all: rename_all.given.map_or_else(Pattern::default, |given| pattern(cx, &given.value)),
            validate: validate.given.map(|given| given.value),
            register: register.given,
            no_register: no_register.given,
            krate: krate.given.map(|given| given.value),
        }
    }
}

fn pattern(cx: &Ctxt, literal: &LitStr) -> Pattern {
    Pattern::parse(&literal.value()).unwrap_or_else(|message| {
        cx.error_on(literal, message);
        Pattern::default()
    })
}

/// Reads `(<A, B>, <C, D>)`.
fn instances(word: &syn::Ident, input: ParseStream<'_>) -> syn::Result<Vec<AngleBracketedGenericArguments>> {
    const EXPECTED: &str = "write each instance in angle brackets, e.g. register(<u64, f64>)";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(word.span(), EXPECTED));
    }
    let list;
    parenthesized!(list in input);
    let instance = |input: ParseStream<'_>| {
        if input.peek(Token![<]) { input.parse() } else { Err(input.error(EXPECTED)) }
    };
    let instances = list.parse_terminated(instance, Token![,]);
    // What is left after an error would be reported a second time, as unexpected.
    while instances.is_err() && !list.is_empty() {
        list.parse::<proc_macro2::TokenTree>()?;
    }
    let instances: Vec<_> = instances?.into_iter().collect();
    if instances.is_empty() { Err(syn::Error::new(word.span(), EXPECTED)) } else { Ok(instances) }
}
