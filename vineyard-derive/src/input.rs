//! The struct as the expansion sees it: attributes resolved, `Self` replaced, keys computed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::spanned::Spanned as _;
use syn::{
    AngleBracketedGenericArguments, Attribute, Data, DeriveInput, Fields, Generics, LitStr, Meta, Path, Type,
    Visibility, WherePredicate, parse_quote,
};

use crate::attr::{ContainerAttrs, FieldAttrs, Spanned};
use crate::case::Pattern;
use crate::ctxt::Ctxt;
use crate::receiver::Receiver;
use crate::typename::Template;

/// A struct that derives `Object`.
pub(crate) struct Input {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// Where `vineyard_core` is to be found.
    pub(crate) krate: Path,
    pub(crate) typename: Template,
    /// Where errors about the typename are shown.
    pub(crate) typename_span: Span,
    /// Older names of the type.
    pub(crate) aliases: Vec<Template>,
    pub(crate) version: u32,
    pub(crate) accepts: Vec<u32>,
    /// Where `accepts` was given.
    pub(crate) accepts_span: Option<Span>,
    pub(crate) global: Option<Span>,
    /// Predicates in place of those that follow from the fields.
    pub(crate) bound: Option<Vec<WherePredicate>>,
    builder: Option<Ident>,
    pub(crate) validate: Option<Path>,
    pub(crate) register: Option<Spanned<Vec<AngleBracketedGenericArguments>>>,
    pub(crate) no_register: Option<Spanned<()>>,
    pub(crate) fields: Vec<Field>,
    /// Whether this is a struct with named fields; nothing else was read if it is not.
    pub(crate) is_supported: bool,
}

/// A field of the struct.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The identifier without `r#`.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) storage: Storage,
    pub(crate) default: Fallback,
    /// The user's doc comments.
    pub(crate) docs: Vec<Attribute>,
    /// The attributes as given, for rules that concern several of them.
    pub(crate) attrs: FieldAttrs,
}

/// How a field is stored.
pub(crate) enum Storage {
    /// Through its `Member` impl.
    Member(Keys),
    /// As JSON text, through serde.
    Json(Keys),
    /// An array whose number of elements is another field.
    Len(Keys, Ident),
    /// A payload, or the empty blob in place of `None`.
    OrEmpty(Keys),
    /// A list whose keys are those of the original's `Collection`.
    Collection(Keys),
    /// An object whose fields are stored beside this one's.
    Flatten,
    /// Not at all.
    Skip,
}

/// Where a field is stored.
pub(crate) struct Keys {
    pub(crate) key: Spanned<String>,
    pub(crate) aliases: Vec<Spanned<String>>,
}

/// The value of a field whose key is absent.
pub(crate) enum Fallback {
    /// What `Member::absent` says, or an error.
    Absent,
    /// `Default::default`.
    Default,
    /// A function of the user.
    Function(TokenStream),
}

impl Input {
    /// Reads what was derived on; what is wrong with it goes to `cx`.
    pub(crate) fn parse(cx: &Ctxt, ast: &DeriveInput) -> Self {
        let Some(fields) = named_fields(cx, ast) else {
            return Self::unsupported(ast);
        };
        let attrs = ContainerAttrs::parse(cx, &ast.attrs);
        let receiver = Receiver::new(&ast.ident, &ast.generics);
        Self {
            ident: ast.ident.clone(),
            vis: ast.vis.clone(),
            generics: ast.generics.clone(),
            krate: attrs.krate.unwrap_or_else(default_crate),
            typename_span: attrs.typename.as_ref().map_or(ast.ident.span(), LitStr::span),
            typename: typename(cx, ast, attrs.typename.as_ref(), attrs.is_typename_misspelt),
            aliases: attrs.aliases.iter().filter_map(|alias| template(cx, ast, alias)).collect(),
            version: attrs.version.map_or(1, |given| given.value),
            accepts_span: attrs.accepts.as_ref().map(|given| given.span),
            accepts: attrs.accepts.map_or_else(Vec::new, |given| given.value),
            global: attrs.global.map(|given| given.span),
            bound: attrs.bound,
            builder: attrs.builder,
            validate: attrs.validate,
            register: attrs.register,
            no_register: attrs.no_register,
            fields: fields.iter().filter_map(|field| Field::parse(cx, field, &attrs.rename_all, &receiver)).collect(),
            is_supported: true,
        }
    }

    /// Something that cannot be stored: its attributes are not worth errors of their own.
    fn unsupported(ast: &DeriveInput) -> Self {
        Self {
            ident: ast.ident.clone(),
            vis: ast.vis.clone(),
            generics: ast.generics.clone(),
            krate: default_crate(),
            typename_span: ast.ident.span(),
            typename: default_typename(ast),
            aliases: Vec::new(),
            version: 1,
            accepts: Vec::new(),
            accepts_span: None,
            global: None,
            bound: None,
            builder: None,
            validate: None,
            register: None,
            no_register: None,
            fields: Vec::new(),
            is_supported: false,
        }
    }

    /// The name of the builder.
    pub(crate) fn builder(&self) -> Ident {
        let default = || format_ident!("{}Builder", self.ident, span = self.ident.span());
        self.builder.clone().unwrap_or_else(default)
    }

    /// The fields that are not skipped, in the order they are declared.
    pub(crate) fn staged(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !matches!(field.storage, Storage::Skip))
    }

    /// The keys of the field with this name.
    pub(crate) fn keys_of(&self, ident: &Ident) -> Option<&Keys> {
        self.fields.iter().find(|field| field.ident == *ident)?.keys()
    }

    /// The fields that have keys of their own, in the order they are declared.
    pub(crate) fn stored(&self) -> impl Iterator<Item = (&Field, &Keys)> {
        self.fields.iter().filter_map(|field| field.keys().map(|keys| (field, keys)))
    }
}

impl Field {
    fn parse(cx: &Ctxt, field: &syn::Field, pattern: &Pattern, receiver: &Receiver<'_>) -> Option<Self> {
        // Only tuple structs have fields without a name, and those were refused.
        let ident = field.ident.clone()?;
        let attrs = FieldAttrs::parse(cx, &field.attrs);
        let name = ident.unraw().to_string();
        let keys = || Keys {
            key: match &attrs.rename {
                Some(key) => literal(key),
                None => Spanned { value: pattern.apply(&name), span: ident.span() },
            },
            aliases: attrs.aliases.iter().map(literal).collect(),
        };
        // More than one of these words is an error of its own.
        let storage = match &attrs {
            FieldAttrs { skip: Some(_), .. } => Storage::Skip,
            FieldAttrs { json: Some(_), .. } => Storage::Json(keys()),
            FieldAttrs { len: Some(len), .. } => Storage::Len(keys(), len.value.clone()),
            FieldAttrs { none: Some(_), .. } => Storage::OrEmpty(keys()),
            FieldAttrs { collection: Some(_), .. } => Storage::Collection(keys()),
            FieldAttrs { flatten: Some(_), .. } => Storage::Flatten,
            _ => Storage::Member(keys()),
        };
        let default = match &attrs.default {
            None if attrs.skip.is_some() => Fallback::Default,
            None => Fallback::Absent,
            Some(Spanned { value: None, .. }) => Fallback::Default,
            Some(Spanned { value: Some(path), .. }) => Fallback::Function(receiver.replace(path.to_token_stream())),
        };
        let is_doc = |attr: &&Attribute| matches!(&attr.meta, Meta::NameValue(meta) if meta.path.is_ident("doc"));
        Some(Self {
            name,
            ty: receiver.replace_in_type(&field.ty),
            storage,
            default,
            docs: field.attrs.iter().filter(is_doc).cloned().collect(),
            attrs,
            ident,
        })
    }

    /// Where the field is stored, if it is.
    pub(crate) fn keys(&self) -> Option<&Keys> {
        match &self.storage {
            Storage::Member(keys)
            | Storage::Json(keys)
            | Storage::Len(keys, _)
            | Storage::OrEmpty(keys)
            | Storage::Collection(keys) => Some(keys),
            Storage::Skip | Storage::Flatten => None,
        }
    }

    /// Whether a builder takes the value itself, and not what its `Member` impl takes.
    pub(crate) fn is_set_as_it_is(&self) -> bool {
        matches!(self.storage, Storage::Json(_) | Storage::Flatten)
    }

    /// A span that shows the field's type and resolves names as generated code does.
    pub(crate) fn span(&self) -> Span {
        Span::call_site().located_at(self.ty.span())
    }
}

/// The fields, if this is a struct that names them or has none.
fn named_fields<'a>(cx: &Ctxt, ast: &'a DeriveInput) -> Option<&'a Fields> {
    const ONLY_STRUCTS: &str = "Object can be derived for structs with named fields only";
    match &ast.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(_) | Fields::Unit => return Some(&data.fields),
            Fields::Unnamed(fields) => cx.error_on(fields, ONLY_STRUCTS),
        },
        Data::Enum(data) => cx.error_on(
            data.enum_token,
            format!("{ONLY_STRUCTS}; store each case under its own typename and hold `Stored<dyn Object>`"),
        ),
        Data::Union(data) => cx.error_on(data.union_token, ONLY_STRUCTS),
    }
    None
}

fn typename(cx: &Ctxt, ast: &DeriveInput, given: Option<&LitStr>, is_misspelt: bool) -> Template {
    let Some(text) = given else {
        if is_misspelt {
            return default_typename(ast);
        }
        let name = ast.ident.unraw();
        cx.error_on(
            &ast.ident,
            format!("a stored object needs a stable name: add #[object(typename = \"my_app::{name}\")]"),
        );
        return default_typename(ast);
    };
    template(cx, ast, text).unwrap_or_else(|| default_typename(ast))
}

fn template(cx: &Ctxt, ast: &DeriveInput, text: &LitStr) -> Option<Template> {
    match Template::parse(&text.value()) {
        Ok(template) => Some(template.with_default_args(&ast.generics)),
        Err(message) => {
            cx.error_on(text, message);
            None
        }
    }
}

/// Stands in for a typename that is missing or wrong, so that checking can go on.
fn default_typename(ast: &DeriveInput) -> Template {
    Template::bare(&ast.ident.to_string()).with_default_args(&ast.generics)
}

fn default_crate() -> Path {
    parse_quote!(::vineyard_core)
}

fn literal(given: &Spanned<LitStr>) -> Spanned<String> {
    Spanned { value: given.value.value(), span: given.value.span() }
}
