//! `#[derive(Typename)]` and `#[derive(Element)]`: names for types that are arguments or elements of objects.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Path, Type, parse_quote};

use crate::attr::{NameAttrs, repr_words};
use crate::ctxt::Ctxt;
use crate::typename::{Template, named_params};

/// What both derives read.
struct Named<'a> {
    ast: &'a DeriveInput,
    typename: Template,
    krate: Path,
}

impl<'a> Named<'a> {
    fn parse(cx: &Ctxt, ast: &'a DeriveInput) -> Self {
        let attrs = NameAttrs::parse(cx, &ast.attrs);
        let bare = || Template::bare(&ast.ident.to_string()).with_default_args(&ast.generics);
        let typename = match &attrs.typename {
            Some(text) => template(cx, text).map(|template| template.with_default_args(&ast.generics)),
            None => {
                let name = ast.ident.unraw();
                let message =
                    format!("a stored type needs a stable name: add #[object(typename = \"my_app::{name}\")]");
                cx.error_on(&ast.ident, message);
                None
            }
        };
        let krate = attrs.krate.unwrap_or_else(|| parse_quote!(::vineyard_core));
        let named = Self { ast, typename: typename.unwrap_or_else(bare), krate };
        named.check_params(cx, attrs.typename.as_ref());
        named
    }

    /// Two instances must not share a name.
    fn check_params(&self, cx: &Ctxt, typename: Option<&LitStr>) {
        let Some(place) = typename else { return };
        let used = self.typename.params();
        let declared: Vec<String> = named_params(&self.ast.generics).map(|ident| ident.unraw().to_string()).collect();
        for name in used.iter().filter(|name| !declared.iter().any(|declared| declared == *name)) {
            cx.error_on(place, format!("no type parameter `{name}`"));
        }
        for name in declared.iter().filter(|name| !used.contains(&name.as_str())) {
            cx.error_on(place, format!("parameter `{name}` does not appear: two instances would share a name"));
        }
    }

    fn expand(&self, with_element: bool) -> TokenStream {
        let Self { ast, typename, krate } = self;
        let (ident, name) = (&ast.ident, typename.expand(&ast.generics));
        let mut generics = ast.generics.clone();
        for param in ast.generics.type_params() {
            let param = &param.ident;
            generics.make_where_clause().predicates.push(parse_quote!(#param: __v::Typename));
        }
        let (params, arguments, predicates) = generics.split_for_impl();
        let element = with_element.then(|| {
            let mut generics = generics.clone();
            if !generics.params.is_empty() {
                generics.make_where_clause().predicates.push(parse_quote!(Self: __v::PlainData));
            }
            let (params, arguments, predicates) = generics.split_for_impl();
            let check = ast.generics.params.is_empty().then(|| quote!(const _: () = __v::is_plain_data::<#ident>();));
            quote! {
                #check
                #[automatically_derived]
                impl #params __v::Element for #ident #arguments #predicates {}
            }
        });
        quote! {
            const _: () = {
                use #krate::__private_v1 as __v;
                #[automatically_derived]
                impl #params __v::Typename for #ident #arguments #predicates {
                    fn typename() -> __v::TypeName {
                        #name
                    }
                }
                #element
            };
        }
    }
}

fn template(cx: &Ctxt, text: &LitStr) -> Option<Template> {
    Template::parse(&text.value()).map_err(|message| cx.error_on(text, message)).ok()
}

/// Expands `#[derive(Typename)]`.
pub(crate) fn derive_typename(tokens: TokenStream) -> TokenStream {
    derive(tokens, false, |_, _| ())
}

/// Expands `#[derive(Element)]`.
pub(crate) fn derive_element(tokens: TokenStream) -> TokenStream {
    derive(tokens, true, check_element)
}

fn derive(tokens: TokenStream, with_element: bool, check: impl FnOnce(&Ctxt, &DeriveInput)) -> TokenStream {
    let ast: DeriveInput = match syn::parse2(tokens) {
        Ok(ast) => ast,
        Err(error) => return error.into_compile_error(),
    };
    let cx = Ctxt::new();
    let named = Named::parse(&cx, &ast);
    check(&cx, &ast);
    match cx.check() {
        Ok(()) => named.expand(with_element),
        Err(error) => error.into_compile_error(),
    }
}

/// Elements are structs of fixed layout, without anything that means something in one process only.
fn check_element(cx: &Ctxt, ast: &DeriveInput) {
    let Data::Struct(data) = &ast.data else {
        cx.error_on(&ast.ident, "Element can be derived for structs only: store other data as a number with a meaning");
        return;
    };
    if !has_fixed_layout(&ast.attrs) {
        let message = "elements are read by other programs, so their layout must be fixed: add #[repr(C)]";
        cx.error_on(&ast.ident, message);
    }
    let fields = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unnamed(fields) => &fields.unnamed,
        Fields::Unit => {
            cx.error_on(&ast.ident, "an element has at least one byte");
            return;
        }
    };
    for field in fields {
        if let Some(message) = element_fault(&field.ty) {
            cx.error_on(&field.ty, message);
        }
    }
}

fn has_fixed_layout(attrs: &[Attribute]) -> bool {
    repr_words(attrs).iter().any(|word| word == "C" || word == "transparent")
}

fn element_fault(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(_) | Type::Ptr(_) => {
            Some("an address means nothing in another process: store a position instead".to_owned())
        }
        Type::Array(array) => element_fault(&array.elem),
        Type::Path(path) => {
            let name = path.path.get_ident()?.to_string();
            let instead = match name.as_str() {
                "usize" => "`u64`",
                "isize" => "`i64`",
                "bool" => "`u8`",
                "char" => "`u32`",
                "String" => "a `StringArray` beside the elements",
                _ => return None,
            };
            let name = ty.to_token_stream();
            Some(format!("`{name}` has no fixed layout in which every bit pattern is valid: use {instead}"))
        }
        _ => None,
    }
}
