//! Stage 6 of `async_fn`: the tokens. The only file of this macro that knows a path of the runtime.
//!
//! # Invariants
//! 1. Paths begin with the runtime's crate or with `::core`; the runtime's room is called `__bespoke_rt` within.
//! 2. The twin comes before the machine, is the source as it was written but that it waits in calls, and is never called.
//! 3. There is no `async` outside of the twin for clippy and of what the user wrote.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ItemFn, Path};

use super::drops;
use super::lower::{Lower, label, number, quoted};
use super::parse::RESERVED;
use super::places::holding;
use super::pointers::{For, layout, pointers};
use super::rename::Names;
use super::several::Named;
use super::signature::Signed;
use super::tokens::{Part, put};

/// What the expansion is made of, beside the states.
pub(super) struct Plan<'a> {
    pub(super) function: &'a ItemFn,
    pub(super) krate: Option<&'a Path>,
    pub(super) names: &'a Names,
    pub(super) signed: Signed,
    /// The macros of the source that are taken for the runtime's.
    pub(super) named: Vec<Named>,
    /// The inside of the twin's body; `None` if that is the source's.
    pub(super) waiting: Option<TokenStream>,
    /// The twin is a block in the function's body, since it stands in an `impl`.
    pub(super) in_body: bool,
    /// It may stand in the `impl` of a trait, whose method says less of its future.
    pub(super) refines: bool,
    /// The trait that must have been declared under the attribute, since the method has a lifetime more than the source says.
    pub(super) declared: Option<&'a Path>,
    /// The arguments in order, under the names of the machine, and their types.
    pub(super) arguments: Vec<Argument>,
    /// The place of the arguments that state 0 binds.
    pub(super) rest: Option<usize>,
    /// The locals that were taken to be moved away before the first suspension, with the use that does it.
    pub(super) moved: Vec<(Ident, Ident)>,
}

pub(super) struct Argument {
    /// As the caller gives it.
    pub(super) given: Ident,
    /// `mut`, or nothing.
    pub(super) mutability: TokenStream,
    /// Its place in the frame; `None` if state 0 binds it.
    pub(super) place: Option<usize>,
    pub(super) scalar: bool,
}

pub(super) fn emit(plan: &Plan<'_>, lower: &Lower<'_>) -> TokenStream {
    let krate = runtime(plan.krate);
    let function = plan.function;
    let (attrs, vis) = (&function.attrs, &function.vis);
    let signature = &plan.signed.signature;
    let checks = checks(plan);
    let for_clippy = twin_for_clippy(plan, &krate);
    let twin = if plan.in_body { twin_in_body(plan, &krate) } else { twin(plan) };
    let machines = (!plan.named.is_empty()).then(|| machines(plan.krate));
    let selects = plan.named.iter().any(Named::selects).then(|| quote!(irrefutable_let_patterns,));
    let unused = lower.places.iter().any(|place| place.unused);
    let unused = unused.then(|| quote!(use #krate::__private::machine::KeepsUnused as _;));
    let machine = machine(plan, lower);
    // Readers look for `Future`. Of a trait's method it is all that the trait says.
    let refines = plan.refines.then(|| quote!(refining_impl_trait,));
    let beside =
        quote!(#[allow(clippy::implied_bounds_in_impls, #refines reason = "machines look for the second bound")]);
    quote! {
        #(#attrs)*
        #beside
        #vis #signature {
            #for_clippy
            #twin
            #[allow(
                unused, unreachable_code, unconditional_panic, arithmetic_overflow, non_snake_case,
                dangerous_implicit_autorefs, dropping_copy_types, dropping_references, let_underscore_drop,
                non_shorthand_field_patterns,
                #selects clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction,
                reason = "the lints of the source are those of the function above"
            )]
            {
                use #krate::__private::machine as __bespoke_rt;
                use #krate::__private::machine::BeginWhole as _;
                #unused
                #machines
                #checks
                #machine
            }
        }
    }
}

/// What the future of a function under the attribute is beside `Future`: so that another one can take it apart.
pub(super) fn in_parts(krate: Option<&Path>) -> TokenStream {
    let krate = runtime(krate);
    quote!(#krate::__private::machine::InParts)
}

/// What a trait that is declared under the attribute has, so that an `impl` which needs that can ask for it. Its name is what
/// rustc says of a trait that has it not.
pub(super) fn declaration() -> TokenStream {
    let name = declared_name(Span::call_site());
    quote! {
        #[doc(hidden)]
        #[allow(dead_code, reason = "asked for by `impl`s under the attribute, and never called")]
        fn #name(&self) {}
    }
}

fn declared_name(span: Span) -> Ident {
    Ident::new("async_fn_on_its_declaration", span)
}

/// The runtime's crate.
fn runtime(krate: Option<&Path>) -> TokenStream {
    krate.map_or_else(|| quote!(::bespoke), ToTokens::to_token_stream)
}

/// The function beside an error: as it was written, so that its callers are not wrong, too.
pub(super) fn fallback(function: &ItemFn) -> TokenStream {
    function.to_token_stream()
}

/// Never called: rustc judges the borrows, the moves and the types of the source in it.
fn twin(plan: &Plan<'_>) -> TokenStream {
    let (signature, body) = (&plan.function.sig, waiting(plan));
    // Under its own name the function that it calls is the one with the machine.
    let name = Ident::new(&format!("{RESERVED}twin"), signature.ident.span().resolved_at(Span::mixed_site()));
    let (generics, inputs, output) = (&signature.generics, &signature.inputs, &signature.output);
    let (token, clause) = (&signature.fn_token, &generics.where_clause);
    quote! {
        #[cfg(not(clippy))]
        #[allow(
            dead_code, unconditional_panic, arithmetic_overflow,
            reason = "rustc checks it, as it would an `async fn`; what runs is the machine"
        )]
        #token #name #generics (#inputs) #output #clause #body
    }
}

/// The body of a twin, in the braces that it has in the source.
fn waiting(plan: &Plan<'_>) -> TokenStream {
    let body = &plan.function.block;
    let Some(inside) = &plan.waiting else { return body.to_token_stream() };
    let mut braces = Group::new(Delimiter::Brace, inside.clone());
    braces.set_span(body.brace_token.span.join());
    TokenTree::from(braces).into()
}

/// The room that holds what waits in twins.
pub(super) fn room(krate: Option<&Path>) -> TokenStream {
    let krate = runtime(krate);
    quote!(#krate::__private::machine)
}

/// What the runtime's macros that await are made of, for a block.
pub(super) fn machines(krate: Option<&Path>) -> TokenStream {
    let krate = runtime(krate);
    quote!(use #krate::__private::machines::*;)
}

/// The twin of a function that names `Self`, or what its `impl` declares: a closure, which is made only if `false`.
///
/// All arguments are in it, as they are in an `async fn`.
fn twin_in_body(plan: &Plan<'_>, krate: &TokenStream) -> TokenStream {
    let (output, body) = (&plan.signed.output, waiting(plan));
    let (of_self, others) = inside(plan);
    quote! {
        #[cfg(not(clippy))]
        #[allow(unconditional_panic, arithmetic_overflow, reason = "of an `async fn` rustc does not say it")]
        if false {
            #krate::__private::machine::twin::<#output, _>(move || -> #output {
                if false {
                    #of_self
                }
                #others
                #body
            });
        }
    }
}

/// What clippy sees, some of whose lints are about `.await`: the source as it was written, in a block.
///
/// The function's output is the first that the block returns, so what it returns later has the coercions of a function.
fn twin_for_clippy(plan: &Plan<'_>, krate: &TokenStream) -> TokenStream {
    let (output, body) = (&plan.signed.output, &plan.function.block);
    let (of_self, others) = inside(plan);
    quote! {
        #[cfg(clippy)]
        #[allow(unused_braces, clippy::diverging_sub_expression, reason = "clippy checks it; what runs is the machine")]
        if false {
            #krate::__private::machine::twin_for_clippy::<#output, _>(async move {
                if false {
                    #of_self
                    return #krate::__private::machine::never::<#output>();
                }
                #others
                #body
            });
        }
    }
}

/// The arguments of a twin in the body: `self`, which is named, and the others, which are bound anew.
fn inside(plan: &Plan<'_>) -> (TokenStream, TokenStream) {
    let (mut of_self, mut others) = (TokenStream::new(), TokenStream::new());
    for Argument { given, mutability, .. } in &plan.arguments {
        if given == "self" {
            of_self.extend(quote!(let _ = &#given;));
        } else {
            others.extend(quote!(let #mutability #given = #given;));
        }
    }
    (of_self, others)
}

/// What the machine takes for granted and rustc can say: see each.
fn checks(plan: &Plan<'_>) -> TokenStream {
    // A name in a pattern is a local, and not a constant; what moves a local away is of the local's own hygiene.
    // Few statements, each with as many names as it can have.
    let mut rounds: Vec<(BTreeSet<String>, TokenStream)> = Vec::new();
    for local in &plan.names.locals {
        let name = local.to_string();
        let at = rounds.iter().position(|(names, _)| names.len() < 16 && !names.contains(&name)).unwrap_or_else(|| {
            rounds.push(Default::default());
            rounds.len() - 1
        });
        let (names, bound) = &mut rounds[at];
        names.insert(name);
        bound.extend(quote!(#local @));
    }
    let bound: TokenStream = rounds.into_iter().map(|(_, bound)| quote!(let #bound _ = ();)).collect();
    let bound = if cfg!(bespoke_planted = "13") { TokenStream::new() } else { bound };
    let moved = plan.moved.iter().filter_map(|(local, by)| {
        let (local, by) = (plan.names.local_of(local)?, plan.names.local_of(by)?.clone().into_token_stream());
        Some(quote!({ let #local = (); #by }))
    });
    let moved: Vec<TokenStream> = moved.collect();
    // Compiles in edition 2024 alone: the block lies on the function's own braces, and a temporary of its last expression
    // must be gone before `the_edition_is_2024` is.
    let local = Ident::new("the_edition_is_2024", plan.function.block.brace_token.span.open());
    let inside = quote! {
        let #local = ::core::cell::RefCell::new(0);
        *#local.borrow()
    };
    let mut edition = Group::new(Delimiter::Brace, inside);
    edition.set_span(plan.function.block.brace_token.span.join());
    let questions = plan.named.iter().map(Named::question);
    let declared = plan.declared.map(|of| {
        let name = declared_name(plan.function.sig.ident.span());
        quote!(let _ = <Self as #of>::#name;)
    });
    quote! {
        if false { #declared #bound #(#moved)* #(#questions)* }
        if false { let _: ::core::primitive::i32 = #edition; }
    }
}

fn machine(plan: &Plan<'_>, lower: &Lower<'_>) -> TokenStream {
    let layout = layout(lower);
    let outside = |more: &mut dyn Iterator<Item = usize>| -> BTreeSet<usize> {
        lower.arguments.iter().copied().chain(plan.rest).chain(more).collect()
    };
    let suspended = lower.states.iter().filter(|state| state.awaits.is_some() && state.text.is_some());
    let given_places = outside(&mut core::iter::empty());
    let (of_write, _) = pointers(lower, &layout, &For::Some(&given_places));
    let (of_poll, ties) = pointers(lower, &layout, &For::All { known: &given_places });
    let dropped = outside(&mut suspended.flat_map(|state| state.live.iter().copied()));
    let (of_drop, _) = pointers(lower, &layout, &For::Some(&dropped));
    // SAFETY: a guard stands where its place holds a value, by inv. 3 of `lower`, and the frame outlives the call.
    let kept = lower.places.iter().any(|place| place.guard.is_some());
    let kept = kept.then(|| quoted!(let __bespoke_kept = __bespoke_rt::Kept::promise();));
    let flags_pointer = (lower.flags != 0).then(|| quoted!(let __bespoke_flags = &raw mut (*__bespoke_head).flags;));
    let no_flags = if lower.flags == 0 { quoted!(()) } else { quoted!(0) };
    let flags = match lower.flags {
        0 => quoted!(()),
        1..=8 => quoted!(::core::primitive::u8),
        9..=16 => quoted!(::core::primitive::u16),
        17..=32 => quoted!(::core::primitive::u32),
        _ => quoted!(::core::primitive::u64),
    };
    let number_type = if lower.states.len() <= STATES_OF_A_BYTE {
        quoted!(::core::primitive::u8)
    } else {
        quoted!(::core::primitive::u16)
    };
    let small = (0..lower.small).map(|_| quoted!(_));
    let head = quoted!(*mut __bespoke_rt::Head<_, #flags, #number_type #(, #small)*>);
    let output = &plan.signed.output;
    let given: Vec<&Ident> = plan.arguments.iter().map(|argument| &argument.given).collect();
    let passing: Vec<Ident> = (0..given.len()).map(passing).collect();
    let unplaced: Vec<&Ident> = plan
        .arguments
        .iter()
        .zip(&passing)
        .filter(|(argument, _)| argument.place.is_none())
        .map(|(_, name)| name)
        .collect();
    let place = |n: usize| &lower.places[n].pointer;
    let writes = plan.arguments.iter().zip(&passing).filter_map(|(argument, passing)| {
        let pointer = place(argument.place?);
        Some(quoted!(__bespoke_rt::write(#pointer, #passing);))
    });
    let scalars = plan.arguments.iter().zip(&passing).filter(|(argument, _)| argument.scalar);
    let scalars: Vec<TokenStream> =
        scalars.map(|(_, passing)| quoted!(__bespoke_rt::scalar(&raw const #passing);)).collect();
    let rest = (!unplaced.is_empty()).then(|| {
        let pointer = rest_pointer();
        (quoted!(__bespoke_rt::write(#pointer, (#(#unplaced,)*));), quoted!(let (#(#unplaced,)*) = #pointer.read();))
    });
    let (write_rest, read_rest) = rest.unzip();
    let dropped = plan.arguments.iter().zip(&passing).map(|(argument, passing)| match argument.place {
        Some(_) if argument.scalar => TokenStream::new(),
        Some(n) => {
            let holding = holding(place(n));
            quoted!(let #passing = #holding;)
        }
        None => quoted!(let #passing = #passing;),
    });
    // Dropped in order of declaration: locals are dropped in reverse.
    let mut dropped: Vec<TokenStream> = dropped.collect();
    if !cfg!(bespoke_planted = "7") {
        dropped.reverse();
    }
    // All of the call where the function's name is: that is what the runtime takes for its line.
    let walk = quoted!(__bespoke_walk);
    let span = plan.function.sig.ident.span();
    let unbegun = quote_spanned!(span=> __bespoke_rt::trace::drops_unbegun(#walk));
    let suspended = drops::suspended(lower);
    let code = code(lower);
    quoted! {
        #(let #passing = #given;)*
        #(#scalars)*
        // SAFETY: `write` writes the header and what state 0 expects; the states are made so that the invariants of the
        // room `machine` hold, as `lower` and `places` say. Each closure: the frame is that of the machine.
        unsafe {
            __bespoke_rt::machine::<_, _, #output, _, _, _>(
                // SAFETY: the places are those of this frame, and hold nothing yet.
                move |__bespoke_head: #head, __bespoke_storage: *mut _| unsafe {
                    #of_write
                    (*__bespoke_head).state = 0;
                    (*__bespoke_head).flags = #no_flags;
                    #(#writes)*
                    #write_rest
                },
                |
                    __bespoke_head: #head,
                    __bespoke_storage: *mut _,
                    __bespoke_context: &mut ::core::task::Context<'_>,
                | -> __bespoke_rt::Step<#output, #number_type> {
                    // SAFETY: a state finds what its number promises (inv. 2 of `machine`), by inv. 2 and 3 of `lower`; what
                    // the source does with its locals rustc allowed in the twin.
                    unsafe {
                        #of_poll
                        #flags_pointer
                        #kept
                        let mut __bespoke_state: #number_type = (*__bespoke_head).state;
                        let __bespoke_suspended: #number_type = '__bespoke_suspended: {
                            '__bespoke_machine: loop {
                                #code
                            }
                            #ties
                        };
                        __bespoke_rt::Step::Pending(__bespoke_suspended)
                    }
                },
                // SAFETY: as above; nobody polls a machine that is dropped, or told of.
                |
                    __bespoke_head: #head,
                    __bespoke_storage: *mut _,
                    __bespoke_walk: ::core::option::Option<&mut __bespoke_rt::trace::Walk<'_>>,
                | unsafe {
                    #of_drop
                    #flags_pointer
                    #kept
                    let __bespoke_state: #number_type = (*__bespoke_head).state;
                    match __bespoke_state {
                        0 => if #unbegun { #read_rest #(#dropped)* },
                        #suspended
                        _ => {}
                    }
                },
            )
        }
    }
}

/// The name under which an argument comes to its state.
pub(super) fn passing(n: usize) -> Ident {
    Ident::new(&format!("{RESERVED}argument_{n}"), Span::mixed_site())
}

/// The pointer to the arguments that state 0 binds.
pub(super) fn rest_pointer() -> Ident {
    Ident::new(&format!("{RESERVED}arguments"), Span::mixed_site())
}

/// The dispatch, and after it the states in the order of the source.
fn code(lower: &Lower<'_>) -> TokenStream {
    let mut begun: Vec<(usize, usize)> =
        lower.states.iter().enumerate().filter_map(|(n, state)| Some((state.text?, n))).collect();
    begun.sort_unstable();
    let entries = begun.iter().filter(|(_, n)| lower.states[*n].entry || cfg!(bespoke_planted = "12")).map(|(_, n)| {
        let (number, label) = (number(*n), label(*n));
        quoted!(#number => break #label,)
    });
    let mut code = quoted! {
        match __bespoke_state {
            #(#entries)*
            __bespoke_other => return __bespoke_rt::resumed(__bespoke_other),
        }
    };
    for (text, n) in begun {
        let label = label(n);
        let text = &lower.texts[text];
        let mut with = TokenStream::new();
        put!(&mut with => #label: { #code });
        if text.is_empty() {
            // Branches meet here that return all of them.
            put!(&mut with => ::core::unreachable!(););
        } else {
            let guards = Part(|to| lower.guards(n, to));
            put!(&mut with => let _: __bespoke_rt::Never = { #guards #text };);
        }
        code = with;
    }
    // In a labelled block a `break` or `continue` that another macro wrote is an error of its own.
    quoted!('__bespoke_states: { #code })
}

/// The name of the runtime's room within the expansion (inv. 1).
pub(super) const RUNTIME_ROOM: &str = concat!("__", "bespoke_rt");

pub(super) fn runtime_room(span: Span) -> Ident {
    Ident::new(RUNTIME_ROOM, span)
}

/// As many as a byte can tell apart, beside those of the end.
const STATES_OF_A_BYTE: usize = 250;
