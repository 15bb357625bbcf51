//! `impl Member` and `impl TryFrom<&ObjectMeta>`: both forward to `Object`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Generics;

use crate::input::Input;

/// The impls, under the predicates that `Object` is implemented under.
pub(super) fn expand(input: &Input, generics: &Generics) -> TokenStream {
    let ident = &input.ident;
    let (params, arguments, predicates) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #params __v::Member for #ident #arguments #predicates {
            type Kind = __v::NodeKind;
            type Input = __v::MemberInput<Self>;
            fn stage_at(
                &self,
                __key: &__v::Key,
                __draft: &mut __v::DraftNode,
            ) -> __v::Result<(), __v::BuildError> {
                __v::member_stage::<Self>(self, __key, __draft)
            }
            fn stage_input(
                __input: Self::Input,
                __key: &__v::Key,
                __draft: &mut __v::DraftNode,
            ) -> __v::Result<(), __v::BuildError> {
                __v::member_stage_input::<Self>(__input, __key, __draft)
            }
            fn resolve_at(__meta: &__v::ObjectMeta, __key: &__v::Key) -> __v::Result<Self, __v::ResolveError> {
                __v::member_resolve::<Self>(__meta, __key)
            }
            fn describe(__key: &__v::Key) -> __v::FieldSchema {
                __v::member_describe::<Self>(__key)
            }
        }
        #[automatically_derived]
        impl #params __v::TryFrom<&__v::ObjectMeta> for #ident #arguments #predicates {
            type Error = __v::ResolveError;
            fn try_from(__meta: &__v::ObjectMeta) -> __v::Result<Self, __v::ResolveError> {
                <Self as __v::Object>::resolve(__meta)
            }
        }
    }
}
