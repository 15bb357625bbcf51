//! Steps of a JSON pointer (RFC 6901): `~` and `/` are written `~0` and `~1`. The keys of published metadata are such
//! paths.

/// Writes any text as one step.
pub(super) fn escape(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}

/// Reads one step. `None` if it holds a `/`, or a `~` that stands for nothing.
pub(super) fn unescape(step: &str) -> Option<String> {
    let mut text = String::with_capacity(step.len());
    let mut rest = step.chars();
    while let Some(c) = rest.next() {
        match c {
            '~' => match rest.next()? {
                '0' => text.push('~'),
                '1' => text.push('/'),
                _ => return None,
            },
            '/' => return None,
            plain => text.push(plain),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_that_stand_for_nothing_are_refused() {
        for step in ["~", "a~", "~2", "a/b", "~~0"] {
            assert_eq!(unescape(step), None, "{step}");
        }
        assert_eq!(escape("dir/second~name"), "dir~1second~0name");
        assert_eq!(unescape("~01").as_deref(), Some("~1"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_text_comes_back(text in "[a~/01]{0,12}|.{0,12}") {
            let step = escape(&text);
            prop_assert!(!step.contains('/'));
            prop_assert_eq!(unescape(&step), Some(text));
        }
    }
}
