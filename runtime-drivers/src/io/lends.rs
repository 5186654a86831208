//! A write over a function that polls.

use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::task::{Context, Poll};
use std::io;

/// Keeps the buffer, and lends it for as long as a poll takes: `&B` need not be `Send`.
pub(super) fn lends<B: IoBuf>(
    buffer: B,
    mut poll: impl FnMut(&mut Context<'_>, &[u8]) -> Poll<io::Result<usize>> + Send,
) -> impl Future<Output = (io::Result<usize>, B)> + Send {
    let mut kept = Some(buffer);
    poll_fn(move |cx| {
        let buffer = kept.take().expect("polled after it was ready");
        match poll(cx, buffer.as_bytes()) {
            Poll::Ready(written) => Poll::Ready((written, buffer)),
            Poll::Pending => {
                kept = Some(buffer);
                Poll::Pending
            }
        }
    })
}
