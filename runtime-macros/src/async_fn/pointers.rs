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
        let small = format_ident!("small_{}", place.small?, span = Span::mixed_site());
        let pointer = &place.pointer;
        Some(quoted!(let #pointer = __bespoke_rt::frame::#small(__bespoke_head);))
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
        pointers.tokens.extend(quoted!(let #inner = __bespoke_rt::frame::inner(__bespoke_head);));
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

    /// One of two regions that share their bytes, and the other one.
    fn halves(&mut self, region: &Ident) -> (Ident, Ident) {
        let (a, b) = (self.fresh(), self.fresh());
        self.tokens.extend(quoted! {
            let #a = __bespoke_rt::frame::left(#region);
            let #b = __bespoke_rt::frame::right(#region);
        });
        (a, b)
    }

    /// The heads of awaited futures, which share `region`: one of them is awaited at a time.
    fn heads(&mut self, heads: &[&Ident], region: &Ident) {
        match heads {
            [] => self.tokens.extend(quoted!(__bespoke_rt::frame::nothing(#region);)),
            [one] => self.tokens.extend(quoted!(let #one = #region;)),
            many => {
                let (left, right) = many.split_at(many.len() / 2);
                let (a, b) = self.halves(region);
                self.heads(left, &a);
                self.heads(right, &b);
            }
        }
    }

    /// What lies in `region`.
    fn region(&mut self, layout: &Layout, region: &Ident) {
        if self.wanted.is_some_and(|wanted| !layout.holds(wanted)) {
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

    /// Parts that share `region`: halved, so that the type is as deep as the logarithm of their number.
    fn shared(&mut self, parts: &[Layout], region: &Ident) {
        match parts {
            [] => self.tokens.extend(quoted!(__bespoke_rt::frame::nothing(#region);)),
            [one] => self.region(one, region),
            many => {
                let half = if cfg!(bespoke_planted = "6") { 1 } else { many.len() / 2 };
                let (left, right) = many.split_at(half);
                let (a, b) = self.halves(region);
                self.shared(left, &a);
                self.shared(right, &b);
            }
        }
    }

    /// Parts that have bytes of their own: as many as a struct has fields, and the others in its last one.
    fn beside(&mut self, parts: &[Layout], region: &Ident) {
        if let [only] = parts {
            return self.region(only, region);
        }
        let (here, rest) = parts.split_at(if parts.len() > FIELDS { FIELDS - 1 } else { parts.len() });
        let mut names: Vec<Ident> = here.iter().map(|part| self.name(part)).collect();
        names.extend((!rest.is_empty()).then(|| self.fresh()));
        let types = names.iter().map(|_| quoted!(_));
        self.tokens.extend(quoted!(let #region: *mut __bespoke_rt::frame::Beside<#(#types),*> = #region;));
        for (n, name) in names.iter().enumerate() {
            let field = format_ident!("beside_{}", n, span = Span::mixed_site());
            self.tokens.extend(quoted!(let #name = __bespoke_rt::frame::#field(#region);));
        }
        here.iter().zip(&names).for_each(|(part, name)| self.region(part, name));
        if let Some(inner) = names.last().filter(|_| !rest.is_empty()) {
            self.beside(rest, inner);
        }
    }
}

/// How many fields a `Beside` has.
const FIELDS: usize = 8;
