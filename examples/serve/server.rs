//! The listener, the end, the totals.

use crate::args::{How, Load};
use crate::connection;
use crate::load::{self, Outcome};
use bespoke::prelude::*;
use bespoke::rt::{Foreign, SignalKind, TcpListener, signal};
use bespoke::select;
use bespoke::sync::Notify;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The configs that can serve: sockets, files and what lies between, signals, and threads for what blocks.
pub(crate) trait Serves: Config<Driver: ZeroCopy + Foreign, Threads: StartsThreads> {}

impl<C: Config<Driver: ZeroCopy + Foreign, Threads: StartsThreads>> Serves for C {}

/// What the server has done.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) connections: AtomicU64,
    pub(crate) open: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// What is served, and how.
#[derive(Debug)]
pub(crate) struct Site {
    /// Resolved: no link in it.
    pub(crate) root: PathBuf,
    pub(crate) how: How,
    pub(crate) totals: Totals,
    /// Wakes those who wait for a request, after `stopping` was set.
    pub(crate) stop: Notify,
    pub(crate) stopping: AtomicBool,
}

impl Site {
    fn new(root: &Path, how: How) -> io::Result<Arc<Self>> {
        let wrong = |why: io::Error| io::Error::new(why.kind(), format!("{}: {why}", root.display()));
        let root = std::fs::canonicalize(root).map_err(wrong)?;
        if !root.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{} is no folder", root.display())));
        }
        let (totals, stop, stopping) = (Totals::default(), Notify::new(), AtomicBool::new(false));
        Ok(Arc::new(Site { root, how, totals, stop, stopping }))
    }
}

/// After an interrupt, answers under way have so long.
const GRACE: Duration = Duration::from_secs(5);

/// Accepts connections, and serves each in a task of its own.
async fn accept<C: Serves>(listener: TcpListener<C>, site: Arc<Site>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                // Out of descriptors, say. The listener itself waits a little before the next.
                eprintln!("serve: a connection was not accepted: {error}");
                continue;
            }
        };
        let site = site.clone();
        site.totals.connections.fetch_add(1, Ordering::Relaxed);
        site.totals.open.fetch_add(1, Ordering::Relaxed);
        C::spawn(async move {
            // A client that goes away in the middle, or is too slow, is no news.
            let _ = connection::serve(stream, site.clone()).await;
            site.totals.open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// Serves until Ctrl-C or SIGTERM: then accepts no more, ends connections that wait for a request, and gives answers under way
/// some time.
pub(crate) async fn until_interrupted<C: Serves>(address: &str, root: &Path, how: How) -> io::Result<Arc<Site>> {
    let site = Site::new(root, how)?;
    let listener = TcpListener::<C>::bind(address).await?;
    let mut interrupt = signal::<C>(SignalKind::interrupt())?;
    let mut terminate = signal::<C>(SignalKind::terminate())?;
    eprintln!("serve: {} on http://{}/, Ctrl-C to stop", site.root.display(), listener.local_addr()?);
    let server = C::spawn(accept(listener, site.clone()));
    select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    eprintln!("\nserve: stopping");
    server.abort();
    // The abort drops the listener.
    let _ = server.await;
    site.stopping.store(true, Ordering::Release);
    site.stop.notify_waiters();
    let deadline = C::now() + GRACE;
    while site.totals.open.load(Ordering::Relaxed) > 0 && C::now() < deadline {
        C::sleep(Duration::from_millis(10)).await;
    }
    Ok(site)
}

/// Serves a folder to clients of its own.
pub(crate) async fn driven<C: Serves>(root: &Path, how: How, load: &Load) -> io::Result<Outcome> {
    let site = Site::new(root, how)?;
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = C::spawn(accept(listener, site));
    let outcome = load::drive::<C>(address, load).await;
    server.abort();
    outcome
}
