//! `#[bespoke::main]` and `#[bespoke::test]`, as one small compiler: they differ in one attribute.
//!
//! | stage | from → to | knows |
//! |---|---|---|
//! | [`parse`] | tokens → arguments and a function | the grammar |
//! | [`analyze`] | the function → whether it can be an entry | what an entry function is |
//! | [`lower`] | that → the function to emit | the shape of the expansion |
//! | [`emit`] | the plan → tokens | the runtime's paths, alone |
//!
//! # Invariants
//! 1. A function of the user's name is always in the output, without arguments, also beside errors: a mistake must not
//!    bring "no `main` function" with it.

mod analyze;
mod emit;
mod lower;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// Which of the two attributes is expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Main,
    Test,
}

impl Entry {
    /// As users write it.
    fn attribute(self) -> &'static str {
        match self {
            Entry::Main => "#[bespoke::main]",
            Entry::Test => "#[bespoke::test]",
        }
    }
}

/// The whole macro.
pub(crate) fn expand(entry: Entry, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let mut output = match parse::parse(entry, arguments, item, &mut errors) {
        parse::Parsed::Function(parsed) => emit::emit(lower::lower(entry, analyze::analyze(parsed, &mut errors))),
        parse::Parsed::Other(item) => item,
    };
    output.extend(errors.into_tokens());
    output
}
