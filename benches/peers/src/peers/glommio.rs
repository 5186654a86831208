//! glommio: one `LocalExecutor`, not bound by itself (the bench has pinned the thread already), io_uring only.
//!
//! Its three rings and its 10 MiB of registered I/O memory are its defaults. It refuses to start where RLIMIT_MEMLOCK
//! is below 512 KiB; the table then says so.

use core::future::Future;
use core::time::Duration;
use std::io;

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use glommio::net::{TcpListener, TcpStream};
use glommio::timer::Timer;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement, Task};

use super::{ECHO_BUFFER, Peer};

/// A started glommio executor.
pub(crate) struct Glommio(LocalExecutor);

impl Peer for Glommio {
    type Cx = ();
    type Handle<T: 'static> = Task<T>;

    fn start() -> Result<Self, String> {
        let made = LocalExecutorBuilder::new(Placement::Unbound).make();
        made.map(Self).map_err(|error| format!("glommio does not build: {error}"))
    }

    fn start_once() -> Result<(), String> {
        Self::start()?.0.run(core::future::ready(()));
        Ok(())
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        self.0.run(async { glommio::spawn_local(main).await })
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Task<F::Output> {
        glommio::spawn_local(future)
    }

    fn join<T: 'static>(handle: Task<T>) -> impl Future<Output = T> {
        handle
    }

    fn detach<T: 'static>(handle: Task<T>) {
        drop(handle.detach());
    }

    async fn yield_now() {
        glommio::executor().yield_now().await;
    }

    async fn sleep(duration: Duration) {
        Timer::new(duration).await;
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        glommio::executor().spawn_blocking(job).await
    }

    async fn echo((): (), ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        ready(listener.local_addr()?.port());
        loop {
            let stream = listener.accept().await?;
            drop(glommio::spawn_local(serve(stream)).detach());
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
