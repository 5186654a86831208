//! The places of a frame, while states are made: opened where a local begins, in the order of the source.
//!
//! # Invariants
//! 1. A place is a child of the last one that lives when it is opened: places that live together lie beside each other,
//!    and those that share bytes never live together.

use proc_macro2::{Ident, TokenStream};
use quote::format_ident;

use super::lower::{Lower, quoted};
use super::parse::RESERVED;

/// A place in the frame.
pub(super) struct Place {
    /// The pointer to it.
    pub(super) pointer: Ident,
    /// The guard of it; `None` for what has no destructor, and for values on their way from a branch.
    pub(super) guard: Option<Ident>,
    pub(super) flag: Option<u32>,
    /// The places that live within its life.
    pub(super) children: Vec<usize>,
}

impl Lower<'_> {
    pub(super) fn open(&mut self, pointer: Ident, guarded: bool, flag: Option<u32>) -> usize {
        let place = self.places.len();
        // Arguments are written before anything else, so they lie outermost, in order.
        let inner = self.live.iter().rev().find(|live| !self.arguments.contains(live));
        let parent = inner.or(self.arguments.last()).copied();
        let guard = guarded.then(|| format_ident!("{}guard_{}", RESERVED, place, span = pointer.span()));
        self.places.push(Place { pointer, guard, flag, children: Vec::new() });
        match parent {
            Some(parent) => self.places[parent].children.push(place),
            None => self.roots.push(place),
        }
        self.live.push(place);
        place
    }

    /// The place of a local, at its declaration.
    pub(super) fn open_local(&mut self, name: &Ident) -> usize {
        let (scalar, moved) = self.locals.get(name).map_or((false, true), |local| (local.scalar, local.moved));
        let flag = (moved && !scalar).then(|| {
            self.flags += 1;
            self.flags - 1
        });
        let pointer = format_ident!("{}place_{}", RESERVED, self.places.len(), span = name.span());
        let place = self.open(pointer, !scalar, flag);
        self.of_local.insert(name.clone(), place);
        place
    }

    pub(super) fn open_hidden(&mut self, guarded: bool) -> usize {
        let pointer = self.fresh("hidden");
        self.open(pointer, guarded, None)
    }

    pub(super) fn pointer(&self, place: usize) -> Ident {
        self.places[place].pointer.clone()
    }

    /// Begins the guard of a place that was just written.
    pub(super) fn arm(&mut self, place: usize) {
        let pointer = self.pointer(place);
        if let Some(guard) = self.places[place].guard.clone() {
            self.emit(quoted!(let mut #guard = __bespoke_rt::Guard::new(#pointer);));
        }
    }

    /// The guards at the start of a state (inv. 3).
    pub(super) fn guards(&self, live: &[usize]) -> TokenStream {
        let mut tokens = TokenStream::new();
        for place in live.iter().map(|place| &self.places[*place]) {
            let (Some(guard), pointer) = (&place.guard, &place.pointer) else { continue };
            tokens.extend(match place.flag {
                Some(bit) => {
                    quoted!(let mut #guard = __bespoke_rt::Guard::load(#pointer, (*__bespoke_frame).flags, #bit);)
                }
                None => quoted!(let mut #guard = __bespoke_rt::Guard::new(#pointer);),
            });
        }
        tokens
    }
}
