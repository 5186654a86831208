//! What stands in front of every future, and the tables of functions that know what is behind it.

use super::home::Home;
use super::inbox::Node;
use super::owned::NO_SLOT;
#[cfg(feature = "std")]
use super::trace::TaskTrace;
use crate::loom::{Life, UnsafeCell};
#[cfg(feature = "std")]
use crate::roles::Blocked;
use crate::sharing::{RemoteWord, Sharing, StateWord};
#[cfg(feature = "std")]
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::mem::{MaybeUninit, offset_of};
#[cfg(feature = "std")]
use core::panic::Location;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};
#[cfg(feature = "std")]
use core::time::Duration;

/// A task whose sharing is not known here. It points at a `Header<S>`; `table` is its first word under every `S`.
pub(crate) type Untyped = NonNull<&'static VTable>;

/// What stands in front of every future. The fields follow the rules of the [module](super).
#[repr(C)]
pub(crate) struct Header<S: Sharing> {
    /// First, so that a join handle finds it without knowing `S`.
    pub(crate) table: &'static VTable,
    /// Where the task lives; its address is the owner token.
    pub(crate) home: NonNull<Home<S>>,
    pub(crate) state: S::State,
    /// The slot in the home's table, or [`NO_SLOT`] before the first visit of a task that another thread spawned.
    pub(crate) idx: Cell<u32>,
    pub(crate) remote: S::Remote,
    pub(crate) node: Node,
    pub(crate) join: UnsafeCell<MaybeUninit<Waker>>,
    pub(crate) life: Life,
}

#[cfg(all(not(loom), target_pointer_width = "64"))]
const _: () = {
    assert!(size_of::<Header<crate::sharing::Local>>() == 56);
    assert!(size_of::<Header<crate::sharing::Shared>>() == 56);
    assert!(size_of::<Header<crate::sharing::Moving>>() == 56);
};
const _: () = {
    assert!(offset_of!(Header<crate::sharing::Local>, table) == 0);
    assert!(offset_of!(Header<crate::sharing::Shared>, table) == 0);
};

/// A pointer to a task, with the provenance of its whole block.
pub(crate) type Task<S> = NonNull<Header<S>>;

impl<S: Sharing> Header<S> {
    pub(crate) fn new(table: &'static VTable, home: NonNull<Home<S>>, state: usize) -> Self {
        Header {
            table,
            home,
            state: S::State::new(state),
            idx: Cell::new(NO_SLOT),
            remote: S::Remote::new(),
            node: Node::new(),
            join: UnsafeCell::new(MaybeUninit::uninit()),
            life: Life::new(),
        }
    }

    /// Where the task lives.
    #[inline(always)]
    pub(crate) fn home(&self) -> &Home<S> {
        // SAFETY: a header keeps the memory of its home (rule 10).
        unsafe { self.home.as_ref() }
    }

    /// Takes the waker out of the join slot.
    ///
    /// # Safety
    /// The slot is the caller's, and filled (rule 2); it is empty afterwards.
    pub(crate) unsafe fn take_join_waker(&self) -> Waker {
        // SAFETY: as the caller.
        self.join.with(|slot| unsafe { slot.cast::<Waker>().read() })
    }
}

/// The inbox node of `task`.
#[inline(always)]
pub(crate) fn node_of<S: Sharing>(task: Task<S>) -> NonNull<Node> {
    // SAFETY: the offset of a field stays inside the header.
    unsafe { task.byte_add(offset_of!(Header<S>, node)) }.cast()
}

/// The task of an inbox node.
///
/// # Safety
/// `node` came from [`node_of`] under the same `S`.
#[inline(always)]
pub(crate) unsafe fn task_of<S: Sharing>(node: NonNull<Node>) -> Task<S> {
    // SAFETY: the node is the field of a header, and its pointer has the provenance of the block (contract).
    unsafe { node.byte_sub(offset_of!(Header<S>, node)) }.cast()
}

/// How a poll of a task's future ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    /// Not ready.
    Pending,
    /// The output is in the stage.
    Output,
    /// A failure is in the stage.
    Failure,
}

/// What knows the future behind a header.
pub(crate) struct VTable {
    /// The verbs of handles; they know the sharing.
    pub(crate) verbs: &'static Verbs,
    /// Polls the future once. The caller holds `RUNNING`.
    pub(crate) poll: unsafe fn(Untyped, &mut Context<'_>) -> Polled,
    /// Drops the future and leaves a failure (cancelled) in the stage. The caller holds `RUNNING`.
    pub(crate) cancel: unsafe fn(Untyped),
    /// Drops what is in the stage after completion. The flag: it is a failure.
    pub(crate) drop_output: unsafe fn(Untyped, bool),
    /// Gives the memory back. The flag: the caller may not be the owner.
    pub(crate) dealloc: unsafe fn(Untyped, bool),
    /// The task's name, if it has one.
    pub(crate) name: unsafe fn(Untyped) -> Option<&'static str>,
    /// Where it was spawned, if it has a name.
    #[cfg(feature = "std")]
    pub(crate) spawned_at: unsafe fn(Untyped) -> Option<&'static Location<'static>>,
    /// What the future is called.
    #[cfg(feature = "std")]
    pub(crate) type_name: fn() -> &'static str,
    /// May it lie in a stand-in? See [`ask`](crate::machine::trace::ask).
    #[cfg(feature = "std")]
    pub(crate) passes: fn() -> bool,
    /// That of the whole block.
    #[cfg(feature = "std")]
    pub(crate) layout: Layout,
    /// Where the stage is, in bytes from the header.
    pub(crate) stage: usize,
    /// May any worker of the runtime run it? See [`steal`](super::steal). `false` under `Local`.
    pub(crate) moves: bool,
    /// Is it of the class [`Latency`](crate::roles::Latency)? Asked where two classes are kept apart.
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "asked by workers that have threads"))]
    pub(crate) latency: bool,
}

/// What a join handle or an abort handle can do; one table per sharing and kind of task.
pub(crate) struct Verbs {
    /// Ready: the stage is the handle's, `true` if it holds a failure.
    pub(crate) poll_join: unsafe fn(Untyped, &mut Context<'_>) -> Poll<bool>,
    /// Gives up the join handle: what drops a handle that has not yielded its output.
    pub(crate) detach: unsafe fn(Untyped),
    pub(crate) abort: unsafe fn(Untyped),
    pub(crate) is_finished: unsafe fn(Untyped) -> bool,
    /// One more reference, made from one that is held.
    pub(crate) acquire: unsafe fn(Untyped),
    /// One reference less.
    pub(crate) release: unsafe fn(Untyped),
    /// What the task is doing, asked for at most so long.
    #[cfg(feature = "std")]
    pub(crate) trace: unsafe fn(Untyped, Duration) -> TaskTrace,
}

/// The identity of a task: unique among the tasks that are not freed yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(crate) usize);

impl Id {
    pub(crate) fn of(task: Untyped) -> Id {
        Id(task.addr().get())
    }
}

#[cfg(feature = "std")]
impl Blocked<'_> {
    /// The task's identity, as its handle and a dump say it; the task may be gone. `None`: it is the future of `block_on`.
    #[must_use]
    pub fn task(&self) -> Option<Id> {
        self.task.map(Id)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({:#x})", self.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
