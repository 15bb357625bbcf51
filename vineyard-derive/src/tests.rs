//! Every message of the macro, and what is expanded after one.

use crate::check;
use crate::ctxt::Ctxt;
use crate::expand::derive;
use crate::input::Input;

/// The errors for a struct, in the order they are reported.
fn errors(source: &str) -> Vec<String> {
    let ast = syn::parse_str(source).expect("the test gives a struct, enum or union");
    let cx = Ctxt::new();
    let input = Input::parse(&cx, &ast);
    check::all(&cx, &input);
    cx.check().map_or_else(|error| error.into_iter().map(|error| error.to_string()).collect(), |()| Vec::new())
}

#[track_caller]
fn check_errors(source: &str, expected: &[&str]) {
    assert_eq!(errors(source), expected, "{source}");
}

/// Checks a plain struct with the given field.
#[track_caller]
fn check_field(field: &str, expected: &[&str]) {
    check_errors(&format!("#[object(typename = \"t::X\")] struct X {{ {field} }}"), expected);
}

/// Checks a plain struct with the given attributes next to its typename.
#[track_caller]
fn check_attrs(attrs: &str, expected: &[&str]) {
    check_errors(&format!("#[object(typename = \"t::X\", {attrs})] struct X {{ a: u64 }}"), expected);
}

/// Checks a struct with two type parameters.
#[track_caller]
fn check_generic(attrs: &str, expected: &[&str]) {
    check_errors(&format!("#[object({attrs})] struct G<V, W> {{ v: Array<V>, w: Array<W> }}"), expected);
}

const VALID_ON_STRUCT: &str = "`typename`, `alias`, `version`, `accepts`, `rename_all`, `validate`, `register`, \
    `no_register`, `global`, `crate`, `bound`, `builder`";
const VALID_ON_FIELD: &str = "`rename`, `alias`, `default`, `skip`, `json`, `len`, `none`, `collection`, `flatten`";

#[test]
fn correct_structs_have_no_errors() {
    check_attrs("validate = Self::check, rename_all = \"{}_\", crate = ::v::core, no_register,", &[]);
    check_attrs("crate = crate", &[]);
    check_generic("typename = \"t::G\", register(<u64, f64>, <u32, Vec<u8>>,)", &[]);
    check_generic("typename = \"t::G<{W},{V}>\", no_register", &[]);
    check_field("#[object(rename = \"b\", alias = \"c\", alias = \"d\", default = Vec::new)] a: Vec<u8>", &[]);
    check_field("#[object(skip, default)] a: u8, #[object(json)] #[serde(x)] b: u8, r#type: u8", &[]);
    check_errors("#[object(typename = \"t::X\")] struct X;", &[]);
    check_errors("#[object(typename = \"t::X\")] #[object(no_register)] struct X {}", &[]);
    check_errors("#[object(typename = \"t::X\", register(<3>, <{ 2 + 2 }>))] struct X<const N: usize> {}", &[]);
}

#[test]
fn only_structs_with_named_fields_are_objects() {
    let only = "Object can be derived for structs with named fields only";
    check_errors("struct X(u64);", &[only]);
    check_errors("struct X<V>();", &[only]);
    check_errors("union X { a: u64 }", &[only]);
    check_errors(
        "enum X<V> { A(V) }",
        &[&format!("{only}; store each case under its own typename and hold `Stored<dyn Object>`")],
    );
}

#[test]
fn a_typename_is_required() {
    let message = "a stored object needs a stable name: add #[object(typename = \"my_app::X\")]";
    check_errors("struct X { a: u64 }", &[message]);
    check_errors("#[object()] struct X { a: u64 }", &[message]);
}

#[test]
fn a_typename_has_a_form() {
    check_generic("typename = \"t::G<{V}\", no_register", &["typename `t::G<{V}` has a `<` that is not closed"]);
    check_generic("typename = \"\", no_register", &["typename `` has an empty name in it"]);
}

#[test]
fn a_typename_names_every_parameter() {
    check_generic(
        "typename = \"t::G<{V},{X}>\", no_register",
        &["no type parameter `X`", "parameter `W` does not appear: two instances would share a name"],
    );
    check_generic(
        "typename = \"t::G<int>\", no_register",
        &[
            "parameter `V` does not appear: two instances would share a name",
            "parameter `W` does not appear: two instances would share a name",
        ],
    );
    check_errors("#[object(typename = \"t::X<{V}>\")] struct X;", &["no type parameter `V`"]);
}

#[test]
fn unknown_attributes_are_named_with_the_nearest_one() {
    check_attrs(
        "typname = \"x\"",
        &[&format!("unknown attribute `typname`; did you mean `typename`? (valid here: {VALID_ON_STRUCT})")],
    );
    check_attrs(
        "color(red), validate",
        &[
            &format!("unknown attribute `color` (valid here: {VALID_ON_STRUCT})"),
            "expected a path without quotes: `validate = path`",
        ],
    );
    check_field(
        "#[object(defualt)] a: u8",
        &[&format!("unknown attribute `defualt`; did you mean `default`? (valid here: {VALID_ON_FIELD})")],
    );
}

#[test]
fn attributes_of_the_other_level_are_sent_there() {
    check_attrs("skip", &["attribute `skip` belongs on a field"]);
    check_field("#[object(rename_all = \"{}_\")] a: u8", &["attribute `rename_all` belongs on the struct"]);
}

#[test]
fn attributes_are_given_once() {
    check_attrs("typename = \"t::Y\"", &["duplicate attribute `typename`"]);
    check_attrs("validate = a, validate = b, validate = c", &["duplicate attribute `validate`"; 2]);
    check_attrs(
        "rename_all = \"{}\", no_register, no_register, crate = a, crate = b, rename_all = \"{}\"",
        &["duplicate attribute `no_register`", "duplicate attribute `crate`", "duplicate attribute `rename_all`"],
    );
    check_generic("typename = \"t::G\", register(<u8, u8>), register(<u8, u8>)", &["duplicate attribute `register`"]);
    check_field("#[object(rename = \"b\")] #[object(rename = \"c\")] a: u8", &["duplicate attribute `rename`"]);
    check_field(
        "#[object(skip, skip, default, default)] a: u8",
        &["duplicate attribute `skip`", "duplicate attribute `default`"],
    );
    check_field("#[object(json, json)] a: u8", &["duplicate attribute `json`"]);
}

#[test]
fn values_have_the_right_form() {
    check_attrs("rename_all = {}", &["expected a string: `rename_all = \"..\"`"]);
    check_attrs("rename_all", &["expected a string: `rename_all = \"..\"`"]);
    check_attrs("validate = \"check\"", &["expected a path without quotes: `validate = path`"]);
    check_attrs("crate = \"x\"", &["expected a path without quotes: `crate = path`"]);
    check_attrs("no_register = true", &["`no_register` takes no value"]);
    check_field("#[object(skip(always))] a: u8", &["`skip` takes no value"]);
    check_field("#[object(json = 1)] a: u8", &["`json` takes no value"]);
    check_field("#[object(default(x))] a: u8", &["`default` takes no value"]);
    check_field("#[object(default = \"x\")] a: u8", &["expected a path without quotes: `default = path`"]);
    check_field(
        "#[object(rename = b, alias = c)] a: u8",
        &["expected a string: `rename = \"..\"`", "expected a string: `alias = \"..\"`"],
    );
    check_field("#[object] a: u8, #[object = \"x\"] b: u8", &["expected a list: `#[object(..)]`"; 2]);
}

#[test]
fn a_key_pattern_has_one_hole() {
    check_attrs("rename_all = \"x\"", &["the pattern must contain `{}` once"]);
    check_attrs("rename_all = \"{}{}\"", &["the pattern must contain `{}` once"]);
}

#[test]
fn generic_types_choose_how_to_register() {
    let message = "list the instances for get_any, e.g. register(<u64, f64>), or write no_register";
    check_generic("typename = \"t::G\"", &[message]);
    check_errors("#[object(typename = \"t::X\")] struct X<const N: usize> {}", &[message]);
    check_generic(
        "typename = \"t::G\", register(<u8, u8>), no_register",
        &["`register` and `no_register` exclude each other"; 2],
    );
    check_attrs("register(<u64>)", &["X is not generic: it is registered without `register`"]);
}

#[test]
fn instances_fit_the_parameters() {
    check_generic("typename = \"t::G\", register(<u64>, <>, <u8, u8, u8>)", &["G takes 2 type arguments"; 3]);
    check_errors(
        "#[object(typename = \"t::X\", register(<1, 2>))] struct X<const N: usize> {}",
        &["X takes 1 generic argument"],
    );
    check_generic("typename = \"t::G\", register(<u8, u8>, <u8, u8>)", &["this instance is listed twice"]);
    check_generic(
        "typename = \"t::G\", register(<'a, u8>, <A = u8, u8>)",
        &["an instance lists types and constants only"; 2],
    );
}

#[test]
fn instances_stand_in_angle_brackets() {
    let message = "write each instance in angle brackets, e.g. register(<u64, f64>)";
    let choose = "list the instances for get_any, e.g. register(<u64, f64>), or write no_register";
    check_generic("typename = \"t::G\", register(u64, f64)", &[message, choose]);
    check_generic("typename = \"t::G\", register()", &[message, choose]);
    check_generic("typename = \"t::G\", register = 1", &[message, choose]);
    check_generic("typename = \"t::G\", register", &[message, choose]);
}

#[test]
fn keys_are_such_that_the_store_finds_them() {
    let lost = "the store would accept it and never find it again";
    check_field("#[object(rename = \"\")] a: u8", &[&format!("metadata key cannot be empty: {lost}")]);
    check_field("#[object(rename = \"a/b\")] a: u8", &[&format!("metadata key `a/b` cannot contain `/`: {lost}")]);
    check_field("#[object(alias = \"a~b\")] a: u8", &[&format!("metadata key `a~b` cannot contain `~`: {lost}")]);
    check_field("#[object(rename = \"a b\")] a: u8", &["metadata key `a b` cannot contain a space"]);
    check_field("#[object(rename = \"a\\n\")] a: u8", &["metadata key `a\\n` cannot contain a space"]);
    check_field(
        "__a: u8",
        &["metadata key `__a` cannot start with `__`: such keys are kept for lists, maps and schemas"],
    );
    check_field(
        "#[object(rename = \"12\")] a: u8",
        &["metadata key `12` cannot be all digits: it would be taken for a position in a list"],
    );
    check_attrs("rename_all = \"/{}\"", &[&format!("metadata key `/a` cannot contain `/`: {lost}")]);
}

#[test]
fn reserved_keys_are_refused_unless_renamed() {
    for key in ["id", "signature", "typename", "instance_id", "transient", "global", "nbytes"] {
        let message = format!(
            "metadata key `{key}` is reserved by the store: choose another with rename = \"..\" or rename_all = \"..\""
        );
        check_field(&format!("{key}: u8"), &[&message]);
        check_field(&format!("#[object(rename = \"{key}\")] a: u8"), &[&message]);
        check_field(&format!("#[object(rename = \"{key}_\")] {key}: u8"), &[]);
        check_field(&format!("#[object(skip)] {key}: u8"), &[]);
        check_errors(&format!("#[object(typename = \"X\", rename_all = \"{{}}_\")] struct X {{ {key}: u8 }}"), &[]);
    }
}

#[test]
fn fields_do_not_share_keys() {
    check_field("id_: u8, #[object(rename = \"id_\")] id: u8", &["key `id_` is used by both `id_` and `id`"; 2]);
    check_field("a: u8, #[object(alias = \"a\")] b: u8", &["key `a` is used by both `a` and `b`"; 2]);
    check_field("r#type: u8, #[object(rename = \"type\")] b: u8", &["key `type` is used by both `type` and `b`"; 2]);
    check_field("#[object(alias = \"a\")] a: u8", &["key `a` is given to `a` twice"]);
    check_field("#[object(alias = \"b\", alias = \"b\")] a: u8", &["key `b` is given to `a` twice"]);
    check_field("#[object(skip)] a: u8, #[object(rename = \"a\")] b: u8", &[]);
}

#[test]
fn skipped_fields_have_no_key() {
    let message = |word: &str| format!("a field with `skip` is not stored, so `{word}` has no effect");
    check_field("#[object(skip, rename = \"b\")] a: u8", &[&message("rename"); 2].map(String::as_str));
    check_field("#[object(alias = \"b\", skip)] a: u8", &[&message("alias"); 2].map(String::as_str));
    check_field("#[object(skip, json)] a: u8", &[&message("json"); 2].map(String::as_str));
}

#[test]
fn objects_borrow_nothing() {
    check_errors(
        "#[object(typename = \"t::X\")] struct X<'a> { a: Cow<'a, str> }",
        &["an object owns what it holds and borrows nothing: remove lifetime `'a`"],
    );
    check_errors(
        "#[object(typename = \"t::X\")] struct X<'a> { a: &'a [u64] }",
        &["an object owns its views: use `Array<u64>`; it is reference-counted and borrows as `&[u64]`"],
    );
    check_field("a: &'static str", &["an object owns its metadata: use `String`"]);
    check_field("a: &'static Vec<a::B>", &["an object owns its members: hold `Vec<a::B>` itself"]);
}

#[test]
fn several_mistakes_are_reported_together() {
    check_errors(
        "#[object(typname = \"t::X\", rename_all = \"x\")] struct X<V> { #[object(skp)] a: &'static str, id: V }",
        &[
            &format!("unknown attribute `typname`; did you mean `typename`? (valid here: {VALID_ON_STRUCT})"),
            "the pattern must contain `{}` once",
            &format!("unknown attribute `skp`; did you mean `skip`? (valid here: {VALID_ON_FIELD})"),
            "list the instances for get_any, e.g. register(<u64, f64>), or write no_register",
            "an object owns its metadata: use `String`",
            "metadata key `id` is reserved by the store: choose another with rename = \"..\" or rename_all = \"..\"",
        ],
    );
}

#[test]
fn errors_come_with_impls_that_stand_in() {
    let tokens = syn::parse_str("struct X<V> { a: V }").expect("tokens");
    let text = derive(tokens).to_string();
    assert_eq!(text.matches("compile_error").count(), 2);
    for part in ["struct XBuilder", "Object for X", "Member for X", "Typename for X", "fn builder", "fn a <"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("submit"), "{text}");
}

#[test]
fn what_is_not_an_item_is_an_error() {
    let tokens = syn::parse_str("fn f() {}").expect("tokens");
    assert_eq!(derive(tokens).to_string().matches("compile_error").count(), 1);
}

#[test]
fn a_field_named_build_gets_another_setter() {
    let tokens = syn::parse_str("#[object(typename = \"X\")] struct X { build: u8, build_: u8 }").expect("tokens");
    let text = derive(tokens).to_string();
    for setter in ["fn build (self)", "fn build_ (mut self", "fn build__ (mut self"] {
        assert_eq!(text.matches(setter).count(), 1, "{setter}: {text}");
    }
}

#[test]
fn docs_of_a_field_go_to_its_setter() {
    let source = "#[object(typename = \"X\", rename_all = \"{}_\")] struct X { /** Some text. */ a: u8 }";
    let text = derive(syn::parse_str(source).expect("tokens")).to_string();
    assert!(
        text.contains("# [doc = \"Sets `a` (key `a_`).\"] # [doc = \"\"] # [doc = \" Some text. \"] fn a"),
        "{text}"
    );
}
