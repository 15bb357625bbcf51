//! Replaces `Self` by the type it stands for.
//!
//! Field types are repeated in the builder, where `Self` would be the builder.

use std::iter::Peekable;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Generics, Type};

/// What `Self` stands for in the user's struct.
pub(crate) struct Receiver<'a> {
    ident: &'a Ident,
    generics: &'a Generics,
}

impl<'a> Receiver<'a> {
    pub(crate) fn new(ident: &'a Ident, generics: &'a Generics) -> Self {
        Self { ident, generics }
    }

    /// The type with every `Self` replaced.
    pub(crate) fn replace_in_type(&self, ty: &Type) -> Type {
        // Replacing a type by a type leaves a type, so the parser has no reason to refuse it.
        syn::parse2(self.replace(ty.to_token_stream())).unwrap_or_else(|_| ty.clone())
    }

    /// The tokens with every `Self` replaced.
    pub(crate) fn replace(&self, tokens: TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        let mut rest = tokens.into_iter().peekable();
        while let Some(token) = rest.next() {
            match token {
                TokenTree::Ident(ident) if ident == "Self" => out.extend(self.expand(&ident, &mut rest)),
                TokenTree::Group(group) => {
                    let mut replaced = Group::new(group.delimiter(), self.replace(group.stream()));
                    replaced.set_span(group.span());
                    out.extend([TokenTree::Group(replaced)]);
                }
                other => out.extend([other]),
            }
        }
        out
    }

    fn expand(&self, written: &Ident, rest: &mut Peekable<impl Iterator<Item = TokenTree>>) -> TokenStream {
        let (_, arguments, _) = self.generics.split_for_impl();
        let mut ident = self.ident.clone();
        ident.set_span(written.span());
        let is_prefix = matches!(rest.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        // `Name<V>::NUM` does not parse in an expression, and `<Name<V>>` alone is not a type.
        if is_prefix {
            quote_spanned!(written.span()=> <#ident #arguments>)
        } else {
            quote_spanned!(written.span()=> #ident #arguments)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::{DeriveInput, parse_quote};

    fn check(ty: Type, expected: Type) {
        let ast: DeriveInput = parse_quote!(
            struct Tree<V: Copy = u8, const N: usize = 2> {}
        );
        let replaced = Receiver::new(&ast.ident, &ast.generics).replace_in_type(&ty);
        assert_eq!(replaced.to_token_stream().to_string(), expected.to_token_stream().to_string());
    }

    #[test]
    fn types_without_self_stay() {
        check(parse_quote!(Vec<Array<V>>), parse_quote!(Vec<Array<V>>));
    }

    #[test]
    fn self_is_replaced_at_any_depth() {
        check(parse_quote!(Self), parse_quote!(Tree<V, N>));
        check(parse_quote!(Vec<(Self, [Self; 2])>), parse_quote!(Vec<(Tree<V, N>, [Tree<V, N>; 2])>));
    }

    #[test]
    fn paths_through_self_are_qualified() {
        check(parse_quote!([u8; Self::LEN]), parse_quote!([u8; <Tree<V, N>>::LEN]));
        check(parse_quote!(<Self as Has>::Part), parse_quote!(<Tree<V, N> as Has>::Part));
    }
}
