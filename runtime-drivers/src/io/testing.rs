//! What the tests of this room share: a reader over a script, and polls without a runtime.

use super::Reads;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io;
use std::vec::Vec;

/// Yields each part by one read, or by several if it does not fit; an empty part is a read that has to wait once.
pub(super) struct Script {
    parts: VecDeque<Vec<u8>>,
    pub(super) reads: usize,
}

impl Script {
    pub(super) fn new<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Script { parts: parts.into_iter().map(<[u8]>::to_vec).collect(), reads: 0 }
    }
}

impl Reads for Script {
    async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        while self.parts.front().is_some_and(Vec::is_empty) {
            self.parts.pop_front();
            let mut waited = false;
            core::future::poll_fn(|_| match core::mem::replace(&mut waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
        }
        let Some(part) = self.parts.front_mut() else { return Ok(0) };
        let len = part.len().min(buffer.len());
        buffer[..len].copy_from_slice(&part[..len]);
        part.drain(..len);
        if part.is_empty() {
            self.parts.pop_front();
        }
        Ok(len)
    }
}

pub(super) fn once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

pub(super) fn now<F: Future>(future: F) -> F::Output {
    once(future).expect("the script has no wait here")
}

/// A small deterministic source of choices.
pub(super) fn next(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize % below
}
