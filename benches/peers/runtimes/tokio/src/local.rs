//! The current_thread scheduler, as a `LocalRuntime`.

use core::future::Future;
use core::time::Duration;

use harness::{Peer, Refusal, Row, Runner, Sampled, Service, Tasks, rows};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::task::{self, JoinHandle};

use crate::parts::{self, Channels, Children, Disk, FlumeChannel, Notification, Pread};

/// A started runtime.
struct Local(LocalRuntime);

/// The same, of which only the rows about channels are asked.
struct Flume(Local);

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Local::start()?))
}

pub(crate) fn start_flume() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Flume(Local::start()?)))
}

impl Runner for Local {
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

impl Runner for Flume {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::mpsc::<_, FlumeChannel>(&mut self.0, row, amount).unwrap_or(Err(Refusal::Absent))
    }
}

impl Tasks for Local {
    type Cx = ();
    type Handle<T: 'static> = JoinHandle<T>;

    fn start() -> Result<Self, String> {
        let built = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        built.map(Self).map_err(|error| format!("tokio does not build: {error}"))
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        self.0.block_on(async { Self::join(task::spawn_local(main)).await })
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> JoinHandle<F::Output> {
        task::spawn_local(future)
    }

    async fn join<T: 'static>(handle: JoinHandle<T>) -> T {
        handle.await.expect("no task of this bench panics or is aborted")
    }

    fn detach<T: 'static>(handle: JoinHandle<T>) {
        drop(handle);
    }

    fn yield_now() -> impl Future<Output = ()> + 'static {
        task::yield_now()
    }
}

impl Peer for Local {
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
