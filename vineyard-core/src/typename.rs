//! Stable names of types, as they are stored with every object.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// How deep the arguments of a typename are compared; names come from peers.
const MAX_DEPTH: usize = 32;

/// A type with a stable name.
///
/// The derive implements it from the `typename` attribute. Names never come from the compiler, because those change
/// when code moves.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no stable typename",
    note = "derive `Object` for your own types"
)]
pub trait Typename {
    /// The name, with its type arguments.
    fn typename() -> TypeName;
}

/// The name of a type: `namespace::Name`, with type arguments in angle brackets and without spaces.
///
/// ```
/// use vineyard_core::{TypeName, Typename};
/// let name = TypeName::generic("graph::CsrGraph", &[u32::typename(), f64::typename()]);
/// assert_eq!(name.as_str(), "graph::CsrGraph<uint,double>");
/// assert!(name.matches("graph::CsrGraph<uint32, float64>"));
/// assert!(!name.matches("graph::CsrGraph<uint32>"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeName(Cow<'static, str>);

impl TypeName {
    /// A complete name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// `head<A,B>`, or `head` without arguments.
    pub fn generic(head: &'static str, arguments: &[Self]) -> Self {
        if arguments.is_empty() {
            return Self::new(head);
        }
        let arguments: Vec<&str> = arguments.iter().map(Self::as_str).collect();
        Self::new(format!("{head}<{}>", arguments.join(",")))
    }

    /// The name as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `found` names the same type, in this or another language's spelling.
    ///
    /// Names are compared node by node after replacing known aliases: `uint32` for `uint`, `int32` for `int`,
    /// the ABI spellings of `std::string`, and so on.
    pub fn matches(&self, found: &str) -> bool {
        self.as_str() == found || canonical(self.as_str()) == canonical(found)
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TypeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The spelling that stands for all spellings of one name.
pub(crate) fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let (rest, whole) = write_canonical(name, &mut out, 0);
    if whole && rest.is_empty() { out } else { name.to_owned() }
}

/// Writes one node and its arguments; returns what is left, and whether the node was well formed.
fn write_canonical<'a>(text: &'a str, out: &mut String, depth: usize) -> (&'a str, bool) {
    if depth > MAX_DEPTH {
        return (text, false);
    }
    let end = text.find(['<', '>', ',']).unwrap_or(text.len());
    let (head, mut rest) = text.split_at(end);
    let head = head.trim();
    let is_string = matches!(head, "std::basic_string" | "std::__cxx11::basic_string" | "std::__1::basic_string");
    out.push_str(if is_string { "std::string" } else { alias(head) });
    let mut ignored = String::new();
    if let Some(arguments) = rest.strip_prefix('<') {
        let target = if is_string { &mut ignored } else { &mut *out };
        target.push('<');
        rest = arguments;
        loop {
            let (after, whole) = write_canonical(rest, target, depth.saturating_add(1));
            rest = after.trim_start();
            if let (true, Some(next)) = (whole, rest.strip_prefix(',')) {
                target.push(',');
                rest = next;
            } else if let (true, Some(next)) = (whole, rest.strip_prefix('>')) {
                target.push('>');
                rest = next.trim_start();
                break;
            } else {
                return (rest, false);
            }
        }
    }
    (rest, true)
}

fn alias(head: &str) -> &str {
    match head {
        "bool8" => "bool",
        // Names of 8 and 16 bits come from the C++ compiler, of which gcc and clang differ.
        "i8" | "int8_t" | "signed char" => "int8",
        "u8" | "uint8_t" | "unsigned char" => "uint8",
        "i16" | "int16_t" | "short" | "short int" => "int16",
        "u16" | "uint16_t" | "unsigned short" | "short unsigned int" => "uint16",
        "i32" | "int32" | "int32_t" => "int",
        "u32" | "uint32" | "uint32_t" | "unsigned int" => "uint",
        "i64" | "int64_t" | "long" | "long int" => "int64",
        "u64" | "uint64_t" | "unsigned long" | "long unsigned int" => "uint64",
        "f32" | "float32" => "float",
        "f64" | "float64" => "double",
        "std::__cxx11::string" | "std::__1::string" | "vineyard::String" => "std::string",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_other_languages_match() {
        let name = TypeName::new("vineyard::Tensor<uint>");
        for same in ["vineyard::Tensor<uint>", "vineyard::Tensor<uint32>", "vineyard::Tensor< unsigned int >"] {
            assert!(name.matches(same), "{same}");
        }
        for other in ["vineyard::Tensor<int>", "vineyard::Tensor", "vineyard::Tensor<uint", "vineyard::Tensor<uint>>"] {
            assert!(!name.matches(other), "{other}");
        }
        for (ours, theirs) in
            [("int8", "int8_t"), ("uint16", "uint16_t"), ("int64", "long"), ("uint64", "unsigned long")]
        {
            assert!(TypeName::new(format!("vineyard::Tensor<{ours}>")).matches(&format!("vineyard::Tensor<{theirs}>")));
        }
        let name = TypeName::new("vineyard::Tensor<std::string>");
        assert!(name.matches("vineyard::Tensor<std::__cxx11::basic_string<char,std::char_traits<char>>>"));
    }

    #[test]
    fn endless_nesting_is_cut() {
        let deep = "a<".repeat(1_000_000);
        assert!(!TypeName::new("a").matches(&deep));
    }

    proptest! {
        #[test]
        fn any_text_matches_itself(text in "[a-z<>, :]{0,40}") {
            prop_assert!(TypeName::new(text.clone()).matches(&text));
        }
    }
}
