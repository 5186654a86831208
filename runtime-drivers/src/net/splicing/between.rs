//! The pipe between two streams: whose it is, and where it goes when it is empty.
//!
//! 1. `lent` is set iff there is a [`Lent`], which an operation keeps: of a dropped one, until the system names the pipe no
//!    more. While it is set, nobody asks the pipe for anything: a thread of the system's may have it locked, and wait.
//! 2. A pipe of the pool is empty, and this process is the only one that has it.
//! 3. No lock is held while a waker is cloned, woken or dropped. That of the pool is only ever tried: a forked child may find it
//!    locked for ever.

use crate::sys::send_file::Pipe;
use crate::sys::{fork, splice};
use crate::theirs::wake;
use bespoke_core::driver::Errno;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

/// A pipe, shared by who holds it and the operation that names it.
#[derive(Debug)]
pub(super) struct Between {
    /// There until this is dropped.
    pipe: Option<Pipe>,
    /// Of this process, after so many forks.
    forks: u32,
    /// Rule 1.
    lent: AtomicBool,
    waiter: Mutex<Option<Waker>>,
}

impl Between {
    /// With a pipe of the pool, or a new one.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub(super) fn new() -> Result<Arc<Self>, Errno> {
        fork::watch()?;
        let pipe = match Pool::take() {
            Some(pipe) => pipe,
            None => Pipe::nonblocking()?,
        };
        let (lent, waiter) = (AtomicBool::new(false), Mutex::new(None));
        Ok(Arc::new(Between { pipe: Some(pipe), forks: fork::forks(), lent, waiter }))
    }

    pub(super) fn pipe(&self) -> &Pipe {
        match &self.pipe {
            Some(pipe) => pipe,
            None => unreachable!("it is there until this is dropped"),
        }
    }

    /// How many bytes are in it. Not while it is lent.
    pub(super) fn held(&self) -> Result<usize, Errno> {
        splice::held(self.pipe().read_end())
    }

    /// Waits until nobody names it any more.
    pub(super) fn poll_returned(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_lent() {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        let old = self.waiter().replace(waker);
        drop(old);
        // It may have come back before the waker was there: the lock has ordered that.
        if self.is_lent() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Pairs with the store in the drop of [`Lent`].
    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Acquire)
    }

    fn waiter(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        let Some(pipe) = self.pipe.take() else { return };
        // Rule 2; what is in another is lost with it.
        if self.forks == fork::forks() && splice::held(pipe.read_end()) == Ok(0) {
            Pool::give(pipe);
        }
    }
}

/// What an operation keeps that names the pipe.
#[derive(Debug)]
pub(super) struct Lent(Arc<Between>);

impl Lent {
    /// There is no other.
    pub(super) fn new(between: &Arc<Between>) -> Self {
        let was_lent = between.lent.swap(true, Ordering::Relaxed);
        debug_assert!(!was_lent, "one operation at a time names the pipe");
        Lent(between.clone())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What the system did to the pipe comes before what is asked of it next.
        self.0.lent.store(false, Ordering::Release);
        let waiter = self.0.waiter().take();
        waiter.into_iter().for_each(wake);
    }
}

/// Pipes in which nothing is; see rule 2.
struct Pool {
    forks: u32,
    pipes: Vec<Pipe>,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { forks: 0, pipes: Vec::new() });

impl Pool {
    /// So many stay open: two descriptors each.
    const MAX: usize = 16;

    /// `None`: there is none, or another thread is about to take one.
    fn take() -> Option<Pipe> {
        let (pipe, _parents) = Self::with(|pool| pool.pipes.pop())?;
        pipe
    }

    fn give(pipe: Pipe) {
        let mut pipe = Some(pipe);
        let _parents = Self::with(|pool| {
            if pool.pipes.len() < Self::MAX {
                pool.pipes.extend(pipe.take());
            }
        });
        drop(pipe); // one too many, perhaps
    }

    /// Runs `f`, and yields what else was found in a forked child: pipes of its parent's, to be closed.
    fn with<R>(f: impl FnOnce(&mut Self) -> R) -> Option<(R, Vec<Pipe>)> {
        let mut pool = POOL.try_lock().ok()?;
        let forks = fork::forks();
        let parents = if pool.forks == forks { Vec::new() } else { core::mem::take(&mut pool.pipes) };
        pool.forks = forks;
        Some((f(&mut pool), parents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_that_is_lent_is_waited_for() {
        let between = Between::new().unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(between.poll_returned(&mut cx), Poll::Ready(()));
        let lent = Lent::new(&between);
        assert_eq!(between.poll_returned(&mut cx), Poll::Pending);
        assert!(between.waiter().is_some());
        drop(lent);
        assert!(between.waiter().is_none(), "woken");
        assert_eq!(between.poll_returned(&mut cx), Poll::Ready(()));
    }

    #[test]
    fn pipes_with_something_in_them_are_used_no_more() {
        let between = Between::new().unwrap();
        splice::write(between.pipe().write_end(), b"tea").unwrap();
        assert_eq!(between.held(), Ok(3));
        drop(between);
        // Other tests may take some meanwhile; whatever comes is empty.
        let all: Vec<_> = (0..=Pool::MAX).map(|_| Between::new().unwrap()).collect();
        assert!(all.iter().all(|between| between.held() == Ok(0)));
    }

    #[test]
    fn a_forked_child_uses_no_pipe_of_its_parents() {
        let ours: Vec<_> = (0..4).map(|_| Between::new().unwrap()).collect();
        drop(ours);
        let code = fork::in_a_copy(|| {
            let before = POOL.try_lock().map_or(0, |pool| pool.pipes.len());
            let taken = Between::new().unwrap();
            let after = POOL.try_lock().map_or(0, |pool| pool.pipes.len());
            drop(taken);
            // Nothing to show where another thread had the pool when this was forked.
            u8::from(before > 0 && after > 0)
        });
        assert_eq!(code, Some(0), "what the parent has is closed, and a new one made");
    }
}
