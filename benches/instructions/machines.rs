//! Futures of `#[async_fn]` beside those of rustc: the same functions through both, polled by hand, without a runtime.

use crate::paths::Plant;
use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Pending once.
struct Once<T>(bool, Option<T>);

impl<T> Unpin for Once<T> {}

impl<T> Future for Once<T> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        match core::mem::replace(&mut self.0, true) {
            false => Poll::Pending,
            true => Poll::Ready(self.1.take().expect("polled after completion")),
        }
    }
}

fn once<T>(value: T) -> Once<T> {
    Once(false, Some(value))
}

/// A stream without a system: what is written is read again, each after one suspension.
struct Loopback {
    bytes: [u8; 64],
    left: u64,
}

impl Loopback {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8; 64]) -> Once<usize> {
        let count = if self.left == 0 { 0 } else { 64 };
        self.left = self.left.saturating_sub(1);
        buffer.copy_from_slice(&self.bytes);
        once(count)
    }

    fn write(&mut self, buffer: &[u8; 64]) -> Once<usize> {
        self.bytes.copy_from_slice(buffer);
        once(64)
    }
}

macro_rules! through_both {
    ($( async fn $name:ident($($params:tt)*) -> $output:ty $body:block )*) => {
        mod ours {
            use super::*;
            $( #[bespoke::async_fn] pub(super) async fn $name($($params)*) -> $output $body )*
        }
        mod theirs {
            use super::*;
            $( pub(super) async fn $name($($params)*) -> $output $body )*
        }
    };
}

through_both! {
    async fn chain(n: u64) -> u64 { chain_1(n).await + 1 }
    async fn chain_1(n: u64) -> u64 { chain_2(n).await + 1 }
    async fn chain_2(n: u64) -> u64 { chain_3(n).await + 1 }
    async fn chain_3(n: u64) -> u64 { chain_4(n).await + 1 }
    async fn chain_4(n: u64) -> u64 { chain_5(n).await + 1 }
    async fn chain_5(n: u64) -> u64 { chain_6(n).await + 1 }
    async fn chain_6(n: u64) -> u64 { chain_7(n).await + 1 }
    async fn chain_7(n: u64) -> u64 { once(n).await + 1 }
    // What is inlined here depends on how rustc cuts this program: 168 instructions, 175 or 209, by lines that it does not run.
    async fn down(big: [u8; 1024]) -> u64 { down_1(big).await + 1 }
    async fn down_1(big: [u8; 1024]) -> u64 { down_2(big).await + 1 }
    async fn down_2(big: [u8; 1024]) -> u64 { down_3(big).await + 1 }
    async fn down_3(big: [u8; 1024]) -> u64 { down_4(big).await + 1 }
    async fn down_4(big: [u8; 1024]) -> u64 { down_5(big).await + 1 }
    async fn down_5(big: [u8; 1024]) -> u64 { down_6(big).await + 1 }
    async fn down_6(big: [u8; 1024]) -> u64 { down_7(big).await + 1 }
    async fn down_7(big: [u8; 1024]) -> u64 { once(u64::from(big[7])).await + 1 }
    async fn turns(stream: &mut Loopback, plant: Plant) -> u64 {
        let mut buffer = [0; 64];
        let mut total = 0u64;
        loop {
            let count = stream.read(&mut buffer).await;
            if count == 0 {
                return total;
            }
            plant.work();
            buffer[0] = buffer[0].wrapping_add(1);
            total += stream.write(&buffer).await as u64;
        }
    }
    async fn ready_chain(n: u64) -> u64 { ready_1(n).await + ready(n).await }
    async fn ready_1(n: u64) -> u64 { ready_2(n).await + ready(n).await }
    async fn ready_2(n: u64) -> u64 { ready_3(n).await + ready(n).await }
    async fn ready_3(n: u64) -> u64 { ready(n).await + ready(n).await }
}

/// As an executor does it: through a function that knows nothing of the future but its type.
#[inline(never)]
fn poll<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

fn finish<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = poll(future.as_mut(), &mut context) {
            return value;
        }
    }
}

/// Makes, polls and drops a future for each operation, and adds up what they give.
fn each<F: Future<Output = u64>>(ops: u64, plant: Plant, make: impl Fn(u64) -> F) -> u64 {
    (0..ops)
        .map(|n| {
            plant.work();
            finish(make(n))
        })
        .sum()
}

fn sum(ops: u64) -> u64 {
    (0..ops).sum()
}

pub(crate) fn chain_of_ours(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, ours::chain), sum(ops) + 8 * ops);
}

pub(crate) fn chain_of_rustc(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, theirs::chain), sum(ops) + 8 * ops);
}

pub(crate) fn down_of_ours(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, |_| ours::down([3; 1024])), 11 * ops);
}

pub(crate) fn down_of_rustc(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, |_| theirs::down([3; 1024])), 11 * ops);
}

pub(crate) fn turns_of_ours(ops: u64, plant: Plant) {
    let mut stream = Loopback { bytes: [0; 64], left: ops };
    assert_eq!(finish(ours::turns(&mut stream, plant)), 64 * ops);
    assert_eq!(u64::from(stream.bytes[0]), ops % 256, "the bytes changed on their way");
}

pub(crate) fn turns_of_rustc(ops: u64, plant: Plant) {
    let mut stream = Loopback { bytes: [0; 64], left: ops };
    assert_eq!(finish(theirs::turns(&mut stream, plant)), 64 * ops);
    assert_eq!(u64::from(stream.bytes[0]), ops % 256, "the bytes changed on their way");
}

pub(crate) fn ready_of_ours(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, ours::ready_chain), 5 * sum(ops));
}

pub(crate) fn ready_of_rustc(ops: u64, plant: Plant) {
    assert_eq!(each(ops, plant, theirs::ready_chain), 5 * sum(ops));
}
