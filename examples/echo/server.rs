//! The server, generic over the config.

use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{Foreign, TcpListener, TcpStream};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the server has done.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) connections: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

impl Totals {
    pub(crate) fn shared() -> Arc<Totals> {
        Arc::default()
    }
}

/// A connection that is not accepted: out of descriptors, say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// Is told, and the next one is accepted. The listener itself waits a little before that.
    GoOn,
    /// Ends the server: its own clients would wait for ever.
    End,
}

/// Accepts connections and answers each in a task of its own.
#[bespoke::async_fn]
pub(crate) async fn serve<C: Config<Driver: Net>>(
    listener: TcpListener<C>,
    totals: Arc<Totals>,
    refusal: Refusal,
) -> io::Result<()> {
    loop {
        let (stream, _peer) = match (listener.accept().await, refusal) {
            (Ok(accepted), _) => accepted,
            (Err(error), Refusal::GoOn) => {
                eprintln!("echo: a connection was not accepted: {error}");
                continue;
            }
            (Err(error), Refusal::End) => {
                return Err(io::Error::new(error.kind(), format!("a connection was not accepted: {error}")));
            }
        };
        totals.connections.fetch_add(1, Ordering::Relaxed);
        let totals = totals.clone();
        C::spawn(async move {
            totals.open.fetch_add(1, Ordering::Relaxed);
            // A peer that goes away in the middle is no news.
            let _ = answer(stream, &totals).await;
            totals.open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Sends back what comes, until the peer ends.
#[bespoke::async_fn]
async fn answer<C: Config<Driver: Net>>(mut stream: TcpStream<C>, totals: &Totals) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = stream.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        let read = { buffer }.slice(..n);
        let (written, part) = stream.write_all(read).await;
        written?;
        buffer = part.into_inner();
        totals.requests.fetch_add(1, Ordering::Relaxed);
        totals.bytes.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// Ends with Ctrl-C or SIGTERM, which end the program no longer from this call on.
#[cfg(unix)]
fn interruption<C: Config<Driver: Foreign>>() -> io::Result<impl Future<Output = io::Result<()>>> {
    use bespoke::rt::{SignalKind, signal};
    let mut interrupt = signal::<C>(SignalKind::interrupt())?;
    let mut terminate = signal::<C>(SignalKind::terminate())?;
    Ok(async move {
        let mut interrupted = core::pin::pin!(interrupt.recv());
        let mut terminated = core::pin::pin!(terminate.recv());
        core::future::poll_fn(|cx| {
            if interrupted.as_mut().poll(cx).is_ready() {
                core::task::Poll::Ready(Ok(()))
            } else {
                terminated.as_mut().poll(cx).map(|_| Ok(()))
            }
        })
        .await
    })
}

/// Ends with Ctrl-C, which ends the program no longer from the first poll on.
#[cfg(windows)]
fn interruption<C: Config<Driver: Foreign>>() -> io::Result<impl Future<Output = io::Result<()>>> {
    Ok(bespoke::rt::ctrl_c::<C>())
}

/// Serves until Ctrl-C or SIGTERM: then accepts no more, and gives open connections a second to end.
pub(crate) async fn until_interrupted<C: Config<Driver: Net + Foreign>>(address: &str) -> io::Result<Arc<Totals>> {
    let listener = TcpListener::<C>::bind(address).await?;
    let interruption = interruption::<C>()?;
    eprintln!("echo: listening on {}, Ctrl-C to stop", listener.local_addr()?);
    let totals = Totals::shared();
    let server = C::spawn(serve(listener, totals.clone(), Refusal::GoOn));
    interruption.await?;
    eprintln!("\necho: stopping");
    server.abort();
    // The abort drops the listener, unless the thread is blocked in its accept: that ends when the runtime closes. The
    // connections are tasks of their own.
    let _ = C::timeout(Duration::from_millis(100), server).await;
    for _ in 0..100 {
        if totals.open.load(Ordering::Relaxed) == 0 {
            break;
        }
        C::sleep(Duration::from_millis(10)).await;
    }
    Ok(totals)
}
