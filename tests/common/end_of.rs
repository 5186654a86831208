//! Waiting for what a close ends.

use bespoke::Config;
use bespoke::prelude::*;
use core::time::Duration;
use std::thread::JoinHandle;

/// Waits for the end of a thread that hears of a close: a driver may close with its next turn, so the worker is not blocked.
pub(crate) async fn end_of<C: Config, T>(thread: JoinHandle<T>) -> std::thread::Result<T> {
    while !thread.is_finished() {
        C::sleep(Duration::from_millis(1)).await;
    }
    thread.join()
}
