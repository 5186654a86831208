//! The one place where mistakes are collected, so that a user sees all of them at once.
//!
//! A stage that meets a mistake records it and goes on with the best guess it has; [`Errors::into_tokens`] then puts
//! the messages in front of whatever could still be expanded.
//!
//! # Invariants
//! 1. An `Errors` is consumed by `into_tokens`; dropping it otherwise panics, so no path through a macro can lose a message.

use core::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
pub(crate) struct Errors {
    /// `None` once consumed (inv. 1).
    found: Option<Vec<syn::Error>>,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors { found: Some(Vec::new()) }
    }

    /// Records `message` under all of `tokens`; under the whole attribute if there are none.
    pub(crate) fn under(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Records a mistake that a parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        if let Some(found) = &mut self.found {
            found.push(error);
        }
    }

    /// Whether no mistake was found so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.as_ref().is_none_or(Vec::is_empty)
    }

    /// Ends the collection: one `compile_error!` per mistake, in the order found.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.found.take().into_iter().flatten().map(|error| error.into_compile_error()).collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        if self.found.is_some() && !std::thread::panicking() {
            panic!("the errors of a macro were dropped without being shown");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn every_mistake_is_shown_in_the_order_found() {
        let mut errors = Errors::new();
        errors.under(quote!(a), "first");
        errors.push(syn::Error::new(proc_macro2::Span::call_site(), "second"));
        let shown = errors.into_tokens().to_string();
        let (first, second) = (shown.find("first").unwrap(), shown.find("second").unwrap());
        assert!(first < second, "{shown}");
        assert_eq!(shown.matches("compile_error").count(), 2);
    }

    #[test]
    fn no_mistake_shows_nothing() {
        assert!(Errors::new().into_tokens().is_empty());
    }

    #[test]
    #[should_panic(expected = "dropped without being shown")]
    fn forgetting_to_consume_panics() {
        let _forgotten = Errors::new();
    }
}
