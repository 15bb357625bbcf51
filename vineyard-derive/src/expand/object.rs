//! `impl Typename` and `impl Object`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::schema;
use crate::bound;
use crate::input::{Fallback, Field, Input, Keys, Storage};

pub(super) fn expand_typename(input: &Input) -> TokenStream {
    let ident = &input.ident;
    let generics = bound::for_typename(input);
    let (params, arguments, predicates) = generics.split_for_impl();
    let name = input.typename.expand(&input.generics);
    quote! {
        #[automatically_derived]
        impl #params __v::Typename for #ident #arguments #predicates {
            fn typename() -> __v::TypeName {
                #name
            }
        }
    }
}

pub(super) fn expand(input: &Input) -> TokenStream {
    let ident = &input.ident;
    let builder = input.builder();
    let generics = bound::for_object(input);
    let (params, arguments, predicates) = generics.split_for_impl();
    let schema = schema::expand(input);
    let resolve = resolve(input);
    let stage = stage(input);
    let aliases = aliases(input);
    let registers = input.no_register.as_ref().map(|_| {
        quote!(
            fn __registers() -> ::core::primitive::bool {
                false
            }
        )
    });
    let global = input.global.map(|_| {
        quote!(
            fn __is_global() -> ::core::primitive::bool {
                true
            }
        )
    });
    quote! {
        #[automatically_derived]
        impl #params __v::Object for #ident #arguments #predicates {
            type Builder = #builder #arguments;
            fn typename() -> __v::TypeName {
                <Self as __v::Typename>::typename()
            }
            fn schema() -> __v::Schema {
                #schema
            }
            #resolve
            #stage
            #aliases
            #registers
            #global
            fn __only_derive_implements_object() {}
        }
    }
}

/// The same impls for a struct with mistakes; they are there to be named, not to run.
pub(super) fn stub(input: &Input) -> TokenStream {
    let ident = &input.ident;
    let builder = input.builder();
    let generics = bound::for_stub(input);
    let (params, arguments, predicates) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params __v::Typename for #ident #arguments #predicates {
            fn typename() -> __v::TypeName {
                ::core::unreachable!()
            }
        }
        #[automatically_derived]
        impl #params __v::Object for #ident #arguments #predicates {
            type Builder = #builder #arguments;
            fn typename() -> __v::TypeName {
                ::core::unreachable!()
            }
            fn schema() -> __v::Schema {
                ::core::unreachable!()
            }
            fn resolve(_: &__v::ObjectMeta) -> __v::Result<Self, __v::ResolveError> {
                ::core::unreachable!()
            }
            fn stage(&self) -> __v::Result<__v::DraftNode, __v::BuildError> {
                ::core::unreachable!()
            }
            fn __only_derive_implements_object() {}
        }
    }
}

fn resolve(input: &Input) -> TokenStream {
    // The argument keeps its name even if no field is stored: an unused one that starts with `__` is not reported.
    let fields = input.fields.iter().map(|field| resolve_field(input, field));
    let (version, accepts) = (input.version, &input.accepts);
    let body = match &input.validate {
        None => quote!(__v::Ok(Self { #(#fields),* })),
        Some(check) => quote! {
            let __object = Self { #(#fields),* };
            __v::check_resolved(&__object, #check)?;
            __v::Ok(__object)
        },
    };
    quote! {
        fn resolve(__meta: &__v::ObjectMeta) -> __v::Result<Self, __v::ResolveError> {
            __v::resolve_object::<Self>(__meta, #version, &[#(#accepts),*], |__meta| {
                #body
            })
        }
    }
}

/// The older names of the type.
fn aliases(input: &Input) -> Option<TokenStream> {
    let names: Vec<TokenStream> = input.aliases.iter().map(|alias| alias.expand(&input.generics)).collect();
    (!names.is_empty()).then(|| {
        quote! {
            fn __aliases() -> __v::Vec<__v::TypeName> {
                __v::Vec::from([#(#names),*])
            }
        }
    })
}

fn resolve_field(input: &Input, field: &Field) -> TokenStream {
    let Field { ident, name, ty, .. } = field;
    let keys = field.keys().map(all_keys);
    let value = match (&field.storage, default(field)) {
        (Storage::Skip, Some(default)) => quote_spanned!(field.span()=> (#default)()),
        // The parser gives every skipped field a default.
        (Storage::Skip, None) => quote_spanned!(field.span()=> <#ty as __v::Default>::default()),
        (Storage::Member(_), None) => {
            quote_spanned!(field.span()=> __v::resolve_field::<#ty>(__meta, #name, #keys)?)
        }
        (Storage::Member(_), Some(default)) => {
            quote_spanned!(field.span()=> __v::resolve_field_or::<#ty>(__meta, #name, #keys, #default)?)
        }
        (Storage::Json(_), None) => {
            quote_spanned!(field.span()=> __v::resolve_json::<#ty>(__meta, #name, #keys)?)
        }
        (Storage::Json(_), Some(default)) => {
            quote_spanned!(field.span()=> __v::resolve_json_or::<#ty>(__meta, #name, #keys, #default)?)
        }
        (Storage::Len(_, len), _) => {
            let counts = input.keys_of(len).map(all_keys);
            quote_spanned!(field.span()=> __v::resolve_len::<#ty>(__meta, #name, #keys, #counts)?)
        }
        (Storage::OrEmpty(_), _) => {
            quote_spanned!(field.span()=> __v::resolve_or_empty::<#ty>(__meta, #name, #keys)?)
        }
        (Storage::Collection(_), _) => {
            quote_spanned!(field.span()=> __v::resolve_collection::<#ty>(__meta, #name, #keys)?)
        }
        (Storage::Flatten, _) => quote_spanned!(field.span()=> __v::resolve_flat::<#ty>(__meta)?),
    };
    quote!(#ident: #value)
}

/// The function that makes the value of an absent field, if there is one.
pub(super) fn default(field: &Field) -> Option<TokenStream> {
    let ty = &field.ty;
    match &field.default {
        Fallback::Absent => None,
        Fallback::Default => Some(quote_spanned!(field.span()=> <#ty as __v::Default>::default)),
        Fallback::Function(path) => Some(path.clone()),
    }
}

/// The key to read, then the older ones.
pub(super) fn all_keys(keys: &Keys) -> TokenStream {
    let keys = std::iter::once(&keys.key).chain(&keys.aliases).map(|key| &key.value);
    quote!(&[#(#keys),*])
}

fn stage(input: &Input) -> TokenStream {
    let check = input.validate.as_ref().map(|check| quote!(__v::check_staged(self, #check)?;));
    let fields: Vec<TokenStream> = input.staged().map(stage_field).chain(rules(input)).collect();
    let node = if fields.is_empty() {
        quote!(__v::Ok(__v::new_node::<Self>()))
    } else {
        quote! {
            let mut __node = __v::new_node::<Self>();
            #(#fields)*
            __v::Ok(__node)
        }
    };
    quote! {
        fn stage(&self) -> __v::Result<__v::DraftNode, __v::BuildError> {
            #check
            #node
        }
    }
}

fn stage_field(field: &Field) -> TokenStream {
    let Field { ident, name, ty, .. } = field;
    let Some(key) = field.keys().map(|keys| &keys.key.value) else {
        return quote_spanned!(field.span()=> __v::stage_flat::<#ty>(&self.#ident, #name, &mut __node)?;);
    };
    let stage = match field.storage {
        Storage::Json(_) => quote!(stage_json),
        Storage::OrEmpty(_) => quote!(stage_or_empty),
        Storage::Collection(_) => quote!(stage_collection),
        Storage::Member(_) | Storage::Len(..) | Storage::Skip | Storage::Flatten => quote!(stage_field),
    };
    quote_spanned!(field.span()=> __v::#stage::<#ty>(&self.#ident, #name, #key, &mut __node)?;)
}

/// What has to hold once all fields are staged.
pub(super) fn rules(input: &Input) -> impl Iterator<Item = TokenStream> {
    let lengths = input.fields.iter().filter_map(|field| {
        let Field { name, ty, .. } = field;
        let Storage::Len(keys, len) = &field.storage else { return None };
        let (key, count) = (&keys.key.value, input.keys_of(len).map(|keys| &keys.key.value));
        Some(quote_spanned!(field.span()=> __v::check_len::<#ty>(&__node, #name, #key, #count)?;))
    });
    let global = input.global.map(|_| {
        let types = input.staged().map(|field| {
            let ty = &field.ty;
            quote_spanned!(field.span()=> __v::check_global::<#ty>();)
        });
        quote!(#(#types)* __v::make_global(&mut __node);)
    });
    lengths.chain(global)
}
