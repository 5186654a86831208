//! Stage 4 of `main` and `test`: the tokens. The only file of these macros that knows a path of the runtime.
//!
//! # Invariants
//! 1. Paths begin with the runtime's crate (`::bespoke`, or what `crate = …` says) or with `::core`.
//! 2. The call lies under the config that it names, so "is not a runtime configuration" is said there.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote};

use super::Entry;
use super::lower::Plan;
use crate::span::Ends;

pub(crate) fn emit(plan: Plan) -> TokenStream {
    let krate = plan.krate.as_ref().map_or_else(|| quote!(::bespoke), ToTokens::to_token_stream);
    let config = plan.config.as_ref().map_or_else(|| quote!(#krate::preset::Default), ToTokens::to_token_stream);
    let Plan { entry, outer_attributes, inner_attributes, vis, outer, inner, body, callable, .. } = plan;
    let test = (entry == Entry::Test).then(|| quote!(#[::core::prelude::v1::test]));
    let (unused, value) = if callable {
        let place = Ends::of(&config);
        let (name, run) = (&inner.ident, quote!(#krate::__private::run::<));
        let run = place.enclose(run, &config, quote!(, _>));
        let argument = place.parenthesize(quote!(#name()));
        (None, quote!(#run #argument))
    } else {
        let unused = quote!(#[allow(dead_code, reason = "it cannot be called; the error says why")]);
        (Some(unused), quote!(::core::unreachable!()))
    };
    // With the user's braces the function is the user's: rustc says that it is unused, or not documented.
    let braces = body.brace_token.span.join();
    let statements = quote!(#(#inner_attributes)* #unused #inner #body #value);
    let mut body = Group::new(Delimiter::Brace, statements);
    body.set_span(braces);
    quote!(#(#outer_attributes)* #test #vis #outer #body)
}

#[cfg(test)]
mod tests {
    use crate::entry::{Entry, expand};

    // Whole expansions are kept, readable, in `tests/expand`.

    fn expanded(arguments: &str, item: &str) -> String {
        expand(Entry::Main, arguments.parse().unwrap(), item.parse().unwrap()).to_string()
    }

    #[test]
    fn another_crate_path_replaces_every_path() {
        let output = expanded("crate = my::rt", "async fn main() {}");
        assert!(output.contains("my :: rt :: __private :: run :: < my :: rt :: preset :: Default"), "{output}");
        assert!(!output.contains("bespoke"), "{output}");
    }

    #[test]
    fn every_mistake_still_yields_the_function() {
        for (item, message) in [
            ("fn main() {}", "the function must be `async fn`"),
            ("async fn main(a: u8) {}", "the entry function takes no arguments"),
            ("async fn main(...) {}", "the entry function takes no arguments"),
            ("async fn main<T>() {}", "the entry function takes no generic parameters"),
            ("async fn main() where u8: Copy {}", "the entry function takes no generic parameters"),
        ] {
            let output = expanded("", item);
            assert!(output.contains(message), "{output}");
            assert!(output.starts_with("fn main () {"), "{output}");
        }
    }

    #[test]
    fn several_mistakes_are_shown_together() {
        let output = expanded("workers = 4", "fn main<T>(a: T) {}");
        assert_eq!(output.matches("compile_error").count(), 4, "{output}");
    }
}
