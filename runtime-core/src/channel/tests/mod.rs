//! Tests of the channels.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[cfg(not(loom))]
mod confined;
#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod mpsc;
#[cfg(not(loom))]
mod oneshot;
#[cfg(not(loom))]
mod panics;

#[cfg(not(loom))]
use support::*;

#[cfg(not(loom))]
mod support {
    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use alloc::task::Wake;
    use core::pin::Pin;
    use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use core::task::{Context, Poll, Waker};

    pub(super) fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// A waker that counts.
    #[derive(Default)]
    pub(super) struct Wakes(AtomicUsize);

    impl Wakes {
        pub(super) fn new() -> (Arc<Wakes>, Waker) {
            let wakes = Arc::new(Wakes::default());
            (wakes.clone(), Waker::from(wakes))
        }
        pub(super) fn count(&self) -> usize {
            self.0.load(SeqCst)
        }
    }

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// Counts its drops.
    #[derive(Debug)]
    pub(super) struct Drops(pub(super) Arc<AtomicUsize>);

    impl Drop for Drops {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
}
