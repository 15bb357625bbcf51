//! Accumulates errors, so that every mistake in a struct is reported by one compilation.

use std::cell::RefCell;

use proc_macro2::Span;
use quote::ToTokens;

/// Collects spanned errors until [`check`](Ctxt::check).
///
/// Parsing and checking take `&Ctxt` and go on after an error. Dropping a context whose errors nobody looked at is a
/// bug of this crate, and panics.
pub(crate) struct Ctxt {
    // `None` once checked.
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Records an error that underlines all of `tokens`.
    pub(crate) fn error_on(&self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Records an error at `span`.
    pub(crate) fn error_at(&self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Records one mistake that two places make together, at both.
    pub(crate) fn error_at_both(&self, first: Span, second: Span, message: impl std::fmt::Display) {
        self.error_at(first, &message);
        self.error_at(second, &message);
    }

    /// Records an error of the parser.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Ends the accumulation: all errors as one, if there were any.
    pub(crate) fn check(self) -> syn::Result<()> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        errors
            .into_iter()
            .reduce(|mut all, next| {
                all.combine(next);
                all
            })
            .map_or(Ok(()), Err)
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        // A second panic while unwinding would abort and hide the first.
        if !std::thread::panicking() && self.errors.borrow().is_some() {
            panic!("a derive context was dropped without a check for errors");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_checks_out() {
        assert!(Ctxt::new().check().is_ok());
    }

    #[test]
    fn all_errors_are_kept_in_order() {
        let cx = Ctxt::new();
        cx.error_at(Span::call_site(), "one");
        cx.error_at_both(Span::call_site(), Span::call_site(), "two");
        let texts: Vec<String> =
            cx.check().expect_err("errors were recorded").into_iter().map(|e| e.to_string()).collect();
        assert_eq!(texts, ["one", "two", "two"]);
    }

    #[test]
    #[should_panic(expected = "dropped without a check")]
    fn dropping_unchecked_panics() {
        drop(Ctxt::new());
    }

    #[test]
    #[should_panic(expected = "the first panic")]
    fn dropping_unchecked_while_panicking_does_not_panic_again() {
        let _cx = Ctxt::new();
        panic!("the first panic");
    }
}
