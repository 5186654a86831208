//! Do threads share what the runtime keeps for a task? [`Local`], [`Shared`] or [`Moving`]; it follows from the scheduler.
//!
//! # The confinement rule
//! Everything of ours that mentions a `Config` is `Send + Sync` for every `Config`, also under [`Local`], where it is
//! *confined*: it may **move** anywhere, but it is **used** by the worker that owns it only. One owner token, the
//! address of the worker's core, is in every such thing; each entry point compares it with the ambient word of the
//! thread ([`crate::task::current`]), which it reads anyway. Off the owner each entry point has one of three answers:
//!
//! | from a foreign thread | under `Local` |
//! |---|---|
//! | wake, clone or drop of a `Waker`; abort; `Handle::spawn` | works: the remote inbox, and an unpark |
//! | drop of a `JoinHandle`, a socket, an operation, a sleep | works: handed to the owner through the inbox |
//! | poll of an operation, a sleep or a `JoinHandle` | panics and names both workers |
//!
//! Under [`Shared`] tasks and sleeps are anybody's, each by its own rules. What is opened on a driver with state is confined
//! all the same: the state of a driver is its worker's. Under [`Moving`] that, too, is used by all workers of the runtime: what
//! they share of a driver has a lock ([`Sharing::DriverLock`]).
//!
//! Words that a foreign thread may read are relaxed atomics: on every target they are plain loads and stores, without a
//! lock prefix or a fence. That is the reason why the types below may be `Sync` at no cost.
//!
//! Source: DESIGN §4; the idea of a count that is biased towards its owner is Choi, Shull and Torrellas, *Biased
//! Reference Counting*, PACT 2018.

#[cfg(feature = "alloc")]
use crate::loom::{AtomicU32, AtomicUsize, Ordering, Plant, planted};
use core::fmt::Debug;

mod sealed {
    pub trait Sealed {}
}

/// How the runtime's own state is shared between threads. Sealed: [`Local`], [`Shared`] and [`Moving`] are all there is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of sharing",
    label = "expected `Local`, `Shared` or `Moving`",
    note = "the sharing follows from the scheduler: `SharingOf<C>`"
)]
pub trait Sharing: sealed::Sealed + Copy + Default + Send + Sync + Debug + 'static {
    /// `"local"`, `"shared"` or `"moving"`.
    const NAME: &'static str;
    /// May other threads than its worker's use what the runtime keeps for a task?
    const SHARED: bool;
    /// May any worker of the runtime poll what was opened on another one, between two polls of a task?
    const MOVING: bool = false;
    /// The state word of a task.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    type State: StateWord;
    /// The remote word of a task; nothing under `Shared`.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    type Remote: RemoteWord;
    /// A lock that is none where nothing is shared.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    type Lock<T: Send + 'static>: Lock<T>;
    /// A lock for what a driver keeps, and the table of what is open on it: none where these are used by their worker alone.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    type DriverLock<T: Send + 'static>: Lock<T>;
    /// As what a driver keeps its own: [`Moving`] where other threads may touch it, else [`Local`], whose state is plain.
    #[doc(hidden)]
    type Driven: Sharing;
    /// Where the home of a worker that takes tasks from others has its place among them; nothing but under `Moving`.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    type Seat: SeatWord;
    /// Held by what must not leave its thread: `Runtime` and the sync types. `()` but under [`Local`].
    type Confine: Debug + Default;
}

/// Tasks stay on the thread that spawned them; the runtime uses no locked instruction for them.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Local;

/// Tasks are known to other threads; the runtime uses atomics. Each stays where it was placed, as does what it opens.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Shared;

/// As [`Shared`], and a task may go to another worker between two polls, with all that it has opened.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Moving;

/// A sharing under which what is spawned is `Send`: [`Shared`] or [`Moving`].
#[doc(hidden)]
pub trait Threaded: Sharing {}

impl Threaded for Shared {}
impl Threaded for Moving {}

/// Held by a value that must stay on its thread. Its name is what the compiler prints when it is moved all the same.
#[derive(Debug, Default)]
pub struct StaysOnItsThread(core::marker::PhantomData<*const ()>);

/// May a runtime whose sharing confines it like this leave its thread?
#[diagnostic::on_unimplemented(
    message = "a `Runtime` stays on the thread that made it if its scheduler is local",
    label = "it would be moved to another thread, or used there",
    note = "make the runtime on that thread (a config is a name, and a `Builder` may be moved), or give the thread a \
            `Handle`: `runtime.handle()`"
)]
#[doc(hidden)]
pub trait LeavesItsThread: sealed::Sealed {}

impl LeavesItsThread for () {}

impl sealed::Sealed for Local {}
impl sealed::Sealed for Shared {}
impl sealed::Sealed for Moving {}
impl sealed::Sealed for () {}

impl Sharing for Local {
    const NAME: &'static str = "local";
    const SHARED: bool = false;
    #[cfg(feature = "alloc")]
    type State = LocalState;
    #[cfg(feature = "alloc")]
    type Remote = AtomicUsize;
    #[cfg(feature = "alloc")]
    type Lock<T: Send + 'static> = Unlocked<T>;
    #[cfg(feature = "alloc")]
    type DriverLock<T: Send + 'static> = Unlocked<T>;
    type Driven = Local;
    #[cfg(feature = "alloc")]
    type Seat = ();
    type Confine = StaysOnItsThread;
}

impl Sharing for Shared {
    const NAME: &'static str = "shared";
    const SHARED: bool = true;
    #[cfg(feature = "alloc")]
    type State = SharedState;
    #[cfg(feature = "alloc")]
    type Remote = ();
    #[cfg(feature = "alloc")]
    type Lock<T: Send + 'static> = Locked<T>;
    #[cfg(feature = "alloc")]
    type DriverLock<T: Send + 'static> = Unlocked<T>;
    type Driven = Local;
    #[cfg(feature = "alloc")]
    type Seat = ();
    type Confine = ();
}

impl Sharing for Moving {
    const NAME: &'static str = "moving";
    const SHARED: bool = true;
    const MOVING: bool = true;
    #[cfg(feature = "alloc")]
    type State = SharedState;
    #[cfg(feature = "alloc")]
    type Remote = ();
    #[cfg(feature = "alloc")]
    type Lock<T: Send + 'static> = Locked<T>;
    #[cfg(feature = "alloc")]
    type DriverLock<T: Send + 'static> = Locked<T>;
    type Driven = Moving;
    #[cfg(feature = "alloc")]
    type Seat = SharedSeat;
    type Confine = ();
}

/// A word of flags and a count with named transitions: a function from the value to (next value, what to do).
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub trait StateWord: Send + Sync + 'static {
    fn new(value: usize) -> Self;
    /// The value; under [`Shared`] an acquire load.
    fn load(&self) -> usize;
    /// A relaxed look from any thread.
    fn peek(&self) -> usize;
    /// One step. `None` leaves the word alone. [`Local`]: a load and a store, owner only. [`Shared`]: a compare-exchange
    /// loop, `AcqRel` (pairs with every other step on the same word).
    fn update<R>(&self, step: impl FnMut(usize) -> (Option<usize>, R)) -> R;
    /// Adds `n`; returns the value before. A new reference is made from one that is held, so `Relaxed` is enough.
    fn add(&self, n: usize) -> usize;
    /// Subtracts `n`; returns the value after. `AcqRel` under [`Shared`]: whoever frees must see every use.
    fn sub(&self, n: usize) -> usize;
}

/// The state word of a task that one thread owns: an atomic used with plain loads and stores.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[derive(Debug)]
pub struct LocalState {
    word: AtomicU32,
    /// Under loom: every owner access goes through a tracked cell, so that a foreign one is found.
    #[cfg(loom)]
    track: crate::loom::UnsafeCell<()>,
}

// SAFETY: only the loom build has a tracked cell, which is not `Sync` by itself: it is there to find a foreign access.
#[cfg(loom)]
unsafe impl Send for LocalState {}
// SAFETY: as above.
#[cfg(loom)]
unsafe impl Sync for LocalState {}

#[cfg(feature = "alloc")]
impl LocalState {
    #[inline(always)]
    fn read(&self) -> usize {
        #[cfg(loom)]
        self.track.with(|_| ());
        self.word.load(Ordering::Relaxed) as usize
    }
    #[inline(always)]
    fn write(&self, value: usize) {
        #[cfg(loom)]
        self.track.with_mut(|_| ());
        self.word.store(value as u32, Ordering::Relaxed);
    }
}

#[cfg(feature = "alloc")]
impl StateWord for LocalState {
    #[inline(always)]
    fn new(value: usize) -> Self {
        LocalState {
            word: AtomicU32::new(value as u32),
            #[cfg(loom)]
            track: crate::loom::UnsafeCell::new(()),
        }
    }
    #[inline(always)]
    fn load(&self) -> usize {
        self.read()
    }
    #[inline(always)]
    fn peek(&self) -> usize {
        self.word.load(Ordering::Relaxed) as usize
    }
    #[inline(always)]
    fn update<R>(&self, mut step: impl FnMut(usize) -> (Option<usize>, R)) -> R {
        let (next, result) = step(self.read());
        if let Some(next) = next {
            self.write(next);
        }
        result
    }
    #[inline(always)]
    fn add(&self, n: usize) -> usize {
        let before = self.read();
        self.write(before.wrapping_add(n));
        before
    }
    #[inline(always)]
    fn sub(&self, n: usize) -> usize {
        let after = self.read().wrapping_sub(n) as u32 as usize;
        self.write(after);
        after
    }
}

/// The state word of a task that threads share.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[derive(Debug)]
pub struct SharedState(AtomicUsize);

#[cfg(feature = "alloc")]
impl StateWord for SharedState {
    #[inline(always)]
    fn new(value: usize) -> Self {
        SharedState(AtomicUsize::new(value))
    }
    #[inline(always)]
    fn load(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
    #[inline(always)]
    fn peek(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
    #[inline(always)]
    fn update<R>(&self, mut step: impl FnMut(usize) -> (Option<usize>, R)) -> R {
        let mut now = self.0.load(Ordering::Acquire);
        loop {
            let (next, result) = step(now);
            let Some(next) = next else { return result };
            match self.0.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return result,
                Err(other) => now = other,
            }
        }
    }
    #[inline(always)]
    fn add(&self, n: usize) -> usize {
        self.0.fetch_add(n, Ordering::Relaxed)
    }
    #[inline(always)]
    fn sub(&self, n: usize) -> usize {
        let order = if planted(Plant::RelaxedSharedDrop) { Ordering::Relaxed } else { Ordering::AcqRel };
        self.0.fetch_sub(n, order) - n
    }
}

/// The word through which other threads speak to a task of [`Local`]; absent under [`Shared`].
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub trait RemoteWord: Send + Sync + 'static {
    fn new() -> Self;
    /// The word. Called under [`Local`] only: each call stands behind `if !S::SHARED`.
    fn word(&self) -> &AtomicUsize;
}

#[cfg(feature = "alloc")]
impl RemoteWord for AtomicUsize {
    #[inline(always)]
    fn new() -> Self {
        AtomicUsize::new(0)
    }
    #[inline(always)]
    fn word(&self) -> &AtomicUsize {
        self
    }
}

#[cfg(feature = "alloc")]
impl RemoteWord for () {
    #[inline(always)]
    fn new() -> Self {}
    fn word(&self) -> &AtomicUsize {
        unreachable!("a shared task has no remote word")
    }
}

/// The word for the seat of a home; absent but under [`Moving`]. It is written before other threads know the home.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub trait SeatWord: Send + Sync + 'static {
    fn new() -> Self;
    fn set(&self, seat: *const ());
    /// Null: the home has none.
    fn get(&self) -> *const ();
}

#[cfg(feature = "alloc")]
impl SeatWord for () {
    #[inline(always)]
    fn new() -> Self {}
    fn set(&self, _: *const ()) {
        unreachable!("only a home whose tasks move has a seat")
    }
    #[inline(always)]
    fn get(&self) -> *const () {
        core::ptr::null()
    }
}

/// Written once. Relaxed, and `core`'s also under loom: whoever may name the home was told of it afterwards.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[derive(Debug)]
pub struct SharedSeat(core::sync::atomic::AtomicPtr<()>);

#[cfg(feature = "alloc")]
impl SeatWord for SharedSeat {
    #[inline(always)]
    fn new() -> Self {
        SharedSeat(core::sync::atomic::AtomicPtr::new(core::ptr::null_mut()))
    }
    fn set(&self, seat: *const ()) {
        self.0.store(seat.cast_mut(), core::sync::atomic::Ordering::Relaxed);
    }
    #[inline(always)]
    fn get(&self) -> *const () {
        self.0.load(core::sync::atomic::Ordering::Relaxed)
    }
}

/// A lock, or nothing where nothing is shared.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub trait Lock<T>: Send + Sync + 'static {
    fn new(value: T) -> Self;
    /// Runs `f` on the value alone.
    ///
    /// # Safety
    /// Under [`Local`]: the caller is the owner (or the last one to hold the core), and `f` does not come back here.
    unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R;
}

/// What the owner alone touches.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[derive(Debug)]
pub struct Unlocked<T>(core::cell::UnsafeCell<T>);

// SAFETY: every access is through `with`, whose contract is that the caller is the owner; `T: Send` lets the last holder
// of a closed core drop it on another thread.
#[cfg(feature = "alloc")]
unsafe impl<T: Send> Sync for Unlocked<T> {}

#[cfg(feature = "alloc")]
impl<T: Send + 'static> Lock<T> for Unlocked<T> {
    fn new(value: T) -> Self {
        Unlocked(core::cell::UnsafeCell::new(value))
    }
    #[inline(always)]
    unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the caller is the owner and does not re-enter (contract of `with`).
        f(unsafe { &mut *self.0.get() })
    }
}

/// What any worker may touch, one at a time.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[derive(Debug)]
pub struct Locked<T>(lock::Mutex<T>);

#[cfg(feature = "alloc")]
impl<T: Send + 'static> Lock<T> for Locked<T> {
    fn new(value: T) -> Self {
        Locked(lock::Mutex::new(value))
    }
    #[inline(always)]
    unsafe fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        lock::with(&self.0, f)
    }
}

#[cfg(all(feature = "alloc", feature = "std"))]
mod lock {
    //! With an operating system: its mutex.
    pub(super) use crate::loom::Mutex;

    #[inline(always)]
    pub(super) fn with<T, R>(mutex: &Mutex<T>, f: impl FnOnce(&mut T) -> R) -> R {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        f(&mut mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

#[cfg(all(feature = "alloc", not(feature = "std")))]
mod lock {
    //! Without an operating system there is nothing to sleep in, so this one spins. The sections are short (some walk over those
    //! who wait), and nothing interrupts them: a handler that waited for what it interrupts would wait for ever.
    use crate::util::flow;
    use core::cell::UnsafeCell;
    use core::sync::atomic::{AtomicBool, Ordering};

    #[derive(Debug)]
    pub(super) struct Mutex<T> {
        taken: AtomicBool,
        value: UnsafeCell<T>,
    }

    // SAFETY: `with` gives the value to one caller at a time.
    unsafe impl<T: Send> Sync for Mutex<T> {}

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Mutex { taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
        }
    }

    struct Taken<'a>(&'a AtomicBool);

    impl Drop for Taken<'_> {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Release);
        }
    }

    pub(super) fn with<T, R>(mutex: &Mutex<T>, f: impl FnOnce(&mut T) -> R) -> R {
        flow::masked(|| {
            while mutex.taken.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
                core::hint::spin_loop();
            }
            // Also when `f` unwinds: nothing of the user's runs in it, so the value is whole all the same.
            let _taken = Taken(&mutex.taken);
            // SAFETY: `taken` was ours to set, and is cleared after the last use.
            f(unsafe { &mut *mutex.value.get() })
        })
    }
}
