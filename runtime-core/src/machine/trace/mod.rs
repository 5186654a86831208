//! What a future waits for: the chain of functions under `#[async_fn]`, each with the line and the text of its `.await`.
//!
//! | file | holds |
//! |---|---|
//! | this one | what is told ([`Level`]), and what tells it ([`Walk`], [`drops`], [`Tells`]) |
//! | [`ask`] | how a machine is asked where nobody can name its type |
//! | `names` | names of functions and types, for people |
//!
//! Nothing is kept for it. The number of a machine's state is there anyway, and so is a function from that number to the future
//! that is waited for: the one that drops the machine. Called with a [`Walk`] it drops nothing, but tells. A constant leads to
//! it, which is named where a poll that unwinds comes, so every other poll executes what it would without it.
//!
//! Without `std` nobody can ask, and those functions are not in the program.
//!
//! # Invariants
//! 1. What is told of is only read, and through raw pointers: a reference to a suspended machine would claim bytes that others
//!    borrow exclusively, the machine's own locals among them.
//! 2. While a future is told of, nobody polls it, moves it or drops it. Of one that is being polled, on this thread, the number
//!    of the outermost machine's state is read and nothing else: its places may be halfway to another state.
//! 3. No code of the program runs.

pub mod ask;
#[cfg(feature = "std")]
mod names;
#[cfg(all(test, feature = "std"))]
pub(crate) mod tests;

use super::Number;
use super::parts::Awaited;
#[cfg(feature = "alloc")]
use crate::instant::Instant;
#[cfg(feature = "std")]
use alloc::string::{String, ToString};
#[cfg(feature = "std")]
use alloc::vec::Vec;
#[cfg(feature = "alloc")]
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;

/// One level of what a task waits for, from its own future inwards.
#[cfg(feature = "std")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// A function under `#[async_fn]`, at one of its `.await`s. The next level is what it awaits.
    Function {
        /// Its path.
        name: String,
        /// Where the `.await` is.
        location: &'static Location<'static>,
        /// What waits there, as the source says it: `bank.transfer(sum).await`, `join!(a, b)`.
        awaited: String,
    },
    /// A function under `#[async_fn]` that was not polled yet.
    NotBegun {
        /// Its path.
        name: String,
        /// Where it is.
        location: &'static Location<'static>,
    },
    /// A future around another one, a timeout for one. The next level is the inner one.
    Around {
        /// In its own words.
        what: String,
    },
    /// Several futures that are awaited as one, by `join!`, `try_join!`, `race!` or `select!`. It is the last level of its chain.
    Several {
        /// The levels of each, in the order in which they stand.
        branches: Vec<Vec<Level>>,
    },
    /// What rustc made of an `async fn` or an `async` block, a function under `#[async_fn(rustc)]` included: it does not say
    /// where it is. Levels that lie in it are not told of.
    Rustc {
        /// The path of the function, or of the one that the block is in.
        name: String,
    },
    /// A future that does not say what it awaits: an operation, a sleep, a channel. In its own words, or as its type is called.
    Leaf {
        /// These words.
        what: String,
    },
}

#[cfg(feature = "std")]
impl Level {
    /// Writes it behind so many spaces and `before`, on a line of its own; each branch in lines of its own, further in.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize, before: &str) -> fmt::Result {
        let Level::Several { branches } = self else {
            return write!(f, "\n{:indent$}{before}{self}", "");
        };
        let count = branches.len();
        for (n, levels) in branches.iter().enumerate() {
            write!(f, "\n{:indent$}{} of {count}:", "", n + 1)?;
            levels.iter().try_for_each(|level| level.write(f, indent + 4, before))?;
        }
        Ok(())
    }
}

#[cfg(feature = "std")]
impl fmt::Display for Level {
    /// One line: `in shop::pay, src/shop.rs:12: bank.transfer(sum).await`. Of [`Several`](Self::Several) how many they are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Level::Function { name, location, awaited } => {
                write!(f, "in {name}, {}:{}: {awaited}", location.file(), location.line())
            }
            Level::Around { what } => write!(f, "at {what}, around"),
            Level::Several { branches } => write!(f, "at {} futures", branches.len()),
            Level::NotBegun { name, location } => {
                write!(f, "in {name}, {}:{}, which has not begun", location.file(), location.line())
            }
            Level::Rustc { name } => write!(f, "at {name}, made by rustc"),
            Level::Leaf { what } => write!(f, "at {what}"),
        }
    }
}

/// A list of levels that is being made.
#[derive(Debug)]
pub struct Walk<'a> {
    #[cfg(feature = "std")]
    levels: &'a mut Vec<Level>,
    /// The function that is asked now, as its type is called.
    #[cfg(feature = "std")]
    function: &'static str,
    /// It is being polled: its own state, and no further (invariant 2).
    #[cfg(feature = "std")]
    running: bool,
    _levels: PhantomData<&'a mut ()>,
}

#[cfg(feature = "std")]
impl<'a> Walk<'a> {
    /// A walk that adds to `levels`. `running`: the future is being polled by this thread (invariant 2).
    pub(crate) fn new(levels: &'a mut Vec<Level>, running: bool) -> Self {
        Walk { levels, function: "", running, _levels: PhantomData }
    }
}

impl Walk<'_> {
    /// A function of this name is asked, as its type is called.
    fn asks(&mut self, function: &'static str) {
        #[cfg(feature = "std")]
        {
            self.function = function;
        }
        let _ = function;
    }

    /// The function that is asked, which is at `location`, was not polled yet.
    #[cold]
    #[inline(never)]
    fn has_not_begun(&mut self, location: &'static Location<'static>) {
        #[cfg(feature = "std")]
        self.levels.push(Level::NotBegun { name: names::function(self.function), location });
        let _ = location;
    }

    /// The function that is asked waits at `location` for what is written there as `awaited`, and then as `how`. Whether that may
    /// be told of.
    fn waits(&mut self, location: &'static Location<'static>, awaited: &'static str, how: &'static str) -> bool {
        #[cfg(feature = "std")]
        {
            let awaited = String::from(awaited) + how;
            self.levels.push(Level::Function { name: names::function(self.function), location, awaited });
            !self.running
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = (location, awaited, how);
            false
        }
    }

    /// Several futures that are awaited as one: `branch` tells of the one of a number. (One function for all kinds of them.)
    pub(crate) fn has_branches(&mut self, count: usize, branch: &mut dyn FnMut(usize, &mut Walk<'_>)) {
        #[cfg(feature = "std")]
        {
            let mut told = |n: usize| {
                let mut levels = Vec::new();
                branch(n, &mut Walk::new(&mut levels, false));
                levels
            };
            let branches = (0..count).map(&mut told).collect();
            self.levels.push(Level::Several { branches });
        }
        #[cfg(not(feature = "std"))]
        let _ = (count, branch);
    }

    /// One of several futures that is ready; the others are not.
    pub(crate) fn is_ready(&mut self) {
        #[cfg(feature = "std")]
        self.levels.push(Level::Leaf { what: "a value that is ready".to_string() });
    }

    /// One of several futures that is not waited for.
    pub(crate) fn is_disabled(&mut self) {
        #[cfg(feature = "std")]
        self.levels.push(Level::Leaf { what: "a branch that is disabled".to_string() });
    }

    /// A future that says itself what it is.
    #[cfg(feature = "alloc")]
    pub(crate) fn is(&mut self, what: fmt::Arguments<'_>) {
        #[cfg(feature = "std")]
        self.levels.push(Level::Leaf { what: what.to_string() });
        let _ = what;
    }

    /// A future with a deadline, around one that is told of next.
    #[cfg(feature = "alloc")]
    pub(crate) fn waits_until(&mut self, what: &str, deadline: Instant) {
        #[cfg(feature = "std")]
        {
            let deadline = deadline.saturating_duration_since(Instant::ZERO);
            self.levels.push(Level::Around { what: alloc::format!("{what} at {deadline:?} of the clock") });
        }
        let _ = (what, deadline);
    }

    /// A future of which no more is known than its type.
    pub(crate) fn is_a<F>(&mut self) {
        self.is_called(core::any::type_name::<F>());
    }

    /// The same, by the name of the type.
    pub(crate) fn is_called(&mut self, name: &'static str) {
        #[cfg(feature = "std")]
        self.levels.push(match names::of_rustc(name) {
            Some(name) => Level::Rustc { name },
            None => Level::Leaf { what: names::future(name) },
        });
        let _ = name;
    }
}

/// Whether a machine is dropped, which was not polled yet; else this tells of it: its function is on the line of this call.
#[inline(always)]
#[track_caller]
pub fn drops_unbegun(walk: Option<&mut Walk<'_>>) -> bool {
    match walk {
        None => true,
        Some(walk) => {
            walk.has_not_begun(Location::caller());
            false
        }
    }
}

/// The state of which the places are dropped: `state`, or one that holds nothing if the machine is told of instead.
#[inline(always)]
#[must_use]
pub fn dropped<N: Number>(walk: &Option<&mut Walk<'_>>, state: N) -> N {
    if walk.is_some() { N::DONE } else { state }
}

/// Drops the future of a machine that waits for what lies in these places; or tells of it: the machine waits on the line of this
/// call, for what is written there as `awaited`.
///
/// A call and no table: where it is written the compiler knows anyway, and notes it where code is made of the call.
///
/// # Safety
/// Those of [`Awaited::end`]; with a walk, those of [`Awaited::tell`]. `head` is where a `K::Head` lies.
#[inline(always)]
#[track_caller]
pub unsafe fn drops<K: Awaited>(walk: Option<&mut Walk<'_>>, awaited: &'static str, place: *mut K, head: *mut ()) {
    match walk {
        // SAFETY: the caller's promise.
        None => unsafe { K::end(place, head as *mut K::Head) },
        // SAFETY: as above.
        Some(walk) => unsafe { __bespoke_cold_waits(walk, Location::caller(), awaited, place, head) },
    }
}

/// [`drops`], where the source awaits by a macro: all of what it says is `awaited`.
///
/// # Safety
/// Those of [`drops`].
#[inline(always)]
#[track_caller]
pub unsafe fn drops_of_macro<K: Awaited>(
    walk: Option<&mut Walk<'_>>,
    awaited: &'static str,
    place: *mut K,
    head: *mut (),
) {
    match walk {
        // SAFETY: the caller's promise.
        None => unsafe { K::end(place, head as *mut K::Head) },
        // SAFETY: as above.
        Some(walk) => unsafe { __bespoke_cold_waits_by_macro(walk, Location::caller(), awaited, place, head) },
    }
}

/// # Safety
/// Those of [`drops`].
#[cold]
#[inline(never)]
unsafe fn __bespoke_cold_waits<K: Awaited>(
    walk: &mut Walk<'_>,
    location: &'static Location<'static>,
    awaited: &'static str,
    place: *mut K,
    head: *mut (),
) {
    if walk.waits(location, awaited, ".await") {
        // SAFETY: the caller's promise.
        unsafe { K::tell(place, head as *mut K::Head, walk) };
    }
}

/// # Safety
/// Those of [`drops`].
#[cold]
#[inline(never)]
unsafe fn __bespoke_cold_waits_by_macro<K: Awaited>(
    walk: &mut Walk<'_>,
    location: &'static Location<'static>,
    awaited: &'static str,
    place: *mut K,
    head: *mut (),
) {
    if walk.waits(location, awaited, "") {
        // SAFETY: the caller's promise.
        unsafe { K::tell(place, head as *mut K::Head, walk) };
    }
}

/// A future that says itself what it is: a machine, or one of ours, of which [`says`] makes one that machines ask.
///
/// # Safety
/// `tell` keeps the [invariants](self): it reads fields of its own through the pointer, makes no reference to a future in it that
/// may be borrowed from within (one that is not `Unpin` may be called by `&mut`, which claims nothing of it), and runs no code of
/// the program.
pub unsafe trait Tells: Future {
    /// Says what the future at `this` is.
    ///
    /// # Safety
    /// `this` points to a future that nobody polls, moves or drops meanwhile, on the thread that may poll it.
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>);
}

/// Says of a future that [`Tells`] what it is how it lies in a machine: as storage without a head, for of what lies there as a
/// whole a machine knows the type alone.
macro_rules! says {
    ([$($parameters:tt)*] $future:ty) => {
        // SAFETY: the one part is the future, and the other holds nothing.
        #[doc(hidden)]
        unsafe impl<$($parameters)*> $crate::machine::parts::InParts for $future {
            type Storage = Self;
            type Head = ();

            #[inline(always)]
            unsafe fn part(self, storage: *mut Self, _: *mut ()) {
                // SAFETY: the place is there, and holds nothing that somebody drops.
                unsafe { storage.write(self) };
            }

            #[inline(always)]
            unsafe fn poll_parts(
                storage: *mut Self,
                _: *mut (),
                context: &mut core::task::Context<'_>,
            ) -> core::task::Poll<Self::Output> {
                // SAFETY: `part` wrote it, and nobody else uses it during the poll.
                let future = unsafe { &mut *storage };
                // SAFETY: it stays where it is until `drop_parts`.
                unsafe { core::pin::Pin::new_unchecked(future) }.poll(context)
            }

            #[inline(always)]
            unsafe fn drop_parts(storage: *mut Self, _: *mut ()) {
                // SAFETY: `part` wrote it, and nobody uses it again.
                unsafe { storage.drop_in_place() };
            }

            unsafe fn tell_parts(storage: *mut Self, _: *mut (), walk: &mut $crate::machine::trace::Walk<'_>) {
                // SAFETY: `part` wrote it; the rest is the caller's promise.
                unsafe { $crate::machine::trace::Tells::tell(storage, walk) };
            }
        }
    };
}
pub(crate) use says;
