//! Rules that concern two attributes, two fields, or an attribute and the struct.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{GenericArgument, GenericParam, Type};

use crate::attr::Spanned;
use crate::ctxt::Ctxt;
use crate::input::{Field, Input, Storage};
use crate::typename::named_params;

/// Checks everything; what is wrong goes to `cx`.
pub(crate) fn all(cx: &Ctxt, input: &Input) {
    if !input.is_supported {
        return;
    }
    check_lifetimes(cx, input);
    check_typename_params(cx, input);
    check_registration(cx, input);
    check_instances(cx, input);
    for field in &input.fields {
        check_reference(cx, field);
        check_skip(cx, field);
        check_storage(cx, field);
        check_len(cx, input, field);
        check_keys(cx, field);
    }
    check_versions(cx, input);
    check_keys_are_unique(cx, input);
}

/// Objects are held behind `Any`, which only types without borrowed parts implement.
fn check_lifetimes(cx: &Ctxt, input: &Input) {
    // A lifetime that a reference asks for is reported there.
    if input.fields.iter().any(|field| matches!(field.ty, Type::Reference(_))) {
        return;
    }
    for param in input.generics.lifetimes() {
        let lifetime = &param.lifetime;
        cx.error_on(
            lifetime,
            format!("an object owns what it holds and borrows nothing: remove lifetime `{lifetime}`"),
        );
    }
}

/// The name of an instance has to tell it from every other instance.
fn check_typename_params(cx: &Ctxt, input: &Input) {
    let used = input.typename.params();
    let declared: Vec<String> = named_params(&input.generics).map(|ident| ident.unraw().to_string()).collect();
    for name in used.iter().filter(|name| !declared.iter().any(|declared| declared == *name)) {
        cx.error_at(input.typename_span, format!("no type parameter `{name}`"));
    }
    for name in declared.iter().filter(|name| !used.contains(&name.as_str())) {
        cx.error_at(
            input.typename_span,
            format!("parameter `{name}` does not appear: two instances would share a name"),
        );
    }
}

/// A generic type that nobody registers would be absent from `get_any` without a word.
fn check_registration(cx: &Ctxt, input: &Input) {
    let is_generic = named_params(&input.generics).next().is_some();
    match (&input.register, &input.no_register) {
        (Some(register), Some(no_register)) => {
            cx.error_at_both(register.span, no_register.span, "`register` and `no_register` exclude each other");
        }
        (Some(register), None) if !is_generic => {
            cx.error_at(register.span, format!("{} is not generic: it is registered without `register`", input.ident));
        }
        (None, None) if is_generic => cx.error_on(
            &input.generics.params,
            "list the instances for get_any, e.g. register(<u64, f64>), or write no_register",
        ),
        _ => {}
    }
}

/// An instance gives each parameter one argument, and is listed once.
fn check_instances(cx: &Ctxt, input: &Input) {
    let arity = named_params(&input.generics).count();
    let Some(register) = input.register.as_ref().filter(|_| arity > 0) else {
        return;
    };
    let only_types = !input.generics.params.iter().any(|param| matches!(param, GenericParam::Const(_)));
    let kind = if only_types { "type argument" } else { "generic argument" };
    let plural = if arity == 1 { "" } else { "s" };
    let mut seen = HashSet::new();
    for instance in &register.value {
        for arg in &instance.args {
            if !matches!(arg, GenericArgument::Type(_) | GenericArgument::Const(_)) {
                cx.error_on(arg, "an instance lists types and constants only");
            }
        }
        if instance.args.len() != arity {
            cx.error_on(instance, format!("{} takes {arity} {kind}{plural}", input.ident));
        }
        if !seen.insert(instance.args.to_token_stream().to_string()) {
            cx.error_on(instance, "this instance is listed twice");
        }
    }
}

/// A borrowed field would tie the object to whoever lends it.
fn check_reference(cx: &Ctxt, field: &Field) {
    let Type::Reference(reference) = &field.ty else {
        return;
    };
    let message = match &*reference.elem {
        Type::Slice(slice) => {
            let element = source_text(&slice.elem);
            let view = format!("use `Array<{element}>`; it is reference-counted and borrows as `&[{element}]`");
            format!("an object owns its views: {view}")
        }
        Type::Path(path) if path.path.is_ident("str") => "an object owns its metadata: use `String`".to_owned(),
        owned => format!("an object owns its members: hold `{}` itself", source_text(owned)),
    };
    cx.error_on(&field.ty, message);
}

/// Type tokens roughly as a user would space them.
fn source_text(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    spaced.replace(" :: ", "::").replace(" < ", "<").replace(" >", ">").replace(" ,", ",")
}

/// Words about a key make no sense for a field that has none.
fn check_skip(cx: &Ctxt, field: &Field) {
    let Some(skip) = &field.attrs.skip else {
        return;
    };
    let refuse = |span: Span, word: &str| {
        cx.error_at_both(skip.span, span, format!("a field with `skip` is not stored, so `{word}` has no effect"));
    };
    if let Some(rename) = &field.attrs.rename {
        refuse(rename.span, "rename");
    }
    if let Some(alias) = field.attrs.aliases.first() {
        refuse(alias.span, "alias");
    }
    if let Some(json) = &field.attrs.json {
        refuse(json.span, "json");
    }
}

/// A field is stored in one way.
fn check_storage(cx: &Ctxt, field: &Field) {
    let words = field.attrs.storage_words();
    // Pairs with `skip` and a word about keys are reported with the others of that kind.
    if let [(first, first_span), (second, second_span), ..] = words.as_slice()
        && !(first.as_str() == "skip" && second.as_str() == "json")
    {
        cx.error_at_both(*first_span, *second_span, format!("`{first}` and `{second}` exclude each other"));
    }
    let payload = [("len", &field.attrs.len.as_ref().map(|len| len.span)), ("none", &span(&field.attrs.none))]
        .into_iter()
        .chain([("flatten", &span(&field.attrs.flatten)), ("collection", &span(&field.attrs.collection))])
        .find_map(|(word, span)| Some((word, (*span)?)));
    if let (Some((word, span)), Some(default)) = (payload, &field.attrs.default) {
        cx.error_at_both(
            span,
            default.span,
            format!("a field with `{word}` is always stored, so `default` has no effect"),
        );
    }
    if let Some(flatten) = &field.attrs.flatten {
        let words = [("rename", field.attrs.rename.as_ref()), ("alias", field.attrs.aliases.first())];
        for (word, given) in words {
            if let Some(given) = given {
                let message =
                    format!("a field with `flatten` has the keys of its own fields, so `{word}` has no effect");
                cx.error_at_both(flatten.span, given.span, message);
            }
        }
    }
}

fn span(flag: &Option<Spanned<()>>) -> Option<Span> {
    flag.as_ref().map(|flag| flag.span)
}

/// The number of elements is a field of this struct.
fn check_len(cx: &Ctxt, input: &Input, field: &Field) {
    let Some(len) = &field.attrs.len else { return };
    match input.fields.iter().find(|other| other.ident == len.value) {
        None => cx.error_on(&len.value, format!("there is no field `{}`", len.value)),
        Some(other) if !matches!(other.storage, Storage::Member(_)) => {
            cx.error_on(&len.value, format!("`{}` is not stored as a number", len.value));
        }
        Some(_) => {}
    }
}

/// Older versions are below the current one.
fn check_versions(cx: &Ctxt, input: &Input) {
    let Some(span) = input.accepts_span else { return };
    if let Some(wrong) = input.accepts.iter().find(|version| **version >= input.version) {
        let message = format!("accepts lists older versions, and {wrong} is not below version {}", input.version);
        cx.error_at(span, message);
    }
}

/// A key that the store or another key format gives a meaning of its own would be lost there.
fn check_keys(cx: &Ctxt, field: &Field) {
    let Some(keys) = field.keys() else {
        return;
    };
    for key in std::iter::once(&keys.key).chain(&keys.aliases) {
        if let Some(message) = key_fault(&key.value) {
            cx.error_at(key.span, message);
        }
    }
}

/// Keys under which the store keeps what it knows about an object.
const RESERVED_KEYS: &[&str] = &["id", "signature", "typename", "instance_id", "transient", "global", "nbytes"];

fn key_fault(key: &str) -> Option<String> {
    if key.is_empty() {
        return Some("metadata key cannot be empty: the store would accept it and never find it again".to_owned());
    }
    if let Some(bad) = key.chars().find(|c| matches!(c, '/' | '~')) {
        return Some(format!(
            "metadata key `{key}` cannot contain `{bad}`: the store would accept it and never find it again"
        ));
    }
    if key.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some(format!("metadata key `{}` cannot contain a space", key.escape_debug()));
    }
    if key.starts_with("__") {
        return Some(format!(
            "metadata key `{key}` cannot start with `__`: such keys are kept for lists, maps and schemas"
        ));
    }
    if key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("metadata key `{key}` cannot be all digits: it would be taken for a position in a list"));
    }
    if RESERVED_KEYS.contains(&key) {
        return Some(format!(
            "metadata key `{key}` is reserved by the store: choose another with rename = \"..\" or rename_all = \"..\""
        ));
    }
    None
}

/// Two fields with one key would overwrite each other, or read each other's value.
fn check_keys_are_unique(cx: &Ctxt, input: &Input) {
    let mut seen: HashMap<&str, (&Field, Span)> = HashMap::new();
    for (field, keys) in input.stored() {
        for Spanned { value, span } in std::iter::once(&keys.key).chain(&keys.aliases) {
            match seen.get(value.as_str()) {
                Some((first, _)) if first.ident == field.ident => {
                    cx.error_at(*span, format!("key `{value}` is given to `{}` twice", field.name));
                }
                Some((first, first_span)) => cx.error_at_both(
                    *first_span,
                    *span,
                    format!("key `{value}` is used by both `{}` and `{}`", first.name, field.name),
                ),
                None => {
                    seen.insert(value, (field, *span));
                }
            }
        }
    }
}
