//! What to look for when listing.

/// What to look for when listing: a shell glob, or a regular expression that must match the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pattern {
    /// `*`, `?` and `[..]`; `*` matches anything, also `/`.
    Glob(String),
    /// A regular expression.
    Regex(String),
}

impl From<&str> for Pattern {
    /// A glob.
    fn from(glob: &str) -> Self {
        Self::Glob(glob.to_owned())
    }
}

impl Pattern {
    pub(super) fn into_parts(self) -> (String, bool) {
        match self {
            Self::Glob(pattern) => (pattern, false),
            Self::Regex(pattern) => (pattern, true),
        }
    }
}
