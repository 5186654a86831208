//! What ends a test that hangs, and says which one it was.

use core::time::Duration;
use std::io::Write as _;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// A case that is watched until this is dropped.
pub(crate) struct Watched {
    done: Option<mpsc::Sender<()>>,
    dog: Option<JoinHandle<()>>,
}

/// Ends the process, with the name of the case, unless what this returns is dropped within `limit`.
#[must_use = "it watches until it is dropped"]
pub(crate) fn watch(name: &'static str, limit: Duration) -> Watched {
    let (done, watch) = mpsc::channel::<()>();
    let dog = std::thread::spawn(move || {
        if watch.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Not `eprintln!`, which the harness keeps to itself.
            let _ = writeln!(std::io::stderr(), "{name} hangs: it has not ended after {limit:?}");
            std::process::abort();
        }
    });
    Watched { done: Some(done), dog: Some(dog) }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(dog) = self.dog.take() {
            dog.join().expect("the watch ends with the case");
        }
    }
}
