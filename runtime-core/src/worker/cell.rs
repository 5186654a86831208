//! The typed task: header, what a named task adds, and the stage.

use super::Worker;
use crate::config::{Config, MemoryOf, PanicPolicy, QueueOf, SharingOf};
#[cfg(feature = "std")]
use crate::machine::trace::ask;
#[cfg(feature = "std")]
use crate::roles::Class;
use crate::roles::{Allocate, steals};
use crate::sharing::{Local, Moving, Shared, Sharing};
use crate::task::header::{Header, Polled, Untyped, VTable};
use crate::task::join::{Failure, verbs};
use crate::task::places::{Pool, Store};
use crate::task::run::guard;
use crate::util::AbortOnUnwind;
use alloc::boxed::Box;
use core::alloc::Layout;
use core::any::Any;
use core::cell::UnsafeCell;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, offset_of};
use core::panic::Location;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// The future, then its output or its failure: one place for the three (`repr(C)`), so a pointer to the stage is a pointer to
/// each.
#[repr(C)]
union Stage<F: Future> {
    future: ManuallyDrop<F>,
    output: ManuallyDrop<F::Output>,
    failure: ManuallyDrop<Failure>,
}

/// What stands between the header and the stage.
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "other threads, and traces, ask for all of it"))]
pub(crate) trait Extra: 'static {
    /// Does the task stay on the worker that it was placed on, under every scheduler?
    const KEPT: bool = false;
    /// Is it of the class `Latency`?
    const LATENCY: bool = false;
    /// Does it lie in a place of a pool, and is that all that its spawn may lack?
    const PLACED: bool = false;
    /// Where its memory comes from, if its owner asks.
    type Own: Block;
    /// Where its memory comes from, if another thread asks.
    type Foreign: Block;

    fn name(&self) -> Option<&'static str>;
    fn spawned_at(&self) -> Option<&'static Location<'static>>;
}

impl Extra for () {
    type Own = OwnBlock;
    type Foreign = ForeignBlock;

    fn name(&self) -> Option<&'static str> {
        None
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// The task stays where it was placed: its future need not be `Send` any more once it was polled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept;

impl Extra for Kept {
    const KEPT: bool = true;
    type Own = OwnBlock;
    type Foreign = ForeignBlock;

    fn name(&self) -> Option<&'static str> {
        None
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// As [`Kept`], alone on its worker: it takes a block of the kind that any thread may ask for, so that a strategy which takes
/// memory for many tasks at once takes none for one.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone;

#[cfg(feature = "std")]
impl Extra for Alone {
    const KEPT: bool = true;
    type Own = ForeignBlock;
    type Foreign = ForeignBlock;

    fn name(&self) -> Option<&'static str> {
        None
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// The task is of the class `K`, which may give it a name.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfClass<K>(pub(crate) K);

#[cfg(feature = "std")]
impl<K: Class> Extra for OfClass<K> {
    const LATENCY: bool = K::LATENCY;
    type Own = OwnBlock;
    type Foreign = ForeignBlock;

    fn name(&self) -> Option<&'static str> {
        self.0.named().map(|(name, _)| name)
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.0.named().map(|(_, spawned_at)| spawned_at)
    }
}

/// The name of a task, and where it was given.
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "a trace says where"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named {
    name: &'static str,
    spawned_at: &'static Location<'static>,
}

impl Named {
    /// Spawned where this is called.
    #[track_caller]
    pub(crate) const fn here(name: &'static str) -> Self {
        Named { name, spawned_at: Location::caller() }
    }
}

impl Extra for Named {
    type Own = OwnBlock;
    type Foreign = ForeignBlock;

    fn name(&self) -> Option<&'static str> {
        Some(self.name)
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        Some(self.spawned_at)
    }
}

/// The task lies in a place of the pool `P`, whoever spawns it.
pub(crate) struct InPlace<P>(PhantomData<fn() -> P>);

impl<P> InPlace<P> {
    pub(crate) const NEW: Self = InPlace(PhantomData);
}

impl<P: Pool> Extra for InPlace<P> {
    const PLACED: bool = true;
    type Own = PlaceBlock<P>;
    type Foreign = PlaceBlock<P>;

    fn name(&self) -> Option<&'static str> {
        Some(P::NAME)
    }
    fn spawned_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// The size and alignment of a task that runs `F` in a place, under every config.
pub(crate) const fn layout_in_place<F: Future>() -> Layout {
    /// `Cell`, but for what it does not depend on. That it is large enough is checked where a task is laid out.
    #[repr(C)]
    struct Shape<S: Sharing, F: Future> {
        header: Header<S>,
        extra: (),
        stage: Stage<F>,
    }
    const fn larger(one: Layout, other: Layout) -> Layout {
        if one.size() >= other.size() && one.align() >= other.align() { one } else { other }
    }
    let (local, shared) = (Layout::new::<Shape<Local, F>>(), Layout::new::<Shape<Shared, F>>());
    larger(larger(local, shared), Layout::new::<Shape<Moving, F>>())
}

/// Where the memory of a task comes from, and goes.
pub(crate) trait Block: 'static {
    /// What every block is at most, if they are of one size.
    const ROOM: Option<Layout> = None;

    /// A block, or `None` if there is no memory.
    ///
    /// # Safety
    /// The caller may ask for this kind of block: see [`Extra`].
    unsafe fn alloc<M: Allocate>(memory: &M, layout: Layout) -> Option<NonNull<u8>>;

    /// Gives a block back.
    ///
    /// # Safety
    /// It came from [`alloc`](Self::alloc) with this memory and layout, and is not used again. Unless `any_thread`, the caller is
    /// the owner.
    unsafe fn give_back<M: Allocate>(memory: &M, block: NonNull<u8>, layout: Layout, any_thread: bool);
}

/// Allocated by the owner.
pub(crate) struct OwnBlock;

impl Block for OwnBlock {
    #[inline(always)]
    unsafe fn alloc<M: Allocate>(memory: &M, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: the caller is the owner; a task is never of size 0.
        unsafe { memory.alloc(layout) }
    }

    #[inline(always)]
    unsafe fn give_back<M: Allocate>(memory: &M, block: NonNull<u8>, layout: Layout, any_thread: bool) {
        if any_thread {
            // SAFETY: the block came from `alloc` with this layout.
            unsafe { __bespoke_cold_dealloc_foreign(memory, block, layout) }
        } else {
            // SAFETY: as above, and the caller is the owner.
            unsafe { memory.dealloc(block, layout) }
        }
    }
}

/// Allocated by another thread.
pub(crate) struct ForeignBlock;

impl Block for ForeignBlock {
    #[inline(always)]
    unsafe fn alloc<M: Allocate>(memory: &M, layout: Layout) -> Option<NonNull<u8>> {
        memory.alloc_foreign(layout)
    }

    #[inline(always)]
    unsafe fn give_back<M: Allocate>(memory: &M, block: NonNull<u8>, layout: Layout, _: bool) {
        // SAFETY: the block came from `alloc_foreign` with this layout.
        unsafe { memory.release_foreign(block, layout) }
    }
}

/// A place of the pool `P`.
pub(crate) struct PlaceBlock<P>(PhantomData<P>);

impl<P: Pool> Block for PlaceBlock<P> {
    const ROOM: Option<Layout> = Some(P::Store::PLACE);

    #[inline(always)]
    unsafe fn alloc<M: Allocate>(_: &M, _: Layout) -> Option<NonNull<u8>> {
        P::store().take()
    }

    #[inline(always)]
    unsafe fn give_back<M: Allocate>(_: &M, block: NonNull<u8>, _: Layout, _: bool) {
        let bomb = AbortOnUnwind; // a `Pool` is written by anybody, and who frees a task does not unwind
        let store = P::store();
        core::mem::forget(bomb);
        // SAFETY: the block came from a store of this type, by `alloc`, and is not used again.
        unsafe { store.give(block) }
    }
}

/// An output while its future is dropped. Should that panic, the output goes too, and a second panic, in its drop, would end
/// the process if it were not caught here.
struct Caught<T>(ManuallyDrop<T>);

impl<T> Drop for Caught<T> {
    fn drop(&mut self) {
        // SAFETY: dropped once: whoever takes the value forgets the wrapper.
        guard(|| unsafe { ManuallyDrop::drop(&mut self.0) });
    }
}

/// Ends the process if a poll unwinds: the runtime does not catch panics. A stand-in unwinds to whoever asks.
struct Uncaught;

impl Drop for Uncaught {
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        if ask::is_question() {
            return;
        }
        drop(AbortOnUnwind);
    }
}

/// A task with its future.
#[repr(C)]
pub(crate) struct Cell<C: Config, F: Future, X> {
    header: Header<SharingOf<C>>,
    extra: X,
    stage: UnsafeCell<Stage<F>>,
}

/// The vtable of tasks of `C` that run `F`.
pub(crate) struct Of<C, F, X, B>(PhantomData<(C, F, X, B)>);

impl<C: Config, F: Future + 'static, X: Extra, B: Block> Of<C, F, X, B> {
    pub(crate) const TABLE: VTable = VTable {
        verbs: verbs::<SharingOf<C>, QueueOf<C>>(),
        poll: Self::poll,
        cancel: Self::cancel,
        drop_output: Self::drop_output,
        dealloc: Self::dealloc,
        name: Self::name,
        #[cfg(feature = "std")]
        spawned_at: Self::spawned_at,
        #[cfg(feature = "std")]
        type_name: core::any::type_name::<F>,
        #[cfg(feature = "std")]
        passes: ask::passes::<F>,
        #[cfg(feature = "std")]
        layout: Self::LAYOUT,
        stage: offset_of!(Cell<C, F, X>, stage),
        moves: steals::<C::Scheduler>() && !X::KEPT,
        latency: X::LATENCY,
    };

    pub(crate) const LAYOUT: Layout = {
        let layout = Layout::new::<Cell<C, F, X>>();
        if let Some(room) = B::ROOM {
            let fits = layout.size() <= room.size() && layout.align() <= room.align();
            assert!(fits, "the places are those of another future");
        }
        layout
    };

    /// Writes a task into `block`.
    ///
    /// # Safety
    /// `block` has [`Self::LAYOUT`] and is the caller's alone.
    #[inline(always)]
    pub(crate) unsafe fn write(
        block: NonNull<u8>,
        header: Header<SharingOf<C>>,
        extra: X,
        future: F,
    ) -> NonNull<Header<SharingOf<C>>> {
        let cell = block.cast::<Cell<C, F, X>>().as_ptr();
        // The block is big enough and aligned (contract); field by field, so that the future moves once.
        // SAFETY: a place inside the block.
        let to_header = unsafe { &raw mut (*cell).header };
        // SAFETY: a place inside the block.
        let to_extra = unsafe { &raw mut (*cell).extra };
        // SAFETY: a place inside the block.
        let to_stage = unsafe { &raw mut (*cell).stage };
        // SAFETY: inside the block.
        unsafe { to_header.write(header) };
        // SAFETY: inside the block.
        unsafe { to_extra.write(extra) };
        // SAFETY: inside the block; the union starts with its future.
        unsafe { to_stage.cast::<F>().write(future) };
        block.cast()
    }

    #[inline(always)]
    fn stage(task: Untyped) -> *mut Stage<F> {
        let cell = task.cast::<Cell<C, F, X>>().as_ptr();
        // SAFETY: the vtable is in the header of a cell of this type (rule 9: provenance of the block).
        UnsafeCell::raw_get(unsafe { &raw const (*cell).stage })
    }

    /// Polls; when ready, replaces the future by its output. `dropped` says that the future is gone, also if its drop
    /// panics.
    #[inline(always)]
    unsafe fn step(stage: *mut Stage<F>, cx: &mut Context<'_>, dropped: &mut bool) -> Polled {
        // SAFETY: the caller holds RUNNING, and the future is there.
        let future = unsafe { &mut *stage.cast::<F>() };
        // SAFETY: it never moves: it lies in the block until it is dropped there.
        let future = unsafe { Pin::new_unchecked(future) };
        match future.poll(cx) {
            Poll::Pending => Polled::Pending,
            Poll::Ready(output) => {
                *dropped = true;
                let output = Caught(ManuallyDrop::new(output));
                // SAFETY: dropped once: the flag is set, and the output takes its place.
                unsafe { stage.cast::<F>().drop_in_place() };
                let mut output = ManuallyDrop::new(output);
                // SAFETY: taken once: the wrapper does not drop it any more.
                let output = unsafe { ManuallyDrop::take(&mut output.0) };
                // SAFETY: the stage is ours.
                unsafe { stage.cast::<F::Output>().write(output) };
                Polled::Output
            }
        }
    }

    unsafe fn poll(task: Untyped, cx: &mut Context<'_>) -> Polled {
        let stage = Self::stage(task);
        let mut dropped = false;
        #[cfg(feature = "std")]
        if matches!(C::PANIC, PanicPolicy::Catch) {
            let step = core::panic::AssertUnwindSafe(|| {
                // SAFETY: as the caller.
                unsafe { Self::step(stage, cx, &mut dropped) }
            });
            return match std::panic::catch_unwind(step) {
                Ok(polled) => polled,
                // SAFETY: RUNNING is the caller's.
                Err(panic) => unsafe { Self::fail(stage, Some(panic), dropped) },
            };
        }
        let _ = PanicPolicy::Catch;
        let bomb = Uncaught;
        // SAFETY: as the caller.
        let polled = unsafe { Self::step(stage, cx, &mut dropped) };
        core::mem::forget(bomb);
        polled
    }

    /// Puts a failure into the stage, after dropping the future unless it is gone.
    #[cold]
    unsafe fn fail(stage: *mut Stage<F>, panic: Option<Box<dyn Any + Send>>, dropped: bool) -> Polled {
        #[cfg(feature = "std")]
        if panic.is_some() && ask::is_question() {
            return Polled::Pending; // a stand-in, in which nothing is to be dropped
        }
        #[cfg_attr(not(feature = "std"), expect(unused_mut, reason = "a panic in the drop is caught under std only"))]
        let mut panic = panic;
        if !dropped {
            // SAFETY: the future is there, and is dropped once.
            let drop_future = || unsafe { stage.cast::<F>().drop_in_place() };
            #[cfg(feature = "std")]
            if let Err(second) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(drop_future)) {
                match &panic {
                    None => panic = Some(second),
                    Some(_) => crate::task::run::drop_panic(second),
                }
            }
            #[cfg(not(feature = "std"))]
            guard(drop_future);
        }
        // SAFETY: the stage is ours and holds nothing.
        unsafe { stage.cast::<Failure>().write(panic.map(Box::new)) };
        Polled::Failure
    }

    unsafe fn cancel(task: Untyped) {
        // SAFETY: the caller holds RUNNING.
        let failed = unsafe { Self::fail(Self::stage(task), None, false) };
        debug_assert_eq!(failed, Polled::Failure);
    }

    unsafe fn drop_output(task: Untyped, failed: bool) {
        let stage = Self::stage(task);
        if failed {
            // SAFETY: the stage is the caller's and holds a failure, dropped once.
            guard(|| unsafe { stage.cast::<Failure>().drop_in_place() });
        } else if core::mem::needs_drop::<F::Output>() {
            // SAFETY: the stage is the caller's and holds an output, dropped once.
            guard(|| unsafe { stage.cast::<F::Output>().drop_in_place() });
        }
    }

    unsafe fn dealloc(task: Untyped, any_thread: bool) {
        // SAFETY: not freed yet.
        let home = unsafe { task.cast::<Header<SharingOf<C>>>().as_ref() }.home;
        // SAFETY: the vtable is of `C`, and the home is the front of its worker, alive while a task of it is.
        let memory: &MemoryOf<C> = unsafe { &(*Worker::<C>::of(home).as_ptr()).memory };
        let block = task.cast::<u8>();
        // SAFETY: the block came from `B::alloc` with this memory and layout; the caller says whether it may be another thread.
        let give_back = move || unsafe { B::give_back(memory, block, Self::LAYOUT, any_thread) };
        #[cfg(not(loom))]
        give_back();
        #[cfg(loom)]
        {
            // SAFETY: the memory of the home is about to be used.
            unsafe { home.as_ref() }.life.touch();
            // SAFETY: not freed yet.
            unsafe { task.cast::<Header<SharingOf<C>>>().as_ref() }.life.end();
            // The home is buried after all of its tasks, so its memory is still there.
            super::counts::task_freed(give_back);
        }
    }

    unsafe fn name(task: Untyped) -> Option<&'static str> {
        // SAFETY: the vtable is in the header of a cell of this type.
        unsafe { &(*task.cast::<Cell<C, F, X>>().as_ptr()).extra }.name()
    }

    #[cfg(feature = "std")]
    unsafe fn spawned_at(task: Untyped) -> Option<&'static Location<'static>> {
        // SAFETY: the vtable is in the header of a cell of this type.
        unsafe { &(*task.cast::<Cell<C, F, X>>().as_ptr()).extra }.spawned_at()
    }
}

/// Gives a block back from a thread that need not be the owner.
///
/// # Safety
/// As [`Allocate::dealloc_foreign`].
#[cold]
#[inline(never)]
unsafe fn __bespoke_cold_dealloc_foreign<M: Allocate>(memory: &M, block: NonNull<u8>, layout: Layout) {
    // SAFETY: as the caller.
    unsafe { memory.dealloc_foreign(block, layout) }
}
