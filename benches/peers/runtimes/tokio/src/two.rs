//! The multi_thread scheduler with two workers.

use core::future::Future;

use harness::{Refusal, Row, Runner, Sampled, WORKERS, Workers, rows};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{self, JoinHandle};

/// What is asked for rows; each starts a runtime of its own.
struct Two;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Started::start().map(|_| Box::new(Two) as Box<dyn Runner>)
}

impl Runner for Two {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::workers::<Started>(row, amount)
            .or_else(|| rows::steals::<Started>(row, amount))
            .unwrap_or(Err(Refusal::Absent))
    }
}

/// A started runtime.
struct Started(Runtime);

impl Workers for Started {
    type Cx = ();
    type Handle<T: Send + 'static> = JoinHandle<T>;

    fn start() -> Result<Self, String> {
        let built = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
        built.map(Self).map_err(|error| format!("tokio does not build: {error}"))
    }

    fn cx(&self) {}

    fn run<F: Future<Output: Send + 'static> + Send + 'static>(&mut self, main: F) -> F::Output {
        let main = self.0.spawn(main);
        self.0.block_on(Self::join(main))
    }

    fn block_on<F: Future>(&mut self, main: F) -> F::Output {
        self.0.block_on(main)
    }

    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>((): (), future: F) -> Self::Handle<F::Output> {
        task::spawn(future)
    }

    async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> T {
        handle.await.expect("no task of this bench panics or is aborted")
    }

    fn yield_now() -> impl Future<Output = ()> + Send + 'static {
        task::yield_now()
    }
}
