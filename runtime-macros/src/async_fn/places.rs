//! The places of a frame, while states are made: opened where a local begins, in the order of the source.
//!
//! # Invariants
//! 1. A place of the storage *meets* every other one that holds a value while it holds one, from where it is opened. Places that
//!    share bytes never meet ([`layout`](super::layout)).
//! 2. A place without a flag, whose value is taken, lives at no state's end after that. Analysis says so
//!    ([`Local::moved`](super::analyze::Local)), and `leaves` fails if it was wrong.
//! 3. A place *ends* with the last use of its local, if nothing is left in it then and nobody knows its address. Analysis
//!    says how many uses there are ([`Local::ends_after`](super::analyze::Local)); should there be one more, `uses` fails. From
//!    its end on it meets nobody, and no state leaves it to another one.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::Expr;

use super::lower::Lower;
use super::parse::RESERVED;
use super::tokens::{Part, put};

/// A place in the frame.
pub(super) struct Place {
    /// The pointer to it.
    pub(super) pointer: Ident,
    /// It is that of an awaited future, whose head lies in the inner part of the machine's head.
    pub(super) awaited: bool,
    /// The guard of it; `None` for what has no destructor, for an awaited future, which `poll` drops, and for values on their
    /// way from a branch.
    pub(super) guard: Option<Ident>,
    pub(super) flag: Option<u32>,
    /// It lies in the head, and not in the storage: its number there.
    pub(super) small: Option<usize>,
    /// It is a local of the poll function: it holds a value between states, and never while the machine is suspended.
    pub(super) passing: bool,
    /// The use that takes its value, if nothing notes that it is gone.
    pub(super) taken: Option<TokenStream>,
    /// How many uses are left before it ends; `None` if it does not end before its scope.
    uses_left: Option<usize>,
    /// How deep in branches it was opened.
    depth: usize,
    /// It ended (inv. 3).
    pub(super) ended: bool,
    /// What lies in it is what is kept of a local that nobody uses.
    pub(super) unused: bool,
}

impl Lower<'_> {
    /// A place that holds a value from now on.
    pub(super) fn open(&mut self, pointer: Ident, guarded: bool, flag: Option<u32>) -> usize {
        let place = self.place(pointer, guarded, flag);
        self.meets_the_living(place);
        self.live.push(place);
        place
    }

    fn place(&mut self, pointer: Ident, guarded: bool, flag: Option<u32>) -> usize {
        let place = self.places.len();
        let guard = guarded.then(|| format_ident!("{}guard_{}", RESERVED, place, span = pointer.span()));
        let depth = self.depth;
        self.places.push(Place {
            pointer,
            awaited: false,
            guard,
            flag,
            small: None,
            passing: false,
            taken: None,
            uses_left: None,
            depth,
            ended: false,
            unused: false,
        });
        place
    }

    /// A value comes to a place of the storage (inv. 1).
    fn meets_the_living(&mut self, place: usize) {
        for other in self.live.iter().copied() {
            let planted = cfg!(bespoke_planted = "8") && self.arguments.contains(&other);
            if !self.places[other].ended && self.places[other].small.is_none() && !planted {
                self.meetings.add(place, other);
            }
        }
    }

    /// The place of a local, at its declaration.
    pub(super) fn open_local(&mut self, name: &Ident) -> usize {
        let known = self.locals.get(name);
        let (scalar, small, moved) =
            known.map_or((false, false, true), |local| (local.scalar, local.small, local.moved));
        let ends_after = known.and_then(|local| local.ends_after);
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
        self.places[place].uses_left = ends_after;
        self.of_local.insert(name.clone(), place);
        place
    }

    /// A place in the head, which never shares its bytes.
    fn open_small(&mut self, pointer: Ident) -> usize {
        let place = self.place(pointer, false, None);
        self.places[place].small = Some(self.small);
        self.small += 1;
        self.live.push(place);
        place
    }

    pub(super) fn open_hidden(&mut self, guarded: bool) -> usize {
        let pointer = self.fresh("hidden");
        self.open(pointer, guarded, None)
    }

    /// The place of a value on its way from branches: it holds one from the end of a branch to where they meet.
    pub(super) fn passing(&mut self) -> usize {
        let pointer = self.fresh("passing");
        let place = self.place(pointer, false, None);
        self.places[place].passing = true;
        place
    }

    /// The place of an awaited future.
    pub(super) fn open_future(&mut self) -> usize {
        let place = self.open_hidden(false);
        self.places[place].awaited = true;
        place
    }

    /// The living that did not end: what a state that begins now finds.
    pub(super) fn living(&self) -> Vec<usize> {
        self.live.iter().copied().filter(|place| !self.places[*place].ended).collect()
    }

    /// A place is used. What is wrong, if it ended (inv. 3). One with a guard ends when its value is taken.
    pub(super) fn uses(&mut self, place: usize, by: &Expr) -> Option<TokenStream> {
        if self.places[place].ended || self.places[place].unused {
            let what = "this local is used, and the machine took its place away: please report this program";
            return Some(self.disagreed(by, what));
        }
        if let Some(left) = &mut self.places[place].uses_left {
            *left = left.saturating_sub(1);
        }
        if self.places[place].guard.is_none() {
            self.ends(place);
        }
        None
    }

    /// Ends a place after its last use, if that is as deep in branches as its declaration.
    fn ends(&mut self, place: usize) {
        let depth = self.depth;
        let place = &mut self.places[place];
        place.ended |= place.uses_left == Some(0) && place.depth == depth;
    }

    /// Analysis and lowering disagree.
    fn disagreed(&self, at: impl ToTokens, what: &str) -> TokenStream {
        let at = self.names.restore(at.to_token_stream());
        syn::Error::new_spanned(at, what).into_compile_error()
    }

    /// A value is taken here.
    pub(super) fn takes(&mut self, place: usize, by: &Expr) {
        if self.places[place].flag.is_none() {
            self.places[place].taken.get_or_insert_with(|| by.to_token_stream());
        }
        self.ends(place);
    }

    /// Whether a state that ends here may leave `place` to another one (inv. 2): what is wrong, if not.
    fn leaves(&self, place: &Place) -> Option<TokenStream> {
        let (None, Some(by), false) = (place.flag, &place.taken, cfg!(bespoke_planted = "1")) else { return None };
        Some(self.disagreed(by, "this local is moved, and the machine does not know it: please report this program"))
    }

    /// Leaves the first `depth` live places to another state.
    pub(super) fn leave(&self, depth: usize, to: &mut TokenStream) {
        let held = &self.states[self.now].held;
        let mut left = vec![0u8; held.len().div_ceil(PLACES)];
        for n in &self.live[..depth] {
            let place = &self.places[*n];
            let Some(guard) = place.guard.as_ref().filter(|_| !place.ended) else { continue };
            if let Some(error) = self.leaves(place) {
                put!(to => #error);
            } else if let Ok(at) = held.binary_search(n) {
                left[at / PLACES] |= bit(at);
            } else {
                put!(to => #guard.holds = 0;);
            }
        }
        for (n, (left, held)) in
            left.into_iter().zip(held.chunks(PLACES)).enumerate().filter(|(_, (left, _))| *left != 0)
        {
            // One that ended holds nothing by now.
            let drops = |at: &usize| left & bit(*at) == 0 && !self.places[held[*at]].ended;
            let drops: u8 = (0..held.len()).filter(drops).map(bit).sum();
            let guard = of_state(n);
            if drops == 0 {
                put!(to => #guard.holds = 0;);
            } else {
                let drops = Literal::u8_unsuffixed(drops);
                put!(to => #guard.holds &= #drops;);
            }
        }
    }

    pub(super) fn pointer(&self, place: usize) -> Ident {
        self.places[place].pointer.clone()
    }

    /// Begins the guard of a place that was just written.
    pub(super) fn arm(&mut self, place: usize) {
        let Place { guard: Some(guard), pointer, flag, .. } = &self.places[place] else { return };
        let (guard, pointer, flag) = (guard.clone(), pointer.clone(), *flag);
        let holding = holding(&pointer);
        let to = self.text();
        put!(to => let mut #guard = #holding;);
        if let Some(bit) = flag {
            put!(to => __bespoke_rt::note(#pointer, &mut *__bespoke_flags, #bit););
        }
    }

    /// The guard that a place has here, and its bit there.
    pub(super) fn guard_of(&self, place: usize) -> Option<(Ident, Literal)> {
        let own = self.places[place].guard.as_ref()?;
        let (guard, bit) = match self.states[self.now].held.binary_search(&place) {
            Ok(at) => (of_state(at / PLACES), bit(at)),
            Err(_) => (own.clone(), 1),
        };
        Some((guard, Literal::u8_unsuffixed(bit)))
    }

    /// The guards at the start of a state (inv. 3).
    pub(super) fn guards(&self, state: usize, to: &mut TokenStream) {
        for (n, held) in self.states[state].held.chunks(PLACES).enumerate() {
            let guard = of_state(n);
            let holds = Literal::u8_unsuffixed((0..held.len()).map(bit).sum());
            let holding = Part(|to| self.held(held, &holds, to));
            put!(to => let mut #guard = #holding;);
        }
    }

    /// A guard of up to three places, which hold values by the bits of `holds`, and by their flags.
    pub(super) fn held(&self, places: &[usize], holds: &impl ToTokens, to: &mut TokenStream) {
        let pointers = Part(|to| {
            for place in places {
                let pointer = &self.places[*place].pointer;
                put!(to => #pointer,);
            }
        });
        let flags = || places.iter().enumerate().filter_map(|(at, place)| Some((at, self.places[*place].flag?)));
        let noted = Part(|to| {
            for (at, flag) in flags() {
                let bit = Literal::u8_unsuffixed(bit(at));
                put!(to => , #bit, #flag);
            }
        });
        let holds = Part(|to| match flags().count() {
            0 => put!(to => #holds),
            count => {
                let function = format_ident!("noted_{}", count, span = Span::mixed_site());
                put!(to => __bespoke_rt::#function(#holds, *__bespoke_flags #noted));
            }
        });
        put!(to => __bespoke_rt::Guard { places: (#pointers), holds: #holds, kept: __bespoke_kept });
    }
}

/// The guard of a place that holds a value.
pub(super) fn holding(pointer: &Ident) -> impl ToTokens {
    Part(move |to| put!(to => __bespoke_rt::Guard { places: (#pointer,), holds: 1, kept: __bespoke_kept }))
}

/// A state's own guard of what it began with, for so many guards of three places before it.
fn of_state(n: usize) -> Ident {
    Ident::new(&format!("{RESERVED}guards_{n}"), Span::mixed_site())
}

/// The bit of a place in its guard, by its position among those that a state began with.
fn bit(at: usize) -> u8 {
    1 << (at % PLACES)
}

/// How many places a guard has.
pub(super) const PLACES: usize = 3;

/// How many small places a head has.
const SMALL_MAX: usize = 8;
