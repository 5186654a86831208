//! `#[bespoke::async_fn]`: an `async fn` as a state machine that this macro writes, and not rustc.
//!
//! | stage | from → to | knows |
//! |---|---|---|
//! | [`parse`] | tokens → arguments and a function | the grammar, and which signatures are understood |
//! | [`rename`] | the body → the same, with unique names | scopes, macros |
//! | [`shape`], [`hold`] | that → a tree of our own | the language: what may await where, and which temporaries |
//! | [`analyze`] | the tree → which locals have a place in the frame | where states end |
//! | [`lower`], [`flow`], [`places`], [`rewrite`] | the tree → states | how each shape and each use is said in states |
//! | [`emit`] | the states → tokens | the runtime's paths, alone |
//!
//! [`walk`] and [`known`] are what all of them use.
//!
//! *Architecture Invariant:* what is not understood is refused, with the words of the rewrite. There is no path from here
//! to rustc's own transformation but the argument `rustc`.
//!
//! # Invariants
//! 1. A function of the user's name is always in the output, also beside errors.
//! 2. The stages meet the locals in the same order, and decide what an expression is by the same functions ([`walk`]).

mod analyze;
mod emit;
mod flow;
mod hold;
mod known;
mod lower;
mod parse;
mod places;
mod rename;
mod rewrite;
mod says;
mod shape;
mod walk;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Block, FnArg, ItemFn, Pat, PatIdent, Path, ReturnType, Type};

use crate::errors::Errors;
use emit::{Argument, Plan};
use lower::Lower;

/// The whole macro.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let (arguments, function) = parse::parse(arguments, item.clone(), &mut errors);
    let output = match &function {
        None => item,
        Some(function) if arguments.rustc.is_some() => function.to_token_stream(),
        Some(function) => {
            let machine = errors.is_empty().then(|| machine(function, arguments.krate.as_ref(), &mut errors)).flatten();
            machine.unwrap_or_else(|| emit::fallback(function))
        }
    };
    let mut shown = errors.into_tokens();
    shown.extend(output);
    shown
}

/// The function with its machine; `None` if a mistake was recorded.
fn machine(function: &ItemFn, krate: Option<&Path>, errors: &mut Errors) -> Option<TokenStream> {
    let mut inputs: Vec<(&PatIdent, &Type)> = Vec::new();
    for input in &function.sig.inputs {
        let FnArg::Typed(input) = input else { return None };
        let Pat::Ident(pat) = &*input.pat else { return None };
        inputs.push((pat, &*input.ty));
    }
    let mut names: Vec<Ident> = inputs.iter().map(|(pat, _)| pat.ident.clone()).collect();
    let mut body: Block = syn::parse2(function.block.to_token_stream()).ok()?;
    let mut renamed = rename::rename(&mut names.iter_mut().collect::<Vec<_>>(), &mut body, errors);
    let mut body = shape::shape(body, &mut renamed, errors);
    if !errors.is_empty() {
        return None;
    }
    let typed: Vec<(Ident, &Type)> = names.iter().cloned().zip(inputs.iter().map(|(_, ty)| *ty)).collect();
    let locals = analyze::analyze(&typed, &mut body, &renamed);
    for (name, local) in &locals {
        if let (true, Some(call)) = (local.place, &local.in_macro) {
            let name = renamed.local_of(name).unwrap_or(name);
            errors.under(
                call,
                format_args!(
                    "this macro may use `{name}`, which lives across an `.await`, as it likes: give it a local of its own"
                ),
            );
        }
    }
    let output = match &function.sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let moved = locals.iter().filter_map(|(name, local)| Some((name.clone(), local.moved_by.clone()?))).collect();
    let scalars: Vec<bool> = names.iter().map(|name| locals.get(name).is_some_and(|local| local.scalar)).collect();
    let mut lower = Lower::new(&renamed, locals, output.clone(), errors);
    let mut arguments = Vec::new();
    for (((pat, ty), name), scalar) in inputs.iter().zip(&names).zip(scalars) {
        let place = lower.locals.get(name).is_some_and(|local| local.place).then(|| {
            let place = lower.open_local(name);
            lower.arguments.push(place);
            place
        });
        arguments.push(Argument { given: pat.ident.clone(), place, ty: ty.to_token_stream(), scalar });
    }
    // Those that state 0 binds lie where the body's places will be.
    if arguments.iter().any(|argument| argument.place.is_none()) {
        lower.open(emit::rest_pointer(), false, None);
        lower.live.pop();
    }
    lower.arguments_begin(&arguments, inputs.iter().map(|(pat, _)| *pat), &names);
    lower.body(&mut body);
    if lower.states.len() > STATES_MAX {
        lower.errors.under(&function.sig.ident, says::STATES);
    }
    if lower.flags > 64 {
        let message = says::FLAGS;
        lower.errors.under(&function.sig.ident, message);
    }
    let plan = Plan { function, krate, names: &renamed, output, arguments, moved };
    let tokens = emit::emit(&plan, &lower);
    errors.is_empty().then_some(tokens)
}

/// As many as a state's number can tell apart, beside those of the end.
const STATES_MAX: usize = 250;
