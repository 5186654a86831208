//! smol on one thread: async-executor's `LocalExecutor` driven by async-io's `block_on`, `blocking` for the pool.
//!
//! These are the crates that `smol` re-exports. The reactor of async-io is one per process and is started by its first
//! use, so starting "a runtime" here is only making an executor; async-io also keeps a thread of its own that polls the
//! reactor when nobody else does, and that thread shares the pinned core.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::net::{TcpListener, TcpStream};

use async_executor::{LocalExecutor, Task};
use async_io::{Async, Timer};
use futures_lite::{AsyncReadExt, AsyncWriteExt};

use super::{ECHO_BUFFER, Peer};

/// An executor that lives as long as the process: tasks name it by a plain reference.
pub(crate) struct Smol(&'static LocalExecutor<'static>);

impl Peer for Smol {
    const NOTES: &'static [(&'static str, &'static str)] =
        &[("start", "an executor only: the reactor of async-io belongs to the process and stays")];
    type Cx = &'static LocalExecutor<'static>;
    type Handle<T: 'static> = Task<T>;

    fn start() -> Result<Self, String> {
        Ok(Self(Box::leak(Box::new(LocalExecutor::new()))))
    }

    fn start_once() -> Result<(), String> {
        let executor = LocalExecutor::new();
        async_io::block_on(executor.run(core::future::ready(())));
        Ok(())
    }

    fn cx(&self) -> Self::Cx {
        self.0
    }

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        async_io::block_on(self.0.run(self.0.spawn(main)))
    }

    fn spawn<F: Future<Output: 'static> + 'static>(executor: Self::Cx, future: F) -> Task<F::Output> {
        executor.spawn(future)
    }

    fn join<T: 'static>(handle: Task<T>) -> impl Future<Output = T> {
        handle
    }

    fn detach<T: 'static>(handle: Task<T>) {
        handle.detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        futures_lite::future::yield_now()
    }

    async fn sleep(duration: Duration) {
        Timer::after(duration).await;
    }

    fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> impl Future<Output = u64> {
        blocking::unblock(job)
    }

    async fn echo(executor: Self::Cx, ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
        ready(listener.get_ref().local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            executor.spawn(serve(stream)).detach();
        }
    }
}

async fn serve(mut stream: Async<TcpStream>) -> io::Result<()> {
    stream.get_ref().set_nodelay(true)?;
    let mut buffer = [0; ECHO_BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
