//! Machines that machines await: they lie in parts. And what lies as a whole: generic, boxed, kept in a local.

use core::pin::Pin;

use crate::harness::both;

struct Host(D);

static LENT: D = D("lent");

both! {
    async fn down(a: D) -> usize { middle(a, d("b")).await } with (d("a"))
    async fn middle(a: D, b: D) -> usize {
        let c = d("c");
        let n = leaf(&b, a).await;
        wait("m", 1, ()).await;
        n + b.touch() + c.touch()
    } with (d("a"), d("b"))
    async fn leaf(borrowed: &D, taken: D) -> usize {
        wait("l", 1, ()).await;
        let n = borrowed.touch();
        wait("k", 1, ()).await;
        n + { taken }.eat()
    } with (&LENT, d("t"))
    async fn one_after_the_other() -> usize {
        let first = middle(d("1"), d("2")).await;
        let x = d("x");
        let second = leaf(&x, d("3")).await;
        down(x).await + first + second
    } with ()
    async fn in_branches(c: bool) -> usize {
        let x = d("x");
        let n = if c { leaf(&x, d("a")).await } else { down(d("b")).await };
        match n {
            0 => middle(x, d("c")).await,
            _ => {
                let y = d("y");
                leaf(&y, d("z")).await
            }
        }
    } with (true)
    async fn in_a_loop() -> usize {
        let mut sum = 0;
        for n in 0..3usize {
            let x = d("x");
            if n == 1 { continue; }
            sum += leaf(&x, d("y")).await;
            if sum > 100 { return sum; }
        }
        sum
    } with ()
    async fn under_a_question(c: bool) -> Result<usize, String> {
        let x = d("x");
        let n = fails(c).await?;
        fails(!c).await?;
        Ok(n + x.touch())
    } with (true)
    async fn fails(c: bool) -> Result<usize, String> {
        let x = d("f");
        wait("f", 1, ()).await;
        if c { Ok(x.touch()) } else { Err("failed".into()) }
    } with (false)
    async fn kept_in_a_local() -> usize {
        let future = down(d("a"));
        let x = d("x");
        wait("w", 1, ()).await;
        future.await + x.touch()
    } with ()
    async fn never_awaited() -> usize {
        let future = down(d("a"));
        wait("w", 1, ()).await;
        drop(future);
        wait("v", 1, 3).await
    } with ()
    async fn boxed(n: u8) -> usize {
        let x = d("x");
        if n == 0 { return x.touch(); }
        let inner: Pin<Box<dyn Future<Output = usize>>> = Box::pin(boxed(n - 1));
        inner.await + x.touch()
    } with (3)
    async fn generic [F: Future<Output = usize>] (f: F) -> usize {
        let x = d("x");
        f.await + x.touch()
    } with (wait("w", 2, 5))
    async fn of_a_generic_one() -> usize {
        generic(down(d("a"))).await + generic(generic(wait("w", 1, 2))).await
    } with ()
    async fn aligned(a: u8, b: u16) -> u64 {
        let wide = [1u128; 2];
        let n = small(a).await;
        let m = wider(b).await;
        wide[1] as u64 + u64::from(n) + m
    } with (1, 2)
    async fn small(mut a: u8) -> u8 {
        a += 1;
        core::future::ready(()).await;
        step("small");
        wait("s", 1, a).await
    } with (1)
    async fn wider(b: u16) -> u64 {
        let mut count = 0u32;
        let mut total = u64::from(b);
        while count < 3 {
            total += u64::from(small(count as u8).await);
            count += 1;
        }
        total
    } with (3)
    async fn by_a_pinned_reference() -> usize {
        let x = d("x");
        let mut a = Box::pin(leaf(&x, d("a")));
        let first = a.as_mut().await;
        wait("w", 1, ()).await;
        drop(a);
        first + x.touch()
    } with ()
    async fn panics_inside() -> usize {
        let x = d("x");
        let n = panics(d("y")).await;
        n + x.touch()
    } with ()
    async fn panics(y: D) -> usize {
        let z = d("z");
        wait("p", 1, ()).await;
        if y.touch() == 1 { panic!("own {}", z.touch()) }
        z.touch()
    } with (d("y"))
}

#[bespoke::async_fn]
impl Host {
    async fn all(&self, n: usize) -> usize {
        let first = self.one(n).await;
        first + self.one(first).await
    }

    async fn one(&self, n: usize) -> usize {
        wait("h", 1, ()).await;
        self.0.touch() + n
    }
}

struct Theirs(D);

impl Theirs {
    async fn all(&self, n: usize) -> usize {
        let first = self.one(n).await;
        first + self.one(first).await
    }

    async fn one(&self, n: usize) -> usize {
        wait("h", 1, ()).await;
        self.0.touch() + n
    }
}

#[test]
fn methods_that_await_methods() {
    let ours = || async { Host(d("a")).all(3).await };
    let theirs = || async { Theirs(d("a")).all(3).await };
    assert!(compare("methods that await methods", ours, theirs) > 2);
}
