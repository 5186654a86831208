//! What a machine that is suspended drops: a guard for each place that may hold a value then, and not one for each state in
//! which it does. And what it tells, if it is asked and not dropped.
//!
//! # Invariants
//! 1. Guards stand in the order in which their places were opened, which is that of every state's `live`: so they drop as the
//!    source's locals do. The awaited future is dropped before all of them.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote_spanned;

use super::lower::{Lower, State, number, quoted};

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
    let guards = held.into_iter().filter_map(|(n, at)| {
        let place = &lower.places[n];
        let (guard, pointer) = (place.guard.as_ref()?, &place.pointer);
        let holds = holds(&awaiting, &at);
        let flagged = place.flag.map(|bit| quoted!(&& __bespoke_rt::Flags::get((*__bespoke_head).flags, #bit)));
        Some(quoted!(let #guard =
            __bespoke_rt::Guard { place: #pointer, holds: #holds #flagged, kept: __bespoke_kept };))
    });
    let futures = awaiting.iter().map(|(n, state)| {
        let (number, guard) = (number(*n), lower.guards(&state.live[state.live.len() - 1..]));
        quoted!(#number => { #guard })
    });
    let told = awaiting.iter().filter_map(|(n, state)| {
        let ((at, text), future) = (state.awaits.as_ref()?, state.live.last()?);
        let (number, pointer) = (number(*n), &lower.places[*future].pointer);
        let places = quoted!(__bespoke_walk, #text, #pointer, __bespoke_inner);
        // All of the call where the source says `await`: that is what the runtime takes for its line.
        let drops = quote_spanned!(*at=> __bespoke_rt::trace::drops(#places));
        Some(quoted!(#number => #drops,))
    });
    let (first, last) = (number(*first), number(*last));
    quoted! {
        #first..=#last => {
            let __bespoke_drops = match __bespoke_state {
                #(#told)*
                _ => false,
            };
            if __bespoke_drops {
                #(#guards)*
                match __bespoke_state {
                    #(#futures)*
                    _ => {}
                }
            }
        }
    }
}

/// Whether a place holds a value in the state of the machine, which awaits: it does in those at some positions of `awaiting`.
fn holds(awaiting: &[(usize, &State)], at: &[usize]) -> TokenStream {
    if at.len() == awaiting.len() {
        return quoted!(true);
    }
    // No machine is suspended in a state between two of them.
    let runs = at.chunk_by(|a, b| a + 1 == *b).map(|run| {
        let [first, last] = [run[0], run[run.len() - 1]].map(|at| number(awaiting[at].0));
        quoted!(#first..=#last)
    });
    quoted!(match __bespoke_state { #(#runs)|* => true, _ => false })
}
