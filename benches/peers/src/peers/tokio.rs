//! tokio: the current_thread scheduler as a `LocalRuntime`, mio's epoll driver, its own blocking pool.
//!
//! `LocalRuntime` is the current_thread scheduler that accepts futures that are not `Send` without a `LocalSet` in
//! between, so it is tokio at its best on one thread.

use core::future::Future;
use core::time::Duration;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::task::{self, JoinHandle};

use super::{ECHO_BUFFER, Peer};

/// A started tokio runtime.
pub(crate) struct Tokio(LocalRuntime);

impl Peer for Tokio {
    type Cx = ();
    type Handle<T: 'static> = JoinHandle<T>;

    fn start() -> Result<Self, String> {
        let built = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        built.map(Self).map_err(|error| format!("tokio does not build: {error}"))
    }

    fn start_once() -> Result<(), String> {
        Self::start()?.0.block_on(core::future::ready(()));
        Ok(())
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

    fn yield_now() -> impl Future<Output = ()> {
        task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        tokio::time::sleep(duration)
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        task::spawn_blocking(job).await.expect("no job of this bench panics")
    }

    async fn echo((): (), ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        ready(listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            drop(task::spawn_local(serve(stream)));
        }
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = [0; ECHO_BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
