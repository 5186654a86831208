//! One statement after the other.

use crate::harness::both;

both! {
    async fn nothing() { step("run"); } with ()
    async fn one_await() { wait("a", 1, ()).await; } with ()
    async fn value_of_an_await() -> u32 { wait("a", 2, 7).await } with ()
    async fn local_across() -> usize {
        let x = d("x");
        wait("a", 1, ()).await;
        x.touch()
    } with ()
    async fn locals_drop_in_reverse() {
        let _a = d("a");
        let _b = d("b");
        wait("w", 1, ()).await;
        let _c = d("c");
        wait("v", 1, ()).await;
    } with ()
    async fn moved_before() {
        let a = d("a");
        { a }.eat();
        let b = d("b");
        drop(b);
        wait("w", 1, ()).await;
    } with ()
    async fn moved_after() -> usize {
        let a = d("a");
        let b = d("b");
        wait("w", 1, ()).await;
        let n = { a }.eat();
        wait("v", 1, ()).await;
        n + b.touch()
    } with ()
    async fn shadowing() -> usize {
        let x = d("first");
        wait("w", 1, ()).await;
        let x = (x, d("second"));
        wait("v", 1, ()).await;
        x.1.touch()
    } with ()
    async fn arguments(a: D, b: D, c: u32) -> u32 {
        a.touch();
        wait("w", 1, ()).await;
        b.touch();
        c
    } with (d("a"), d("b"), 3)
    async fn argument_moved(mut a: D, b: D) -> usize {
        a.touch_mut();
        drop(a);
        wait("w", 1, ()).await;
        b.touch()
    } with (d("a"), d("b"))
    async fn assigned() -> usize {
        let mut x = d("old");
        x.touch();
        wait("w", 1, ()).await;
        x = d("new");
        wait("v", 1, ()).await;
        drop(x);
        x = d("newest");
        wait("u", 1, ()).await;
        x.touch()
    } with ()
    async fn borrow_across() -> usize {
        let x = d("x");
        let r = &x;
        wait("w", 1, ()).await;
        r.touch() + x.touch()
    } with ()
    async fn borrowed_by_a_future() -> usize {
        let mut x = vec![1, 2, 3];
        let n = wait("w", 1, &mut x).await.len();
        x.push(4);
        wait("v", 1, ()).await;
        n + x.len()
    } with ()
    async fn moved_after_the_last_await(c: bool) -> usize {
        let (x, y, z) = (d("x"), d("y"), d("z"));
        wait("w", 1, ()).await;
        if c { drop(x); }
        let kept = z;
        match kept.touch() {
            1 => drop(y),
            _ => return 0,
        }
        kept.touch()
    } with (true)
    async fn moved_after_the_last_await_of_a_turn() -> usize {
        let mut sum = 0;
        for n in 0..3u8 {
            let x = d("x");
            wait("w", 1, ()).await;
            if n == 1 { drop(x); continue; }
            let n = { x }.eat();
            sum += n;
        }
        sum
    } with ()
    async fn small_numbers(a: u8, b: bool, c: u32, mut e: char) -> String {
        let f = 3;
        let mut g = true;
        let h = a < 9;
        let i: f32 = 2.5;
        let j = 'j';
        let k = b'k';
        wait("w", 1, ()).await;
        g &= b;
        let l = &mut e;
        wait("v", 1, ()).await;
        *l = j;
        step(format!("{e}"));
        format!("{a}{b}{c}{f}{g}{h}{i}{k}")
    } with (1, true, 70000, 'e')
}
