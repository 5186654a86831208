//! Ctrl-C, told by the console.

use crate::op::Foreign;
use crate::sys;
use bespoke_core::config::Config;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

/// What was heard of the console, and who waits to hear of it.
///
/// # Invariants
/// 1. No waker is cloned, woken or dropped under the lock: that runs code of others, which may come back here.
/// 2. A number in `waiting` belongs to one listener, which takes it out again.
struct Heard {
    /// How often Ctrl-C came.
    times: u64,
    waiting: Vec<(u64, Waker)>,
    /// The number of the next listener.
    next: u64,
}

static HEARD: Mutex<Heard> = Mutex::new(Heard { times: 0, waiting: Vec::new(), next: 0 });

fn lock() -> MutexGuard<'static, Heard> {
    // Nothing that can panic runs under this lock but a growing list, which leaves a whole value.
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ctrl-C came: tells everyone who waits. On a thread of the system's.
fn heard() {
    let mut heard = lock();
    heard.times += 1;
    let waiting = core::mem::take(&mut heard.waiting);
    drop(heard);
    for (_, waker) in waiting {
        // A waker whose own code panics keeps the others from nothing. The panic hook has told of it.
        if let Err(panic) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| waker.wake())) {
            core::mem::forget(panic);
        }
    }
}

impl Heard {
    /// Takes a listener's waker out.
    fn take(&mut self, number: u64) -> Option<(u64, Waker)> {
        let at = self.waiting.iter().position(|(of, _)| *of == number)?;
        Some(self.waiting.swap_remove(at))
    }
}

/// Waits for the first Ctrl-C after it was made.
struct Listener {
    number: u64,
    /// How often it had come by then.
    before: u64,
}

impl Listener {
    fn new() -> Self {
        let mut heard = lock();
        let number = heard.next;
        heard.next += 1;
        Listener { number, before: heard.times }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Declared before the lock, so dropped after it (invariant 1).
        let waker = cx.waker().clone();
        let old;
        let mut heard = lock();
        if heard.times != self.before {
            return Poll::Ready(());
        }
        old = heard.take(self.number);
        heard.waiting.push((self.number, waker));
        drop(heard);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let old = lock().take(self.number);
        drop(old);
    }
}

/// Waits for the interrupt key, Ctrl-C, from the first poll on. See the [module](super): from then on the key no longer ends
/// the program by itself, also after this future is gone.
///
/// # Errors
/// What `SetConsoleCtrlHandler` says.
///
/// # Cancel safety
/// Cancel safe. A Ctrl-C that comes when no such future is waiting is lost: for a loop, make the next future before the
/// last one's signal is treated.
///
/// # Example
/// ```no_run
/// use bespoke::signal::ctrl_c;
///
/// # async fn serve() { core::future::pending().await }
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let server = bespoke::spawn(serve());
/// ctrl_c().await?;
/// server.abort();
/// # Ok(())
/// # }
/// ```
#[expect(clippy::manual_async_fn, reason = "the signature of every system says that it is `Send`")]
pub fn ctrl_c<C: Config>() -> impl Future<Output = io::Result<()>> + Send
where
    C::Driver: Foreign,
{
    async {
        sys::signal::install(heard)?;
        let listener = Listener::new();
        poll_fn(|cx| listener.poll(cx)).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::pin;
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Arc;
    use std::task::Wake;

    /// Counts how often it is woken, and comes back to the list while it is: so do timeouts and `select!`.
    #[derive(Default)]
    struct Counts(AtomicU32);

    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            drop(Listener::new());
        }
    }

    impl Drop for Counts {
        fn drop(&mut self) {
            drop(Listener::new());
        }
    }

    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("as planned");
        }
    }

    #[test]
    fn everyone_who_waits_hears_once() {
        let (one, other) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
        let listener = || async {
            let listener = Listener::new();
            poll_fn(|cx| listener.poll(cx)).await;
        };
        let before = lock().waiting.len();
        let (mut first, mut second) = (pin!(listener()), pin!(listener()));
        let (one_waker, other_waker) = (Waker::from(one.clone()), Waker::from(other.clone()));
        // Asked again, with the same waker and with another: one place each.
        for waker in [&one_waker, &one_waker, &other_waker] {
            assert!(first.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        }
        assert!(second.as_mut().poll(&mut Context::from_waker(&one_waker)).is_pending());
        {
            let mut dropped = std::boxed::Box::pin(listener());
            assert!(dropped.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Panics)))).is_pending());
            assert_eq!(lock().waiting.len(), before + 3);
        }
        assert_eq!(lock().waiting.len(), before + 2, "a dropped listener leaves no waker");
        let mut angry = std::boxed::Box::pin(listener());
        assert!(angry.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Panics)))).is_pending());
        heard();
        assert_eq!((one.0.load(Ordering::Relaxed), other.0.load(Ordering::Relaxed)), (1, 1));
        for mut future in [first, second] {
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        assert!(
            pin!(listener()).poll(&mut Context::from_waker(Waker::noop())).is_pending(),
            "that was before its time"
        );
    }
}
