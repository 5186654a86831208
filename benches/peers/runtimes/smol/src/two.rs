//! smol on two threads: async-executor's `Executor`, run by two threads until they are told to end, as its documentation does it.

use core::future::Future;
use std::thread::{Builder, JoinHandle};

use async_channel::Sender;
use async_executor::{Executor, Task};
use harness::{Refusal, Row, Runner, Sampled, WORKERS, Workers, rows};

/// Remarks for the table.
pub(crate) const NOTES: &[(&str, &str)] = &[
    ("workers-start", "an executor and its threads: the reactor of async-io belongs to the process and stays"),
    ("workers-spin", "the thread that waits yields to nobody: `block_on` polls its future again at once"),
];

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

/// An executor that lives as long as the process, because tasks name it by a plain reference; and the threads that run it.
struct Started {
    executor: &'static Executor<'static>,
    /// Dropped, it ends the threads.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers for Started {
    type Cx = &'static Executor<'static>;
    type Handle<T: Send + 'static> = Task<T>;

    fn start() -> Result<Self, String> {
        let executor: &'static Executor<'static> = Box::leak(Box::new(Executor::new()));
        let (stop, stopped) = async_channel::bounded::<()>(1);
        let mut started = Self { executor, stop: Some(stop), threads: Vec::with_capacity(WORKERS) };
        for _ in 0..WORKERS {
            let stopped = stopped.clone();
            let run = move || {
                // It ends when the channel is closed, which is what the error says.
                let _ = async_io::block_on(executor.run(stopped.recv()));
            };
            let thread = Builder::new().spawn(run).map_err(|error| format!("cannot start a thread: {error}"))?;
            started.threads.push(thread);
        }
        Ok(started)
    }

    fn cx(&self) -> Self::Cx {
        self.executor
    }

    fn run<F: Future<Output: Send + 'static> + Send + 'static>(&mut self, main: F) -> F::Output {
        async_io::block_on(self.executor.spawn(main))
    }

    fn block_on<F: Future>(&mut self, main: F) -> F::Output {
        async_io::block_on(main)
    }

    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(executor: Self::Cx, future: F) -> Task<F::Output> {
        executor.spawn(future)
    }

    fn join<T: Send + 'static>(handle: Task<T>) -> impl Future<Output = T> + Send {
        handle
    }

    fn yield_now() -> impl Future<Output = ()> + Send + 'static {
        futures_lite::future::yield_now()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            // One that panicked has said so on standard error, and has ended.
            let _ = thread.join();
        }
    }
}
