//! `#[bespoke::task(pool = N)]`, as one small compiler.
//!
//! | stage | from → to | knows |
//! |---|---|---|
//! | [`parse`] | tokens → arguments and a function | the grammar |
//! | [`analyze`] | the function → whether one `static` can hold its tasks | what a task is |
//! | [`lower`] | that → the two functions to emit | the shape of the expansion |
//! | [`emit`] | the plan → tokens | the runtime's paths, alone |
//!
//! # Invariants
//! 1. A function of the user's name is always in the output, also beside errors.
//! 2. The expansion holds no `unsafe`: what makes it sound is checked by the runtime's own types.

mod analyze;
mod emit;
mod lower;
mod parse;
mod says;

use proc_macro2::TokenStream;

use crate::errors::Errors;

/// The whole macro.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let mut output = match parse::parse(arguments, item, &mut errors) {
        parse::Parsed::Function(function) => match analyze::analyze(*function, &mut errors) {
            Ok(task) => emit::emit(lower::lower(task)),
            Err(as_written) => as_written,
        },
        parse::Parsed::Other(item) => item,
    };
    output.extend(errors.into_tokens());
    output
}
