//! Where an await may stand within a statement; closures, macros and temporaries beside it.

use crate::harness::{D, Wait, both, step, wait};

fn tell(x: &D, n: usize) -> usize {
    x.touch() + n
}

fn two(a: D, b: D) -> Wait<(D, D)> {
    wait("two", 1, (a, b))
}

fn three(a: D, b: D, c: D) -> Wait<(D, D, D)> {
    wait("three", 1, (a, b, c))
}

fn nest(a: D, b: D) -> D {
    step(format!("nest {} {}", a.0, b.0));
    b
}

fn first_of(x: &D, list: &mut [usize], n: usize) -> usize {
    if let Some(first) = list.first_mut() {
        *first += n;
    }
    x.touch() + n
}

fn name_of(x: &D) -> String {
    step(format!("name of {}", x.0));
    x.0.to_owned()
}

fn x_len(x: &D) -> usize {
    x.touch()
}

fn check(fails: bool) -> Result<usize, String> {
    step(format!("check {fails}"));
    if fails { Err("it failed".into()) } else { Ok(2) }
}

fn made(x: D, fails: bool) -> Result<D, String> {
    check(fails).map(|_| x)
}

fn both(p: D, b: bool) -> bool {
    step(format!("both {} {b}", p.0));
    b
}

fn keep(x: D, n: usize) -> Option<D> {
    step(format!("keep {n}"));
    Some(x)
}

fn list(a: D, b: D) -> Vec<D> {
    step("list");
    vec![a, b]
}

async fn bump(n: &mut usize) -> usize {
    *n += 10;
    wait("bump", 1, ()).await;
    *n
}

#[derive(Debug)]
struct Named {
    first: D,
    second: usize,
}

impl PartialEq for Named {
    fn eq(&self, other: &Named) -> bool {
        step(format!("{} == {}", self.first.0, other.first.0));
        self.second == other.second
    }
}

struct Pair {
    a: usize,
    b: usize,
}

both! {
    async fn what_is_copied_stays_lent_to_what_is_used_later(x: D) -> usize {
        let n = (x, wait("w", 1, ()).await).0.touch();
        let r = &n;
        let m = wait("v", 1, n).await + wait("u", 2, 6).await;
        m + *r
    } with (d("x"))
    async fn a_number_that_is_copied_stays_lent(n: usize) -> usize {
        let r = &n;
        let m = usize::from(n as u8) + n;
        wait("w", 1, ()).await;
        *r + m
    } with (7)

    async fn awaited_in_parentheses_and_braces(c: bool) -> usize {
        let x = d("x");
        let (a, b) = (wait("a", 1, d("p")), wait("b", 1, d("q")));
        let p = (if c { a } else { b }).await;
        let q = { wait("q", 1, d("r")) }.await;
        (wait("c", 1, ())).await;
        ({ wait("e", 1, p.touch()) }).await + (q.touch()) + (x).touch()
    } with (true)
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
    async fn argument_before_an_await() -> usize {
        let x = d("x");
        let (a, b, c) = three(d("a"), wait("w", 1, d("b")).await, x).await;
        a.touch() + b.touch() + c.touch()
    } with ()
    async fn arguments_around_two_awaits(n: usize) -> usize {
        let x = d("x");
        let y = d("y");
        let (a, b, c) = three(wait("v", 1, x).await, wait("w", 1, d("b")).await, y).await;
        wait("u", n, ()).await;
        a.touch() + b.touch() + c.touch()
    } with (1)
    async fn number_before_an_await(mut n: usize) -> usize {
        let m = 5;
        n = n + wait("w", 1, m).await * 2;
        n - wait("v", 1, 3).await
    } with (2)
    async fn copies_before_an_await() -> usize {
        let mut n = 1;
        (n + bump(&mut n).await) * 100 + n
    } with ()
    async fn parts_before_an_await() -> usize {
        let x = d("x");
        let pair = (d("a"), wait("w", 1, d("b")).await);
        let list = [x, wait("v", 1, d("y")).await, d("z")];
        let named = Named { first: d("first"), second: wait("u", 1, 4).await };
        pair.1.touch() + list[2].touch() + named.first.touch() + named.second
    } with ()
    async fn nested_operands() -> usize {
        let (a, _, c) = three(d("a"), nest(d("b"), wait("w", 1, d("c")).await), wait("v", 1, d("e")).await).await;
        a.touch() + c.touch()
    } with ()
    async fn borrows_before_an_await() -> usize {
        let x = d("x");
        let mut y = vec![1, 2];
        let n = first_of(&x, &mut y, wait("w", 1, 3).await);
        wait("v", 1, ()).await;
        n + x.touch() + y.len()
    } with ()
    async fn reborrow_before_an_await(y: &mut Vec<usize>) -> usize {
        let x = d("x");
        let n = first_of(&x, y, wait("w", 1, 3).await);
        y.push(n);
        wait("v", 1, ()).await;
        y.len()
    } with (Box::leak(Box::new(vec![])))
    async fn compares_a_value_with_an_await() -> bool {
        let x = d("x");
        let same = name_of(&x) == wait("w", 1, name_of(&x)).await;
        wait("v", 1, ()).await;
        x.touch();
        same && Named { first: d("n"), second: 1 } == wait("u", 1, Named { first: d("m"), second: 1 }).await
    } with ()
    async fn question_among_operands(fails: bool) -> Result<usize, String> {
        let x = d("x");
        let n = usize::max(check(fails)?, wait("w", 1, check(false)).await?);
        let (a, b, _) = three(x, { check(fails)?; d("b") }, wait("v", 1, d("c")).await).await;
        Ok(a.touch() + b.touch() + n)
    } with (false)
    async fn question_after_an_operand(fails: bool) -> Result<usize, String> {
        let (a, b, _) = three(d("a"), made(wait("v", 1, d("b")).await, fails)?, d("c")).await;
        Ok(a.touch() + b.touch())
    } with (true)
    async fn parked_in_a_condition() -> usize {
        let mut n = 0;
        let x = d("x");
        while both(d("p"), wait("w", 1, n < 2).await) {
            n += 1;
            if let Some(y) = keep(d("q"), wait("v", 1, n).await) {
                wait("u", 1, ()).await;
                y.touch();
            }
        }
        match keep(d("r"), wait("t", 1, n).await) {
            Some(z) => { wait("s", 1, ()).await; z.touch() + x.touch() }
            None => 0,
        }
    } with ()
    async fn parked_for_a_loop() -> usize {
        let mut sum = 0;
        for y in list(d("a"), wait("w", 1, d("b")).await) {
            wait("v", 1, ()).await;
            sum += y.touch();
        }
        sum
    } with ()
    async fn parked_in_a_return(c: bool) -> usize {
        let x = d("x");
        if c {
            return nest(d("a"), wait("w", 1, d("b")).await).touch() + x.touch();
        }
        let y = loop {
            break nest(d("a"), wait("w", 1, d("b")).await);
        };
        y.touch()
    } with (true)
    async fn lazy_and(c: bool) -> bool {
        let x = d("x");
        let first = c && wait("w", 1, d("t")).await.touch() == 1;
        let second = first && x.touch() == 1 && wait("v", 1, true).await;
        second || wait("u", 1, false).await
    } with (true)
    async fn lazy_or(c: bool) -> bool {
        let x = d("x");
        let first = c || wait("w", 1, true).await;
        wait("v", 1, ()).await;
        !first || wait("u", 1, x_len(&x) as u32 <= 1).await && c
    } with (false)
    async fn lazy_condition(c: bool) -> usize {
        let x = d("x");
        if c && wait("w", 1, d("t")).await.touch() == 1 {
            wait("v", 1, ()).await;
            x.touch()
        } else if !c || (d("s").touch() == 2 && wait("u", 1, true).await) {
            7
        } else {
            x.touch()
        }
    } with (true)
    async fn choice_among_operands(c: bool) -> usize {
        let x = d("x");
        let n = usize::from(!(c && wait("w", 1, d("t")).await.touch() == 1)) + x.touch();
        let m = both(d("p"), c || wait("v", 1, false).await);
        let k = keep(d("q"), usize::from(c && wait("u", 1, x.touch() == 1).await)).map_or(0, |q| q.touch());
        let list = [!c || wait("a", 1, x.touch() == 1).await, wait("b", 1, c).await && m];
        n + k + usize::from(list[0]) + usize::from(list[1])
    } with (true)
    async fn choice_that_is_assigned(c: bool) -> bool {
        let x = d("x");
        let mut y = false;
        y |= c && wait("w", 1, x.touch()).await == 1;
        let mut z = c;
        y |= z;
        z = wait("v", 1, !c || wait("u", 1, y).await).await && y;
        if !z && wait("t", 1, d("t")).await.touch() == 2 { return !y; }
        return !z || wait("s", 1, d("s")).await.touch() == 1;
    } with (true)
    async fn choice_that_is_looked_at(c: bool) -> usize {
        let x = d("x");
        let n = match c && wait("w", 1, d("t")).await.touch() == 1 {
            true => wait("v", 1, x.touch()).await,
            false => 5,
        };
        let m = if let false = (c && wait("u", 1, x.touch() == 2).await) { 3 } else { wait("s", 1, 4).await };
        let k = (c && wait("r", 1, true).await).then(|| d("r").touch() + x.touch()).unwrap_or(7);
        if !(c && wait("q", 1, true).await && x.touch() == 1) { 1 } else { n + m + k }
    } with (true)
    async fn choice_that_leaves(c: bool) -> Option<usize> {
        let x = d("x");
        let n = loop {
            let y = d("y");
            let found = c && { if y.touch() == 2 { break 3; } wait("w", 1, Some(d("t"))).await?.touch() == 1 };
            if found && wait("v", 1, x.touch() == 1).await { break y.touch(); }
        };
        let m = usize::from(!c || wait("u", 1, n == 2 && { return None }).await);
        Some(n + m)
    } with (true)
    async fn choice_that_fails_among_operands(fails: bool) -> Result<usize, String> {
        let x = d("x");
        let (p, q) = (d("p"), d("q"));
        let n = nest(p, if x.touch() == 1 && check(fails)? == 2 && wait("w", 1, made(d("m"), fails)).await?.touch() == 1 { q } else { d("r") });
        let m = keep(n, usize::from(wait("v", 1, fails).await || !(check(fails)? == 1 || wait("u", 1, made(d("k"), false)).await?.touch() == 2)));
        Ok(m.map_or(0, |m| m.touch()))
    } with (false)
}
