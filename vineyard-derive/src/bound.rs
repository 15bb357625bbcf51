//! Where-clauses of the generated impls.
//!
//! The user's bounds are copied. A field type that mentions a parameter adds a predicate of its own; types that mention
//! none are named in the bodies, where rustc checks them and shows the field.

use std::collections::HashSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{
    GenericArgument, GenericParam, Generics, Path, PathArguments, PathSegment, Type, WherePredicate, parse_quote,
};

use crate::input::{Fallback, Field, Input, Storage};
use crate::typename::named_params;

/// What `impl Typename` needs: the user's bounds, and a name for each type parameter.
pub(crate) fn for_typename(input: &Input) -> Generics {
    let mut predicates = Predicates::of(input);
    predicates.add_typenames();
    predicates.finish()
}

/// What the builder struct needs: the user's bounds, and `Member` for what its setters take.
pub(crate) fn for_builder(input: &Input) -> Generics {
    let mut predicates = Predicates::of(input);
    predicates.add_members();
    predicates.finish()
}

/// What every other impl needs: all of the above, and what the bodies do with fields.
pub(crate) fn for_object(input: &Input) -> Generics {
    let mut predicates = Predicates::of(input);
    predicates.add_typenames();
    predicates.add_members();
    predicates.add_json_and_defaults();
    predicates.add_receiver();
    predicates.finish()
}

/// What the impls that stand in after an error need: as little as possible, to raise no further error.
pub(crate) fn for_stub(input: &Input) -> Generics {
    let mut predicates = Predicates::of(input);
    predicates.add_receiver();
    predicates.finish()
}

/// The type inside a field type spelt `Option<..>`.
///
/// `Option` is recognised by its last segment; if it is another type of that name, the setter does not compile.
pub(crate) fn inside_option(ty: &Type) -> Option<&Type> {
    let last = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(inner)), 1) => Some(inner),
        _ => None,
    }
}

/// Whether a field type is spelt `PhantomData<..>`: there is nothing a setter could take.
pub(crate) fn is_phantom(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "PhantomData")
}

/// The last segment of a path, whatever invisible groups `macro_rules` put around it.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

struct Predicates<'a> {
    input: &'a Input,
    path: TokenStream,
    generics: Generics,
    added: Vec<WherePredicate>,
    seen: HashSet<String>,
}

impl<'a> Predicates<'a> {
    fn of(input: &'a Input) -> Self {
        let krate: &Path = &input.krate;
        // The builder struct is outside of the block that knows `__v`, so predicates use the full path.
        Self {
            input,
            path: quote!(#krate::__private_v1),
            generics: without_defaults(&input.generics),
            added: Vec::new(),
            seen: HashSet::new(),
        }
    }

    fn add(&mut self, predicate: WherePredicate) {
        // Two fields of one type need it once; tokens are compared, as that needs no further feature of syn.
        if self.seen.insert(predicate.to_token_stream().to_string()) {
            self.added.push(predicate);
        }
    }

    fn add_typenames(&mut self) {
        let path = self.path.clone();
        let input = self.input;
        for param in input.generics.type_params() {
            let ident = &param.ident;
            if input.typename.params().iter().any(|used| ident.unraw() == *used) {
                self.add(parse_quote!(#ident: #path::Typename));
            }
        }
    }

    fn add_members(&mut self) {
        if let Some(bound) = &self.input.bound {
            bound.iter().cloned().for_each(|predicate| self.add(predicate));
            return;
        }
        let path = self.path.clone();
        for field in self.generic_fields() {
            let special = match field.storage {
                Storage::Len(..) => quote!(LenMember),
                Storage::OrEmpty(_) => quote!(OrEmptyMember),
                Storage::Flatten => quote!(Object),
                Storage::Member(_) | Storage::Collection(_) => quote!(),
                Storage::Json(_) | Storage::Skip => continue,
            };
            if !special.is_empty() {
                let ty = &field.ty;
                self.add(parse_quote!(#ty: #path::#special));
            }
            if matches!(field.storage, Storage::Flatten) {
                continue;
            }
            // `Option<X>: Member` as a predicate would hide what the impl says about its input, which setters rely on.
            let mut ty = &field.ty;
            while let Some(inner) = inside_option(ty) {
                ty = inner;
            }
            self.add(parse_quote!(#ty: #path::Member));
        }
    }

    fn add_json_and_defaults(&mut self) {
        if self.input.bound.is_some() {
            return;
        }
        let path = self.path.clone();
        for field in self.generic_fields() {
            let ty = &field.ty;
            if matches!(field.storage, Storage::Json(_)) {
                self.add(parse_quote!(#ty: #path::Json));
            }
            if matches!(field.default, Fallback::Default) {
                self.add(parse_quote!(#ty: #path::Default));
            }
        }
    }

    fn add_receiver(&mut self) {
        if self.input.generics.params.is_empty() {
            return;
        }
        let path = self.path.clone();
        let ident = &self.input.ident;
        let (_, arguments, _) = self.input.generics.split_for_impl();
        self.add(parse_quote!(#ident #arguments: #path::Any + #path::Send + #path::Sync));
    }

    /// Fields whose type mentions a parameter.
    ///
    /// Not among them are fields that hold the type itself: whether it is a member is what the impl decides, and a
    /// predicate would make it depend on itself.
    fn generic_fields(&self) -> impl Iterator<Item = &'a Field> + use<'a> {
        let input = self.input;
        let params: Vec<String> = named_params(&input.generics).map(|ident| ident.to_string()).collect();
        let this = input.ident.to_string();
        input.fields.iter().filter(move |field| {
            let tokens = field.ty.to_token_stream();
            mentions(tokens.clone(), &params) && !mentions(tokens, std::slice::from_ref(&this))
        })
    }

    fn finish(mut self) -> Generics {
        if !self.added.is_empty() {
            self.generics.make_where_clause().predicates.extend(self.added);
        }
        self.generics
    }
}

/// Impls do not take parameter defaults.
fn without_defaults(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for param in &mut generics.params {
        match param {
            GenericParam::Type(param) => {
                param.eq_token = None;
                param.default = None;
            }
            GenericParam::Const(param) => {
                param.eq_token = None;
                param.default = None;
            }
            GenericParam::Lifetime(_) => {}
        }
    }
    generics
}

/// Whether one of `names` is used, as the start of a path.
///
/// Tokens are enough to see that, and see into macros and constant expressions as well.
fn mentions(tokens: TokenStream, names: &[String]) -> bool {
    let mut previous = None;
    for token in tokens {
        let found = match &token {
            TokenTree::Ident(ident) => !matches!(previous, Some(':' | '\'')) && names.iter().any(|name| ident == name),
            TokenTree::Group(group) => mentions(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        };
        if found {
            return true;
        }
        previous = match &token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_mentions(ty: TokenStream, expected: bool) {
        assert_eq!(mentions(ty.clone(), &["V".to_owned(), "N".to_owned()]), expected, "{ty}");
    }

    #[test]
    fn parameters_are_found_anywhere_in_a_type() {
        check_mentions(quote!(V), true);
        check_mentions(quote!(Vec<(u8, [V; 2])>), true);
        check_mentions(quote!([u8; N]), true);
        check_mentions(quote!(V::Part), true);
        check_mentions(quote!(list!(V)), true);
    }

    #[test]
    fn other_uses_of_the_word_do_not_count() {
        check_mentions(quote!(Vec<u8>), false);
        check_mentions(quote!(other::V), false);
        check_mentions(quote!(&'V str), false);
    }

    #[test]
    fn options_are_recognised_by_spelling() {
        let inside = |ty: Type| inside_option(&ty).map(|inner| inner.to_token_stream().to_string());
        assert_eq!(inside(parse_quote!(Option<u8>)).as_deref(), Some("u8"));
        assert_eq!(inside(parse_quote!((::core::option::Option<u8>))).as_deref(), Some("u8"));
        assert_eq!(inside(parse_quote!(Vec<Option<u8>>)), None);
        assert_eq!(inside(parse_quote!(Option)), None);
        assert!(is_phantom(&parse_quote!(std::marker::PhantomData<V>)));
        assert!(!is_phantom(&parse_quote!(Vec<PhantomData<V>>)));
    }
}
