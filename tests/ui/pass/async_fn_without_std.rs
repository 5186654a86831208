//! A program without `std` and without unsafe code of its own.
#![no_std]
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unreachable_pub, elided_lifetimes_in_paths)]

// The program's own start, and nothing else.
extern crate std;

use core::future::ready;

/// Waits twice.
#[bespoke::async_fn]
async fn twice(mut list: [u8; 3], n: &u8) -> Option<u8> {
    for i in 0..3 {
        list[i] = ready(list[i]).await;
        ready(Some(i)).await?;
    }
    let last = list.last();
    match last {
        Some(last) if *last > 1 => {
            ready(()).await;
            Some(*last + *n)
        }
        _ => None,
    }
}

fn main() {
    drop(twice([1, 2, 3], &1));
}
