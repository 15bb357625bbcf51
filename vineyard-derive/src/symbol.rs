//! The words of the attribute language, as values.

use std::fmt;

use proc_macro2::Ident;
use syn::Path;

/// A word that attributes are made of; comparable with identifiers and paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol(&'static str);

pub(crate) const OBJECT: Symbol = Symbol("object");

pub(crate) const ACCEPTS: Symbol = Symbol("accepts");
pub(crate) const BOUND: Symbol = Symbol("bound");
pub(crate) const BUILDER: Symbol = Symbol("builder");
pub(crate) const CRATE: Symbol = Symbol("crate");
pub(crate) const GLOBAL: Symbol = Symbol("global");
pub(crate) const NO_REGISTER: Symbol = Symbol("no_register");
pub(crate) const REGISTER: Symbol = Symbol("register");
pub(crate) const RENAME_ALL: Symbol = Symbol("rename_all");
pub(crate) const TYPENAME: Symbol = Symbol("typename");
pub(crate) const VALIDATE: Symbol = Symbol("validate");
pub(crate) const VERSION: Symbol = Symbol("version");

pub(crate) const ALIAS: Symbol = Symbol("alias");
pub(crate) const COLLECTION: Symbol = Symbol("collection");
pub(crate) const DEFAULT: Symbol = Symbol("default");
pub(crate) const FLATTEN: Symbol = Symbol("flatten");
pub(crate) const JSON: Symbol = Symbol("json");
pub(crate) const LEN: Symbol = Symbol("len");
pub(crate) const NONE: Symbol = Symbol("none");
pub(crate) const RENAME: Symbol = Symbol("rename");
pub(crate) const SKIP: Symbol = Symbol("skip");

/// Words that may stand on a struct, in the order they are listed to users.
pub(crate) const ON_STRUCT: &[Symbol] =
    &[TYPENAME, ALIAS, VERSION, ACCEPTS, RENAME_ALL, VALIDATE, REGISTER, NO_REGISTER, GLOBAL, CRATE, BOUND, BUILDER];

/// Words that may stand on a type that only has a name.
pub(crate) const ON_NAMED: &[Symbol] = &[TYPENAME, CRATE];

/// Words that may stand on a field, in the order they are listed to users.
pub(crate) const ON_FIELD: &[Symbol] = &[RENAME, ALIAS, DEFAULT, SKIP, JSON, LEN, NONE, COLLECTION, FLATTEN];

impl Symbol {
    pub(crate) fn as_str(self) -> &'static str {
        self.0
    }
}

impl PartialEq<Symbol> for Ident {
    fn eq(&self, word: &Symbol) -> bool {
        self == word.0
    }
}

impl PartialEq<Symbol> for Path {
    fn eq(&self, word: &Symbol) -> bool {
        self.is_ident(word.0)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
