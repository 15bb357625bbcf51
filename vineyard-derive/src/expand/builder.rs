//! The builder: one setter for each stored field, and `build`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;

use super::{allow, object};
use crate::bound;
use crate::input::{Field, Input, Keys, Storage};

/// The struct. It stands outside of the sealed block, so its paths start at the crate.
pub(super) fn expand_struct(input: &Input) -> TokenStream {
    let krate = &input.krate;
    let fields = with_setters(input).map(|(field, _)| {
        let Field { ident, ty, .. } = field;
        let path = located_at(quote!(#krate::__private_v1), field.span());
        match field.storage {
            Storage::Json(_) => quote!(#ident: #path::Option<#ty>),
            Storage::Member(_) | Storage::Skip => {
                quote_spanned!(field.span()=> #ident: #path::Option<<#ty as #path::Member>::Input>)
            }
        }
    });
    declare(input, &bound::for_builder(input), quote!(#(#fields,)*))
}

/// The tokens shown at `span`, with names resolved as before.
fn located_at(tokens: TokenStream, span: Span) -> TokenStream {
    let relocate = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    tokens.into_iter().map(relocate).collect()
}

/// The struct after an error: a name without contents.
pub(super) fn stub_struct(input: &Input) -> TokenStream {
    declare(input, &bound::for_stub(input), TokenStream::new())
}

fn declare(input: &Input, generics: &syn::Generics, fields: TokenStream) -> TokenStream {
    let (vis, builder) = (&input.vis, input.builder());
    let doc = format!("Builds a [`{}`] draft.", input.ident);
    let allow = allow();
    let where_clause = &generics.where_clause;
    let marker = marker(input).map(|marker| {
        let ident = &input.ident;
        let (_, arguments, _) = input.generics.split_for_impl();
        quote!(#marker: ::core::marker::PhantomData<fn() -> #ident #arguments>,)
    });
    quote! {
        #allow
        #[doc = #doc]
        #[must_use = "a builder does nothing until `build` is called"]
        #vis struct #builder #generics #where_clause {
            #fields
            #marker
        }
    }
}

/// The field that uses the parameters which no other field uses.
fn marker(input: &Input) -> Option<Ident> {
    (!input.generics.params.is_empty()).then(|| format_ident!("__vineyard_marker"))
}

pub(super) fn expand_impls(input: &Input) -> TokenStream {
    let (ident, vis, builder) = (&input.ident, &input.vis, input.builder());
    let generics = bound::for_object(input);
    let (params, arguments, predicates) = generics.split_for_impl();
    let fields = with_setters(input).map(|(field, _)| {
        let ident = &field.ident;
        quote_spanned!(field.span()=> #ident: __v::None,)
    });
    let start = start(input, quote!(#(#fields)*));
    let setters = with_setters(input).map(|(field, keys)| setter(input, field, keys));
    let build = build(input);
    let doc_build = format!("Makes the draft of a [`{ident}`], without I/O.");
    quote! {
        impl #params #ident #arguments #predicates {
            #start
        }
        impl #params #builder #arguments #predicates {
            #(#setters)*
            #[doc = #doc_build]
            #[doc = ""]
            #[doc = "# Errors"]
            #[doc = ""]
            #[doc = "If a required field was not set, a value cannot be stored, or the object is not valid."]
            #vis fn build(self) -> __v::Result<__v::Draft<#ident #arguments>, __v::BuildError> {
                #build
            }
        }
    }
}

/// A builder that takes anything, after an error.
pub(super) fn stub_impls(input: &Input) -> TokenStream {
    let (ident, vis, builder) = (&input.ident, &input.vis, input.builder());
    let generics = bound::for_stub(input);
    let (params, arguments, predicates) = generics.split_for_impl();
    let start = start(input, TokenStream::new());
    let setters = with_setters(input).map(|(field, _)| {
        let name = setter_name(input, field);
        let doc = format!("Sets `{}`.", field.name);
        quote! {
            #[doc = #doc]
            #vis fn #name<__Value>(self, _: __Value) -> Self {
                self
            }
        }
    });
    quote! {
        impl #params #ident #arguments #predicates {
            #start
        }
        impl #params #builder #arguments #predicates {
            #(#setters)*
            #[doc = "Makes the draft."]
            #vis fn build(self) -> __v::Result<__v::Draft<#ident #arguments>, __v::BuildError> {
                ::core::unreachable!()
            }
        }
    }
}

fn start(input: &Input, fields: TokenStream) -> TokenStream {
    let (vis, builder) = (&input.vis, input.builder());
    let (_, arguments, _) = input.generics.split_for_impl();
    let marker = marker(input).map(|marker| quote!(#marker: ::core::marker::PhantomData,));
    let doc = format!("Starts a [`{builder}`] with no field set.");
    quote! {
        #[doc = #doc]
        #vis fn builder() -> #builder #arguments {
            #builder { #fields #marker }
        }
    }
}

/// The fields that a user can set.
fn with_setters(input: &Input) -> impl Iterator<Item = (&Field, &Keys)> {
    input.stored().filter(|(field, _)| matches!(field.storage, Storage::Json(_)) || !bound::is_phantom(&field.ty))
}

fn setter(input: &Input, field: &Field, keys: &Keys) -> TokenStream {
    let Field { ident, name, ty, docs, .. } = field;
    let vis = &input.vis;
    let setter = setter_name(input, field);
    let span = field.span();
    let into = |taken: &Type| {
        let input = quote_spanned!(span=> <#taken as __v::Member>::Input);
        (quote_spanned!(span=> impl __v::Into<#input>), quote_spanned!(span=> __v::Into::<#input>::into(value)))
    };
    let (taken, set) = match (&field.storage, bound::inside_option(ty)) {
        (Storage::Json(_), _) => (quote!(#ty), quote!(value)),
        (_, None) => into(ty),
        (_, Some(inner)) => {
            let (taken, set) = into(inner);
            (taken, quote!(__v::Some(#set)))
        }
    };
    let key = &keys.key.value;
    let doc = if key == name { format!("Sets `{name}`.") } else { format!("Sets `{name}` (key `{key}`).") };
    let gap = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
    quote_spanned! {span=>
        #[doc = #doc]
        #gap
        #(#docs)*
        #vis fn #setter(mut self, value: #taken) -> Self {
            self.#ident = __v::Some(#set);
            self
        }
    }
}

/// The field's name, unless that is the name of the builder's own method.
fn setter_name(input: &Input, field: &Field) -> Ident {
    if field.name != "build" {
        return field.ident.clone();
    }
    let mut name = format!("{}_", field.name);
    while input.fields.iter().any(|other| other.name == name) {
        name.push('_');
    }
    Ident::new(&name, field.ident.span())
}

fn build(input: &Input) -> TokenStream {
    let (_, arguments, _) = input.generics.split_for_impl();
    let ident = &input.ident;
    let this = quote!(#ident #arguments);
    let fields: Vec<TokenStream> = input.stored().map(|(field, keys)| stage_input(field, keys)).collect();
    if fields.is_empty() {
        return quote!(__v::finish::<#this>(__v::new_node::<#this>()));
    }
    quote! {
        let mut __node = __v::new_node::<#this>();
        #(#fields)*
        __v::finish::<#this>(__node)
    }
}

fn stage_input(field: &Field, keys: &Keys) -> TokenStream {
    let Field { ident, name, ty, .. } = field;
    let key = &keys.key.value;
    let default = object::default(field);
    let is_json = matches!(field.storage, Storage::Json(_));
    let given = if !is_json && bound::is_phantom(ty) { quote!(__v::None) } else { quote!(self.#ident) };
    match (is_json, default) {
        (false, None) => {
            quote_spanned!(field.span()=> __v::stage_input::<#ty>(#given, #name, #key, &mut __node)?;)
        }
        (false, Some(default)) => {
            quote_spanned!(field.span()=> __v::stage_input_or::<#ty>(#given, #default, #name, #key, &mut __node)?;)
        }
        (true, None) => {
            quote_spanned!(field.span()=> __v::stage_json_input::<#ty>(#given, #name, #key, &mut __node)?;)
        }
        (true, Some(default)) => {
            quote_spanned!(field.span()=> __v::stage_json_input_or::<#ty>(#given, #default, #name, #key, &mut __node)?;)
        }
    }
}
