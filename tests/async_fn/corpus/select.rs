//! `select!` over locals that live on: which branch comes first, what is left of values, where the handlers go.

use crate::harness::{D, Wait, both, d, step, wait};
use bespoke::{race, select};

async fn look(x: &D, n: usize) -> usize {
    let before = x.touch();
    wait("look", n, ()).await;
    before + x.touch()
}

async fn change(x: &mut D, n: usize) -> usize {
    x.touch_mut();
    wait("change", n, ()).await;
    x.touch_mut().touch()
}

/// A condition that is written down, with a temporary in it.
fn open(name: &'static str, is: bool) -> bool {
    d(name).touch() > 0 && is
}

fn ask(fails: bool) -> Result<Wait<u8>, u8> {
    step(format!("ask {fails}"));
    if fails { Err(7) } else { Ok(wait("asked", 1, 3)) }
}

#[derive(Debug)]
struct Pair {
    #[expect(dead_code, reason = "for its destructor")]
    a: D,
    b: D,
}

const THREE: usize = 3;

/// Borrows, and has a destructor.
struct Guard<'a>(&'a D, #[expect(dead_code, reason = "for its destructor")] D);

both! {
    async fn selects() -> usize {
        let x = d("x");
        let n = select! {
            n = look(&x, 2) => n + 100,
            m = look(&x, 1) => m,
        };
        n + x.touch()
    } with ()

    async fn selects_in_order() -> usize {
        let x = d("x");
        let n = bespoke::select! {
            biased;
            n = look(&x, 0) => n,
            m = look(&x, 0) => m + 100,
        };
        n + x.touch()
    } with ()

    async fn handlers_that_await() -> usize {
        let mut x = d("x");
        let mut sum = 0;
        for n in 0..3 {
            sum += 1;
            select! {
                biased;
                y = wait("y", n, d("y")), if n != 1 => {
                    sum += y.touch();
                    sum += change(&mut x, 1).await;
                    y.touch();
                }
                z = wait("z", 1, d("z")) => sum += look(&z, 1).await,
            }
            x.touch();
        }
        sum
    } with ()

    async fn what_is_not_bound_goes_before_the_handler() -> usize {
        let x = d("x");
        let a = select! { _ = wait("a", 1, d("a")) => { step("handler"); look(&x, 1).await } };
        let b = select! { (b, _) = wait("b", 0, (d("b"), d("rest"))) => { step("handler"); look(&b, 1).await } };
        let c = select! { Pair { b, .. } = wait("c", 0, Pair { a: d("ca"), b: d("cb") }) => { look(&b, 1).await } };
        let e = select! { Some(_) = wait("e", 0, Some(d("e"))) => { step("handler"); x.touch() } };
        a + b + c + e
    } with ()

    async fn values_that_do_not_match() -> usize {
        let x = d("x");
        let n = select! {
            biased;
            Some(y) = wait("none", 1, None::<D>) => y.touch(),
            (THREE, y) = wait("two", 0, (2, d("two"))) => y.touch(),
            Ok(mut y) | Err(mut y) = wait("or", 2, Err::<D, D>(d("or"))), if x.touch() > 0 => {
                y.touch_mut();
                wait("then", 1, ()).await;
                y.touch()
            }
            else => 0,
        };
        n + x.touch()
    } with ()

    async fn patterns_of_numbers(n: usize) -> usize {
        let x = d("x");
        select! {
            biased;
            0 = wait("zero", 0, n) => x.touch(),
            1..=2 = wait("few", 0, n) => { wait("w", 1, ()).await; x.touch() + 10 }
            m @ (3 | 4) = wait("more", 0, n) => m + x.touch(),
            m = wait("all", 0, n) => m,
        }
    } with (2)

    async fn patterns_that_are_names_of_values() -> usize {
        let x = d("x");
        let mut sum = 0;
        for n in 2..5 {
            let m = select! {
                biased;
                None = wait("none", 0, (n != 2).then_some(n)) => { wait("w", 1, ()).await; x.touch() }
                THREE = wait("three", 0, n) => x.touch() + 10,
                m = wait("all", 0, n) => m,
            };
            sum += m;
        }
        sum
    } with ()

    async fn conditions_come_first(a: bool, b: bool) -> usize {
        let x = d("x");
        let n = select! {
            biased;
            n = look(&x, 0), if open("first", a) => n,
            n = look(&x, 1), if open("second", b) && x.touch() > 0 => n + 10,
            else => 20,
        };
        n + x.touch()
    } with (false, true)

    async fn nothing_is_open() -> usize {
        let x = d("x");
        let n = select! {
            n = look(&x, 0), if false => n,
            1 = wait("two", 1, 2) => 10,
            else => { wait("else", 1, ()).await; 20 }
        };
        n + x.touch()
    } with ()

    async fn nothing_is_open_and_it_panics() -> usize {
        let x = d("x");
        let n = select! { 1 = wait("two", 1, 2) => 10 };
        n + x.touch()
    } with ()

    async fn handlers_that_leave(n: usize) -> Result<usize, u8> {
        let x = d("x");
        let mut sum = 0;
        'outer: loop {
            let y = d("y");
            for i in 0..4 {
                select! {
                    biased;
                    m = wait("skip", 0, i), if i == 0 => { sum += m; continue }
                    m = wait("on", 1, i), if i == 1 => { look(&y, 1).await; sum += m; continue 'outer; }
                    _ = wait("out", 0, n), if sum > 2 => {
                        wait("before", 1, ()).await;
                        break 'outer;
                    }
                    m = wait("value", 1, i) => sum += m + n,
                }
            }
            if sum > 20 { return Ok(sum + x.touch()) }
        }
        Ok(sum)
    } with (2)

    async fn handlers_that_ask(fails: bool) -> Result<u8, u8> {
        let x = d("x");
        let a = select! {
            biased;
            a = ask(false)? => a,
            b = wait("never", 9, 1) => b,
        };
        let b = select! {
            r = wait("asks", 1, ask(fails)) => {
                let b = r?.await;
                x.touch();
                b
            }
        };
        Ok(a + b)
    } with (true)

    async fn a_handler_has_what_the_futures_borrowed() -> usize {
        let mut x = d("x");
        select! {
            n = change(&mut x, 1) => { x.touch_mut(); wait("w", 1, ()).await; n + x.touch() }
            () = core::future::pending() => D::eat(x),
        }
    } with ()

    async fn a_local_moves_into_a_branch(x: D, y: D) -> D {
        let z = d("z");
        wait("first", 1, ()).await;
        select! {
            biased;
            x = wait("x", 2, x) => x,
            y = wait("y", 1, y) => { z.touch(); wait("more", 1, ()).await; y }
        }
    } with (d("x"), d("y"))

    async fn a_local_moves_in_a_handler(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        let n = select! {
            () = wait("a", 1, ()), if c => { wait("in", 1, ()).await; D::eat(x) }
            () = wait("b", 2, ()) => D::eat(y),
        };
        n + 1
    } with (true)

    async fn select_as_a_value() -> usize {
        let x = d("x");
        let n: Box<dyn Fn(usize) -> usize> = select! {
            n = wait("n", 1, 3) => Box::new(move |m| n + m),
            m = wait("m", 2, 5) => { wait("then", 1, ()).await; Box::new(move |n| n * m) }
        };
        let sum = 1 + select! { k = wait("k", 0, 4) => n(k) } + x.touch();
        sum
    } with ()

    async fn selects_within_selects() -> usize {
        let x = d("x");
        select! {
            n = async { select! { a = wait("a", 1, 1) => a, b = wait("b", 2, 2) => b } } => {
                select! {
                    biased;
                    (m, k) = bespoke::future::join((wait("m", 1, n), wait("k", 0, 1))) => {
                        let r = race!(wait("r", 1, m), look(&x, 1));
                        r + k
                    }
                    _ = core::future::pending::<()>() => 0,
                }
            }
            _ = core::future::pending::<D>() => 0,
        }
    } with ()

    async fn a_future_that_is_kept() -> usize {
        let x = d("x");
        let mut slow = wait("slow", 3, d("slow"));
        let mut sum = 0;
        loop {
            select! {
                biased;
                y = &mut slow => { sum += y.touch(); break }
                n = look(&x, 1) => sum += n,
            }
        }
        drop(slow);
        sum + x.touch()
    } with ()

    async fn names_that_hide(x: usize) -> usize {
        let y = d("y");
        let n = select! {
            biased;
            x = wait("x", 1, x + 1) => { wait("in", 1, ()).await; x + y.touch() }
            y = wait("y", 1, d("other")) => y.touch() + x,
        };
        n + x + y.touch()
    } with (5)

    async fn a_value_that_borrows() -> usize {
        let x = d("x");
        let y = d("y");
        let mut last = &x;
        for n in 0..2 {
            select! {
                guard = wait("guard", n, Guard(&y, d("guard"))) => {
                    wait("held", 1, ()).await;
                    last = guard.0;
                }
            }
        }
        last.touch() + x.touch()
    } with ()

    async fn a_value_that_is_a_number() -> u8 {
        let mut count = 0u8;
        while count < 3 {
            select! {
                biased;
                n = wait("n", 0, 1u8), if count != 1 => count += n,
                n = wait("m", 1, 2u8) => { wait("in", 0, ()).await; count += n; }
            };
        }
        count
    } with ()

    async fn references_in_patterns() -> usize {
        let x = d("x");
        let n = (3, 4);
        let a = select! { &(a, b) = wait("ref", 1, &n) => { wait("in", 1, ()).await; a + b } };
        let c = select! { Some((ref c, _)) = wait("by ref", 0, Some((5, 6))) => *c };
        let e = select! { e = wait("deref", 0, &x) => { look(e, 1).await } };
        a + c + e + x.touch()
    } with ()

    async fn generic[T: PartialEq + core::fmt::Debug + Clone](value: T, other: T) -> Option<T> {
        let x = d("x");
        let got = select! {
            Some(got) = wait("some", 1, Some(value.clone())), if value != other => {
                wait("in", 1, ()).await;
                Some(got)
            }
            else => None,
        };
        x.touch();
        got
    } with (vec![1], vec![2])

    async fn a_value_that_never_comes() -> usize {
        let x = d("x");
        select! {
            never = core::future::pending::<core::convert::Infallible>() => match never {},
            n = look(&x, 1) => n,
        }
    } with ()

    async fn a_select_as_a_statement_without_a_semicolon(c: bool) -> usize {
        let x = d("x");
        select! {
            _ = wait("a", 1, ()), if c => { x.touch(); }
            _ = wait("b", 1, ()) => wait("c", 1, ()).await,
        }
        if c {
            select! { n = look(&x, 1) => { n } }
        } else {
            select! { n = look(&x, 0) => { return n + x.touch() } }
        }
    } with (true)

    async fn a_select_with_an_else_around_it(c: bool) -> usize {
        let x = d("x");
        let Some(y) = select!(
            y = wait("y", 1, Some(d("y"))), if c => { wait("in", 1, ()).await; y }
            n = look(&x, 1) => (n > 9).then(|| d("z")),
        ) else {
            return x.touch();
        };
        wait("after", 1, ()).await;
        y.touch() + x.touch()
    } with (false)

    async fn conditions_borrow_what_futures_borrow() -> usize {
        let mut x = d("x");
        let opt = Some(d("opt"));
        let n = select! {
            biased;
            n = change(&mut x, 1), if x.touch_mut().touch() > 5 => n,
            Some(y) = wait("opt", 1, &opt), if opt.is_some() && x.touch() > 0 => {
                wait("in", 1, ()).await;
                y.touch() + x.touch()
            }
        };
        drop(opt);
        n + x.touch()
    } with ()

    async fn closures_in_handlers() -> usize {
        let x = d("x");
        let f: Box<dyn Fn() -> usize> = select! {
            (y, n) = wait("y", 1, (d("y"), 2)) => {
                let twice = || y.touch() * n;
                let sum = twice() + twice();
                wait("in", 1, ()).await;
                Box::new(move || y.touch() + sum)
            }
        };
        wait("after", 1, ()).await;
        f() + x.touch()
    } with ()

    async fn a_place_that_is_assigned() -> usize {
        let mut x = d("x");
        let mut n = 1;
        n += select! { m = wait("m", 1, 2) => m };
        x = select! { y = wait("y", 1, d("y")) => { x.touch(); y } };
        n = select! { m = look(&x, 1) => { return m + n; }, _ = core::future::pending::<()>() => 9 };
        n + x.touch()
    } with ()

    async fn labels_around_and_within(n: usize) -> usize {
        let x = d("x");
        let m = 'found: {
            select! {
                biased;
                m = wait("m", 1, n) => 'inner: {
                    if m == 1 { break 'inner; }
                    wait("in", 1, ()).await;
                    break 'found m;
                },
                _ = wait("never", 9, ()) => (),
            }
            0
        };
        m + x.touch()
    } with (3)

    async fn sixteen() -> usize {
        let x = d("x");
        select! {
            biased;
            _ = wait("0", 2, ()) => 0, _ = wait("1", 2, ()) => 1, _ = wait("2", 2, ()) => 2, _ = wait("3", 2, ()) => 3,
            _ = wait("4", 2, ()) => 4, _ = wait("5", 2, ()) => 5, _ = wait("6", 2, ()) => 6, _ = wait("7", 2, ()) => 7,
            _ = wait("8", 2, ()) => 8, _ = wait("9", 2, ()) => 9, _ = wait("10", 2, ()) => 10,
            _ = wait("11", 2, ()) => 11, _ = wait("12", 2, ()) => 12, _ = wait("13", 2, ()) => 13,
            n = wait("14", 1, 14) => { look(&x, 1).await + n }
            _ = wait("15", 2, ()) => 15,
        }
    } with ()
}
