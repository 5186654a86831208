//! bespoke: the default preset, which is one thread, epoll and pooled task memory; and the same with timers on the point.

use core::future::Future;
use core::time::Duration;
use std::io;

use ::bespoke::io::IoBuf;
use ::bespoke::{Config, Runtime, preset};

use super::{ECHO_BUFFER, Peer};

/// A config under a name of our own, so that `spawn` admits futures that are not `Send`, and the peer that runs on it.
macro_rules! peer {
    ($(#[$doc:meta])* $peer:ident, $app:ident, $module:ident, slack = $slack:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $app;

        #[::bespoke::config(base = preset::Default, module = $module)]
        impl Config for $app {
            const TIMER_SLACK: Duration = $slack;
        }

        /// A started runtime of it.
        pub(crate) struct $peer(Runtime<$app>);

        impl Peer for $peer {
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
                $module::spawn(future)
            }

            async fn join<T: 'static>(handle: Self::Handle<T>) -> T {
                handle.await.expect("no task of this bench panics or is aborted")
            }

            fn detach<T: 'static>(handle: Self::Handle<T>) {
                drop(handle);
            }

            fn yield_now() -> impl Future<Output = ()> {
                $app::yield_now()
            }

            fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
                $app::sleep(duration)
            }

            async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
                $app::spawn_blocking(job).await.expect("no job of this bench panics")
            }

            async fn echo((): (), ready: impl FnOnce(u16) + 'static) -> io::Result<()> {
                let listener = $module::net::TcpListener::bind("127.0.0.1:0").await?;
                ready(listener.local_addr()?.port());
                loop {
                    let (stream, _) = listener.accept().await?;
                    $module::spawn(Self::serve(stream));
                }
            }
        }

        impl $peer {
            async fn serve(mut stream: $module::net::TcpStream) -> io::Result<()> {
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
        }
    };
}

peer! {
    /// The default preset.
    Bespoke, App, app, slack = Duration::from_micros(50)
}
peer! {
    /// Timers that fire as soon as they are due: lateness against CPU per sleep.
    Prompt, OnThePoint, on_the_point, slack = Duration::ZERO
}
