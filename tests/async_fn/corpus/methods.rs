//! Methods: alone under the attribute, in a whole `impl`, in the `impl` of a trait.

use core::fmt::Debug;
use core::pin::Pin;

use crate::harness::{D, d, step, wait};

/// The same `impl` blocks through both compilers; then the functions over them, as in `both!`.
macro_rules! both_impls {
    ({ $($item:item)* } { $($(#[$attr:meta])* impl [$($generics:tt)*] [$($of:tt)*] { $($body:tt)* })* }
     { $($name:ident: $call:expr;)* }) => {
        mod ours {
            #[allow(unused_imports, reason = "as in `theirs`")]
            use super::*;
            $($item)*
            $( #[bespoke::async_fn] $(#[$attr])* impl<$($generics)*> $($of)* { $($body)* } )*
            $( pub(super) async fn $name() -> String { format!("{:?}", $call.await) } )*
        }
        mod theirs {
            #[allow(unused_imports, reason = "as in `ours`")]
            use super::*;
            $($item)*
            $( $(#[$attr])* impl<$($generics)*> $($of)* { $($body)* } )*
            $( pub(super) async fn $name() -> String { format!("{:?}", $call.await) } )*
        }
        $(
            #[test]
            fn $name() {
                let ways = crate::harness::compare(stringify!($name), ours::$name, theirs::$name);
                assert!(ways > 2, "{ways}");
            }
        )*
    };
}

both_impls! {
    {
        #[derive(Debug)]
        pub(super) struct Pair<T> {
            pub(super) a: T,
            pub(super) b: D,
            pub(super) n: usize,
        }

        fn pair() -> Pair<D> {
            Pair { a: d("a"), b: d("b"), n: 1 }
        }

        #[derive(Debug)]
        pub(super) struct View<'a, T> {
            of: &'a T,
            n: usize,
        }
    }
    {
        impl [] [Pair<D>] {
            const STEP: usize = 2;

            async fn at_once(&mut self) -> usize {
                let (m, n) = bespoke::join!(wait("m", 1, self.a.touch()), wait("n", 2, self.b.touch()));
                let both = bespoke::select! {
                    biased;
                    never = wait("never", 9, self.n) => never,
                    at = wait("at", 1, &mut self.n), if m > 0 => {
                        *at += n;
                        wait("in", 1, ()).await;
                        *at
                    }
                };
                both + self.n
            }

            async fn by_reference(&self) -> usize {
                let n = self.a.touch();
                wait("w", 1, ()).await;
                n + self.b.touch() + Self::STEP
            }

            async fn by_mutable_reference(&mut self, x: D) -> &D {
                self.n += 1;
                wait("w", 1, ()).await;
                self.a = x;
                wait("v", 1, ()).await;
                &self.a
            }

            async fn by_value(self) -> usize {
                let r = &self;
                wait("w", 1, ()).await;
                r.a.touch() + r.b.touch()
            }

            async fn by_value_that_changes(mut self) -> Self {
                wait("w", 1, ()).await;
                self.n += 1;
                step(format!("{self:?} {}", self.n));
                self
            }

            async fn parts(self) -> usize {
                let Pair { a, b, n } = { self };
                wait("w", 1, ()).await;
                drop(b);
                wait("v", 1, ()).await;
                a.touch() + n
            }

            async fn without_self(n: usize) -> Self {
                let a = wait("w", 1, d("a")).await;
                Self { a, b: d("b"), n }
            }

            async fn pinned(self: Pin<&mut Self>, by: usize) -> usize {
                let this = { self }.get_mut();
                wait("w", 1, ()).await;
                this.n += by;
                this.n
            }

            async fn boxed(self: Box<Self>) -> usize {
                wait("w", 1, ()).await;
                self.b.touch()
            }

            async fn calls_others(&mut self) -> usize {
                let n = self.by_reference().await;
                let m = self.by_mutable_reference(d("new")).await.touch();
                let k = { let closure = |x: usize| x + self.n; closure(n) };
                wait("w", 1, ()).await;
                k + m
            }

            async fn picks<'a>(&'a self, other: &'a D, mine: bool) -> &'a D {
                let both = [&self.a, other];
                let r = &both;
                wait("w", 1, ()).await;
                if mine { r[0] } else { r[1] }
            }

            async fn coerces(&self, c: bool) -> Result<Box<dyn Debug>, String> {
                wait("w", 1, ()).await;
                if c {
                    return Ok(Box::new(self.n));
                }
                let n: usize = "7".parse().map_err(|_| "number")?;
                wait("v", 1, ()).await;
                Ok(Box::new(n))
            }

            async fn in_turn(&self, others: &[D], mut by: usize) -> usize {
                for x in others {
                    by += x.touch();
                    wait("w", 1, ()).await;
                }
                by + self.a.touch()
            }

            async fn takes_self_into_a_block(self) -> usize {
                wait("w", 1, ()).await;
                let this = self;
                let block = async move { let this = this; this.a.touch() };
                wait("v", 1, ()).await;
                block.await
            }
        }

        impl [T: Debug] [Pair<T>] {
            async fn generic(self, other: T) -> (T, String) {
                let r = &other;
                wait("w", 1, ()).await;
                let text = format!("{r:?}");
                let Pair { a, .. } = { self };
                (a, text)
            }

            async fn generic_method<U: Debug>(&self, u: U) -> String {
                let r = &u;
                wait("w", 1, ()).await;
                format!("{r:?} {:?}", self.a)
            }

            async fn new(a: T, b: impl Into<D>) -> Self {
                wait("w", 1, ()).await;
                Pair { a, b: { b }.into(), n: 0 }
            }
        }

        impl ['x, T: Debug] [View<'x, T>] {
            async fn look(&self) -> &'x T {
                let r = &self.n;
                wait("w", 1, ()).await;
                step(format!("{r}"));
                self.of
            }

            async fn consume(self, other: &T) -> usize {
                let r = (&self, other);
                wait("w", 1, ()).await;
                format!("{:?}{:?}", r.0, r.1).len()
            }
        }

        #[allow(clippy::unused_async, reason = "the trait is")]
        impl [] [super::Work for Pair<D>] {
            type Done = usize;

            async fn work(&mut self) -> usize {
                self.a.touch();
                wait("w", 1, ()).await;
                self.b.touch()
            }

            async fn both<'a>(&'a self, other: &'a D) -> usize {
                let list = [&self.a, other];
                let r = &list;
                wait("w", 1, ()).await;
                r[0].touch() + r[1].touch()
            }

            fn sent(&self) -> impl Future<Output = usize> + Send {
                core::future::ready(self.n)
            }
        }

        impl [T: Debug + Send + Sync] [super::Sending for Pair<T>] {
            async fn send(&self) -> usize {
                let r = &self.a;
                wait("w", 1, ()).await;
                format!("{r:?}").len()
            }
        }
    }
    {
        at_once: async { pair().at_once().await };
        by_reference: async { pair().by_reference().await };
        by_mutable_reference: async { pair().by_mutable_reference(d("x")).await.touch() };
        by_value: pair().by_value();
        by_value_that_changes: pair().by_value_that_changes();
        parts: pair().parts();
        without_self: Pair::without_self(3);
        pinned: async { Pin::new(&mut pair()).pinned(4).await };
        boxed: Box::new(pair()).boxed();
        calls_others: async { pair().calls_others().await };
        picks: async { let other = d("other"); pair().picks(&other, false).await.touch() };
        coerces: async { let p = pair(); (p.coerces(true).await, p.coerces(false).await) };
        in_turn: async { pair().in_turn(&[d("x"), d("y")], 1).await };
        takes_self_into_a_block: pair().takes_self_into_a_block();
        generic: pair().generic(d("t"));
        generic_method: async { pair().generic_method(d("u")).await };
        new: Pair::new(4u8, d("into"));
        look: async { let of = d("of"); View { of: &of, n: 2 }.look().await.touch() };
        consume: async { let of = d("of"); View { of: &of, n: 2 }.consume(&d("other")).await };
        work: async { super::Work::work(&mut pair()).await };
        both: async { super::Work::both(&pair(), &d("other")).await };
        send: async { super::Sending::send(&pair()).await };
    }
}

trait Work {
    type Done;
    async fn work(&mut self) -> Self::Done;
    async fn both<'a>(&'a self, other: &'a D) -> Self::Done;
    #[allow(dead_code, reason = "that it compiles is the test")]
    fn sent(&self) -> impl Future<Output = Self::Done> + Send;
}

trait Sending {
    fn send(&self) -> impl Future<Output = usize> + Send;
}

struct Alone(D);

impl Alone {
    #[bespoke::async_fn]
    async fn ours(&self, other: &D) -> usize {
        let r = &self.0;
        wait("w", 1, ()).await;
        r.touch() + other.touch()
    }

    async fn theirs(&self, other: &D) -> usize {
        let r = &self.0;
        wait("w", 1, ()).await;
        r.touch() + other.touch()
    }

    #[bespoke::async_fn]
    async fn made_by_ours() -> Self {
        Self(wait("w", 1, d("x")).await)
    }

    async fn made_by_theirs() -> Self {
        Self(wait("w", 1, d("x")).await)
    }
}

#[test]
fn a_method_alone() {
    let ours = || async { Alone(d("a")).ours(&d("b")).await };
    let theirs = || async { Alone(d("a")).theirs(&d("b")).await };
    assert!(crate::harness::compare("a method alone", ours, theirs) > 2);
    let ours = || async { Alone::made_by_ours().await.0.touch() };
    let theirs = || async { Alone::made_by_theirs().await.0.touch() };
    assert!(crate::harness::compare("a function of an impl", ours, theirs) > 2);
}

/// The attribute on the whole `impl` leaves those alone that have their own.
struct Mixed;

#[bespoke::async_fn]
impl Mixed {
    #[bespoke::async_fn(rustc)]
    async fn theirs(&self, a: [u8; 64]) -> u8 {
        wait("w", 1, ()).await;
        a[1]
    }

    async fn ours(&self, a: [u8; 64]) -> u8 {
        wait("w", 1, ()).await;
        a[1]
    }

    fn plain(&self) -> u8 {
        3
    }
}

#[test]
fn a_method_may_stay_with_rustc() {
    let ours = size_of_val(&Mixed.ours([0; 64]));
    let theirs = size_of_val(&Mixed.theirs([0; 64]));
    assert!(ours + 60 < theirs, "{ours} {theirs} {}", Mixed.plain());
}
