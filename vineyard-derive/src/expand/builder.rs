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
    let fields = with_setters(input).map(|field| {
        let Field { ident, ty, .. } = field;
        let path = located_at(quote!(#krate::__private_v1), field.span());
        if field.is_set_as_it_is() {
            quote!(#ident: #path::Option<#ty>)
        } else {
            quote_spanned!(field.span()=> #ident: #path::Option<<#ty as #path::Member>::Input>)
        }
    });
    let base = quote!(__vineyard_base: #krate::__private_v1::Option<#krate::__private_v1::ObjectMeta>);
    declare(input, &bound::for_builder(input), quote!(#(#fields,)* #base,))
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
    let fields = with_setters(input).map(|field| {
        let ident = &field.ident;
        quote_spanned!(field.span()=> #ident: __v::None,)
    });
    let start = start(input, quote!(#(#fields)* __vineyard_base: __v::None,));
    let setters = with_setters(input).map(|field| setter(input, field));
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
        #[automatically_derived]
        impl #params __v::From<&__v::Stored<#ident #arguments>> for #builder #arguments #predicates {
            /// Starts from a stored object: fields that are not set are shared with it.
            fn from(__stored: &__v::Stored<#ident #arguments>) -> Self {
                Self { __vineyard_base: __v::Some(__v::base(__stored)), ..<#ident #arguments>::builder() }
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
    let setters = with_setters(input).map(|field| {
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
fn with_setters(input: &Input) -> impl Iterator<Item = &Field> {
    input.staged().filter(|field| field.is_set_as_it_is() || !bound::is_phantom(&field.ty))
}

fn setter(input: &Input, field: &Field) -> TokenStream {
    let Field { ident, name, ty, docs, .. } = field;
    let vis = &input.vis;
    let setter = setter_name(input, field);
    let span = field.span();
    let into = |taken: &Type| {
        let input = quote_spanned!(span=> <#taken as __v::Member>::Input);
        (quote_spanned!(span=> impl __v::Into<#input>), quote_spanned!(span=> __v::Into::<#input>::into(value)))
    };
    let (taken, set) = match bound::inside_option(ty) {
        _ if field.is_set_as_it_is() => (quote!(#ty), quote!(value)),
        None => into(ty),
        Some(inner) => {
            let (taken, set) = into(inner);
            (taken, quote!(__v::Some(#set)))
        }
    };
    let doc = match field.keys().map(|keys| &keys.key.value) {
        Some(key) if key != name => format!("Sets `{name}` (key `{key}`)."),
        _ => format!("Sets `{name}`."),
    };
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
    let fields: Vec<TokenStream> =
        input.staged().map(|field| stage_or_share(input, field)).chain(object::rules(input)).collect();
    if fields.is_empty() {
        return quote!(__v::finish::<#this>(__v::new_node::<#this>()));
    }
    let counts = input.fields.iter().filter(|field| matches!(field.storage, Storage::Len(..))).map(|field| {
        let (Field { ident, ty, .. }, count) = (field, count(field));
        quote_spanned!(field.span()=> let #count = __v::array_len::<#ty>(&self.#ident);)
    });
    quote! {
        let __base = __v::base_draft(&self.__vineyard_base)?;
        #(#counts)*
        let mut __node = __v::new_node::<#this>();
        #(#fields)*
        __v::finish::<#this>(__node)
    }
}

/// The local that holds the number of elements of an array.
fn count(field: &Field) -> Ident {
    format_ident!("__count_{}", field.name)
}

/// Stages what was set; what was not is taken from the object that the builder started from, if there is one.
fn stage_or_share(input: &Input, field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    let is_set = with_setters(input).any(|other| other.ident == *ident);
    let given = if is_set { quote!(self.#ident) } else { quote!(__v::None) };
    let Some(keys) = field.keys() else {
        let name = &field.name;
        return quote_spanned! {field.span()=>
            __v::stage_flat_input::<#ty>(#given, &__base, #name, &mut __node)?;
        };
    };
    stage_input(input, field, keys, given)
}

fn stage_input(input: &Input, field: &Field, keys: &Keys, mut given: TokenStream) -> TokenStream {
    let Field { ident, name, ty, .. } = field;
    let keys = object::all_keys(keys);
    // An array tells how many elements it has, so nobody needs to say it again.
    let counted = input.fields.iter().find(|other| matches!(&other.storage, Storage::Len(_, len) if len == ident));
    if let Some(array) = counted {
        let count = count(array);
        given = quote!(__v::Option::or(#given, __v::count_input::<#ty>(#count)));
    }
    let (stage, default) = match (&field.storage, object::default(field)) {
        (Storage::Json(_), None) => (quote!(stage_json_input), None),
        (Storage::Json(_), default) => (quote!(stage_json_input_or), default),
        (Storage::OrEmpty(_), _) => (quote!(stage_or_empty_input), None),
        (Storage::Collection(_), _) => (quote!(stage_collection_input), None),
        (_, None) => (quote!(stage_input), None),
        (_, default) => (quote!(stage_input_or), default),
    };
    let default = default.map(|default| quote!(#default,));
    quote_spanned!(field.span()=> __v::#stage::<#ty>(#given, &__base, #default #name, #keys, &mut __node)?;)
}
