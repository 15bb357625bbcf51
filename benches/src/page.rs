//! A page of results: sections that programs write, between text that people write.

use std::fs;
use std::io;
use std::path::Path;

use crate::Done;

/// Writes a section of a page, in place of the one of this name, or else at the end.
///
/// # Errors
///
/// A file that cannot be read or written; one that does not exist is as good as empty.
///
/// ```
/// use vineyard_benches::page::replace;
/// let directory = tempfile::tempdir()?;
/// let page = directory.path().join("page.md");
/// std::fs::write(&page, "# Results\n")?;
/// replace(&page, "speed", "fast")?;
/// replace(&page, "size", "small")?;
/// replace(&page, "speed", "faster")?;
/// let text = std::fs::read_to_string(&page)?;
/// assert!(text.starts_with("# Results\n") && text.contains("faster") && text.contains("small"));
/// assert!(!text.contains("fast\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn replace(path: &Path, name: &str, section: &str) -> Done {
    let page = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        page => page?,
    };
    Ok(fs::write(path, replaced(&page, name, section))?)
}

fn replaced(page: &str, name: &str, section: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->"), format!("<!-- end {name} -->"));
    let section = format!("{begin}\n{}\n{end}\n", section.trim());
    let around = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match around {
        Some((before, after)) => format!("{before}{section}{}", after.strip_prefix('\n').unwrap_or(after)),
        None if page.is_empty() => section,
        None => format!("{}\n\n{section}", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_section_stays() {
        let page = replaced("before\n", "one", "first");
        assert_eq!(page, "before\n\n<!-- begin one -->\nfirst\n<!-- end one -->\n");
        let page = format!("{page}\nafter\n");
        let page = replaced(&page, "one", "second\n\n");
        assert_eq!(page, "before\n\n<!-- begin one -->\nsecond\n<!-- end one -->\n\nafter\n");
        assert_eq!(replaced("", "one", "x"), "<!-- begin one -->\nx\n<!-- end one -->\n");
    }
}
