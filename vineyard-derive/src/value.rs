//! `#[derive(MetaValue)]`: enums without fields, stored by the names of their variants.

use std::collections::HashMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Fields, Ident, parse_quote};

use crate::attr::{FieldAttrs, NameAttrs};
use crate::ctxt::Ctxt;
use crate::symbol::DEFAULT;

/// A variant, and the texts that stand for it: the one that is written, then those that are read as well.
struct Variant<'a> {
    ident: &'a Ident,
    texts: Vec<String>,
}

/// Expands the derive.
pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let ast: DeriveInput = match syn::parse2(tokens) {
        Ok(ast) => ast,
        Err(error) => return error.into_compile_error(),
    };
    let cx = Ctxt::new();
    let attrs = NameAttrs::parse(&cx, &ast.attrs);
    let variants = match &ast.data {
        Data::Enum(data) => variants(&cx, data),
        _ => {
            cx.error_on(&ast.ident, "MetaValue can be derived for enums only: derive `Object` for a struct");
            Vec::new()
        }
    };
    if !ast.generics.params.is_empty() {
        cx.error_on(&ast.generics, "an enum of names has no parameters");
    }
    if let Err(error) = cx.check() {
        return error.into_compile_error();
    }
    let name = attrs.typename.map_or_else(|| ast.ident.unraw().to_string(), |text| text.value());
    let krate = attrs.krate.unwrap_or_else(|| parse_quote!(::vineyard_core));
    expand(&ast.ident, &name, &krate, &variants)
}

fn variants<'a>(cx: &Ctxt, data: &'a DataEnum) -> Vec<Variant<'a>> {
    let mut seen: HashMap<String, &Ident> = HashMap::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            cx.error_on(variant, "a variant with fields is not a plain value: store each case as an object of its own");
        }
        let attrs = FieldAttrs::parse(cx, &variant.attrs);
        let words = attrs.storage_words().into_iter().chain(attrs.default.as_ref().map(|given| (DEFAULT, given.span)));
        for (word, span) in words {
            cx.error_at(span, format!("`{word}` has no effect on a variant"));
        }
        let written = attrs.rename.map_or_else(|| variant.ident.unraw().to_string(), |given| given.value.value());
        let texts: Vec<String> =
            std::iter::once(written).chain(attrs.aliases.iter().map(|alias| alias.value.value())).collect();
        for text in &texts {
            if let Some(first) = seen.insert(text.clone(), &variant.ident) {
                cx.error_on(&variant.ident, format!("`{text}` stands for both `{first}` and `{}`", variant.ident));
            }
        }
        variants.push(Variant { ident: &variant.ident, texts });
    }
    variants
}

fn expand(ident: &Ident, name: &str, krate: &syn::Path, variants: &[Variant<'_>]) -> TokenStream {
    let writes = variants.iter().map(|Variant { ident: variant, texts }| {
        let text = texts.first();
        quote!(#ident::#variant => #text,)
    });
    let reads: Vec<TokenStream> = variants
        .iter()
        .map(|Variant { ident: variant, texts }| quote!(#(#texts)|* => __v::Some(#ident::#variant),))
        .collect();
    quote! {
        const _: () = {
            use #krate::__private_v1 as __v;
            #[automatically_derived]
            impl __v::MetaValue for #ident {
                const NAME: &'static ::core::primitive::str = #name;
                fn to_json(&self) -> __v::Value {
                    __v::text(match *self {
                        #(#writes)*
                    })
                }
                fn from_json(__value: &__v::Value) -> __v::Option<Self> {
                    match __v::as_text(__value)? {
                        #(#reads)*
                        _ => __v::None,
                    }
                }
                fn from_plain(__value: __v::Plain<'_>) -> __v::Option<Self> {
                    match __v::plain_text(__value)? {
                        #(#reads)*
                        _ => __v::None,
                    }
                }
            }
            #[automatically_derived]
            impl __v::Member for #ident {
                type Kind = __v::MetaKind;
                type Input = Self;
                fn stage_at(&self, __key: &__v::Key, __draft: &mut __v::DraftNode) -> __v::Result<(), __v::BuildError> {
                    __v::value_stage::<Self>(self, __key, __draft)
                }
                fn stage_input(
                    __input: Self,
                    __key: &__v::Key,
                    __draft: &mut __v::DraftNode,
                ) -> __v::Result<(), __v::BuildError> {
                    __v::value_stage::<Self>(&__input, __key, __draft)
                }
                fn resolve_at(__meta: &__v::ObjectMeta, __key: &__v::Key) -> __v::Result<Self, __v::ResolveError> {
                    __v::value_resolve::<Self>(__meta, __key)
                }
                fn describe(__key: &__v::Key) -> __v::FieldSchema {
                    __v::value_describe::<Self>(__key)
                }
            }
        };
    }
}
