//! `loop`, `while`, `for`, `break` and `continue`.

use crate::harness::both;

fn check(n: usize) -> Result<bool, String> {
    crate::harness::step(format!("check {n}"));
    if n == 4 { Err("four".into()) } else { Ok(true) }
}

both! {
    async fn loop_with_break() -> usize {
        let x = d("x");
        let mut n = 0;
        let m = loop {
            let y = d("y");
            wait("w", 1, ()).await;
            n += 1;
            if n == 3 { break n + y.touch(); }
        };
        m + x.touch()
    } with ()
    async fn loop_with_continue() -> usize {
        let mut n = 0usize;
        loop {
            let y = d("y");
            n += 1;
            if n == 2 { continue; }
            wait("w", 1, ()).await;
            if n > 3 { return y.touch(); }
        }
    } with ()
    async fn while_awaits() -> usize {
        let mut list = vec![d("a"), d("b")];
        let mut n = 0;
        while !list.is_empty() {
            let x = list.remove(0);
            wait("w", 1, ()).await;
            n += x.touch();
        }
        n
    } with ()
    async fn while_condition_awaits() -> usize {
        let mut n = 0usize;
        let x = d("x");
        while wait("w", 1, n).await < 3 {
            let _y = d("y");
            n += 1;
        }
        n + x.touch()
    } with ()
    async fn while_let() -> usize {
        let mut list = vec![d("a"), d("b"), d("c")];
        let mut n = 0;
        while let Some(x) = list.pop() {
            if n == 1 { break; }
            wait("w", 1, ()).await;
            n += x.touch();
        }
        n
    } with ()
    async fn for_over_a_range() -> usize {
        let x = d("x");
        let mut sum = 0;
        for i in 0..3usize {
            let _y = d("y");
            if i == 1 { continue; }
            wait("w", 1, ()).await;
            sum += i;
        }
        sum + x.touch()
    } with ()
    async fn for_over_values() -> usize {
        let list = vec![d("a"), d("b"), d("c")];
        let mut n = 0;
        for x in list {
            wait("w", 1, ()).await;
            n += x.touch();
            if n == 2 { break; }
        }
        n
    } with ()
    async fn for_over_references() -> usize {
        let list = vec![d("a"), d("b")];
        let mut n = 0;
        for (i, x) in list.iter().enumerate() {
            wait("w", 1, ()).await;
            n += i + x.touch();
        }
        n + list.len()
    } with ()
    async fn labels() -> usize {
        let mut n = 0usize;
        'outer: loop {
            let _x = d("outer");
            loop {
                let y = d("inner");
                wait("w", 1, ()).await;
                n += 1;
                if n == 1 { continue; }
                if n == 2 { continue 'outer; }
                if n == 4 { break 'outer; }
                y.touch();
            }
        }
        n
    } with ()
    async fn native_loop_inside() -> usize {
        let mut n = 0usize;
        let x = d("x");
        'a: loop {
            wait("w", 1, ()).await;
            for i in 0..5 {
                if i == 1 { continue; }
                if i == 3 { break; }
                n += 1;
                if n == 5 { break 'a; }
            }
            while n % 2 == 1 { n += 1; continue 'a; }
        }
        n + x.touch()
    } with ()
    async fn moved_in_a_loop() -> usize {
        let mut held = d("first");
        let mut n = 0;
        loop {
            n += { held }.eat();
            wait("w", 1, ()).await;
            held = d("next");
            if n > 8 { return n + held.touch(); }
        }
    } with ()
    async fn loop_at_the_end() -> usize {
        let mut n = 0usize;
        loop {
            wait("w", 1, ()).await;
            n += 1;
            if n == 2 { break n; }
        }
    } with ()
    async fn while_let_moves_in_a_branch() -> usize {
        let mut list = vec![d("a"), d("b")];
        let y = d("y");
        while let Some(x) = list.pop() {
            if x.touch() == 0 {
                drop(x);
                wait("w", 1, ()).await;
            }
            y.touch();
        }
        y.touch()
    } with ()
    async fn while_and_awaits() -> usize {
        let x = d("x");
        let mut n = 0usize;
        while n < 3 && wait("w", 1, d("t")).await.touch() == 1 {
            let _y = d("y");
            n += 1;
        }
        n + x.touch()
    } with ()
    async fn while_or_awaits_with_temporaries() -> usize {
        let x = d("x");
        let mut n = 0usize;
        'all: while d("left").touch() == n || (x.touch() == 1 && wait("w", 1, n).await < 8) {
            let y = d("y");
            n += 2;
            if n == 2 { continue; }
            wait("v", 1, ()).await;
            if n == 4 { continue 'all; }
            if n == 8 { break 'all; }
            y.touch();
        }
        n
    } with ()
    async fn while_not_and_three() -> usize {
        let mut list = vec![d("a"), d("b"), d("c")];
        let mut n = 0;
        while !(list.is_empty() || (wait("w", 1, n).await > 0 && list.len() == 1 && wait("v", 1, d("t")).await.touch() == 1)) {
            drop(list.pop());
            n += 1;
        }
        n + list.len()
    } with ()
    async fn while_let_of_a_choice(c: bool) -> usize {
        let x = d("x");
        let mut n = 0usize;
        while let true = (c && wait("w", 1, d("t")).await.touch() > n) {
            n += 1;
            wait("v", 1, ()).await;
        }
        n + x.touch()
    } with (true)
    async fn exits_of_a_condition(c: bool) -> usize {
        let x = d("x");
        let mut n = 0usize;
        'a: loop {
            let y = d("y");
            while n < 2 && { let z = d("z"); if n == 1 && c { break 'a; } wait("w", 1, z.touch() == 1).await } {
                n += 1;
            }
            return y.touch();
        }
        n + x.touch()
    } with (true)
    async fn questions_in_a_condition() -> Result<usize, String> {
        let x = d("x");
        let mut n = 0usize;
        while n < 9 && check(n)? && wait("w", 1, Ok::<bool, &str>(n < 7)).await? {
            n += 1;
        }
        Ok(n + x.touch())
    } with ()
    async fn while_at_the_end(c: bool) {
        let mut list = vec![d("a"), d("b")];
        let x = d("x");
        while c && wait("w", 1, list.pop()).await.is_some() || wait("v", 1, x.touch() == 9).await {}
    } with (true)
}
