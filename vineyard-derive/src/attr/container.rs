//! Attributes of the struct.

use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, Attribute, Ident, LitInt, LitStr, Path, Token, WherePredicate, parenthesized,
};

use super::{Once, Spanned, each_item, flag, ident, integer, is_near, path, string, unknown};
use crate::case::Pattern;
use crate::ctxt::Ctxt;
use crate::symbol::{
    ACCEPTS, ALIAS, BOUND, BUILDER, CRATE, GLOBAL, NO_REGISTER, ON_FIELD, ON_STRUCT, REGISTER, RENAME_ALL, TYPENAME,
    VALIDATE, VERSION,
};

/// What `#[object(..)]` on the struct says, each word as the user gave it.
pub(crate) struct ContainerAttrs {
    pub(crate) typename: Option<LitStr>,
    /// An unknown word that may have been meant as `typename`.
    pub(crate) is_typename_misspelt: bool,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) version: Option<Spanned<u32>>,
    pub(crate) accepts: Option<Spanned<Vec<u32>>>,
    pub(crate) rename_all: Pattern,
    pub(crate) validate: Option<Path>,
    pub(crate) register: Option<Spanned<Vec<AngleBracketedGenericArguments>>>,
    pub(crate) no_register: Option<Spanned<()>>,
    pub(crate) global: Option<Spanned<()>>,
    pub(crate) krate: Option<Path>,
    pub(crate) bound: Option<Vec<WherePredicate>>,
    pub(crate) builder: Option<Ident>,
}

impl ContainerAttrs {
    pub(crate) fn parse(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut typename = Once::new(cx, TYPENAME);
        let mut aliases = Vec::new();
        let mut version = Once::new(cx, VERSION);
        let mut accepts = Once::new(cx, ACCEPTS);
        let mut rename_all = Once::new(cx, RENAME_ALL);
        let mut validate = Once::new(cx, VALIDATE);
        let mut register = Once::new(cx, REGISTER);
        let mut no_register = Once::new(cx, NO_REGISTER);
        let mut global = Once::new(cx, GLOBAL);
        let mut krate = Once::new(cx, CRATE);
        let mut bound = Once::new(cx, BOUND);
        let mut builder = Once::new(cx, BUILDER);
        let mut is_typename_misspelt = false;
        each_item(cx, attrs, |word, input| {
            if *word == TYPENAME {
                typename.set(word, string(word, input)?);
            } else if *word == ALIAS {
                aliases.push(string(word, input)?);
            } else if *word == VERSION {
                version.set(word, number(&integer(word, input)?)?);
            } else if *word == ACCEPTS {
                accepts.set(word, versions(word, input)?);
            } else if *word == RENAME_ALL {
                rename_all.set(word, string(word, input)?);
            } else if *word == VALIDATE {
                validate.set(word, path(word, input)?);
            } else if *word == REGISTER {
                register.set(word, instances(word, input)?);
            } else if *word == NO_REGISTER {
                no_register.set(word, flag(word, input)?);
            } else if *word == GLOBAL {
                global.set(word, flag(word, input)?);
            } else if *word == CRATE {
                krate.set(word, path(word, input)?);
            } else if *word == BOUND {
                bound.set(word, predicates(&string(word, input)?)?);
            } else if *word == BUILDER {
                builder.set(word, ident(word, input)?);
            } else {
                is_typename_misspelt |= is_near(word, TYPENAME);
                return Err(unknown(word, ON_STRUCT, ON_FIELD, "a field"));
            }
            Ok(())
        });
        Self {
            typename: typename.given.map(|given| given.value),
            is_typename_misspelt,
            aliases,
            version: version.given,
            accepts: accepts.given,
            rename_all: rename_all.given.map_or_else(Pattern::default, |given| pattern(cx, &given.value)),
            validate: validate.given.map(|given| given.value),
            register: register.given,
            no_register: no_register.given,
            global: global.given,
            krate: krate.given.map(|given| given.value),
            bound: bound.given.map(|given| given.value),
            builder: builder.given.map(|given| given.value),
        }
    }
}

fn pattern(cx: &Ctxt, literal: &LitStr) -> Pattern {
    Pattern::parse(&literal.value()).unwrap_or_else(|message| {
        cx.error_on(literal, message);
        Pattern::default()
    })
}

/// A version: a number from 1.
fn number(literal: &LitInt) -> syn::Result<u32> {
    let version = literal.base10_parse().ok().filter(|version| *version > 0);
    version.ok_or_else(|| syn::Error::new(literal.span(), "a version is a number from 1 to 4294967295"))
}

/// Reads `(1, 2)`.
fn versions(word: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<u32>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(word.span(), "list the versions, e.g. accepts(1, 2)"));
    }
    let list;
    parenthesized!(list in input);
    let versions = Punctuated::<LitInt, Token![,]>::parse_terminated(&list)?;
    versions.iter().map(number).collect()
}

/// Reads what would follow `where`.
fn predicates(text: &LitStr) -> syn::Result<Vec<WherePredicate>> {
    let parse = Punctuated::<WherePredicate, Token![,]>::parse_terminated;
    Ok(text.parse_with(parse)?.into_iter().collect())
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
