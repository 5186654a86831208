//! bespoke: the default preset, which is one thread, epoll and pooled task memory.

use core::future::Future;
use core::time::Duration;
use std::io;

use ::bespoke::clock::{OsEntropy, OsThreads};
use ::bespoke::io::IoBuf;
use ::bespoke::{Config, Runtime, preset};

use super::{ECHO_BUFFER, Peer};

/// The default preset under a name of our own, so that `spawn` admits futures that are not `Send`.
#[derive(Debug)]
pub(crate) struct App;

#[::bespoke::config(base = preset::Default, module = app)]
impl Config for App {
    type Entropy = OsEntropy;
    type Threads = OsThreads;
}

use app::net::{TcpListener, TcpStream};

/// A started runtime of ours.
pub(crate) struct Bespoke(Runtime<App>);

impl Peer for Bespoke {
    type Cx = ();
    type Handle<T: 'static> = ::bespoke::JoinHandle<T>;

    fn start() -> Result<Self, String> {
        Runtime::new().map(Self).map_err(|error| format!("bespoke does not start: {error}"))
    }

    fn start_once() -> Result<(), String> {
        Self::start()?.0.block_on(core::future::ready(()));
        Ok(())
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        let main = self.0.spawn(main);
        self.0.block_on(Self::join(main))
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Self::Handle<F::Output> {
        app::spawn(future)
    }

    async fn join<T: 'static>(handle: Self::Handle<T>) -> T {
        handle.await.expect("no task of this bench panics or is aborted")
    }

    fn detach<T: 'static>(handle: Self::Handle<T>) {
        drop(handle);
    }

    fn yield_now() -> impl Future<Output = ()> {
        App::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
        App::sleep(duration)
    }

    async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
        App::spawn_blocking(job).await.expect("no job of this bench panics")
    }

    async fn echo((): (), ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        ready(listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            drop(app::spawn(serve(stream)));
        }
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; ECHO_BUFFER];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let (written, part) = stream.write_all(buffer.slice(..count)).await;
        written?;
        buffer = part.into_inner();
    }
}
