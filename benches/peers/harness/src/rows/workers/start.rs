//! What do two workers cost that do nothing?
//!
//! Measured: start a runtime with two workers, run a ready future as a task of theirs, end it and its threads; the first one of the
//! process is thrown away. Of thread-per-core runtimes, two threads are started with a runtime each, both say that theirs runs, and both
//! are told to end. Not measured: threads of pools that start by need. The floor is two threads that are started and joined.
//! Sketch: a thread 10 to 30 us to start and to join, so 50 us, and what a runtime of one thread takes, once or twice.

use core::time::Duration;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::clock::{now, ns_per_op};
use crate::rows::cores::Slot;
use crate::{Peer, Refusal, Sampled, WORKERS, planted};

/// Starts and drops `ops` of what `start` starts.
pub(super) fn starts<T>(ops: u64, start: impl Fn() -> Result<T, String>) -> Sampled {
    drop(start().map_err(Refusal::Failed)?);
    let begin = now();
    for _ in 0..ops {
        planted();
        drop(start().map_err(Refusal::Failed)?);
    }
    Ok(vec![ns_per_op(begin.elapsed(), ops)])
}

/// How long a runtime may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Threads with a runtime of one thread each. Dropping it ends them and waits.
pub(super) struct Pair(Vec<(Arc<Slot>, JoinHandle<()>)>);

impl Pair {
    /// Starts them, and waits until each runs a task.
    ///
    /// # Errors
    /// What a runtime says that does not start.
    pub(super) fn start<P: Peer>() -> Result<Self, String> {
        let mut pair = Self(Vec::with_capacity(WORKERS));
        let (says, heard) = std::sync::mpsc::channel();
        for _ in 0..WORKERS {
            let stop = Arc::new(Slot::new());
            let (says, stopped) = (says.clone(), stop.clone());
            let thread = Builder::new().spawn(move || {
                // The other side waits for as many words as there are threads.
                let say = move |word: Result<(), String>| says.send(word).unwrap_or_default();
                match P::start() {
                    Err(why) => say(Err(why)),
                    Ok(mut peer) => peer.run(async move {
                        say(Ok(()));
                        stopped.take().await;
                    }),
                }
            });
            pair.0.push((stop, thread.map_err(|error| format!("cannot start a thread: {error}"))?));
        }
        for _ in 0..WORKERS {
            heard
                .recv_timeout(PATIENCE)
                .map_err(|_| "a runtime has not started, and does not say why".to_owned())??;
        }
        Ok(pair)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for (stop, _) in &self.0 {
            stop.put(0);
        }
        for (_, thread) in self.0.drain(..) {
            // One that panicked has said so on standard error, and has ended.
            let _ = thread.join();
        }
    }
}
