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

/// An object's, but for what waits.
#[bespoke::async_fn]
pub trait Object {
    /// A number.
    fn number(&self) -> usize;

    /// Waits.
    async fn wait(&self, by: &usize, r#else: &usize) -> usize
    where
        Self: Sized,
    {
        ready(self.number()).await + by + r#else
    }
}

impl Object for usize {
    fn number(&self) -> usize {
        *self
    }
}

/// With a lifetime of its own.
#[bespoke::async_fn]
pub trait Borrowing<'c, T = usize>: Object {
    /// By value.
    async fn boxed(self: std::boxed::Box<Self>, of: &'c T, by: &T, and: &T) -> (std::boxed::Box<Self>, &'c T);

    /// Of what the trait borrows.
    async fn again(&self, of: &'c T, by: &T) -> &'c T {
        let both = [of, by];
        let both = &both;
        ready(()).await;
        let _ = both.len();
        of
    }
}

impl<'c> Borrowing<'c> for usize {
    fn boxed<'short, 'a, 'b>(
        self: std::boxed::Box<Self>,
        of: &'c usize,
        _: &'a usize,
        _: &'b usize,
    ) -> impl Future<Output = (std::boxed::Box<Self>, &'c usize)>
    where
        'a: 'short,
        'b: 'short,
    {
        ready((self, of))
    }
}

#[bespoke::async_fn]
impl<'x> Borrowing<'x> for u8 {
    async fn boxed(self: std::boxed::Box<Self>, of: &'x usize, by: &usize, and: &usize) -> (std::boxed::Box<Self>, &'x usize) {
        let _ = ready((by, and)).await;
        (self, of)
    }
}

impl Object for u8 {
    fn number(&self) -> usize {
        usize::from(*self)
    }
}

/// Whoever looks.
#[bespoke::async_fn]
pub trait Look {
    /// Looks.
    async fn look(&self, key: &str) -> usize;
}

#[bespoke::async_fn]
impl<F: AsyncFn(&str) -> usize> Look for F {
    async fn look(&self, key: &str) -> usize {
        self(key).await
    }
}

/// Of a reference to one.
#[derive(Debug)]
pub struct Of<'x, L: ?Sized>(&'x L);

#[bespoke::async_fn]
impl<L: Look + ?Sized> Look for Of<'_, L> {
    async fn look(&self, key: &str) -> usize {
        let both = (self.0, key);
        let both = &both;
        ready(()).await;
        both.0.look(both.1).await
    }
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
    let object: &dyn Object = &3usize;
    drop(object.number().wait(&1, &2));
    drop(5usize.again(&1, &2));
    drop(std::boxed::Box::new(5u8).boxed(&1, &2, &3));
    drop(Of(&async |key: &str| key.len()).look("a"));
}

trait IntoLen: Sized {
    fn into_len(self) -> u8 {
        u8::try_from(size_of::<Self>()).unwrap_or(0)
    }
}

impl<F: Future> IntoLen for F {}
