//! What the cases share.

use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use bespoke::{Config, Runtime};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::alloc::System;
use std::net::{TcpListener as StdListener, TcpStream as StdStream};

/// The system's allocator; counts what each thread asks of it.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: as the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// How often this thread has asked for memory.
pub(crate) fn allocations() -> u64 {
    ASKED.get()
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
