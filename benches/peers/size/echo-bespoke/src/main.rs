//! An echo server on bespoke: `echo-bespoke 127.0.0.1:7000`. The same program as `echo-tokio`, line by line.

use bespoke::io::IoBuf;
use bespoke::net::{TcpListener, TcpStream};
use bespoke::signal::ctrl_c;
use bespoke::spawn;
use bespoke::time::{sleep, timeout};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A peer that is silent for longer is let go.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What the server has done.
#[derive(Default)]
struct Totals {
    connections: AtomicU64,
    open: AtomicU64,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// Sends back what comes, until the peer ends or is silent for too long.
async fn answer(mut stream: TcpStream, totals: &Totals) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = timeout(READ_TIMEOUT, stream.read(&mut buffer)).await??;
        if n == 0 {
            return Ok(());
        }
        let (written, part) = stream.write_all(buffer.slice(..n)).await;
        written?;
        buffer = part.into_inner();
        totals.requests.fetch_add(1, Ordering::Relaxed);
        totals.bytes.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// Accepts connections and answers each in a task of its own.
async fn serve(listener: TcpListener, totals: Arc<Totals>) -> io::Result<()> {
    loop {
        let (stream, peer) = listener.accept().await?;
        let totals = totals.clone();
        totals.connections.fetch_add(1, Ordering::Relaxed);
        drop(spawn(async move {
            totals.open.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = answer(stream, &totals).await {
                eprintln!("{peer}: {error}");
            }
            totals.open.fetch_sub(1, Ordering::Relaxed);
        }));
    }
}

#[bespoke::main]
async fn main() -> io::Result<()> {
    let Some(address) = std::env::args().nth(1) else {
        return Err(io::Error::other("usage: echo-bespoke ADDRESS"));
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}, Ctrl-C to stop", listener.local_addr()?);
    let totals = Arc::<Totals>::default();
    let server = spawn(serve(listener, totals.clone()));

    ctrl_c().await?;
    server.abort();
    // The abort drops the listener; connections that are open have a second to end.
    let _ = server.await;
    for _ in 0..100 {
        if totals.open.load(Ordering::Relaxed) == 0 {
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    println!("connections {}", totals.connections.load(Ordering::Relaxed));
    println!("left open   {}", totals.open.load(Ordering::Relaxed));
    println!("requests    {}", totals.requests.load(Ordering::Relaxed));
    println!("bytes       {}", totals.bytes.load(Ordering::Relaxed));
    Ok(())
}
