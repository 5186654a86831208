//! What the expansions of `#[async_fn]` are made of: a future that is one frame and two functions over it.
//!
//! The macro splits a body at its `.await`s into states. What lives across a state's end has a place in the *frame*, a
//! [`Head`] and a storage; everything else is an ordinary local of the poll function. The frame's types are written nowhere:
//! each place is a pointer made by a generic function ([`frame`]), and rustc infers what lies there from the first write.
//!
//! | file | what |
//! |---|---|
//! | [`frame`] | the head and the storage: places side by side, places that share their bytes |
//! | [`parts`] | a machine that is awaited by another one: its head lies in the outer head, its storage in the outer storage |
//! | [`guard`] | who drops a place while a state runs, and what becomes of the machine when a poll panics |
//! | [`question`] | `?` in a function that returns a [`Step`] |
//! | [`size`] | the size of a function's future, as a constant |
//! | [`trace`] | what a future waits for, told without a byte in it |
//! | [`Unused`] | what is kept of a local that nobody uses |
//! | this one | the future, its states, what the macro must keep |
//!
//! # States
//!
//! ```text
//!            write the arguments            poll: Pending                 poll: Ready
//! (nothing) ────── machine() ──────► 0 ──────── poll ────────► k ──────── poll ────────► DONE
//!                                    │ unwinding               │ ▲ unwinding │
//!                                    └────────► POISONED ◄─────┘ └───────────┘ poll: Pending
//! ```
//!
//! # Invariants
//!
//! The macro keeps these; the unsafe functions of this module ask for them.
//! 1. A place is read, borrowed or dropped only while it holds a value. It holds one from its write to the take or the
//!    drop that ends it; across the end of a state that is known statically or is a bit of the frame's flags.
//! 2. A state's number is stored only when exactly the places that this state expects hold a value.
//! 3. A place's value stays where it is until it is taken, and it is taken only where the source moves the variable.
//!    A future that is awaited is never taken: it is dropped in its place, also before its bytes serve anything else.
//! 4. Between two states only pointers to head and storage are kept, and never a reference to either as a whole.
//! 5. Bytes are shared only by places of which at most one holds a value at a time. Of awaited futures there is one at a
//!    time: the heads of all of them share their bytes.
//!
//! Why the source's borrows are right although places are raw: beside the machine the macro emits the function as it was
//! written, never called, and rustc judges that one. Where the source has an `.await` it calls [`wait`], whose borrows and moves
//! are those of an `.await`; where the future may be dropped there, the call may unwind, and the same locals are dropped in the
//! same order. See `docs/guide/12-async-fn.md`.

pub mod frame;
pub mod guard;
pub mod parts;
pub mod question;
pub mod size;
pub mod trace;
mod unused;

use core::fmt;
use core::marker::{PhantomData, PhantomPinned};
use core::mem::{MaybeUninit, needs_drop};
use core::pin::Pin;
use core::task::{Context, Poll};

pub use frame::{Flags, HasState, Head, read, write};
pub use guard::{Guard, Kept, Poison, assign, assign_noted, gone, gone_noted, note, noted_1, noted_2, noted_3};
pub use parts::{Begin, BeginWhole, Begun, InParts, into_future, poll};
use trace::Walk;
#[cfg(not(panic = "unwind"))]
use trace::ask::Answers;
pub use trace::ask::resumed;
pub use unused::{KeepsUnused, Unused};

pub use core::task::Poll::Ready;

/// What a poll function returns. Not [`Poll`], so that no `return` or `?` which the macro did not see (one that another
/// macro wrote) fits its type.
#[derive(Debug)]
pub enum Step<R, N> {
    /// The machine is suspended, and this is its state.
    Pending(N),
    /// The function's value: the machine is done.
    Ready(R),
}

/// What the code of a state gives, which ends with a jump: one that would not would be no program.
#[derive(Debug)]
pub enum Never {}

/// The number of a state, as a frame stores it: a byte, unless there are more states than it can tell apart.
///
/// # Safety
/// It is a number: two are equal if they are the same, and `DONE` and `POISONED` are neither equal nor numbers of states.
pub unsafe trait Number: Copy + Eq {
    /// The state of a machine that returned its value.
    const DONE: Self;
    /// The state of a machine whose poll unwound.
    const POISONED: Self;
    /// The state of what is no machine, and stands in for one that is asked what it waits for; see [`trace::ask`].
    const ASKED: Self;
}

// SAFETY: a machine has at most 250 states where a byte tells them apart.
unsafe impl Number for u8 {
    const DONE: u8 = 254;
    const POISONED: u8 = 255;
    const ASKED: u8 = trace::ask::ASKED;
}

// SAFETY: a machine has far fewer states.
unsafe impl Number for u16 {
    const DONE: u16 = 0xfffe;
    const POISONED: u16 = 0xffff;
    const ASKED: u16 = u16::from_ne_bytes([trace::ask::ASKED; 2]);
}

/// The future of an `#[async_fn]`, as a whole.
///
/// `P` polls. `D` drops, or, for a walk, tells what is waited for. They capture nothing, so they take no room and are called
/// directly.
pub struct Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    head: MaybeUninit<H>,
    storage: MaybeUninit<S>,
    poll: P,
    drop: D,
    output: PhantomData<fn() -> R>,
    /// Places of the frame are borrowed by other places of it. Not being `Unpin` also keeps `&mut Machine` from promising
    /// that nobody else holds a pointer into it.
    _pinned: PhantomPinned,
}

/// Makes a machine: `write` puts the arguments into the frame.
///
/// # Safety
/// - `write` initialises the state, the flags, and whatever state 0 expects (inv. 2).
/// - `poll` and `drop` keep the invariants of this module over that frame; `drop`, with a walk, those of [`trace`] instead.
/// - In a state that it does not know, `poll` does nothing but to return what [`resumed`] makes of it.
#[inline(always)]
pub unsafe fn machine<H, S, R, W, P, D>(write: W, poll: P, drop: D) -> Machine<H, S, R, P, D>
where
    H: HasState,
    W: FnOnce(*mut H, *mut S),
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    const { assert!(size_of::<(P, D)>() == 0, "the functions of a machine capture nothing") };
    let mut machine = Machine {
        head: MaybeUninit::uninit(),
        storage: MaybeUninit::uninit(),
        poll,
        drop,
        output: PhantomData,
        _pinned: PhantomPinned,
    };
    write(&raw mut machine.head as *mut H, &raw mut machine.storage as *mut S);
    machine
}

impl<H, S, R, P, D> Future for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    type Output = R;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        // SAFETY: nothing is moved out; what the poll function does to the frame keeps inv. 3.
        let machine = unsafe { self.get_unchecked_mut() };
        // `&raw mut`: a `&mut MaybeUninit<S>` would be `Unpin` and would claim the storage for itself (inv. 4).
        let storage = if cfg!(bespoke_planted = "10") {
            machine.storage.as_mut_ptr()
        } else {
            &raw mut machine.storage as *mut S
        };
        // SAFETY: head and storage are those of this machine.
        unsafe { poll_once::<H, S, R, P, D>(&machine.poll, &raw mut machine.head as *mut H, storage, cx) }
    }
}

impl<H, S, R, P, D> Drop for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    #[inline]
    fn drop(&mut self) {
        (self.drop)(&raw mut self.head as *mut H, &raw mut self.storage as *mut S, None);
    }
}

impl<H, S, R, P, D> fmt::Debug for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, storage) = (size_of::<H>(), size_of::<S>());
        f.debug_struct("Machine").field("head", &head).field("storage", &storage).finish_non_exhaustive()
    }
}

/// Runs a poll function, and notes where it left the machine (inv. 2).
///
/// # Safety
/// `poll` is the poll function of the machine that `head` and `storage` are of, a `Machine<H, S, R, P, D>`, whole or in parts.
#[inline(always)]
unsafe fn poll_once<H, S, R, P, D>(poll: &P, head: *mut H, storage: *mut S, cx: &mut Context<'_>) -> Poll<R>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    // SAFETY: the head was written when the machine was made.
    let state = unsafe { H::state(head) };
    // SAFETY: as above; it outlives the poll.
    let mut poison = unsafe { Poison::<Machine<H, S, R, P, D>>::new(state) };
    match poll(head, storage, cx) {
        Step::Ready(value) => {
            poison.leave(H::Number::DONE);
            Poll::Ready(value)
        }
        Step::Pending(state) => {
            #[cfg(not(panic = "unwind"))]
            if state == H::Number::POISONED {
                <Machine<H, S, R, P, D> as Answers>::answer(H::Number::ASKED); // what else would have unwound
            }
            poison.leave(state);
            Poll::Pending
        }
    }
}

/// Passes a temporary that the source keeps across an `.await`, and the machine does not. Without a destructor nobody
/// can tell; with one the program does not compile.
#[inline(always)]
pub fn temporary<T>(value: T) -> T {
    const {
        assert!(
            !needs_drop::<T>(),
            "a temporary with a destructor would live across an `.await`: bind it with a `let` of its own"
        );
    }
    value
}

/// Passes what an `if let` or a `match` with an `.await` in a branch looks at, and which may keep a part of it.
#[inline(always)]
pub fn matched<T>(value: T) -> T {
    const {
        assert!(
            !needs_drop::<T>(),
            "this value has a destructor, and a part of it that no pattern binds would live across an `.await`: bind it \
             with a `let` of its own"
        );
    }
    value
}

/// Passes a reference to what ends with no statement: a `static`, or a constant that rustc makes one of, since it has neither a
/// destructor nor a cell in it.
#[inline(always)]
pub const fn lasting<T: ?Sized>(place: &'static T) -> &'static T {
    place
}

/// Checks that a local which the macro took for a number, a reference or the like has no destructor.
#[inline(always)]
pub fn scalar<T>(_place: *const T) {
    const {
        assert!(!needs_drop::<T>(), "this type has a destructor: `#[async_fn]` took its name for that of a number");
    }
}

/// What the macro takes to consume a local, in the twin: what rustc says of its argument it says of the receiver.
#[inline(always)]
pub fn consumed<T>(receiver: T) -> T {
    receiver
}

/// Checks that a method which the macro took for one that consumes its receiver does, or that nobody can tell. `C` is a closure
/// that calls it on a local of type `T`: if the method borrows, the closure holds a reference, which has no destructor.
#[inline(always)]
pub fn consumes<T, C>(_receiver: *const T, _call: &C) {
    const {
        assert!(
            !needs_drop::<T>() || needs_drop::<C>(),
            "a method of this name is taken to consume the local, and this one borrows it, or copies from behind it: write \
             `Type::method(&local)`"
        );
    }
}

/// A value of the type that lies in a place, for its type. Nobody calls it.
pub fn absent<T>(_place: *const T) -> T {
    unreachable!("a proof is checked, and never run")
}

/// What an `.await` is in the twin of a function. It takes what is awaited, as an `.await` does, and lets go of it before
/// the value is used. Nobody calls it.
pub fn wait<F: IntoFuture>(_awaited: F) -> Waited<F::Output> {
    unreachable!("the twin of a function is checked, and never called")
}

/// What [`wait`] returns. There are values of it also if there are none of `T`: so rustc judges what follows the call, as it
/// judges what follows an `.await`.
#[derive(Debug)]
pub enum Waited<T> {
    /// In a tuple, so that the twin says `value.0`, in which each part has its place in the source.
    Value((T,)),
    /// Nothing.
    Nothing,
}

/// Takes the twin of a method, a closure that gives what the method gives. The expansion never calls it.
pub fn twin<R, F: FnOnce() -> R>(_twin: F) -> ! {
    unreachable!("the twin of a method is checked, and never made")
}

/// Takes the twin of a function that clippy sees, a block.
pub fn twin_for_clippy<R, F: Future<Output = R>>(_twin: F) -> ! {
    unreachable!("the twin of a function is checked, and never made")
}

/// A value that a twin never returns, for its type.
pub fn never<R>() -> R {
    unreachable!("the twin of a method is checked, and never made")
}

/// What [`whole`] passes: values of which nothing is left when `Some(x)`, `None`, `Ok(x)` or `Err(x)` matched them.
#[diagnostic::on_unimplemented(
    message = "a part of `{Self}` might live across an `.await`: bind the value with a `let` of its own, before"
)]
pub trait Whole: Sized {}
impl<T> Whole for Option<T> {}
impl<T, E> Whole for Result<T, E> {}
impl<T: ?Sized> Whole for &T {}
impl<T: ?Sized> Whole for &mut T {}

/// What [`option`] passes: values of which nothing is left, too, when `Some(x)` did not match them.
#[diagnostic::on_unimplemented(
    message = "what is left of `{Self}` might live across the `.await` in `else`: use `match`, and bind all of it"
)]
pub trait Optional: Sized {}
impl<T> Optional for Option<T> {}
impl<T: ?Sized> Optional for &T {}
impl<T: ?Sized> Optional for &mut T {}

/// Passes an `Option` or a `Result` whose patterns bind all of it.
#[inline(always)]
pub fn whole<T: Whole>(value: T) -> T {
    value
}

/// Passes what `if let Some(x) = …` looks at while `else` awaits.
#[inline(always)]
pub fn option<T: Optional>(value: T) -> T {
    value
}

#[cfg(all(test, feature = "std"))]
mod tests;
