//! Traits under the attribute, in a library that denies what it can and has no `std`.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    elided_lifetimes_in_paths,
    async_fn_in_trait,
    refining_impl_trait
)]

// The program's own start, and nothing else.
extern crate std;

use core::future::ready;

/// Gives values one after the other.
#[bespoke::async_fn]
pub trait Lending<K: ?Sized = str> {
    /// What it gives.
    type Item<'a>
    where
        Self: 'a;

    /// The next one.
    async fn next(&mut self, key: &K) -> Option<Self::Item<'_>>;

    /// Leaves some out.
    async fn skip(&mut self, key: &K, count: usize) {
        for _ in 0..count {
            if self.next(key).await.is_none() {
                return;
            }
        }
    }

    /// What needs no lifetime more.
    async fn reset(&mut self);

    /// What waits for nothing, and may be an object's.
    fn len(&self) -> usize;
}

/// Numbers.
#[derive(Debug)]
pub struct Numbers<const N: usize>([u8; N], usize);

#[bespoke::async_fn]
impl<const N: usize> Lending for Numbers<N> {
    type Item<'a> = &'a mut u8;

    async fn next(&mut self, key: &str) -> Option<&mut u8> {
        self.1 += ready(key.len()).await;
        self.0.get_mut(self.1)
    }

    async fn reset(&mut self) {
        self.1 = ready(0).await;
    }

    fn len(&self) -> usize {
        N
    }
}

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident { $($method:ident($($argument:ident: $ty:ty),*) -> $output:ty;)* })*) => {$(
        $(#[$doc])*
        #[bespoke::async_fn]
        pub trait $name {
            $(
                /// By a macro.
                async fn $method(&self, $($argument: $ty),*) -> $output;
            )*
        }

        #[bespoke::async_fn]
        impl $name for () {
            $(async fn $method(&self, $($argument: $ty),*) -> $output {
                $(let _ = ready(&$argument).await;)*
                Default::default()
            })*
        }
    )*};
}

traits! {
    /// By a macro.
    Made { one(a: u8) -> u8; two(a: &str, b: &[u8]) -> usize; }
}

/// Knows nothing of who lends.
pub async fn third<L: Lending>(lending: &mut L) -> Option<L::Item<'_>> {
    lending.skip("a", 2).await;
    lending.next("a").await
}

fn main() {
    let mut numbers = Numbers([1, 2, 3, 4], 0);
    drop(third(&mut numbers));
    drop(numbers.reset());
    drop(().two("a", &[().one(1).into_len()]));
    let _ = numbers.len();
}

trait IntoLen: Sized {
    fn into_len(self) -> u8 {
        u8::try_from(size_of::<Self>()).unwrap_or(0)
    }
}

impl<F: Future> IntoLen for F {}
