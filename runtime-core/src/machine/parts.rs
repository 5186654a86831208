//! What is awaited, and how it lies in the frame of the machine that awaits it: as a whole, or a machine in two parts.
//!
//! A machine as a whole is as large as its alignment asks for: beside the byte of its state seven more may lie idle, and a
//! machine around it could not use them. So a machine lies in another one in parts. Its storage takes a place in the outer
//! storage, its head lies in the outer head, beside the outer state. A chain of calls then takes a byte a level.
//!
//! ```text
//!  as a whole (a task's future)      in another one
//!  ┌────────┬───────────┐            ┌───────┬───────┬─────────────────────┐
//!  │ head   │ storage   │            │ state │ head  │ …  │ storage   │    │
//!  └────────┴───────────┘            └───────┴───────┴─────────────────────┘
//!                                      the outer head    the outer storage
//! ```
//!
//! Which of the two it is, rustc decides by the future's type when it looks for the method `__bespoke_begin` of [`Begin`]:
//! that of [`InParts`] futures is found before those of [`BeginWhole`]. Of these the one for a type around another future (a
//! timeout) is found before the one for all, which asks for a reference: what is inside lies there as what tells no more than
//! its type ([`Whole`]), and the outer one can tell of it. Functions under `#[async_fn]` say in their signature that they return
//! futures in parts, since nothing else of what hides behind `impl Future` can be seen. A trait of the program with a method of
//! this name, for every type, would be found before the one by reference: so the method returns [`Begun`], of which a program has
//! none, and expansions ask for it.
//!
//! In the same way `__bespoke_part` makes a *part* of several futures that are awaited as one (`join!`): always one that can be
//! told of.
//!
//! # Invariants
//! 1. From `__bespoke_begin` to `end` both parts hold the future that it took, and only the functions of its type look at them.
//! 2. Parts hold nothing that the whole does not hold: what may be done to the whole from another thread, or after a panic,
//!    may be done to them.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::frame::{HasState, Share};
use super::trace::{self, Tells, Walk, says};
use super::{Machine, Step, poll_once};

/// A future that can lie in two parts.
///
/// # Safety
/// - `part` makes both parts, and the other functions do with them what `poll` and the destructor do with the whole.
/// - If the whole is `Send`, `Sync`, `UnwindSafe` or `RefUnwindSafe`, so are the parts together (inv. 2).
pub unsafe trait InParts: Tells {
    /// What has an alignment.
    type Storage;
    /// The other few bytes.
    type Head;

    /// Takes it apart.
    ///
    /// # Safety
    /// Both places are there, and hold nothing that somebody drops.
    unsafe fn part(self, storage: *mut Self::Storage, head: *mut Self::Head)
    where
        Self: Sized;

    /// Polls it.
    ///
    /// # Safety
    /// `part` made the parts, they stay where they are until `drop_parts`, and nobody else uses them during the poll.
    unsafe fn poll_parts(
        storage: *mut Self::Storage,
        head: *mut Self::Head,
        context: &mut Context<'_>,
    ) -> Poll<Self::Output>;

    /// Drops it.
    ///
    /// # Safety
    /// `part` made the parts, and nobody uses them again.
    unsafe fn drop_parts(storage: *mut Self::Storage, head: *mut Self::Head);

    /// Tells what it waits for.
    ///
    /// # Safety
    /// `part` made the parts, and the [invariants](super::trace) of traces hold.
    unsafe fn tell_parts(storage: *mut Self::Storage, head: *mut Self::Head, walk: &mut Walk<'_>);
}

// SAFETY: the functions are those that the whole calls, with pointers to the same two fields; `poll` and `drop`, which hold
// nothing, are what the parts lack of the whole.
unsafe impl<H, S, R, P, D> InParts for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    type Storage = S;
    type Head = H;

    #[inline(always)]
    unsafe fn part(self, storage: *mut S, head: *mut H) {
        let whole = ManuallyDrop::new(self);
        // SAFETY: the place is there, and another one than the whole's.
        unsafe { storage.cast::<MaybeUninit<S>>().copy_from_nonoverlapping(&raw const whole.storage, 1) };
        // SAFETY: as above.
        unsafe { head.cast::<MaybeUninit<H>>().copy_from_nonoverlapping(&raw const whole.head, 1) };
    }

    #[inline]
    unsafe fn poll_parts(storage: *mut S, head: *mut H, context: &mut Context<'_>) -> Poll<R> {
        // SAFETY: the whole had a `P`, and `part` forgot it.
        let poll = unsafe { nothing::<P>() };
        // SAFETY: head and storage are those that `part` made of the machine.
        unsafe { poll_once::<H, S, R, P, D>(poll, head, storage, context) }
    }

    #[inline]
    unsafe fn drop_parts(storage: *mut S, head: *mut H) {
        // SAFETY: the whole had a `D`, and `part` forgot it.
        let drop = unsafe { nothing::<D>() };
        drop(head, storage, None);
    }

    unsafe fn tell_parts(storage: *mut S, head: *mut H, walk: &mut Walk<'_>) {
        // SAFETY: the parts are those of a machine of this type; the rest is the caller's promise.
        unsafe { trace::ask::tell::<H, S, D>(head, storage, walk) };
    }
}

/// A value that takes no room.
///
/// # Safety
/// There was such a value, and nobody dropped it.
#[inline(always)]
pub(super) unsafe fn nothing<'a, T>() -> &'a T {
    const { assert!(size_of::<T>() == 0, "the functions of a machine capture nothing") };
    // SAFETY: it takes no room, so any address of its alignment will do; and there is one, as the caller says.
    unsafe { NonNull::dangling().as_ref() }
}

/// What lies in the place of a future that is awaited: the future, or the [`StorageOf`] a machine.
///
/// # Safety
/// `end` does what the destructor does, and `poll` what `poll` does.
pub unsafe trait Awaited {
    /// What lies in the head meanwhile.
    type Head;
    /// The future's value.
    type Output;

    /// Polls the future.
    ///
    /// # Safety
    /// A [`Begin`] wrote both places, the machine is pinned, and `end` was not called.
    unsafe fn poll(place: *mut Self, head: *mut Self::Head, context: &mut Context<'_>) -> Poll<Self::Output>;

    /// Drops the future.
    ///
    /// # Safety
    /// A [`Begin`] wrote both places, and nobody uses them again before the next one.
    unsafe fn end(place: *mut Self, head: *mut Self::Head);

    /// Tells what the future is, and of a machine what it waits for.
    ///
    /// # Safety
    /// A [`Begin`] wrote both places, and the [invariants](trace) of traces hold.
    unsafe fn tell(place: *mut Self, head: *mut Self::Head, walk: &mut Walk<'_>);
}

// SAFETY: it is the future itself.
unsafe impl<F: Future> Awaited for F {
    type Head = ();
    type Output = F::Output;

    #[inline(always)]
    unsafe fn poll(place: *mut F, _: *mut (), context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the place holds a future, and nobody else uses it during the poll.
        let future = unsafe { &mut *place };
        // SAFETY: the machine is pinned, and the future stays in its place until `end`.
        let future = unsafe { Pin::new_unchecked(future) };
        future.poll(context)
    }

    #[inline(always)]
    unsafe fn end(place: *mut F, _: *mut ()) {
        // SAFETY: the place holds a future, as the caller says, and it is the last use of it.
        unsafe { place.drop_in_place() };
    }

    unsafe fn tell(_: *mut F, _: *mut (), walk: &mut Walk<'_>) {
        walk.is_a::<F>();
    }
}

/// The storage of a machine that lies in parts.
#[repr(transparent)]
pub struct StorageOf<M: InParts>(MaybeUninit<M::Storage>);

/// The head of a machine that lies in parts.
#[repr(transparent)]
pub struct HeadOf<M: InParts>(MaybeUninit<M::Head>);

macro_rules! like_the_whole {
    ($($part:ident)*) => {$(
        // SAFETY: inv. 2; what `M` may be, `impl Future` tells of `M` alone and not of its parts.
        unsafe impl<M: InParts + Send> Send for $part<M> {}
        // SAFETY: as above.
        unsafe impl<M: InParts + Sync> Sync for $part<M> {}
        impl<M: InParts + UnwindSafe> UnwindSafe for $part<M> {}
        impl<M: InParts + RefUnwindSafe> RefUnwindSafe for $part<M> {}

        impl<M: InParts> fmt::Debug for $part<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($part)).field("size", &size_of::<Self>()).finish_non_exhaustive()
            }
        }
    )*};
}
like_the_whole!(StorageOf HeadOf);

// SAFETY: the functions are those of the machine's type, over the parts that `Begin` made of it.
unsafe impl<M: InParts> Awaited for StorageOf<M> {
    type Head = HeadOf<M>;
    type Output = M::Output;

    #[inline(always)]
    unsafe fn poll(place: *mut Self, head: *mut HeadOf<M>, context: &mut Context<'_>) -> Poll<M::Output> {
        // SAFETY: `Begin` parted a machine into these places, which are transparent (inv. 1); the rest is the caller's promise.
        unsafe { M::poll_parts(place as *mut M::Storage, head as *mut M::Head, context) }
    }

    #[inline(always)]
    unsafe fn end(place: *mut Self, head: *mut HeadOf<M>) {
        // SAFETY: as above.
        unsafe { M::drop_parts(place as *mut M::Storage, head as *mut M::Head) };
    }

    unsafe fn tell(place: *mut Self, head: *mut HeadOf<M>, walk: &mut Walk<'_>) {
        // SAFETY: as above.
        unsafe { M::tell_parts(place as *mut M::Storage, head as *mut M::Head, walk) };
    }
}

// SAFETY: of the parts there are only pointers, and what tells of them keeps the invariants of traces.
unsafe impl<H, S, R, P, D> Tells for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the machine is there.
        let head = unsafe { &raw mut (*this).head };
        // SAFETY: as above.
        let storage = unsafe { &raw mut (*this).storage };
        // SAFETY: they are its parts; the rest is the caller's promise.
        unsafe { trace::ask::tell::<H, S, D>(head.cast(), storage.cast(), walk) };
    }
}

/// A future of which no more can be told than its type, as one that tells.
#[repr(transparent)]
#[derive(Debug)]
pub struct Whole<F>(pub(crate) F);

impl<F: Future> Future for Whole<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: pinned with this.
        unsafe { self.map_unchecked_mut(|whole| &mut whole.0) }.poll(context)
    }
}

// SAFETY: reads nothing.
unsafe impl<F: Future> Tells for Whole<F> {
    unsafe fn tell(_: *mut Self, walk: &mut Walk<'_>) {
        walk.is_a::<F>();
    }
}
says!([F: Future] Whole<F>);

/// What is awaited, as a future on its way to its place.
#[inline(always)]
pub fn into_future<F: IntoFuture>(awaited: F) -> Begin<F::IntoFuture> {
    Begin(ManuallyDrop::new(awaited.into_future()))
}

/// A future is in its place: what `__bespoke_begin` returns. Safe code has none.
#[derive(Debug)]
pub struct Begun(());

impl Begun {
    /// # Safety
    /// The future of the `Begin` is in the place that was named with it.
    #[inline(always)]
    pub const unsafe fn promise() -> Self {
        Begun(())
    }
}

/// A future on its way to its place.
///
/// # Invariants
/// 1. The future is there until the one call that takes it.
#[derive(Debug)]
pub struct Begin<F>(ManuallyDrop<F>);

impl<F> Begin<F> {
    /// The future.
    ///
    /// # Safety
    /// It is taken once.
    #[inline(always)]
    pub(crate) unsafe fn take(&self) -> F {
        // SAFETY: it is there (inv. 1), and nobody takes it again.
        unsafe { (&raw const *self.0).read() }
    }
}

impl<M: InParts> Begin<M> {
    /// Puts a machine into its places.
    ///
    /// # Safety
    /// They are there, `head` with room for a [`HeadOf`] the machine, and hold nothing that somebody drops.
    #[inline(always)]
    pub unsafe fn __bespoke_begin(self, place: *mut StorageOf<M>, head: *mut ()) -> Begun {
        let future = ManuallyDrop::into_inner(self.0);
        // SAFETY: the caller's promise.
        unsafe { future.part(place as *mut M::Storage, head as *mut M::Head) };
        // SAFETY: it is, in parts.
        unsafe { Begun::promise() }
    }

    /// One of several futures that are awaited as one: itself, since it tells.
    ///
    /// # Safety
    /// None; so that it is called as that of [`BeginWhole`].
    #[inline(always)]
    pub unsafe fn __bespoke_part(self) -> M {
        ManuallyDrop::into_inner(self.0)
    }
}

/// What [`Begin`] does with a future that cannot lie in parts.
pub trait BeginWhole {
    /// What lies in the future's place.
    type Placed;
    /// What the future is as a part of several.
    type Part;

    /// Puts the future into its place.
    ///
    /// # Safety
    /// - The place is there, `head` with room for what else is `Placed`, and holds nothing that somebody drops.
    /// - It is the only call of a method of this `Begin`.
    unsafe fn __bespoke_begin(self, place: *mut Self::Placed, head: *mut ()) -> Begun;

    /// One of several futures that are awaited as one, as what tells.
    ///
    /// # Safety
    /// It is the only call of a method of this `Begin`.
    unsafe fn __bespoke_part(self) -> Self::Part;
}

impl<F: Future> BeginWhole for &Begin<F> {
    type Placed = F;
    type Part = Whole<F>;

    #[inline(always)]
    unsafe fn __bespoke_begin(self, place: *mut F, _: *mut ()) -> Begun {
        // SAFETY: the caller's promise.
        let future = unsafe { self.take() };
        // SAFETY: the caller's promise.
        unsafe { place.write(future) };
        // SAFETY: it is.
        unsafe { Begun::promise() }
    }

    #[inline(always)]
    unsafe fn __bespoke_part(self) -> Whole<F> {
        // SAFETY: the caller's promise.
        Whole(unsafe { self.take() })
    }
}

/// Polls the future in a place, and drops it if it is ready or panics: before anybody sees its value, which is leaked should that
/// drop unwind.
///
/// # Safety
/// Those of [`Awaited::poll`], with `head` where a `K::Head` lies. What is not pending was dropped.
#[inline(always)]
pub unsafe fn poll<K: Awaited>(place: *mut K, head: *mut (), context: &mut Context<'_>) -> Poll<K::Output> {
    let polled = {
        let mut ending = Ending { place, head, stays: false };
        // SAFETY: the caller's promise.
        let polled = unsafe { K::poll(place, head as *mut K::Head, context) };
        ending.stays = matches!(polled, Poll::Pending);
        ManuallyDrop::new(polled)
    };
    ManuallyDrop::into_inner(polled)
}

/// Drops the awaited future, unless it stays for another poll.
struct Ending<K: Awaited> {
    place: *mut K,
    head: *mut (),
    stays: bool,
}

impl<K: Awaited> Drop for Ending<K> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.stays {
            // SAFETY: the promise to `poll`, which makes one of these; nobody uses the future again.
            unsafe { K::end(self.place, self.head as *mut K::Head) };
        }
    }
}

macro_rules! heads {
    ($($(#[$doc:meta])* $name:ident: $($place:ident)*;)*) => {$(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "it is what has the places")]
        #[inline(always)]
        pub fn $name<$($place: Awaited),*>($(_: *mut $place,)* _: *mut Share<$($place::Head),*>) {}
    )*};
}
heads! {
    /// Says that the heads of what is awaited in two places share these bytes.
    heads_2: A B;
    /// Says that the heads of what is awaited in three places share these bytes.
    heads_3: A B C;
    /// Says that the heads of what is awaited in four places share these bytes.
    heads_4: A B C D;
    /// Says that the heads of what is awaited in five places share these bytes.
    heads_5: A B C D E;
    /// Says that the heads of what is awaited in six places share these bytes.
    heads_6: A B C D E F;
    /// Says that the heads of what is awaited in seven places share these bytes.
    heads_7: A B C D E F G;
    /// Says that the heads of what is awaited in eight places share these bytes.
    heads_8: A B C D E F G H;
}

/// Says that these are the bytes of the head of what is awaited in a place.
#[inline(always)]
pub fn heads_1<K: Awaited>(_: *mut K, _: *mut K::Head) {}
