//! The multi_thread scheduler with one worker, on the core of the bench like everybody.
//!
//! Its `spawn` asks for `Send`, and the rows' futures are not: with one worker they stay on one thread all the same. That is what
//! [`Stays`] promises.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use harness::{Peer, Refusal, Row, Runner, Sampled, Service, Tasks, rows};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{self, JoinHandle};

use crate::parts::{self, Channels, Children, Disk, Notification, Pread};

pub(crate) const NOTES: &[(&str, &str)] = &[("spawn-join", "the multi_thread scheduler with one worker")];

/// A started runtime with one worker.
struct Multi(Runtime);

/// Something that is used by one thread at a time, though its type does not say so.
///
/// # Invariants
/// 1. The runtime has one worker, so everything inside a spawned future happens on that thread.
/// 2. What goes to the worker has no other owner on the thread it comes from (`Tasks`, contract 3), and an output is handed
///    over whole; tokio orders both with the task's state.
struct Stays<T>(T);

// SAFETY: one thread uses the value at a time, and each hand-over is ordered (inv. 1, 2).
unsafe impl<T> Send for Stays<T> {}

impl<F: Future> Future for Stays<F> {
    type Output = Stays<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: the future is pinned with its wrapper, which neither moves it nor has a `Drop`.
        let future = unsafe { self.map_unchecked_mut(|stays| &mut stays.0) };
        future.poll(cx).map(Stays)
    }
}

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Multi::start()?))
}

impl Runner for Multi {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::tasks(self, row, amount)
            .or_else(|| rows::times(self, row, amount))
            .or_else(|| rows::threads(self, row, amount))
            .or_else(|| rows::files::<_, Disk>(self, row, amount))
            .or_else(|| rows::direct::<_, Pread>(self, row, amount))
            .or_else(|| rows::processes::<_, Children>(self, row, amount))
            .or_else(|| rows::oneshot::<_, Channels>(self, row, amount))
            .or_else(|| rows::mpsc::<_, Channels>(self, row, amount))
            .or_else(|| rows::notify::<_, Notification>(self, row, amount))
            .unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        self.run(Self::echo((), service))
    }
}

impl Tasks for Multi {
    type Cx = ();
    type Handle<T: 'static> = JoinHandle<Stays<T>>;

    fn start() -> Result<Self, String> {
        let built = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        built.map(Self).map_err(|error| format!("tokio does not build: {error}"))
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        let main = self.0.spawn(Stays(main));
        self.0.block_on(Self::join(main))
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Self::Handle<F::Output> {
        task::spawn(Stays(future))
    }

    async fn join<T: 'static>(handle: Self::Handle<T>) -> T {
        handle.await.expect("no task of this bench panics or is aborted").0
    }

    fn detach<T: 'static>(handle: Self::Handle<T>) {
        drop(handle);
    }

    fn yield_now() -> impl Future<Output = ()> + 'static {
        task::yield_now()
    }
}

impl Peer for Multi {
    fn start_once() -> Result<(), String> {
        Self::start()?.0.block_on(core::future::ready(()));
        Ok(())
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> impl Future<Output = u64> {
        parts::spawn_blocking(job)
    }

    fn echo((): (), service: Service) -> impl Future<Output = Result<(), Refusal>> + 'static {
        parts::echo_server::<Self>(service)
    }

    fn connection_future() -> usize {
        parts::connection_future()
    }
}
