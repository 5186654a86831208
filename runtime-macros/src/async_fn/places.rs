//! The places of a frame, while states are made: opened where a local begins, in the order of the source.
//!
//! # Invariants
//! 1. A place of the tree is a child of the last one that lives when it is opened: places that live together lie beside
//!    each other, and those that share bytes never live together.
//! 2. A place without a flag, whose value is taken, lives at no state's end after that. Analysis says so
//!    ([`Local::moved`](super::analyze::Local)), and `leaves` fails if it was wrong.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};
use syn::Expr;

use super::lower::{Lower, quoted};
use super::parse::RESERVED;

/// A place in the frame.
pub(super) struct Place {
    /// The pointer to it.
    pub(super) pointer: Ident,
    /// The guard of it; `None` for what has no destructor, and for values on their way from a branch.
    pub(super) guard: Option<Ident>,
    pub(super) flag: Option<u32>,
    /// It lies in the frame's header, and not in the tree: its number there.
    pub(super) small: Option<usize>,
    /// The use that takes its value, if nothing notes that it is gone.
    pub(super) taken: Option<TokenStream>,
    /// The places that live within its life.
    pub(super) children: Vec<usize>,
}

impl Lower<'_> {
    pub(super) fn open(&mut self, pointer: Ident, guarded: bool, flag: Option<u32>) -> usize {
        let place = self.places.len();
        // Arguments are written before anything else, so they lie outermost, in order.
        let in_tree = |live: &&usize| self.places[**live].small.is_none();
        let inner = self.live.iter().rev().find(|live| in_tree(live) && !self.arguments.contains(live));
        let parent = inner.or(self.arguments.iter().rev().find(in_tree)).copied();
        let guard = guarded.then(|| format_ident!("{}guard_{}", RESERVED, place, span = pointer.span()));
        self.places.push(Place { pointer, guard, flag, small: None, taken: None, children: Vec::new() });
        match parent {
            Some(parent) => self.places[parent].children.push(place),
            None => self.roots.push(place),
        }
        self.live.push(place);
        place
    }

    /// The place of a local, at its declaration.
    pub(super) fn open_local(&mut self, name: &Ident) -> usize {
        let (scalar, small, moved) =
            self.locals.get(name).map_or((false, false, true), |local| (local.scalar, local.small, local.moved));
        let flag = (moved && !scalar).then(|| {
            self.flags += 1;
            self.flags - 1
        });
        let pointer = format_ident!("{}place_{}", RESERVED, self.places.len(), span = name.span());
        let place = if scalar && small && self.small < SMALL_MAX {
            self.open_small(pointer)
        } else {
            self.open(pointer, !scalar, flag)
        };
        self.of_local.insert(name.clone(), place);
        place
    }

    /// A place in the header, which never shares its bytes.
    fn open_small(&mut self, pointer: Ident) -> usize {
        let place = self.places.len();
        let small = Some(self.small);
        self.places.push(Place { pointer, guard: None, flag: None, small, taken: None, children: Vec::new() });
        self.small += 1;
        self.live.push(place);
        place
    }

    pub(super) fn open_hidden(&mut self, guarded: bool) -> usize {
        let pointer = self.fresh("hidden");
        self.open(pointer, guarded, None)
    }

    /// A value is taken here.
    pub(super) fn takes(&mut self, place: usize, by: &Expr) {
        if self.places[place].flag.is_none() {
            self.places[place].taken.get_or_insert_with(|| by.to_token_stream());
        }
    }

    /// A state ends here, and leaves `place` to another one (inv. 2).
    fn leaves(&self, place: &Place) -> TokenStream {
        let Some(guard) = &place.guard else { return TokenStream::new() };
        match (place.flag, &place.taken) {
            (Some(bit), _) => quoted!(#guard.save(&mut (*__bespoke_frame).flags, #bit);),
            (None, None) => quoted!(#guard.leave();),
            (None, Some(by)) => {
                let message = "this local is moved, and the machine does not know it: please report this program";
                let at = self.names.restore(by.clone());
                syn::Error::new_spanned(at, message).into_compile_error()
            }
        }
    }

    /// Leaves the first `depth` live places to another state.
    pub(super) fn leave(&self, depth: usize) -> TokenStream {
        self.live[..depth].iter().map(|place| self.leaves(&self.places[*place])).collect()
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

/// How many small places a frame's header has.
const SMALL_MAX: usize = 8;
