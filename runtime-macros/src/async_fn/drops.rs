//! What a machine that is suspended drops: guards of all places that may hold a value then, three to a guard, and none for each
//! state. And what it tells, if it is asked and not dropped.
//!
//! # Invariants
//! 1. Guards stand in the order in which their places were opened, which is that of every state's `live`: so they drop as the
//!    source's locals do. The awaited future is dropped before all of them.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote_spanned};

use super::lower::{Awaits, Lower, State, number, quoted};
use super::parse::RESERVED;
use super::places::PLACES;
use super::tokens::{Part, put};

/// The arms of the states that await, for a match of `__bespoke_state`.
pub(super) fn suspended(lower: &Lower<'_>) -> TokenStream {
    let awaiting: Vec<(usize, &State)> =
        lower.states.iter().enumerate().filter(|(_, state)| state.awaits.is_some() && state.text.is_some()).collect();
    let (Some((first, _)), Some((last, _))) = (awaiting.first(), awaiting.last()) else { return TokenStream::new() };
    let mut held: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, (_, state)) in awaiting.iter().enumerate() {
        let others = state.live.iter().take(state.live.len() - 1);
        others.for_each(|place| held.entry(*place).or_default().push(at));
    }
    let awaiting = &*awaiting;
    let held: Vec<(usize, Vec<usize>)> = held.into_iter().filter(|(n, _)| lower.places[*n].guard.is_some()).collect();
    let guards = held.chunks(PLACES).enumerate().map(|(n, held)| {
        Part(move |to: &mut TokenStream| {
            let guard = format_ident!("{}guards_{}", RESERVED, n, span = Span::mixed_site());
            let places: Vec<usize> = held.iter().map(|(place, _)| *place).collect();
            let holds = holds(awaiting, held);
            let holding = Part(|to| lower.held(&places, &holds, to));
            put!(to => let #guard = #holding;);
        })
    });
    let drops = awaiting.iter().filter_map(|(n, state)| {
        let (Awaits { span, text, by_macro }, future) = (state.awaits.as_ref()?, state.live.last()?);
        let (number, pointer) = (number(*n), &lower.places[*future].pointer);
        let places = Part(move |to: &mut TokenStream| put!(to => __bespoke_walk, #text, #pointer, __bespoke_inner));
        // All of the call where the source says `await`: that is what the runtime takes for its line.
        let drops = Ident::new(if *by_macro { "drops_of_macro" } else { "drops" }, *span);
        Some(Part(move |to: &mut TokenStream| {
            let drops = quote_spanned!(*span=> __bespoke_rt::trace::#drops(#places));
            put!(to => #number => #drops,);
        }))
    });
    let (first, last) = (number(*first), number(*last));
    quoted! {
        #first..=#last => {
            let __bespoke_dropped = __bespoke_rt::trace::dropped(&__bespoke_walk, __bespoke_state);
            #(#guards)*
            match __bespoke_state {
                #(#drops)*
                _ => {}
            }
        }
    }
}

/// The bits of up to three places, by the state of the machine, which awaits: those that hold a value in it, by the positions
/// of such states in `awaiting`.
fn holds(awaiting: &[(usize, &State)], held: &[(usize, Vec<usize>)]) -> TokenStream {
    let mut bits = vec![0u8; awaiting.len()];
    for (n, (_, at)) in held.iter().enumerate() {
        at.iter().for_each(|at| bits[*at] |= 1 << n);
    }
    // No machine is suspended in a state between two of them.
    let mut at = 0;
    let arms = bits.chunk_by(|a, b| a == b).filter_map(|run| {
        let [first, last] = [at, at + run.len() - 1].map(|at| number(awaiting[at].0));
        at += run.len();
        let bits = (run[0] != 0).then(|| Literal::u8_unsuffixed(run[0]))?;
        Some(if run.len() == 1 { quoted!(#first => #bits,) } else { quoted!(#first..=#last => #bits,) })
    });
    quoted!(match __bespoke_dropped { #(#arms)* _ => 0 })
}
