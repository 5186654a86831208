//! `#[bespoke::config]`, as a small compiler.
//!
//! | stage | from → to | knows |
//! |---|---|---|
//! | [`parse`] | tokens → arguments and an `impl Config for …` | the grammar |
//! | [`analyze`] | the block → which items are written, under which conditions | the list of items |
//! | [`lower`] | that → what to forward, to check and to name | the rules of the expansion |
//! | [`emit`] | the plan → tokens | the runtime's paths, alone |
//!
//! # Invariants
//! 1. What the user wrote is always in the output, also beside errors: a mistake in the attribute must not look like a
//!    hundred uses of a missing `impl`.

mod analyze;
mod condition;
mod emit;
mod lower;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// The whole macro.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let mut output = match parse::parse(arguments, item, &mut errors) {
        parse::Parsed::Config(config) => emit::emit(lower::lower(analyze::analyze(config, &mut errors), &mut errors)),
        parse::Parsed::Other(item) => item,
    };
    output.extend(errors.into_tokens());
    output
}
