//! Attributes of a field.

use syn::{Attribute, LitStr, Path, Token};

use super::{Once, Spanned, each_item, flag, path, string, unknown};
use crate::ctxt::Ctxt;
use crate::symbol::{ALIAS, DEFAULT, JSON, ON_FIELD, ON_STRUCT, RENAME, SKIP};

/// What `#[object(..)]` on a field says, each word as the user gave it.
pub(crate) struct FieldAttrs {
    pub(crate) rename: Option<Spanned<LitStr>>,
    pub(crate) aliases: Vec<Spanned<LitStr>>,
    /// The path is absent when the value comes from `Default`.
    pub(crate) default: Option<Spanned<Option<Path>>>,
    pub(crate) skip: Option<Spanned<()>>,
    pub(crate) json: Option<Spanned<()>>,
}

impl FieldAttrs {
    pub(crate) fn parse(cx: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut rename = Once::new(cx, RENAME);
        let mut aliases = Vec::new();
        let mut default = Once::new(cx, DEFAULT);
        let mut skip = Once::new(cx, SKIP);
        let mut json = Once::new(cx, JSON);
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
            } else {
                return Err(unknown(word, ON_FIELD, ON_STRUCT, "the struct"));
            }
            Ok(())
        });
        Self { rename: rename.given, aliases, default: default.given, skip: skip.given, json: json.given }
    }
}
