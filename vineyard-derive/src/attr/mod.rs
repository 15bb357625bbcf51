//! Parsing of `#[object(..)]`: the grammar that structs and fields share.

mod container;
mod field;
mod name;

pub(crate) use container::ContainerAttrs;
pub(crate) use field::FieldAttrs;
pub(crate) use name::{NameAttrs, repr_words};

use proc_macro2::{Ident, Span, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, LitInt, LitStr, Path, Token};

use crate::ctxt::Ctxt;
use crate::symbol::{OBJECT, Symbol};

/// A value together with the place of the word that set it.
#[derive(Clone)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// An attribute that may be given once.
struct Once<'c, T> {
    cx: &'c Ctxt,
    word: Symbol,
    given: Option<Spanned<T>>,
}

impl<'c, T> Once<'c, T> {
    fn new(cx: &'c Ctxt, word: Symbol) -> Self {
        Self { cx, word, given: None }
    }

    /// Keeps the first value; a second one is an error at its word.
    fn set(&mut self, word: &Ident, value: T) {
        if self.given.is_some() {
            self.cx.error_at(word.span(), format!("duplicate attribute `{}`", self.word));
        } else {
            self.given = Some(Spanned { value, span: word.span() });
        }
    }
}

/// Calls `item` with each word inside the `#[object(..)]` attributes; `item` consumes what follows the word.
///
/// An error in one item does not keep the others from being read.
fn each_item(cx: &Ctxt, attrs: &[Attribute], mut item: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>) {
    for attr in attrs.iter().filter(|attr| *attr.path() == OBJECT) {
        if !matches!(attr.meta, syn::Meta::List(_)) {
            cx.error_on(attr, "expected a list: `#[object(..)]`");
            continue;
        }
        let parsed = attr.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                // `parse_any`, because `crate` is a keyword.
                let word = Ident::parse_any(input)?;
                if let Err(error) = item(&word, input) {
                    cx.push(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(error) = parsed {
            cx.push(error);
        }
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Reads `= "text"`.
fn string(word: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    let expected = || format!("expected a string: `{word} = \"..\"`");
    assign(word, input, expected)?;
    input.parse().map_err(|error| syn::Error::new(error.span(), expected()))
}

/// Reads `= 2`.
fn integer(word: &Ident, input: ParseStream<'_>) -> syn::Result<LitInt> {
    let expected = || format!("expected a number: `{word} = 2`");
    assign(word, input, expected)?;
    input.parse().map_err(|error| syn::Error::new(error.span(), expected()))
}

/// Reads `= Name`.
fn ident(word: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    let expected = || format!("expected a name without quotes: `{word} = name`");
    assign(word, input, expected)?;
    input.parse().map_err(|error| syn::Error::new(error.span(), expected()))
}

/// Reads `= some::path`.
fn path(word: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    let expected = || format!("expected a path without quotes: `{word} = path`");
    assign(word, input, expected)?;
    input.parse().map_err(|error| syn::Error::new(error.span(), expected()))
}

fn assign(word: &Ident, input: ParseStream<'_>, expected: impl Fn() -> String) -> syn::Result<()> {
    match input.parse::<Option<Token![=]>>()? {
        Some(_) => Ok(()),
        // The word is underlined, as what should follow it is not there.
        None => Err(syn::Error::new(word.span(), expected())),
    }
}

/// Makes sure that nothing follows the word.
fn flag(word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(syn::Error::new(word.span(), format!("`{word}` takes no value")))
}

/// The error for a word that is not one of `here`.
fn unknown(word: &Ident, here: &[Symbol], elsewhere: &[Symbol], place: &str) -> syn::Error {
    let text = word.to_string();
    if elsewhere.iter().any(|other| *word == *other) {
        return syn::Error::new(word.span(), format!("attribute `{text}` belongs on {place}"));
    }
    let valid = here.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let nearest = here.iter().map(|word| (distance(&text, word.as_str()), word)).min_by_key(|(distance, _)| *distance);
    let message = match nearest {
        Some((_, nearest)) if is_near(word, *nearest) => {
            let word = nearest;
            format!("unknown attribute `{text}`; did you mean `{word}`? (valid here: {valid})")
        }
        _ => format!("unknown attribute `{text}` (valid here: {valid})"),
    };
    syn::Error::new(word.span(), message)
}

/// Whether a word may have been meant as another. A third of it may be wrong: more is another word.
fn is_near(word: &Ident, meant: Symbol) -> bool {
    let text = word.to_string();
    distance(&text, meant.as_str()) * 3 <= text.len().max(3)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("typename", "typename"), 0);
        assert_eq!(distance("typname", "typename"), 1);
        assert_eq!(distance("", "skip"), 4);
        assert_eq!(distance("skip", ""), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
