//! Attributes of a field.

use syn::{Attribute, Ident, LitStr, Path, Token};

use super::{Once, Spanned, each_item, flag, ident, path, string, unknown};
use crate::ctxt::Ctxt;
use crate::symbol::{ALIAS, COLLECTION, DEFAULT, FLATTEN, JSON, LEN, NONE, ON_FIELD, ON_STRUCT, RENAME, SKIP, Symbol};

/// What `#[object(..)]` on a field says, each word as the user gave it.
pub(crate) struct FieldAttrs {
    pub(crate) rename: Option<Spanned<LitStr>>,
    pub(crate) aliases: Vec<Spanned<LitStr>>,
    /// The path is absent when the value comes from `Default`.
    pub(crate) default: Option<Spanned<Option<Path>>>,
    pub(crate) skip: Option<Spanned<()>>,
    pub(crate) json: Option<Spanned<()>>,
    pub(crate) len: Option<Spanned<Ident>>,
    pub(crate) none: Option<Spanned<()>>,
    pub(crate) collection: Option<Spanned<()>>,
    pub(crate) flatten: Option<Spanned<()>>,
}

impl FieldAttrs {
    pub(crate) fn parse(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut rename = Once::new(cx, RENAME);
        let mut aliases = Vec::new();
        let mut default = Once::new(cx, DEFAULT);
        let mut skip = Once::new(cx, SKIP);
        let mut json = Once::new(cx, JSON);
        let mut len = Once::new(cx, LEN);
        let mut none = Once::new(cx, NONE);
        let mut collection = Once::new(cx, COLLECTION);
        let mut flatten = Once::new(cx, FLATTEN);
        each_item(cx, attrs, |word, input| {
            if *word == RENAME {
                rename.set(word, string(word, input)?);
            } else if *word == ALIAS {
                aliases.push(Spanned { value: string(word, input)?, span: word.span() });
            } else if *word == DEFAULT {
                let from =
                    if input.peek(Token![=]) { Some(path(word, input)?) } else { flag(word, input).map(|()| None)? };
                default.set(word, from);
            } else if *word == SKIP {
                skip.set(word, flag(word, input)?);
            } else if *word == JSON {
                json.set(word, flag(word, input)?);
            } else if *word == LEN {
                len.set(word, ident(word, input)?);
            } else if *word == NONE {
                none.set(word, empty_blob(&string(word, input)?)?);
            } else if *word == COLLECTION {
                collection.set(word, flag(word, input)?);
            } else if *word == FLATTEN {
                flatten.set(word, flag(word, input)?);
            } else {
                return Err(unknown(word, ON_FIELD, ON_STRUCT, "the struct"));
            }
            Ok(())
        });
        Self {
            rename: rename.given,
            aliases,
            default: default.given,
            skip: skip.given,
            json: json.given,
            len: len.given,
            none: none.given,
            collection: collection.given,
            flatten: flatten.given,
        }
    }

    /// The words that say how the field is stored, of which there can be one.
    pub(crate) fn storage_words(&self) -> Vec<(Symbol, proc_macro2::Span)> {
        let flags = [(SKIP, &self.skip), (JSON, &self.json), (NONE, &self.none)];
        let more = [(COLLECTION, &self.collection), (FLATTEN, &self.flatten)];
        let flags = flags.into_iter().chain(more).filter_map(|(word, given)| Some((word, given.as_ref()?.span)));
        flags.chain(self.len.as_ref().map(|given| (LEN, given.span))).collect()
    }
}

/// The one value that `none` takes.
fn empty_blob(text: &LitStr) -> syn::Result<()> {
    if text.value() == "empty_blob" {
        return Ok(());
    }
    Err(syn::Error::new(text.span(), "`none` can be \"empty_blob\" only"))
}
