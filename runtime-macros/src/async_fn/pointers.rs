//! The pointers to the places, which are all that names the frame's types: rustc infers those from what is written there.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};

use super::layout::Layout;
use super::lower::Lower;
use super::parse::RESERVED;
use super::tokens::{Part, put};

/// Where the places of the storage lie.
pub(super) fn layout(lower: &Lower<'_>) -> Layout {
    let in_storage = |place: &usize| lower.places[*place].small.is_none() && !lower.places[*place].passing;
    let places: Vec<usize> = (0..lower.places.len()).filter(in_storage).collect();
    Layout::of(&places, &lower.meetings)
}

/// Which function of a machine the pointers are for.
pub(super) enum For<'a> {
    /// The one that writes the arguments, or the one that drops what is left: these places.
    Some(&'a BTreeSet<usize>),
    /// The poll function: all of them. These, the arguments, have their types from the one that writes them.
    All { known: &'a BTreeSet<usize> },
}

/// Pointers to the places of the storage and of the head, and what ties the types of shared bytes to the types of what lies
/// there, to stand after the last use. (What one function leaves out, rustc infers from another one.)
///
/// Until a state writes to a place, its type is a variable, and each bound of it a question that rustc asks at every call.
/// So bytes that are shared are pointers of any type until the end. `inner`, where the heads of all that is awaited lie,
/// has none.
pub(super) fn pointers(lower: &Lower<'_>, layout: &Layout, of: &For<'_>) -> (TokenStream, TokenStream) {
    let mut pointers = Pointers { lower, of, count: 0, tokens: TokenStream::new(), ties: TokenStream::new() };
    let storage = ident("storage");
    pointers.region(layout, &storage);
    let wanted = |n: usize| match of {
        For::Some(places) => places.contains(&n),
        For::All { .. } => true,
    };
    let places = || (0..lower.places.len()).filter(|n| wanted(*n)).map(|n| &lower.places[n]);
    for (place, small) in places().filter_map(|place| Some((place, place.small?))) {
        let field = format_ident!("x{}", small, span = Span::mixed_site());
        let pointer = &place.pointer;
        put!(&mut pointers.tokens => let #pointer = &raw mut (*__bespoke_head).#field;);
    }
    if places().any(|place| place.awaited) {
        put!(&mut pointers.tokens => let __bespoke_inner = &raw mut (*__bespoke_head).inner as *mut (););
    }
    if let For::All { .. } = of {
        for place in lower.places.iter().filter(|place| place.passing) {
            let (value, pointer) = (pointers.fresh(), &place.pointer);
            put! { &mut pointers.tokens =>
                let mut #value = ::core::mem::MaybeUninit::uninit();
                let #pointer = ::core::mem::MaybeUninit::as_mut_ptr(&mut #value);
            }
        }
        let awaited: Vec<Ident> =
            lower.places.iter().filter(|place| place.awaited).map(|place| place.pointer.clone()).collect();
        let inner = pointers.fresh();
        put!(&mut pointers.ties => let #inner = &raw mut (*__bespoke_head).inner;);
        pointers.heads(&awaited, &inner);
    }
    (pointers.tokens, pointers.ties)
}

fn ident(name: &str) -> Ident {
    Ident::new(&format!("{RESERVED}{name}"), Span::mixed_site())
}

struct Pointers<'a, 'l> {
    lower: &'a Lower<'l>,
    of: &'a For<'a>,
    count: usize,
    tokens: TokenStream,
    ties: TokenStream,
}

impl Pointers<'_, '_> {
    fn fresh(&mut self) -> Ident {
        self.count += 1;
        ident(&format!("region_{}", self.count))
    }

    /// The pointer to a part of a layout: of a place it is the place's own.
    fn name(&mut self, layout: &Layout) -> Ident {
        match layout {
            Layout::Place(place) => self.lower.places[*place].pointer.clone(),
            Layout::Beside(_) | Layout::Share(_) => self.fresh(),
        }
    }

    fn is_wanted(&self, parts: &[Layout]) -> bool {
        match self.of {
            For::Some(places) => parts.iter().any(|part| part.holds(places)),
            For::All { .. } => true,
        }
    }

    /// Ties `region` to the types of the heads of what is awaited in some places: one of them is awaited at a time.
    fn heads(&mut self, places: &[Ident], region: &Ident) {
        if places.is_empty() {
            return put!(&mut self.ties => let _: *mut () = #region;);
        }
        if places.len() <= FIELDS {
            let function = format_ident!("heads_{}", places.len(), span = Span::mixed_site());
            let places = each(places);
            return put!(&mut self.ties => __bespoke_rt::parts::#function(#places #region););
        }
        let parts = split(places);
        let names: Vec<Ident> = parts.iter().map(|_| self.fresh()).collect();
        names.iter().for_each(|name| put!(&mut self.ties => let #name = #region as *mut _;));
        for (part, name) in parts.into_iter().zip(&names) {
            self.heads(part, name);
        }
        self.tie(&names, region);
    }

    /// Ties `region` to the types of parts that share its bytes.
    fn tie(&mut self, parts: &[Ident], region: &Ident) {
        let function = format_ident!("tie_{}", parts.len(), span = Span::mixed_site());
        let parts = each(parts);
        put!(&mut self.ties => __bespoke_rt::frame::#function(#parts #region););
    }

    /// What lies in `region`.
    fn region(&mut self, layout: &Layout, region: &Ident) {
        match layout {
            Layout::Place(place) => {
                let pointer = &self.lower.places[*place].pointer;
                if pointer != region {
                    put!(&mut self.tokens => let #pointer = #region;);
                }
            }
            Layout::Share(parts) => self.shared(parts, region),
            Layout::Beside(parts) => self.beside(parts, region),
        }
    }

    /// Parts that share `region`: split evenly, so that the type is as deep as the logarithm of their number.
    fn shared(&mut self, parts: &[Layout], region: &Ident) {
        match parts {
            [] => put!(&mut self.tokens => let _: *mut () = #region;),
            [one] => self.region(one, region),
            many => {
                let is_known = match self.of {
                    For::Some(_) => true,
                    For::All { known } => many.iter().any(|part| part.holds(known)),
                };
                let parts = split(many);
                let names: Vec<Ident> = parts
                    .iter()
                    .map(|part| match part {
                        [one] => self.name(one),
                        _ => self.fresh(),
                    })
                    .collect();
                if is_known {
                    let function = format_ident!("share_{}", names.len(), span = Span::mixed_site());
                    let names = each(&names);
                    put!(&mut self.tokens => let (#names) = __bespoke_rt::frame::#function(#region););
                } else {
                    names.iter().for_each(|name| put!(&mut self.tokens => let #name = #region as *mut _;));
                }
                for (part, name) in parts.iter().zip(&names) {
                    if self.is_wanted(part) {
                        self.shared(part, name);
                    }
                }
                // After those of the parts, which are known then.
                if !is_known {
                    self.tie(&names, region);
                }
            }
        }
    }

    /// Parts that have bytes of their own: as many as a struct has fields, and the others in its last one.
    fn beside(&mut self, parts: &[Layout], region: &Ident) {
        if let [only] = parts {
            return self.region(only, region);
        }
        let (here, rest) = parts.split_at(if parts.len() > FIELDS { FIELDS - 1 } else { parts.len() });
        // Of parts that nobody asks for there is no name.
        let mut names: Vec<Option<Ident>> = Vec::new();
        for part in here {
            names.push(self.is_wanted(core::slice::from_ref(part)).then(|| self.name(part)));
        }
        if !rest.is_empty() {
            names.push(self.is_wanted(rest).then(|| self.fresh()));
        }
        let function = format_ident!("beside_{}", names.len(), span = Span::mixed_site());
        let pats = Part(|to| {
            names.iter().for_each(|name| match name {
                Some(name) => put!(to => #name,),
                None => put!(to => _,),
            });
        });
        put!(&mut self.tokens => let (#pats) = __bespoke_rt::frame::#function(#region););
        for (part, name) in here.iter().zip(&names) {
            if let Some(name) = name {
                self.region(part, name);
            }
        }
        if let Some(Some(inner)) = names.get(here.len()) {
            self.beside(rest, inner);
        }
    }
}

/// Names, with a comma behind each.
fn each(names: &[Ident]) -> impl ToTokens {
    Part(move |to| names.iter().for_each(|name| put!(to => #name,)))
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
