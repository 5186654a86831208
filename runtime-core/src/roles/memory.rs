//! Where tasks, queues and buffers come from.

use crate::error::Error;
use crate::sharing::Sharing;
use core::alloc::Layout;
use core::ptr::NonNull;

/// The name of a memory strategy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a memory strategy",
    label = "expected a memory strategy",
    note = "strategies: `System`, `Pooled`, `Fixed<BYTES>`"
)]
pub trait Memory: 'static {
    /// The name in `INFO` and in reports.
    const NAME: &'static str;
    /// The bytes that the runtime may take beside those that the strategy holds itself, if there is a bound; checked against
    /// `INFO` at compile time.
    const BUDGET: Option<usize> = None;
    /// The running strategy of one worker.
    type Live<S: Sharing>: Allocate;

    /// Starts the strategy for one worker.
    ///
    /// # Errors
    /// When the strategy needs something at the start that the system refuses.
    fn start<S: Sharing>() -> Result<Self::Live<S>, Error>;
}

/// A running memory strategy. It lives as long as the core of its worker, that is, until the last waker, handle or
/// resource of the runtime is gone, also after the runtime closed.
///
/// There are two kinds of block, told apart by the caller: *own* blocks, made by the owner, and *foreign* blocks, made by
/// any thread. Each is given back through the verbs of its kind.
///
/// # Safety
/// Implementers promise that
/// 1. a block is aligned and sized as its layout asks, and is nobody else's until it is given back;
/// 2. `dealloc_foreign`, `alloc_foreign` and `release_foreign` may be called from any thread at any time, also after the
///    runtime closed, and at the same time as anything the owner does.
pub unsafe trait Allocate: Send + Sync + 'static {
    /// A block for the owner; `None` when there is no memory. `layout` has a size above 0.
    ///
    /// # Safety
    /// The caller is the owner: the thread of the worker, or the only one that holds it.
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Gives an own block back.
    ///
    /// # Safety
    /// The caller is the owner; `block` came from [`alloc`](Self::alloc) of this value with `layout`, and is not used
    /// again.
    unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout);

    /// Gives an own block back from any thread, also after the runtime closed.
    ///
    /// # Safety
    /// `block` came from [`alloc`](Self::alloc) of this value with `layout`, and is not used again.
    unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout);

    /// A block for any thread; `None` when there is no memory. `layout` has a size above 0.
    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Gives a foreign block back, from any thread.
    ///
    /// # Safety
    /// `block` came from [`alloc_foreign`](Self::alloc_foreign) of this value with `layout`, and is not used again.
    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout);
}
