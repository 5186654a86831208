//! Streams as functions that poll.

use crate::support::{pair, runtime};
use bespoke::Config;
use bespoke::io::PollStream;
use bespoke::prelude::*;
use core::future::poll_fn;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::io::Read as _;
use std::sync::Arc;

/// A write for which the poll has no budget left is refused, and not taken and kept until somebody polls.
pub(crate) fn what_was_taken_is_sent_though_nobody_polls<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        let mut stream = PollStream::from(stream);
        // On rings a write is under way until the worker has parked, so several polls spend the budget.
        let mut taken = 0;
        for _ in 0..3 {
            poll_fn(|cx| {
                for _ in 0..500 {
                    match stream.poll_write(cx, b"x") {
                        Poll::Ready(written) => taken += written.expect("the peer is there"),
                        Poll::Pending if taken == 0 => return Poll::Pending,
                        Poll::Pending => break,
                    }
                }
                Poll::Ready(())
            })
            .await;
            C::yield_now().await;
        }
        let came = Arc::new(AtomicBool::new(false));
        let reader = std::thread::spawn({
            let came = came.clone();
            move || {
                peer.set_read_timeout(Some(Duration::from_secs(20))).expect("a connected socket takes options");
                let all = peer.read_exact(&mut vec![0; taken]);
                came.store(true, Ordering::Release);
                (all, peer)
            }
        });
        while !came.load(Ordering::Acquire) {
            C::sleep(Duration::from_millis(1)).await;
        }
        let (all, _peer) = reader.join().expect("the peer only reads");
        all.unwrap_or_else(|error| panic!("of {taken} bytes that were taken some did not come: {error}"));
        drop(stream);
    });
}

/// Who finds the budget spent is woken for the next poll, and loses nothing.
pub(crate) fn writes_of_a_poll_go_on_when_its_budget_is_spent<C: Config<Driver: Net>>() {
    const LEN: usize = 1000;
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        let mut stream = PollStream::from(stream);
        let reader = std::thread::spawn(move || {
            let mut got = Vec::new();
            peer.read_to_end(&mut got).map(|_| got)
        });
        for n in 0..LEN {
            let written = poll_fn(|cx| stream.poll_write(cx, &[n as u8])).await;
            assert_eq!(written.expect("the peer reads"), 1);
        }
        poll_fn(|cx| stream.poll_close(cx)).await.expect("the peer reads");
        let got = reader.join().expect("the peer only reads").expect("the stream ends well");
        assert!(got.iter().copied().eq((0..LEN).map(|n| n as u8)), "lost, repeated or out of order");
    });
}
