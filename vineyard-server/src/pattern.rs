//! Patterns that clients list objects and names by: shell globs and regular expressions.

use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// Longest pattern that is compiled. Names and typenames are far shorter, and compiling must stay cheap.
const MAX_PATTERN_BYTES: usize = 4096;

/// Bytes that a compiled pattern may take, and again its cache while matching.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// A class that no character belongs to.
const NO_CHARACTER: &str = "[a&&b]";

/// What a text is compared with.
///
/// A glob follows `fnmatch(3)` without flags: `*` and `?` also match `/`, a leading `.` and a line break; `[a-z]`,
/// `[!a]`, `[[:digit:]]` and `\` to take the next character as it is. A regular expression must match the whole text.
/// What cannot be compiled - an invalid expression, look-around, back-references, a pattern that is too large -
/// matches nothing.
///
/// ```
/// use vineyard_server::pattern::Pattern;
/// assert!(Pattern::new("vineyard::Tensor<*>", false).matches("vineyard::Tensor<int64>"));
/// assert!(!Pattern::new("int|int64.*", true).matches("an int"));
/// assert!(!Pattern::new("(", true).matches("("));
/// ```
#[derive(Debug)]
pub struct Pattern {
    matcher: Matcher,
    prefix: String,
}

#[derive(Debug)]
enum Matcher {
    Nothing,
    Everything,
    /// Equal to the prefix.
    Literal,
    /// These pieces, two at least: the first at the beginning, the last at the end, the others between them in order.
    Pieces(Vec<String>),
    Regex(Regex),
}

impl Pattern {
    /// Reads a glob, or a regular expression. Cost is bounded whatever the pattern.
    pub fn new(pattern: &str, regex: bool) -> Self {
        if regex { Self::from_regex(pattern) } else { Self::from_glob(pattern) }
    }

    fn from_regex(pattern: &str) -> Self {
        // The pattern is compiled alone first: `a)|(b` becomes valid inside the group that anchors it.
        let alone = compile(pattern, false);
        let anchored = alone.and_then(|_| compile(&format!(r"\A(?:{pattern})\z"), false));
        Self { matcher: anchored.map_or(Matcher::Nothing, Matcher::Regex), prefix: literal_prefix(pattern) }
    }

    fn from_glob(glob: &str) -> Self {
        if glob == "*" {
            return Self { matcher: Matcher::Everything, prefix: String::new() };
        }
        let mut translation = Translation::default();
        let Some(()) = translation.read(glob) else {
            return Self { matcher: Matcher::Nothing, prefix: String::new() };
        };
        let Translation { regex, prefix, wild, pieces, only_stars } = translation;
        let matcher = match wild {
            false => Matcher::Literal,
            // What nearly all globs are; compiling an expression takes longer than many look-ups.
            true if only_stars => Matcher::Pieces(pieces),
            true => compile(&format!(r"\A{regex}\z"), true).map_or(Matcher::Nothing, Matcher::Regex),
        };
        Self { matcher, prefix }
    }

    /// Whether the whole text matches. Linear in the text.
    pub fn matches(&self, text: &str) -> bool {
        match &self.matcher {
            Matcher::Nothing => false,
            Matcher::Everything => true,
            Matcher::Literal => text == self.prefix,
            Matcher::Pieces(pieces) => match_pieces(pieces, text),
            Matcher::Regex(regex) => regex.is_match(text),
        }
    }

    /// What every match begins with. Lets an ordered index skip the rest.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// Whether a text is made of these pieces with anything between them. What is found first leaves most for the rest.
fn match_pieces(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let inner = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
    let mut rest = inner;
    for piece in middle {
        rest = rest.and_then(|rest| rest.split_once(piece.as_str())).map(|(_, after)| after);
    }
    rest.is_some()
}

fn compile(regex: &str, dot_matches_new_line: bool) -> Option<Regex> {
    // A glob grows when translated, at most by the `\x{10ffff}` of every character.
    if regex.len() > MAX_PATTERN_BYTES.saturating_mul(if dot_matches_new_line { 16 } else { 1 }) {
        return None;
    }
    RegexBuilder::new(regex)
        .dot_matches_new_line(dot_matches_new_line)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .nest_limit(100)
        .build()
        .ok()
}

/// The characters that every match of a regular expression begins with, as far as that is plain to see.
fn literal_prefix(regex: &str) -> String {
    let mut prefix = String::new();
    // Alternatives begin differently.
    if regex.contains('|') {
        return prefix;
    }
    let mut rest = regex.strip_prefix('^').unwrap_or(regex).chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                // `\<` and `\>` are the ends of words.
                Some(escaped) if escaped.is_ascii_punctuation() && !matches!(escaped, '<' | '>') => {
                    prefix.push(escaped);
                }
                _ => break,
            },
            // What comes before may also be missing.
            '*' | '?' | '{' => {
                prefix.pop();
                break;
            }
            '.' | '+' | '(' | ')' | '[' | ']' | '}' | '^' | '$' => break,
            plain => prefix.push(plain),
        }
    }
    prefix
}

/// A glob as it is turned into a regular expression.
struct Translation {
    regex: String,
    /// The characters before the first wildcard.
    prefix: String,
    wild: bool,
    /// The characters between stars.
    pieces: Vec<String>,
    /// There is no other wildcard.
    only_stars: bool,
}

impl Default for Translation {
    fn default() -> Self {
        let pieces = vec![String::new()];
        Self { regex: String::new(), prefix: String::new(), wild: false, pieces, only_stars: true }
    }
}

impl Translation {
    /// Translates a whole glob; `None` if it can match nothing.
    fn read(&mut self, glob: &str) -> Option<()> {
        let special = glob.contains(['*', '?', '[', '\\']);
        if special && glob.len() > MAX_PATTERN_BYTES {
            return None;
        }
        let mut rest = glob.chars();
        while let Some(c) = rest.next() {
            match c {
                '*' => self.wildcard(".*"),
                '?' => self.wildcard("."),
                '[' => match bracket(rest.clone()) {
                    Some((class, after)) => {
                        self.wildcard(&class);
                        rest = after;
                    }
                    // Without its closing bracket it stands for itself.
                    None => self.literal('['),
                },
                // A backslash at the end escapes nothing; such a glob matches nothing.
                '\\' => self.literal(rest.next()?),
                plain => self.literal(plain),
            }
        }
        Some(())
    }

    fn wildcard(&mut self, regex: &str) {
        self.wild = true;
        if regex == ".*" {
            self.pieces.push(String::new());
        } else {
            self.only_stars = false;
        }
        // A row of stars matches what one does, but each would cost.
        if !(regex == ".*" && self.regex.ends_with(".*")) {
            self.regex.push_str(regex);
        }
    }

    fn literal(&mut self, c: char) {
        if !self.wild {
            self.prefix.push(c);
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.push(c);
        }
        push_escaped(&mut self.regex, c);
    }
}

/// Writes a character so that it has no meaning of its own, inside a class or out of it.
fn push_escaped(regex: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        regex.push(c);
    } else {
        regex.push_str(&format!(r"\x{{{:x}}}", u32::from(c)));
    }
}

/// Reads a bracket expression after its `[`: the class as a regular expression, and what follows it.
/// `None` if it is not closed.
fn bracket(mut rest: Chars<'_>) -> Option<(String, Chars<'_>)> {
    // Saves a row of unclosed brackets from being read to the end for each.
    if !rest.as_str().contains(']') {
        return None;
    }
    let negated = rest.as_str().starts_with(['!', '^']);
    if negated {
        rest.next();
    }
    let mut items = String::new();
    let mut first = true;
    loop {
        if let Some((name, after)) = named_class(&rest) {
            items.push_str(name);
            rest = after;
            first = false;
            continue;
        }
        let low = match rest.next()? {
            // A closing bracket at the beginning belongs to the class.
            ']' if !first => break,
            '\\' => rest.next()?,
            plain => plain,
        };
        first = false;
        let mut ahead = rest.clone();
        let high = match (ahead.next(), ahead.next()) {
            (Some('-'), Some('\\')) => ahead.next()?,
            // A hyphen at the end stands for itself.
            (Some('-'), Some(high)) if high != ']' => high,
            _ => {
                push_escaped(&mut items, low);
                continue;
            }
        };
        rest = ahead;
        // A range that runs backwards holds nothing.
        if low <= high {
            push_escaped(&mut items, low);
            items.push('-');
            push_escaped(&mut items, high);
        }
    }
    let class = match (items.is_empty(), negated) {
        (true, false) => NO_CHARACTER.to_owned(),
        (true, true) => ".".to_owned(),
        (false, false) => format!("[{items}]"),
        (false, true) => format!("[^{items}]"),
    };
    Some((class, rest))
}

/// Reads `[:alpha:]` and its like, of which regular expressions have the same.
fn named_class<'a>(rest: &Chars<'a>) -> Option<(&'static str, Chars<'a>)> {
    const NAMES: [&str; 12] = [
        "[:alnum:]",
        "[:alpha:]",
        "[:blank:]",
        "[:cntrl:]",
        "[:digit:]",
        "[:graph:]",
        "[:lower:]",
        "[:print:]",
        "[:punct:]",
        "[:space:]",
        "[:upper:]",
        "[:xdigit:]",
    ];
    if !rest.as_str().starts_with("[:") {
        return None;
    }
    NAMES.into_iter().find_map(|name| Some((name, rest.as_str().strip_prefix(name)?.chars())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(pattern: &str, regex: bool, yes: &[&str], no: &[&str]) {
        let compiled = Pattern::new(pattern, regex);
        for text in yes {
            assert!(compiled.matches(text), "{pattern:?} should match {text:?}: {compiled:?}");
            assert!(text.starts_with(compiled.prefix()), "{pattern:?} has the prefix {:?}", compiled.prefix());
        }
        for text in no {
            assert!(!compiled.matches(text), "{pattern:?} should not match {text:?}: {compiled:?}");
        }
    }

    #[test]
    fn globs_match_like_fnmatch_without_flags() {
        check("*", false, &["", "a", "a/b", ".hidden", "a\nb", "é"], &[]);
        check("", false, &[""], &["a"]);
        check("a*c", false, &["ac", "abc", "a/b/c", "a\nc"], &["ab", "xac", "acx"]);
        check("a?c", false, &["abc", "a/c", "aéc", "a\nc"], &["ac", "abbc"]);
        check("vineyard::Tensor<*>", false, &["vineyard::Tensor<int64>"], &["vineyard::Tensor"]);
        check("***", false, &["", "abc"], &[]);
        check(".+(x)|^$", false, &[".+(x)|^$"], &["ax"]);
        check("A", false, &["A"], &["a", "AA"]);
    }

    proptest! {
        #[test]
        fn globs_of_stars_match_as_their_expressions_do(glob in "[ab*]{0,8}", text in "[ab]{0,10}") {
            let mut translation = Translation::default();
            translation.read(&glob).expect("nothing is escaped");
            let expression = compile(&format!(r"\A{}\z", translation.regex), true).expect("small");
            prop_assert_eq!(Pattern::new(&glob, false).matches(&text), expression.is_match(&text));
        }
    }

    #[test]
    fn bracket_expressions() {
        check("[a-c]x", false, &["ax", "cx"], &["dx", "x", "-x"]);
        check("[!a-c]", false, &["d", "\n", "/"], &["a", "", "dd"]);
        check("[^a]", false, &["b"], &["a"]);
        check("[]a]", false, &["]", "a"], &["b"]);
        check("[!]a]", false, &["b"], &["]", "a"]);
        check("[a-]", false, &["a", "-"], &["b"]);
        check("[-a]", false, &["a", "-"], &["b"]);
        check(r"[\]x]", false, &["]", "x"], &["\\"]);
        check(r"[a-\c]", false, &["b"], &["d", "\\"]);
        check("[[:digit:]z]", false, &["4", "z"], &["a", ":"]);
        check("[z-a]", false, &[], &["z", "a", "m"]);
        check("[!z-a]", false, &["z", "a"], &[""]);
        check("[a&&b]", false, &["a", "&", "b"], &["c"]);
        check("my::[TN]*", false, &["my::T", "my::New"], &["my::Late"]);
    }

    #[test]
    fn unclosed_brackets_stand_for_themselves() {
        check("[", false, &["["], &[""]);
        check("a[bc", false, &["a[bc"], &["ab"]);
        check("[]", false, &["[]"], &["]"]);
        check("[!]", false, &["[!]"], &["a"]);
        check("[a*", false, &["[a", "[axyz"], &["a"]);
    }

    #[test]
    fn backslash_takes_the_next_character_as_it_is() {
        check(r"\*", false, &["*"], &["a", r"\*"]);
        check(r"a\\b", false, &[r"a\b"], &["ab"]);
        check(r"\a", false, &["a"], &[]);
        check("a\\", false, &[], &["a", "a\\"]);
    }

    #[test]
    fn expressions_match_the_whole_text() {
        check("N", true, &["N"], &["my::New", "NN"]);
        check(".*N.*", true, &["my::New", "N"], &["my::T", "N\n"]);
        check("a|ab", true, &["a", "ab"], &["abc", "b", "aab"]);
        check("^a$", true, &["a"], &["ba"]);
        check("n[0-9]", true, &["n1"], &["n", "n12"]);
        check("", true, &[""], &["a"]);
    }

    #[test]
    fn what_cannot_be_compiled_matches_nothing() {
        for pattern in ["(", "a)|(b", "*", "[", "(?=a)a", r"(a)\1", "(((((a{100}){100}){100}){100}){100})"] {
            check(pattern, true, &[], &["", "a", "b", "(", "*"]);
        }
        check(&"a".repeat(MAX_PATTERN_BYTES + 1), true, &[], &["a"]);
        check(&"(".repeat(2000), true, &[], &["("]);
        check(&"?".repeat(MAX_PATTERN_BYTES + 1), false, &[], &["a"]);
    }

    #[test]
    fn long_patterns_are_bounded_not_broken() {
        let long = "x".repeat(1 << 20);
        check(&long, false, &[&long], &["x"]);
        check(&"[".repeat(4000), false, &[&"[".repeat(4000)], &["["]);
        check(&"é?".repeat(300), false, &[&"éa".repeat(300)], &["é"]);
        check(&"a*".repeat(1000), false, &[&"a".repeat(1000)], &["a"]);
    }

    #[test]
    fn the_prefix_of_a_glob_ends_at_the_first_wildcard() {
        assert_eq!(Pattern::new(r"my\*::T?x", false).prefix(), "my*::T");
        assert_eq!(Pattern::new("plain", false).prefix(), "plain");
    }

    #[test]
    fn the_prefix_of_an_expression_is_what_all_matches_begin_with() {
        for (regex, prefix) in [
            ("my.*", "my"),
            ("^my::T<.*>$", "my::T<"),
            (r"a\.b\d", "a.b"),
            ("ab+c", "ab"),
            ("ab*c", "a"),
            ("ab?", "a"),
            ("ab{0,2}", "a"),
            ("ab|cd", ""),
            ("(ab)", ""),
            ("(?i)ab", ""),
            ("ab(?i)cd", "ab"),
            (r"\babc", ""),
            (r"a\<b", "a"),
        ] {
            assert_eq!(Pattern::new(regex, true).prefix(), prefix, "{regex}");
        }
        check("ab*c", true, &["ac", "abc", "abbc"], &["bc"]);
        check("ab{0,2}", true, &["a", "ab", "abb"], &["abbb"]);
        check("ab(?i)cd", true, &["abcd", "abCD"], &["ABcd"]);
        check(r"a\.b\d", true, &["a.b1"], &["axb1"]);
    }
}
