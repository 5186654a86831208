//! What the cases share.

use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use bespoke::{Config, Runtime};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::sync::atomic::{AtomicIsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::alloc::System;
use std::net::{TcpListener as StdListener, TcpStream as StdStream};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The system's allocator; counts what each thread asks of it, and which blocks are alive of the size of a lease's buffer.
struct Counted;

/// Blocks that are alive and hold a lease, or could.
static BUFFERS: AtomicIsize = AtomicIsize::new(0);

/// A buffer of 4096 bytes, with what stands in front of it.
fn holds_a_lease(layout: Layout) -> isize {
    isize::from(layout.size() > 4096 && layout.size() <= 4096 + 64)
}

#[global_allocator]
static COUNTED: Counted = Counted;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        BUFFERS.fetch_add(holds_a_lease(layout), Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BUFFERS.fetch_sub(holds_a_lease(layout), Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        let grown = Layout::from_size_align(size, layout.align()).map_or(0, holds_a_lease);
        BUFFERS.fetch_add(grown - holds_a_lease(layout), Ordering::Relaxed);
        // SAFETY: as the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often this thread has asked for memory.
pub(crate) fn allocations() -> u64 {
    ASKED.get()
}

/// Buffers are counted for the whole process, so a case that counts them runs alone.
pub(crate) fn turn(counts: bool) -> (Option<RwLockReadGuard<'static, ()>>, Option<RwLockWriteGuard<'static, ()>>) {
    static TURN: RwLock<()> = RwLock::new(());
    if counts {
        (None, Some(TURN.write().unwrap_or_else(PoisonError::into_inner)))
    } else {
        (Some(TURN.read().unwrap_or_else(PoisonError::into_inner)), None)
    }
}

/// How many buffers of leases there are in the process.
pub(crate) fn buffers() -> isize {
    BUFFERS.load(Ordering::Relaxed)
}

pub(crate) fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().expect("a runtime starts")
}

pub(crate) fn std_listener() -> (StdListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// A stream of ours and its peer. The peer's reads give up after ten seconds.
pub(crate) async fn pair<C: Config<Driver: Net>>() -> (TcpStream<C>, StdStream) {
    let (listener, address) = std_listener();
    let ours = TcpStream::connect(address).await.expect("a listener is there");
    let (theirs, _) = listener.accept().expect("a connection waits");
    theirs.set_nodelay(true).expect("a connected socket takes options");
    theirs.set_read_timeout(Some(Duration::from_secs(10))).expect("a connected socket takes options");
    (ours, theirs)
}

/// `len` bytes of the endless row in which the byte at place `n` follows from `n`.
pub(crate) fn bytes(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

/// Polls once and drops the future: its output, if it was ready.
pub(crate) async fn once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
