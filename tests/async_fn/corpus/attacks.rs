//! Names, places and drops where a macro could go wrong.

use crate::harness::both;

fn thrice(n: usize) -> usize {
    n * 3
}

struct Pair {
    a: usize,
    r#type: D,
}

async fn next(list: &mut Vec<D>) -> Option<D> {
    list.pop()
}

/// A future whose value there is not: it is pending, and then it panics.
fn none() -> impl Future<Output = core::convert::Infallible> {
    let wait = wait("none", 2, ());
    async move {
        wait.await;
        panic!("planned: none")
    }
}

both! {
    async fn behind_a_value_that_never_is(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        if c {
            let nothing = none().await;
            drop(y);
            wait("w", 1, ()).await;
            match nothing {}
        }
        x.touch() + y.touch()
    } with (true)
    async fn address_of_a_number() -> usize {
        let n = 5usize;
        let p = &raw const n;
        let x = d("x");
        wait("w", 1, ()).await;
        // SAFETY: `n` lives until the end of the function.
        let m = unsafe { p.read() };
        m + x.touch()
    } with ()
    async fn closure_parameter_hides_a_local() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        let n = { let f = |x: usize| x + 1; f(3) };
        let m = match Some(4usize) { Some(x) => x, None => 0 };
        let k = { let x = 2usize; x };
        wait("v", 1, ()).await;
        n + m + k + x.touch()
    } with ()
    async fn local_named_like_a_function() -> usize {
        let before = thrice(1);
        let thrice = d("thrice");
        wait("w", 1, ()).await;
        thrice.touch() + before
    } with ()
    async fn shorthand_and_raw_names() -> usize {
        let a = 3;
        let r#type = d("type");
        wait("w", 1, ()).await;
        let pair = Pair { a, r#type };
        wait("v", 1, ()).await;
        let Pair { a, r#type } = { pair };
        wait("u", 1, ()).await;
        a + r#type.touch()
    } with ()
    async fn skipped_by_a_native_break(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        'skip: {
            if c { break 'skip; }
            drop(x);
        }
        wait("w", 1, ()).await;
        y.touch()
    } with (true)
    async fn ignoring_moves_nothing() -> usize {
        let x = d("x");
        let y = d("y");
        let _ = x;
        _ = y;
        wait("w", 1, ()).await;
        let _ = x;
        x.touch() + y.touch()
    } with ()
    async fn unused_arguments(_a: D, _unused: D, _b: D) {
        wait("w", 1, ()).await;
    } with (d("a"), d("wild"), d("b"))
    async fn moved_on_one_path_before(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        if c { drop(x); }
        wait("w", 1, ()).await;
        y.touch()
    } with (false)
    async fn own_method_take() -> usize {
        let mut x = Some(d("x"));
        wait("w", 1, ()).await;
        let y = x.take();
        wait("v", 1, ()).await;
        let n = { y }.map_or(0, |y| y.touch());
        n + usize::from(x.is_none())
    } with ()
    async fn exits_of_a_closure() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        let n = { let f = |s: &str| -> Option<usize> { if s.is_empty() { return Some(x.touch()); } Some(s.parse::<usize>().ok()? + 1) }; f("7").unwrap_or(0) + f("no").unwrap_or(1) + f("").unwrap_or(2) };
        wait("v", 1, n).await
    } with ()
    async fn while_let_awaits_both() -> usize {
        let mut list = vec![d("a"), d("b")];
        let mut n = 0;
        while let Some(x) = next(&mut list).await {
            wait("w", 1, ()).await;
            n += x.touch();
        }
        n
    } with ()
    async fn matches_a_pair() -> usize {
        let x = d("x");
        let (a, b) = (1, 2);
        let n = match (a, b) {
            (1, b) => { wait("w", 1, ()).await; b }
            _ => wait("v", 1, 7).await,
        };
        n + x.touch()
    } with ()
    async fn annotated_value_of_branches(c: bool) -> usize {
        let f: Option<Box<dyn Fn() -> usize>> = if c { wait("w", 1, ()).await; Some(Box::new(|| 3)) } else { None };
        wait("v", 1, ()).await;
        let x = d("x");
        let n = { f }.map_or(1, |f| f());
        n + x.touch()
    } with (true)
    async fn assigned_in_a_closure() -> usize {
        let mut x = d("old");
        wait("w", 1, ()).await;
        {
            let mut set = || { x = d("new"); };
            set();
        }
        wait("v", 1, ()).await;
        x.touch()
    } with ()
    async fn assigned_from_itself() -> usize {
        let mut x = (d("x"), 1);
        wait("w", 1, ()).await;
        x = ({ x }.0, 2);
        wait("v", 1, ()).await;
        x.0.touch() + x.1
    } with ()
    async fn captured_by_value_then_gone() -> usize {
        let x = d("x");
        let n = 4usize;
        let f = move || x.touch() + n;
        let m = f();
        drop(f);
        wait("v", 1, m).await + n
    } with ()
    async fn block_in_a_branch_of_an_expression(c: bool) -> usize {
        let x = d("x");
        let n = match c {
            true => { let y = d("y"); if y.touch() == 1 { wait("w", 1, 1).await } else { 2 } }
            false => loop { wait("u", 1, ()).await; break 5 },
        };
        n + x.touch()
    } with (true)
    async fn break_out_of_two() -> usize {
        let x = d("x");
        let n = 'a: loop {
            let y = d("y");
            loop {
                let z = d("z");
                wait("w", 1, ()).await;
                if z.touch() == 1 { break 'a y.touch() + 3; }
            }
        };
        n + x.touch()
    } with ()
    async fn pattern_with_alternatives() -> usize {
        let r: Result<D, D> = Err(d("x"));
        let (Ok(x) | Err(x)) = { r };
        wait("w", 1, ()).await;
        x.touch()
    } with ()
    async fn arrays_and_slices() -> usize {
        let all = [d("a"), d("b"), d("c")];
        wait("w", 1, ()).await;
        let [first, .., last] = &all;
        wait("v", 1, ()).await;
        first.touch() + last.touch() + all[1].touch()
    } with ()
    async fn temporaries_in_a_condition() -> usize {
        let x = d("x");
        if d("cond").touch() == 4 && d("other").touch() == 5 {
            wait("w", 1, ()).await;
        }
        while d("again").touch() == 0 {
            wait("v", 1, ()).await;
        }
        x.touch()
    } with ()
    async fn temporaries_at_the_end(c: bool) -> usize {
        let x = d("x");
        let n = if c { let y = d("y"); wait("w", 1, ()).await; d("t").touch() + y.touch() } else { wait("v", 1, 0).await };
        wait("u", 1, ()).await;
        n + d("last").touch() + x.touch()
    } with (true)
    async fn pattern_of_which_a_part_has_a_place(c: bool) -> usize {
        let (a, b) = wait("v", 1, (d("a"), d("b"))).await;
        step("between");
        if c { drop(b); return 1; }
        let n = a.touch();
        let f = move || n + b.touch();
        wait("w", 1, ()).await;
        f()
    } with (false)
    async fn arm_of_which_a_part_has_a_place(a: usize) -> usize {
        let x = d("x");
        let n = match (a, a + 1) {
            (a, mut b) if matches!(b, 3) => {
                b += x.touch();
                let b = b;
                wait("w", b, a).await + a
            }
            _ => 0,
        };
        wait("u", 1, n).await
    } with (2)
}
