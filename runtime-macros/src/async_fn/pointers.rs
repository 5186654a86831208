//! The pointers to the places, which are all that names the frame's types: rustc infers those from what is written there.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;

use super::layout::Layout;
use super::lower::{Lower, quoted};
use super::parse::RESERVED;

/// Where the places of the storage lie.
pub(super) fn layout(lower: &Lower<'_>) -> Layout {
    let in_storage = |place: &usize| lower.places[*place].small.is_none() && !lower.places[*place].passing;
    let places: Vec<usize> = (0..lower.places.len()).filter(in_storage).collect();
    Layout::of(&places, &lower.meetings)
}

/// A pointer to each place that is `wanted`, or to all of them: in the storage, in the head, and of an awaited future in both.
/// (What one function leaves out, rustc infers from another one.)
pub(super) fn pointers(lower: &Lower<'_>, layout: &Layout, wanted: Option<&BTreeSet<usize>>) -> TokenStream {
    let ident = |name: &str| Ident::new(&format!("{RESERVED}{name}"), Span::mixed_site());
    let (storage, inner) = (ident("storage"), ident("inner"));
    let mut pointers = Pointers { lower, wanted, count: 0, tokens: TokenStream::new() };
    pointers.region(layout, &storage);
    let is_wanted = |place: &usize| wanted.is_none_or(|wanted| wanted.contains(place));
    let heads: Vec<&Ident> = lower.places.iter().filter_map(|place| place.head.as_ref()).collect();
    let small = (0..lower.places.len()).filter(is_wanted).filter_map(|n| {
        let place = &lower.places[n];
        let small = format_ident!("x{}", place.small?, span = Span::mixed_site());
        let pointer = &place.pointer;
        Some(quoted!(let #pointer = &raw mut (*__bespoke_head).#small;))
    });
    pointers.tokens.extend(small);
    if wanted.is_none() {
        for place in lower.places.iter().filter(|place| place.passing) {
            let (value, pointer) = (pointers.fresh(), &place.pointer);
            pointers.tokens.extend(quoted! {
                let mut #value = ::core::mem::MaybeUninit::uninit();
                let #pointer = ::core::mem::MaybeUninit::as_mut_ptr(&mut #value);
            });
        }
    }
    if wanted.is_none() || (0..lower.places.len()).filter(is_wanted).any(|n| lower.places[n].head.is_some()) {
        pointers.tokens.extend(quoted!(let #inner = &raw mut (*__bespoke_head).inner;));
        pointers.heads(&heads, &inner);
    }
    pointers.tokens
}

struct Pointers<'a, 'l> {
    lower: &'a Lower<'l>,
    wanted: Option<&'a BTreeSet<usize>>,
    count: usize,
    tokens: TokenStream,
}

impl Pointers<'_, '_> {
    fn fresh(&mut self) -> Ident {
        self.count += 1;
        format_ident!("{}region_{}", RESERVED, self.count, span = Span::mixed_site())
    }

    /// The pointer to a part of a layout: of a place it is the place's own.
    fn name(&mut self, layout: &Layout) -> Ident {
        match layout {
            Layout::Place(place) => self.lower.places[*place].pointer.clone(),
            Layout::Beside(_) | Layout::Share(_) => self.fresh(),
        }
    }

    fn is_wanted(&self, layout: &Layout) -> bool {
        self.wanted.is_none_or(|wanted| layout.holds(wanted))
    }

    /// The heads of awaited futures, which share `region`: one of them is awaited at a time.
    fn heads(&mut self, heads: &[&Ident], region: &Ident) {
        match heads {
            [] => self.tokens.extend(quoted!(let _: *mut () = #region;)),
            [one] => self.tokens.extend(quoted!(let #one = #region;)),
            many => {
                let parts = split(many);
                let names: Vec<Ident> = parts
                    .iter()
                    .map(|part| match part {
                        [one] => (*one).clone(),
                        _ => self.fresh(),
                    })
                    .collect();
                self.share(&names, region);
                for (part, name) in parts.iter().zip(&names).filter(|(part, _)| part.len() > 1) {
                    self.heads(part, name);
                }
            }
        }
    }

    /// Names for the parts of a region that all begin there.
    fn share(&mut self, names: &[Ident], region: &Ident) {
        let function = format_ident!("share_{}", names.len(), span = Span::mixed_site());
        self.tokens.extend(quoted!(let (#(#names),*) = __bespoke_rt::frame::#function(#region);));
    }

    /// What lies in `region`.
    fn region(&mut self, layout: &Layout, region: &Ident) {
        if !self.is_wanted(layout) {
            return;
        }
        match layout {
            Layout::Place(place) => {
                let pointer = &self.lower.places[*place].pointer;
                if pointer != region {
                    self.tokens.extend(quoted!(let #pointer = #region;));
                }
            }
            Layout::Share(parts) => self.shared(parts, region),
            Layout::Beside(parts) => self.beside(parts, region),
        }
    }

    /// Parts that share `region`: split evenly, so that the type is as deep as the logarithm of their number.
    fn shared(&mut self, parts: &[Layout], region: &Ident) {
        if !parts.is_empty() && !parts.iter().any(|part| self.is_wanted(part)) {
            return;
        }
        match parts {
            [] => self.tokens.extend(quoted!(let _: *mut () = #region;)),
            [one] => self.region(one, region),
            many => {
                let parts = split(many);
                let names: Vec<Ident> = parts
                    .iter()
                    .map(|part| match part {
                        [one] => self.name(one),
                        _ => self.fresh(),
                    })
                    .collect();
                self.share(&names, region);
                parts.iter().zip(&names).for_each(|(part, name)| self.shared(part, name));
            }
        }
    }

    /// Parts that have bytes of their own: as many as a struct has fields, and the others in its last one.
    fn beside(&mut self, parts: &[Layout], region: &Ident) {
        if let [only] = parts {
            return self.region(only, region);
        }
        let (here, rest) = parts.split_at(if parts.len() > FIELDS { FIELDS - 1 } else { parts.len() });
        let types = here.iter().map(|_| quoted!(_)).chain((!rest.is_empty()).then(|| quoted!(_)));
        self.tokens.extend(quoted!(let #region: *mut __bespoke_rt::frame::Beside<#(#types),*> = #region;));
        for (part, field) in here.iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"]) {
            if self.is_wanted(part) {
                let (name, field) = (self.name(part), Ident::new(field, Span::mixed_site()));
                self.tokens.extend(quoted!(let #name = &raw mut (*#region).#field;));
                self.region(part, &name);
            }
        }
        if rest.iter().any(|part| self.is_wanted(part)) {
            let inner = self.fresh();
            self.tokens.extend(quoted!(let #inner = &raw mut (*#region).h;));
            self.beside(rest, &inner);
        }
    }
}

/// As many parts as share their bytes in one union, each of about as many.
fn split<T>(parts: &[T]) -> Vec<&[T]> {
    if cfg!(bespoke_planted = "6") {
        let (first, rest) = parts.split_at(1);
        return vec![first, rest];
    }
    parts.chunks(parts.len().div_ceil(FIELDS)).collect()
}

/// How many fields a `Beside` and a `Share` have.
const FIELDS: usize = 8;
