//! Typenames: the text in the attribute, and the expression that composes the name of an instance.

use std::fmt::Write as _;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{GenericParam, Generics};

/// A name that may have parameters in its arguments, such as `ns::Map<{K},{V},std::hash<{K}>>`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// `{K}`, without the braces.
    Param(String),
    /// `head`, or `head<args>`.
    Name { head: String, args: Vec<Template> },
}

/// How deep arguments may nest; it bounds the recursion of parsing and expanding.
const MAX_DEPTH: usize = 32;

impl Template {
    /// Reads the value of `typename = ".."`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let template = node(&mut rest, 0)
            .and_then(|template| match template {
                Self::Param(_) => Err("must start with a name".to_owned()),
                Self::Name { .. } => Ok(template),
            })
            .map_err(|problem| format!("typename `{text}` {problem}"))?;
        if rest.is_empty() { Ok(template) } else { Err(format!("typename `{text}` has `{rest}` after its end")) }
    }

    /// A name without arguments.
    pub(crate) fn bare(head: &str) -> Self {
        Self::Name { head: head.to_owned(), args: Vec::new() }
    }

    /// Gives a name without arguments those of the type, in the order they are declared.
    pub(crate) fn with_default_args(self, generics: &Generics) -> Self {
        match self {
            Self::Name { head, args } if args.is_empty() => {
                let args = named_params(generics).map(|param| Self::Param(param.unraw().to_string())).collect();
                Self::Name { head, args }
            }
            spelt_out => spelt_out,
        }
    }

    /// The parameters in it, in the order they are written.
    pub(crate) fn params(&self) -> Vec<&str> {
        match self {
            Self::Param(name) => vec![name],
            Self::Name { args, .. } => args.iter().flat_map(Self::params).collect(),
        }
    }

    /// An expression of type `__v::TypeName`; every parameter in the template must be one of `generics`.
    pub(crate) fn expand(&self, generics: &Generics) -> TokenStream {
        let (head, args) = match self {
            Self::Param(name) => return param(name, generics),
            Self::Name { .. } if self.params().is_empty() => {
                let text = self.text();
                return quote!(__v::TypeName::new(#text));
            }
            Self::Name { head, args } => (head, args.iter().map(|arg| arg.expand(generics))),
        };
        quote!(__v::TypeName::generic(#head, &[#(#args),*]))
    }

    fn text(&self) -> String {
        match self {
            Self::Param(name) => format!("{{{name}}}"),
            Self::Name { head, args } => {
                let mut text = head.clone();
                for (i, arg) in args.iter().enumerate() {
                    // Writing to a `String` does not fail.
                    let _ = write!(text, "{}{}", if i == 0 { '<' } else { ',' }, arg.text());
                }
                if !args.is_empty() {
                    text.push('>');
                }
                text
            }
        }
    }
}

/// The names of type and const parameters, in the order they are declared.
pub(crate) fn named_params(generics: &Generics) -> impl Iterator<Item = &Ident> {
    generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(&param.ident),
        GenericParam::Const(param) => Some(&param.ident),
        GenericParam::Lifetime(_) => None,
    })
}

fn param(name: &str, generics: &Generics) -> TokenStream {
    let is_const = generics.const_params().any(|param| param.ident.unraw() == name);
    let ident = named_params(generics).find(|ident| ident.unraw() == name);
    if is_const { quote!(__v::const_name(&#ident)) } else { quote!(<#ident as __v::Typename>::typename()) }
}

fn node(rest: &mut &str, depth: usize) -> Result<Template, String> {
    if depth > MAX_DEPTH {
        return Err("is nested too deeply".to_owned());
    }
    if let Some(after) = rest.strip_prefix('{') {
        let (name, after) = after.split_once('}').ok_or("has a `{` that is not closed")?;
        *rest = after;
        return Ok(Template::Param(name.to_owned()));
    }
    let end = rest.find(['<', '>', ',', '{', '}']).unwrap_or(rest.len());
    let (head, after) = rest.split_at(end);
    *rest = after;
    check_head(head)?;
    let args = if rest.starts_with('<') { arguments(rest, depth)? } else { Vec::new() };
    Ok(Template::Name { head: head.to_owned(), args })
}

fn arguments(rest: &mut &str, depth: usize) -> Result<Vec<Template>, String> {
    let mut args = Vec::new();
    // Steps over the `<`, then over a `,` after each argument but the last.
    while rest.starts_with(['<', ',']) {
        *rest = rest.get(1..).unwrap_or_default();
        args.push(node(rest, depth + 1)?);
        if rest.starts_with('<') {
            return Err("has two argument lists in a row".to_owned());
        }
    }
    *rest = rest.strip_prefix('>').ok_or("has a `<` that is not closed")?;
    Ok(args)
}

fn check_head(head: &str) -> Result<(), String> {
    if head.is_empty() {
        return Err("has an empty name in it".to_owned());
    }
    match head.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\')) {
        Some(bad) => Err(format!("cannot contain {bad:?}")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::{DeriveInput, parse_quote};

    fn generics() -> Generics {
        let ast: DeriveInput = parse_quote!(
            struct X<V, r#type, const N: usize> {}
        );
        ast.generics
    }

    fn expand(text: &str) -> Result<String, String> {
        let template = Template::parse(text)?.with_default_args(&generics());
        Ok(template.expand(&generics()).to_string().replace(' ', ""))
    }

    #[test]
    fn arguments_are_appended_in_order() {
        assert_eq!(
            expand("ns::X").as_deref(),
            Ok("__v::TypeName::generic(\"ns::X\",&[<Vas__v::Typename>::typename(),\
                <r#typeas__v::Typename>::typename(),__v::const_name(&N)])")
        );
    }

    #[test]
    fn a_template_chooses_and_nests() {
        assert_eq!(
            expand("ns::X<{N},std::hash<{V}>,int<a,b>>").as_deref(),
            Ok("__v::TypeName::generic(\"ns::X\",&[__v::const_name(&N),\
                __v::TypeName::generic(\"std::hash\",&[<Vas__v::Typename>::typename()]),\
                __v::TypeName::new(\"int<a,b>\")])")
        );
    }

    #[test]
    fn a_name_without_parameters_is_one_text() {
        let template =
            Template::parse("vineyard::Tensor<double>").map(|name| name.with_default_args(&Generics::default()));
        assert_eq!(
            template.map(|name| name.expand(&Generics::default()).to_string().replace(' ', "")).as_deref(),
            Ok("__v::TypeName::new(\"vineyard::Tensor<double>\")")
        );
    }

    #[test]
    fn parameters_are_listed_as_written() {
        let template = Template::parse("a<{N},b<{V}>,{N}>");
        assert_eq!(template.as_ref().map(Template::params), Ok(vec!["N", "V", "N"]));
    }

    #[test]
    fn faults_are_named() {
        let cases = [
            ("", "has an empty name in it"),
            ("{V}", "must start with a name"),
            ("a<", "has an empty name in it"),
            ("a<b", "has a `<` that is not closed"),
            ("a<b,", "has an empty name in it"),
            ("a<>", "has an empty name in it"),
            ("a<{V", "has a `{` that is not closed"),
            ("a<{V}{W}>", "has a `<` that is not closed"),
            ("a<b><c>", "has `<c>` after its end"),
            ("a<{V}<c>>", "has two argument lists in a row"),
            ("a<b>>", "has `>` after its end"),
            ("a<b>::c", "has `::c` after its end"),
            ("a{V}", "has `{V}` after its end"),
            ("a b", "cannot contain ' '"),
            ("a\n", "cannot contain '\\n'"),
            ("a\"", "cannot contain '\"'"),
        ];
        for (text, problem) in cases {
            assert_eq!(Template::parse(text), Err(format!("typename `{text}` {problem}")));
        }
    }

    #[test]
    fn depth_is_limited() {
        let deep = "a<".repeat(100_000);
        assert_eq!(Template::parse(&deep), Err(format!("typename `{deep}` is nested too deeply")));
    }
}
