//! Patterns that turn field names into metadata keys.

/// A key with a hole for the field's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    before: String,
    after: String,
}

impl Pattern {
    /// Reads a pattern such as `"{}_"`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once("{}") {
            Some((before, after)) if !after.contains("{}") => {
                Ok(Self { before: before.to_owned(), after: after.to_owned() })
            }
            _ => Err("the pattern must contain `{}` once"),
        }
    }

    /// The key of a field.
    pub(crate) fn apply(&self, name: &str) -> String {
        format!("{}{name}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn the_default_keeps_names() {
        assert_eq!(Pattern::default().apply("offsets"), "offsets");
        assert_eq!(Pattern::parse("{}"), Ok(Pattern::default()));
    }

    #[test]
    fn names_go_where_the_hole_is() {
        let apply = |text: &str| Pattern::parse(text).map(|pattern| pattern.apply("x"));
        assert_eq!(apply("{}_").as_deref(), Ok("x_"));
        assert_eq!(apply("m_{}").as_deref(), Ok("m_x"));
        assert_eq!(apply("a{}b").as_deref(), Ok("axb"));
        assert_eq!(apply("{{}}").as_deref(), Ok("{x}"));
    }

    #[test]
    fn a_pattern_has_exactly_one_hole() {
        for text in ["", "x", "{}{}", "{}_{}", "{ }", "{name}"] {
            assert_eq!(Pattern::parse(text), Err("the pattern must contain `{}` once"), "{text}");
        }
    }
}
