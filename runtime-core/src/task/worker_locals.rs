//! Values of workers: [`WorkerLocal`]. Each worker that asks makes one, and drops it when it closes.
//!
//! A key has a number, and a worker has a table of values by number. So to find one takes the ambient word, the tag behind it
//! and an index. A value is counted while somebody looks at it, so nothing of the table is borrowed while the user's code runs,
//! which may ask for other values.
//!
//! # Invariants
//! 1. A number is one key's, and the values of a key are of one type, as a key's own type is invariant. (They are asked for
//!    their type all the same.)
//! 2. Only the thread that runs a worker touches its table, in its context, and that is the same thread from the first value to
//!    the last: `Tag::locals` leads there only where each worker is entered by one thread. So a value need not be `Send`.
//! 3. Once `shut`, the table is empty for good: who frees the memory of a closed worker, which any thread may do, drops no value.

use super::current::current;
use super::home::identity;
use super::run::guard;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::any::Any;
use core::cell::{Cell, OnceCell, RefCell};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A value for each worker: a static of a program, of which every worker has its own.
///
/// A worker makes its value when it is asked for it first, and drops it when it closes, after its tasks. Both happen on the
/// thread of the worker, and nobody else ever sees the value: so it need not be `Send`, and a `Cell` counts without a locked
/// instruction. It is memory of the global allocator. Finding it does not depend on how many there are.
///
/// ```
/// use bespoke_core::task::worker_locals::{WorkerLocal, WorkerLocalError};
/// use std::cell::Cell;
///
/// static REQUESTS: WorkerLocal<Cell<u64>> = WorkerLocal::new(|| Cell::new(0));
///
/// let counted = REQUESTS.try_with(|requests| requests.set(requests.get() + 1));
/// assert_eq!(counted, Err(WorkerLocalError::NoWorker)); // not inside of a runtime
/// ```
///
/// | scheduler | who has a value |
/// |---|---|
/// | `SingleThread` | the runtime: every task, and the future of every `block_on` |
/// | `PerCore` | each of the workers; and each `block_on`, whose worker ends with it |
/// | `ThreadPerTask` | each task and each `block_on`, as each has a worker |
/// | `WorkStealing` | nobody: [`WorkerLocalError::TasksMove`] |
///
/// Two runtimes of one config have values of their own, also on one thread. Under `WorkStealing` a worker whose thread
/// blocks in place is run by another one, which would share what need not be `Send`; `thread_local!` gives each of these
/// threads its own.
pub struct WorkerLocal<T: 'static> {
    make: fn() -> T,
    /// From 1; 0: none yet.
    number: AtomicUsize,
    /// A key is of one type: that of `make` alone would let it be taken for a key of a subtype's.
    one_type: PhantomData<fn(T) -> T>,
}

impl<T: 'static> WorkerLocal<T> {
    /// A key whose values are made by `make`.
    #[must_use]
    pub const fn new(make: fn() -> T) -> Self {
        WorkerLocal { make, number: AtomicUsize::new(0), one_type: PhantomData }
    }

    /// Runs `f` on the value of the worker that this thread runs, which is made if it is not there yet.
    ///
    /// Nothing awaits inside `f`, so no other task sees the value meanwhile; `f` may ask for other values, and for this one.
    ///
    /// # Panics
    /// Where [`try_with`](Self::try_with) yields an error, with its text. With what `f`, or the maker of the value, panics with.
    #[track_caller]
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`with`](Self::with), where there may be no value: in a `Drop`, say, which may run anywhere.
    ///
    /// # Errors
    /// See [`WorkerLocalError`]. `f` was not called.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, WorkerLocalError> {
        let value = find_or_make(self.index(), &|| Rc::new((self.make)()))?;
        let Ok(value) = value.downcast::<T>() else { unreachable!("a number is one key's (invariant 1)") };
        Ok(f(&value))
    }

    /// Where its values are in the tables.
    #[inline]
    fn index(&self) -> usize {
        // Relaxed: a number says nothing of anything else.
        match self.number.load(Ordering::Relaxed) {
            0 => self.take_number() - 1,
            number => number - 1,
        }
    }

    #[cold]
    fn take_number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
        // Two threads may ask at the same time: then one number is nobody's.
        match self.number.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => fresh,
            Err(theirs) => theirs,
        }
    }
}

impl<T: 'static> fmt::Debug for WorkerLocal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkerLocal(..)")
    }
}

/// Why there is no value of a [`WorkerLocal`] here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerLocalError {
    /// This thread runs no worker: it is outside of every runtime, or one of a blocking pool.
    NoWorker,
    /// The tasks of this config move between its workers, which keep no values.
    TasksMove {
        /// The name of the config.
        config: &'static str,
    },
    /// The worker closes, and has dropped its values.
    Closed {
        /// The name of its config.
        config: &'static str,
    },
    /// The maker of the value asks for it.
    BeingMade,
}

impl fmt::Display for WorkerLocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerLocalError::NoWorker => f.write_str(
                "a `WorkerLocal` has no value here: this thread runs no worker; ask inside `block_on` or a spawned task, and \
                 give a blocking thread what it needs",
            ),
            WorkerLocalError::TasksMove { config } => write!(
                f,
                "a `WorkerLocal` has no value here: the tasks of `{config}` move between its workers; use `thread_local!`, or a \
                 scheduler whose tasks stay, as `PerCore`"
            ),
            WorkerLocalError::Closed { config } => write!(
                f,
                "a `WorkerLocal` has no value any more: this worker of `{config}` closes, and has dropped its values; use \
                 `try_with` where something is dropped"
            ),
            WorkerLocalError::BeingMade => f.write_str("the maker of a `WorkerLocal` asks for the value that it makes"),
        }
    }
}

impl core::error::Error for WorkerLocalError {}

/// What there is for a key.
enum Slot {
    Empty,
    /// Its maker runs.
    Making,
    There(Rc<dyn Any>),
}

/// The values of a worker. A worker that nobody asks for one has two words.
#[derive(Default)]
pub(crate) struct Values {
    slots: OnceCell<Box<RefCell<Vec<Slot>>>>,
    shut: Cell<bool>,
}

impl Values {
    /// What there is at `index`; marks it if a value is to be made.
    fn begin(&self, index: usize) -> Slot {
        let mut slots = self.slots.get_or_init(Box::default).borrow_mut();
        if slots.len() <= index {
            slots.resize_with(index + 1, || Slot::Empty);
        }
        match &mut slots[index] {
            Slot::There(value) => Slot::There(value.clone()),
            Slot::Making => Slot::Making,
            slot @ Slot::Empty => {
                *slot = Slot::Making;
                Slot::Empty
            }
        }
    }

    /// The maker that [`begin`](Self::begin) asked for has returned `by`, or panicked. What it replaces is a mark, so nothing is
    /// dropped that is the user's.
    fn end(&self, index: usize, by: Slot) {
        let mut slots = self.slots.get_or_init(Box::default).borrow_mut();
        slots[index] = by;
    }

    /// Drops all values; from here on there is none. What they drop may ask for others, and is told so.
    ///
    /// # Safety
    /// The caller is the owner, in its context.
    pub(crate) unsafe fn close(&self) {
        self.shut.set(true);
        let slots = self.slots.get().map(|slots| slots.take()).unwrap_or_default();
        for slot in slots {
            guard(|| drop(slot));
        }
    }
}

/// The value at `index` of the worker that this thread runs.
fn find_or_make(index: usize, make: &dyn Fn() -> Rc<dyn Any>) -> Result<Rc<dyn Any>, WorkerLocalError> {
    let home = NonNull::new(current().cast_mut()).ok_or(WorkerLocalError::NoWorker)?;
    // SAFETY: the ambient word names a home that is alive while this thread runs it.
    let (tag, _) = unsafe { identity(home) };
    let config = tag.name;
    let offset = tag.locals.ok_or(WorkerLocalError::TasksMove { config })?;
    // SAFETY: the home is the front of a worker of the tag's config, whose values are at this offset; the ambient word has the
    // provenance of the worker.
    let values = unsafe { home.byte_add(offset) }.cast::<Values>();
    // SAFETY: the worker is not freed before this thread has left its context, which it does not before this returns. No other
    // thread touches the values (invariant 2), and nobody has a unique reference to them.
    let values = unsafe { values.as_ref() };
    if values.shut.get() {
        return Err(WorkerLocalError::Closed { config });
    }
    match values.begin(index) {
        Slot::There(value) => Ok(value),
        Slot::Making => Err(WorkerLocalError::BeingMade),
        Slot::Empty => {
            let mut unmade = Unmade { values, index, by: Slot::Empty };
            let value = make();
            unmade.by = Slot::There(value.clone());
            Ok(value)
        }
    }
}

/// Ends the making of a value, also when the maker panics: who asks next makes it anew then.
struct Unmade<'a> {
    values: &'a Values,
    index: usize,
    by: Slot,
}

impl Drop for Unmade<'_> {
    fn drop(&mut self) {
        self.values.end(self.index, core::mem::replace(&mut self.by, Slot::Empty));
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
