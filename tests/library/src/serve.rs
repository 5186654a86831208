//! Servers: an accept loop that spawns, in three ways to say what is served.

extern crate std;

use alloc::sync::Arc;
use alloc::vec;
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{Spawnable, TcpListener, TcpStream};
use core::time::Duration;
use std::io;

/// Echoes until the peer ends, or says nothing for `patience`. How many bytes.
///
/// # Errors
/// As reads and writes; [`io::ErrorKind::TimedOut`].
pub async fn echo<C: Config<Driver: Net>>(mut stream: TcpStream<C>, patience: Duration) -> io::Result<u64> {
    stream.set_nodelay(true)?;
    let (mut buffer, mut total) = (vec![0; 1024], 0);
    loop {
        let n = C::timeout(patience, stream.read(&mut buffer)).await??;
        if n == 0 {
            return Ok(total);
        }
        stream.write_all(buffer[..n].to_vec()).await.0?;
        total += n as u64;
    }
}

/// Echoes to everybody who comes, each in a task.
///
/// # Errors
/// When accepting fails.
pub async fn serve<C: Config<Driver: Net>>(listener: TcpListener<C>, patience: Duration) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        // Detached: the end of a client is nobody else's business.
        drop(C::spawn(echo(stream, patience)));
    }
}

/// As [`serve`], with a handler of the caller's: whatever future the caller's scheduler admits.
///
/// # Errors
/// When accepting fails.
pub async fn serve_with<C, H, F>(listener: TcpListener<C>, handler: H) -> io::Result<()>
where
    C: Config<Driver: Net>,
    H: Fn(TcpStream<C>) -> F,
    F: Spawnable<C, Output = ()>,
{
    loop {
        let (stream, _) = listener.accept().await?;
        drop(handler(stream).start());
    }
}

/// What is done for one client; implemented with a plain `async fn`.
pub trait Service<C: Config>: Send + Sync + 'static {
    /// Serves it.
    fn call(&self, stream: TcpStream<C>) -> impl Future<Output = ()> + Send;
}

/// As [`serve`], with a service.
///
/// # Errors
/// When accepting fails.
pub async fn serve_service<C, S>(listener: TcpListener<C>, service: Arc<S>) -> io::Result<()>
where
    C: Config<Driver: Net>,
    S: Service<C>,
{
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service.clone();
        drop(C::spawn(async move { service.call(stream).await }));
    }
}

/// A server in its own task, and its address.
///
/// # Errors
/// When binding fails.
pub async fn start<C: Config<Driver: Net>>(patience: Duration) -> io::Result<core::net::SocketAddr> {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    // Detached: it serves as long as the runtime runs.
    drop(C::spawn(serve(listener, patience)));
    Ok(address)
}
