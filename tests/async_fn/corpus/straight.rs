//! One statement after the other.

use crate::harness::both;

fn twice(f: impl Fn(u64) -> u64) -> u64 {
    f(1) + f(2)
}

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
    async fn places_that_end() -> usize {
        let a = d("a");
        let b = d("b");
        wait("w", 1, ()).await;
        let c = (a, 7);
        wait("v", 1, ()).await;
        let d = d("d");
        drop(b);
        wait("u", 1, ()).await;
        let n = { c }.0.eat();
        wait("t", 1, ()).await;
        n + d.touch()
    } with ()
    async fn scalars_that_end() -> usize {
        let (x, y) = (d("x"), d("y"));
        let a: u64 = 3;
        let r = &x;
        let list = [5usize, 6, 7];
        wait("w", 1, ()).await;
        let b = a + 1;
        let s = r;
        wait("v", 1, ()).await;
        let c = list[2];
        wait("u", 1, ()).await;
        let n = s.touch() + c + b as usize;
        wait("t", 1, ()).await;
        n + y.touch()
    } with ()
    async fn a_scalar_that_a_closure_borrows() -> u64 {
        let a: u64 = 3;
        wait("w", 1, ()).await;
        let f = |n: u64| a + n;
        let b: u64 = a + 100;
        let c: u64 = twice(f);
        wait("v", 1, ()).await;
        step(format!("{b} {c}"));
        b + c
    } with ()
    async fn a_scalar_that_is_lent() -> u64 {
        let mut a: u64 = 3;
        wait("w", 1, ()).await;
        let r = &mut a;
        wait("v", 1, ()).await;
        *r += 1;
        let b = a;
        wait("u", 1, ()).await;
        let c: u64 = 5;
        wait("t", 1, ()).await;
        b + c
    } with ()
    async fn moved_before_a_way_out(c: bool) -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        if c {
            drop(x);
            wait("v", 1, ()).await;
            return 1;
        }
        let y = (x, d("y"));
        wait("u", 1, ()).await;
        y.1.touch()
    } with (false)
    async fn moved_into_what_is_awaited(x: D, y: D) -> usize {
        wait("w", 1, ()).await;
        let x = wait("v", 1, x).await;
        let y = wait("u", 1, (x, y)).await;
        y.0.touch() + y.1.touch()
    } with (d("x"), d("y"))
    async fn values_of_branches_of_branches(c: bool) -> usize {
        let value: [D; 2] = if c {
            let x = d("x");
            wait("w", 1, ()).await;
            let inner = match x.touch() {
                1 => {
                    let y = d("y");
                    wait("v", 1, ()).await;
                    [x, y]
                }
                _ => [d("z"), x],
            };
            wait("u", 1, ()).await;
            inner
        } else {
            [d("a"), d("b")]
        };
        wait("t", 1, ()).await;
        value.len()
    } with (true)
    async fn a_value_of_a_loop() -> [usize; 4] {
        let mut n = 0;
        let found = loop {
            let x = d("x");
            wait("w", 1, ()).await;
            n += x.touch();
            if n == 3 { break [n, 1, 2, 3]; }
            let y = [n; 8];
            wait("v", 1, ()).await;
            n += y[7] - n;
        };
        wait("u", 1, ()).await;
        found
    } with ()
    #[allow(unused_assignments, unused_variables, reason = "that nobody reads it is what is tested")]
    async fn assigned_and_never_read() -> u64 {
        let mut unread: [u8; 64] = [1; 64];
        let mut last: u64 = 1;
        for n in 0..3u8 {
            unread = [wait("w", 1, n).await; 64];
            last = u64::from(n);
            wait("v", 1, ()).await;
        }
        unread = [3; 64];
        let read = last + 1;
        last = 5;
        wait("u", 1, ()).await;
        read
    } with ()
    async fn moved_assigned_and_moved_for_good() -> usize {
        let mut x = d("x");
        wait("w", 1, ()).await;
        let mut n = { x }.eat();
        x = d("again");
        wait("v", 1, ()).await;
        n += { x }.eat();
        wait("u", 1, ()).await;
        n
    } with ()
    async fn consumed_by_a_name(x: Option<D>) -> usize {
        wait("w", 1, ()).await;
        let y = x.unwrap_or(d("other"));
        wait("v", 1, ()).await;
        y.touch()
    } with (Some(d("x")))
    async fn consumed_before_the_first_await(x: Option<D>) -> usize {
        let y = x.into_iter();
        wait("w", 1, ()).await;
        { y }.count()
    } with (Some(d("x")))
    async fn consumed_in_both_branches(x: Result<D, D>, c: bool) -> usize {
        let _z = d("z");
        wait("w", 1, ()).await;
        let y = if c { x.ok() } else { x.err() };
        wait("v", 1, ()).await;
        y.into_iter().count()
    } with (Ok(d("x")), true)
    async fn consumed_in_one_branch_that_awaits(x: Option<D>, c: bool) -> usize {
        let _z = d("z");
        wait("w", 1, ()).await;
        if c {
            let y = x.expect("some");
            wait("v", 1, ()).await;
            return y.touch();
        }
        wait("u", 1, ()).await;
        4
    } with (Some(d("x")), true)
    async fn consumed_and_passed_on(x: Result<D, D>) -> Option<usize> {
        let _z = d("z");
        wait("w", 1, ()).await;
        let y = x.ok()?;
        wait("v", 1, ()).await;
        Some(y.touch())
    } with (Err(d("x")))
    async fn consumed_into_what_is_awaited(x: D) -> usize {
        let later = wait("v", 1, x);
        wait("w", 1, ()).await;
        later.into_future().await.touch()
    } with (d("x"))
    async fn consumed_where_it_is_copied(x: u32) -> u32 {
        let half = x.checked_div(2);
        let r = &half;
        wait("w", 1, ()).await;
        let first = half.unwrap_or(1);
        wait("v", 1, ()).await;
        first + r.unwrap_or(1)
    } with (6)
    async fn consumed_where_it_is_copied_and_lent(x: u32) -> u32 {
        let half = x.checked_div(2);
        let r = &half;
        let first = half.unwrap_or(1);
        wait("w", 1, ()).await;
        first + r.unwrap_or(1)
    } with (6)
    async fn consumed_through_a_reference() -> usize {
        let mut z = Some(d("x"));
        let x = &mut z;
        wait("w", 1, ()).await;
        let y = x.into_iter();
        wait("v", 1, ()).await;
        { y }.map(|y| y.touch_mut()).count()
    } with ()
    async fn consumed_in_a_loop() -> usize {
        let mut n = 0;
        loop {
            let x = wait("w", 1, Some(d("x"))).await;
            wait("v", 1, ()).await;
            n += x.unwrap_or(d("other")).touch();
            if n > 2 { break n; }
        }
    } with ()
}
