//! Where an await may stand within a statement; closures, macros and temporaries beside it.

use crate::harness::both;

fn tell(x: &D, n: usize) -> usize {
    x.touch() + n
}

fn two(a: D, b: D) -> Wait<(D, D)> {
    wait("two", 1, (a, b))
}

struct Pair {
    a: usize,
    b: usize,
}

both! {
    async fn method_of_the_value() -> usize { wait("w", 1, d("t")).await.touch() } with ()
    async fn field_of_the_value() -> usize {
        let n = wait("w", 1, (d("a"), d("b"), 5)).await.2;
        wait("v", 1, n).await
    } with ()
    async fn first_argument() -> usize {
        let x = d("x");
        let n = usize::max(wait("w", 1, 1).await, x.touch());
        wait("v", 1, n).await
    } with ()
    async fn left_operand() -> usize { wait("w", 1, 1).await + d("t").touch() } with ()
    async fn await_of_an_await() -> usize { wait("w", 1, wait("v", 1, 3)).await.await } with ()
    async fn call_of_an_await() -> usize {
        let x = wait("b", 1, wait("w", 1, d("x")).await).await;
        x.touch()
    } with ()
    async fn two_in_a_row() -> usize {
        let (a, b) = two(d("a"), d("b")).await;
        wait("v", 1, ()).await;
        a.touch() + b.touch()
    } with ()
    async fn destructured() -> usize {
        let (a, _) = wait("w", 1, (d("a"), d("b"))).await;
        wait("v", 1, ()).await;
        a.touch()
    } with ()
    async fn ignored() {
        let _ = wait("w", 1, d("t")).await;
        let _x = d("x");
        _ = wait("v", 1, d("s")).await;
        wait("u", 1, d("r")).await;
    } with ()
    async fn assigned_from_an_await() -> usize {
        let mut x = d("old");
        x.touch();
        x = wait("w", 1, d("new")).await;
        let mut n = 1;
        n += wait("v", 1, 2).await;
        x.touch() + n
    } with ()
    async fn reference_to_a_value() -> usize {
        let n = tell(&d("t"), 2);
        wait("v", 1, ()).await;
        let m = tell(&wait("w", 1, d("s")).await, 3);
        n + m
    } with ()
    async fn operands_are_taken_in_order() -> usize {
        let (a, b) = (d("a"), d("b"));
        wait("v", 1, ()).await;
        let (a, b) = two(a, b).await;
        a.touch() + b.touch()
    } with ()
    async fn reference_that_lives_on() -> usize {
        let r = &d("kept");
        let m = &mut [1u8; 8];
        wait("v", 1, ()).await;
        m[1] = 3;
        let s = &wait("u", 1, d("s")).await;
        wait("w", 1, ()).await;
        r.touch() + s.touch() + m[1] as usize
    } with ()
    async fn number_behind_a_reference() -> usize {
        let n = 5usize;
        let r = &n;
        let x = d("x");
        wait("v", 1, ()).await;
        *r + x.touch()
    } with ()
    async fn structs() -> usize {
        let a = 3;
        wait("v", 1, ()).await;
        let p = Pair { b: wait("w", 1, 4).await, a };
        p.a + p.b + d("t").touch()
    } with ()
    async fn closures() -> usize {
        let x = d("x");
        let mut n = 0;
        wait("w", 1, ()).await;
        {
            let mut add = |m: usize| { n += m + x.touch(); n };
            add(1);
            add(2);
        }
        wait("v", 1, n).await
    } with ()
    async fn move_closure() -> usize {
        let x = d("x");
        let y = d("y");
        wait("w", 1, ()).await;
        let f = move || x.touch();
        wait("v", 1, ()).await;
        f() + y.touch()
    } with ()
    async fn move_block() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        let inner = async move { wait("u", 1, ()).await; x.touch() };
        inner.await
    } with ()
    async fn macros() -> String {
        let x = d("x");
        let width = 5;
        wait("w", 1, ()).await;
        assert!(x.touch() == 1, "never");
        assert_eq!(x.0, "x");
        let list = vec![x.touch(), 2];
        format!("{list:?} {:>width$} {}", list[0], x.touch())
    } with ()
    async fn assertion_that_fails() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        assert!(x.touch() > 3);
        0
    } with ()
    async fn assertion_with_braces() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        assert!({ x.touch() } > 3);
        0
    } with ()
    async fn copies() -> usize {
        let n = wait("a", 1, 3usize).await;
        let m = n;
        wait("b", 1, n).await;
        let s = d("s");
        n + m + n + s.touch()
    } with ()
    async fn unused_locals() {
        let _a = d("a");
        let n: u8 = 3;
        let _r = &_a;
        wait("w", 1, n).await;
        let _b = d("b");
        wait("v", 1, ()).await;
    } with ()
    async fn boxed() -> usize {
        let x = Box::new(d("x"));
        let y: Box<dyn Fn() -> usize> = Box::new(|| 3);
        wait("w", 1, ()).await;
        x.touch() + y()
    } with ()
    async fn coerced() -> usize {
        let list = vec![1usize, 2];
        let slice: &[usize] = &list;
        wait("w", 1, ()).await;
        let any: &dyn std::fmt::Debug = if slice.len() == 1 { &1 } else { &"two" };
        step(format!("{any:?}"));
        wait("v", 1, ()).await;
        step(format!("{any:?}"));
        slice.len()
    } with ()
}
