//! `#[bespoke::async_fn]`: an `async fn` as a state machine that this macro writes, and not rustc.
//!
//! | stage | from → to | knows |
//! |---|---|---|
//! | [`parse`] | tokens → arguments and functions | the grammar |
//! | [`several`], [`select`] | the body → the same, without the runtime's macros that await | what those expand to |
//! | [`consume`] | the body → the same, with the receivers that some methods consume | those methods, by their names |
//! | [`signature`] | a signature → the one with the future in it | which signatures are understood; lifetimes, of traits, too |
//! | [`waits`] | the body → that of the twin | where the function awaits |
//! | [`rename`] | the body → the same, with unique names | scopes, macros |
//! | [`shape`], [`hold`] | that → a tree of our own | the language: what may await where, and which temporaries |
//! | [`analyze`] | the tree → which locals have a place in the frame | where states end |
//! | [`lower`], [`flow`], [`places`], [`rewrite`] | the tree → states | how each shape and each use is said in states |
//! | [`layout`] | who lives with whom → storage | which places may have the same bytes |
//! | [`emit`], [`pointers`], [`drops`] | the states → tokens | the runtime's paths, alone |
//!
//! [`walk`], [`awaits`](mod@awaits), [`known`], [`text`](mod@text) and [`tokens`] are what all of them use.
//!
//! *Architecture Invariant:* what is not understood is refused, with the words of the rewrite. There is no path from here
//! to rustc's own transformation but the argument `rustc`.
//!
//! # Invariants
//! 1. A function of the user's name is always in the output, also beside errors.
//! 2. The stages meet the locals in the same order, and decide what an expression is by the same functions ([`walk`]).

mod analyze;
mod awaits;
mod consume;
mod drops;
mod emit;
mod flow;
mod hold;
mod kind;
mod known;
mod layout;
mod lower;
mod parse;
mod places;
mod pointers;
mod rename;
mod rewrite;
mod says;
mod select;
mod several;
mod shape;
pub(crate) mod signature;
mod text;
mod tokens;
mod waits;
mod walk;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Block, FnArg, ImplItem, ItemFn, Pat, Path, TraitItem, TraitItemFn, Type, Visibility};

use crate::errors::Errors;
use emit::{Argument, Plan};
use lower::Lower;
use parse::{Item, Mentions};
use signature::{Home, Made};

/// The whole macro.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let (arguments, parsed) = parse::parse(arguments, item.clone(), &mut errors);
    let krate = arguments.krate.as_ref();
    let output = match parsed {
        Some(Item::Function(function)) if arguments.rustc.is_none() => one(*function, None, krate, &mut errors),
        Some(Item::Impl(mut block)) if arguments.rustc.is_none() => {
            let items = core::mem::take(&mut block.items);
            let generics = &block.generics;
            let home = match &block.trait_ {
                Some((_, of, _)) => Home::ImplOf { generics, of },
                None => Home::Impl(generics),
            };
            let items = items.into_iter().map(|item| match parse::method(item) {
                Ok(method) => ImplItem::Verbatim(one(method, Some(&home), krate, &mut errors)),
                Err(item) => *item,
            });
            let items = items.collect();
            block.items = items;
            block.into_token_stream()
        }
        Some(Item::Trait(mut declaration)) if arguments.rustc.is_none() => {
            let items = core::mem::take(&mut declaration.items);
            let home = Home::Trait(&declaration.generics);
            let items = items.into_iter().map(|item| match item {
                TraitItem::Fn(method) if !parse::has_own(&method.attrs) => declared(method, &home, krate, &mut errors),
                other => other,
            });
            let mut items: Vec<TraitItem> = items.collect();
            items.push(TraitItem::Verbatim(emit::declaration()));
            declaration.items = items;
            declaration.into_token_stream()
        }
        _ => item,
    };
    let mut shown = errors.into_tokens();
    shown.extend(output);
    shown
}

/// A method of a trait that is declared under the attribute: with the lifetimes that it gets in `impl`s under the attribute, and
/// with a machine if it is provided.
fn declared(mut method: TraitItemFn, home: &Home<'_>, krate: Option<&Path>, errors: &mut Errors) -> TraitItem {
    let made = match (method.sig.asyncness.is_some(), method.default.take()) {
        (true, Some(block)) => {
            let (attrs, vis, sig) = (method.attrs, Visibility::Inherited, method.sig);
            return TraitItem::Verbatim(one(
                ItemFn { attrs, vis, sig, block: Box::new(block) },
                Some(home),
                krate,
                errors,
            ));
        }
        (true, None) => {
            signature::check(&method.sig, true, errors);
            Made::Declared
        }
        (false, default) => {
            method.default = default;
            if !signature::returns_future(&method.sig) {
                return TraitItem::Fn(method);
            }
            Made::Written
        }
    };
    if errors.is_empty()
        && let Some(signed) = signature::sign(&method.sig, home, &made, errors)
        && (signed.shortest || matches!(made, Made::Declared))
    {
        method.sig = signed.signature;
    }
    TraitItem::Fn(method)
}

/// One function with its machine, or as it was written. Without a `home` it stands under the attribute itself, and where that is
/// is not seen.
fn one(mut function: ItemFn, home: Option<&Home<'_>>, krate: Option<&Path>, errors: &mut Errors) -> TokenStream {
    let body = parse::body(&mut function);
    let mentions = parse::check(&function, errors);
    let of_impl = || {
        let ItemFn { attrs, sig, .. } = &function;
        mentions.of_impl || sig.receiver().is_some() || signature::names(quote!(#(#attrs)* #sig), "Self")
    };
    let home = match home {
        Some(home) => home,
        None if of_impl() => &Home::Unknown,
        None => &Home::Free,
    };
    let machine = errors.is_empty().then(|| machine(&function, body, mentions, home, krate, errors)).flatten();
    machine.unwrap_or_else(|| emit::fallback(&function))
}

/// An argument, as the source has it.
struct Input<'a> {
    name: Ident,
    /// `mut`, or nothing.
    mutability: TokenStream,
    /// `None` for `self` without a type.
    ty: Option<&'a Type>,
}

/// The function with its machine; `None` if a mistake was recorded.
fn machine(
    function: &ItemFn,
    mut body: Block,
    mentions: Mentions,
    home: &Home<'_>,
    krate: Option<&Path>,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let made = Made::Machine { in_parts: &emit::in_parts(krate) };
    let signed = signature::sign(&function.sig, home, &made, errors)?;
    let named = if mentions.several { several::expand(&mut body, errors) } else { Vec::new() };
    // What was not understood stays a macro, of which later stages would say more than the mistake is.
    if !errors.is_empty() {
        return None;
    }
    let mut inputs: Vec<Input<'_>> = Vec::new();
    for input in &function.sig.inputs {
        inputs.push(match input {
            FnArg::Receiver(receiver) => Input {
                name: Ident::new("self", receiver.self_token.span),
                mutability: receiver
                    .mutability
                    .iter()
                    .filter(|_| receiver.reference.is_none())
                    .map(ToTokens::to_token_stream)
                    .collect(),
                ty: receiver.reference.as_ref().map(|_| &*receiver.ty),
            },
            FnArg::Typed(input) => {
                let Pat::Ident(pat) = &*input.pat else { return None };
                Input { name: pat.ident.clone(), mutability: pat.mutability.to_token_stream(), ty: Some(&*input.ty) }
            }
        });
    }
    // What `&self` and `&mut self` are lent for goes on behind them.
    let given = inputs.iter().filter(|input| input.name != "self" || input.ty.is_none()).map(|input| &input.name);
    let consumes = mentions.consumes && consume::mark(&mut body, given);
    let room = emit::room(krate);
    let waiting = waits::waiting(&mut body, &room).map(|inside| {
        let machines = (!named.is_empty()).then(|| emit::machines(krate));
        let consumed = consumes.then(|| consume::import(&room));
        quote!(#machines #consumed #inside)
    });
    let mut names: Vec<Ident> = inputs.iter().map(|input| input.name.clone()).collect();
    let mut renamed = rename::rename(&mut names.iter_mut().collect::<Vec<_>>(), &mut body, errors);
    let mut body = shape::shape(body, &mut renamed, errors);
    if !errors.is_empty() {
        return None;
    }
    let typed: Vec<(Ident, Option<&Type>)> = names.iter().cloned().zip(inputs.iter().map(|input| input.ty)).collect();
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
    for call in locals.values().filter_map(|local| local.extends.clone()) {
        errors.under(renamed.restore(call), says::MAY_EXTEND);
    }
    let moved = locals.iter().filter_map(|(name, local)| Some((name.clone(), local.moved_by.clone()?)));
    let mut moved: Vec<(Ident, Ident)> = moved.collect();
    // The same expansion each time.
    moved.sort();
    let scalars: Vec<bool> = names.iter().map(|name| locals.get(name).is_some_and(|local| local.scalar)).collect();
    let mut lower = Lower::new(&renamed, locals, signed.output.clone(), errors);
    let mut arguments = Vec::new();
    for ((input, name), scalar) in inputs.into_iter().zip(&names).zip(scalars) {
        let place = lower.locals.get(name).is_some_and(|local| local.place).then(|| {
            let place = lower.open_local(name);
            lower.arguments.push(place);
            place
        });
        arguments.push(Argument { given: input.name, mutability: input.mutability, place, scalar });
    }
    // Those that state 0 binds lie where the body's places will be.
    let rest = arguments.iter().any(|argument| argument.place.is_none()).then(|| {
        let rest = lower.open(emit::rest_pointer(), false, None);
        lower.live.pop();
        rest
    });
    lower.arguments_begin(&arguments, &names);
    lower.body(&mut body);
    if lower.states.len() > STATES_MAX {
        lower.errors.under(&function.sig.ident, says::STATES);
    }
    if lower.flags > 64 {
        let message = says::FLAGS;
        lower.errors.under(&function.sig.ident, message);
    }
    let (in_body, refines) = (!matches!(home, Home::Free), matches!(home, Home::Unknown));
    let declared = match home {
        Home::ImplOf { of, .. } if signed.shortest => Some(*of),
        _ => None,
    };
    let names = &renamed;
    let plan =
        Plan { function, krate, names, signed, named, waiting, in_body, refines, declared, arguments, rest, moved };
    let tokens = emit::emit(&plan, &lower);
    errors.is_empty().then_some(tokens)
}

/// States are blocks in each other, and rustc overflows its stack at about twice as many.
const STATES_MAX: usize = 400;
