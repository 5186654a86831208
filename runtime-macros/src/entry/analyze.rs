//! Stage 2 of `main` and `test`: whether the function can be an entry.

use quote::quote;
use syn::ItemFn;

use super::parse::{Arguments, Function};
use crate::errors::Errors;

/// A function whose mistakes are known.
pub(crate) struct Analyzed {
    pub(crate) arguments: Arguments,
    pub(crate) function: ItemFn,
    /// Whether the function can be called with nothing. If not, the error is recorded.
    pub(crate) callable: bool,
}

pub(crate) fn analyze(function: Box<Function>, errors: &mut Errors) -> Analyzed {
    let Function { arguments, function } = *function;
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        errors.under(&signature.fn_token, NOT_ASYNC);
    }
    let mut callable = true;
    if !signature.inputs.is_empty() || signature.variadic.is_some() {
        let (inputs, variadic) = (&signature.inputs, &signature.variadic);
        errors.under(quote!(#inputs #variadic), ARGUMENTS);
        callable = false;
    }
    let generics = &signature.generics;
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        let (parameters, bounds) = (&generics.params, &generics.where_clause);
        errors.under(quote!(#parameters #bounds), GENERICS);
        callable = false;
    }
    Analyzed { arguments, function, callable }
}

const NOT_ASYNC: &str = "the function must be `async fn`";
const ARGUMENTS: &str = "the entry function takes no arguments";
const GENERICS: &str = "the entry function takes no generic parameters";
