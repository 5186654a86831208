//! `if`, `match`, blocks, and the ways out: `return` and `?`.

use crate::harness::both;

both! {
    async fn if_awaits(c: bool) -> usize {
        let x = d("x");
        if c {
            let y = d("y");
            wait("w", 1, ()).await;
            y.touch();
        }
        x.touch()
    } with (true)
    async fn if_that_is_not_taken(c: bool) -> usize {
        let x = d("x");
        if c {
            wait("w", 1, ()).await;
        }
        x.touch()
    } with (false)
    async fn else_awaits(c: bool) -> usize {
        let x = d("x");
        let n = if c { x.touch() } else { let y = d("y"); wait("w", 2, 3).await + y.touch() };
        n + x.touch()
    } with (false)
    async fn else_if(n: u32) -> &'static str {
        let _x = d("x");
        if n == 0 {
            wait("a", 1, "zero").await
        } else if n == 1 {
            wait("b", 1, "one").await
        } else {
            wait("c", 1, "more").await
        }
    } with (1)
    async fn condition_awaits() -> usize {
        let x = d("x");
        if wait("w", 1, x.touch()).await == 1 {
            let y = d("y");
            wait("v", 1, ()).await;
            y.touch()
        } else {
            0
        }
    } with ()
    async fn condition_alone_awaits() -> usize {
        let x = d("x");
        if wait("w", 1, d("t")).await.touch() == 1 { x.touch() } else { 0 }
    } with ()
    async fn moved_in_a_branch(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        if c {
            drop(x);
            wait("w", 1, ()).await;
        }
        wait("v", 1, ()).await;
        y.touch()
    } with (true)
    async fn not_moved_in_a_branch(c: bool) -> usize {
        let x = d("x");
        let y = d("y");
        if c {
            drop(x);
            wait("w", 1, ()).await;
        }
        wait("v", 1, ()).await;
        y.touch()
    } with (false)
    async fn matches_a_value(n: u32) -> usize {
        let x = d("x");
        match n {
            0 => wait("zero", 1, 1).await,
            1 | 2 => { let y = d("y"); wait("small", 1, ()).await; y.touch() }
            n if n > 100 => x.touch(),
            _ => { wait("big", 1, ()).await; x.touch() }
        }
    } with (2)
    async fn matches_with_a_guard(n: u32) -> usize {
        let x = d("guard");
        match n {
            m if x.touch() == 5 && m > 1 => { wait("yes", 1, ()).await; m as usize + x.touch() }
            _ => 0,
        }
    } with (4)
    async fn matches_an_option() -> usize {
        match wait("w", 1, Some(d("inside"))).await {
            Some(x) => { wait("some", 1, ()).await; x.touch() }
            None => wait("none", 1, 0).await,
        }
    } with ()
    async fn matches_a_result() -> Result<usize, D> {
        let r: Result<D, D> = wait("w", 1, Err(d("error"))).await;
        let n = match { r } {
            Ok(x) => { wait("ok", 1, ()).await; x.touch() }
            Err(e) => { wait("err", 1, ()).await; return Err(e); }
        };
        Ok(n)
    } with ()
    async fn matches_a_place() -> usize {
        let x = (d("a"), Some(d("b")));
        let n = match &x.1 {
            Some(b) => { wait("w", 1, ()).await; b.touch() }
            None => 0,
        };
        n + x.0.touch()
    } with ()
    async fn if_let_awaits() -> usize {
        let mut list = vec![d("a"), d("b")];
        if let Some(x) = list.pop() {
            wait("w", 1, ()).await;
            x.touch()
        } else {
            wait("v", 1, 0).await
        }
    } with ()
    async fn if_let_else_awaits() -> usize {
        let list: Vec<D> = vec![];
        let first = list.first();
        if let Some(x) = first {
            x.touch()
        } else {
            wait("v", 1, d("other")).await.touch()
        }
    } with ()
    async fn if_let_alone() -> usize {
        if let Some(x) = wait("w", 1, Some(d("x"))).await { x.touch() } else { 0 }
    } with ()
    async fn returns_early(n: u32) -> usize {
        let x = d("x");
        if n > 1 {
            let y = d("y");
            wait("w", 1, ()).await;
            return y.touch();
        }
        wait("v", 1, ()).await;
        x.touch()
    } with (2)
    async fn returns_from_native_code(n: u32) -> usize {
        let x = d("x");
        wait("v", 1, ()).await;
        for i in 0..10 {
            let y = d("y");
            if i == n { return y.touch(); }
        }
        x.touch()
    } with (2)
    async fn question_ok() -> Result<usize, String> {
        let x = d("x");
        let n = wait("w", 1, Ok::<usize, &str>(4)).await?;
        Ok(n + x.touch())
    } with ()
    async fn question_err() -> Result<usize, String> {
        let x = d("x");
        let n: usize = wait("w", 1, Err("no")).await?;
        Ok(n + x.touch())
    } with ()
    async fn question_without_an_await() -> Option<usize> {
        let x = d("x");
        wait("w", 1, ()).await;
        let n: u8 = "300".parse().ok()?;
        Some(n as usize + x.touch())
    } with ()
    async fn question_in_an_operand() -> Result<usize, std::num::ParseIntError> {
        let x = d("x");
        wait("w", 1, "12".parse::<u32>()?).await;
        wait("v", 1, "no".parse::<u32>()?).await;
        Ok(x.touch())
    } with ()
    async fn question_at_the_end() -> Result<(), String> {
        let _x = d("x");
        wait("w", 1, Err::<(), _>("bad")).await?;
        Ok(())
    } with ()
    async fn blocks() -> usize {
        let x = d("x");
        let n = {
            let y = d("y");
            wait("w", 1, ()).await;
            let z = d("z");
            y.touch() + z.touch()
        };
        wait("v", 1, ()).await;
        n + x.touch()
    } with ()
    async fn labelled_block(c: bool) -> usize {
        let x = d("x");
        let n = 'out: {
            let y = d("y");
            wait("w", 1, ()).await;
            if c { break 'out y.touch(); }
            wait("v", 1, ()).await;
            0
        };
        n + x.touch()
    } with (true)
    async fn let_else() -> usize {
        let x = d("x");
        let Some(y) = wait("w", 1, Some(d("y"))).await else { return 0 };
        wait("v", 1, ()).await;
        let Ok(n) = "x".parse::<usize>() else { return y.touch() };
        n + x.touch()
    } with ()
    async fn panics() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        if x.touch() > 0 { panic!("own {}", x.touch()); }
        0
    } with ()
    async fn unsafe_block() -> usize {
        let x = d("x");
        wait("w", 1, ()).await;
        let p = &raw const x;
        // SAFETY: `x` is there, and nobody writes to it.
        let n = unsafe { (*p).touch() };
        n + x.touch()
    } with ()
    async fn temporary_in_the_value_of_a_branch(c: bool) -> usize {
        let both = if c {
            let y = d("y");
            (y, d("temporary").touch())
        } else {
            (wait("w", 1, d("z")).await, 1)
        };
        wait("v", 1, ()).await;
        both.0.touch() + both.1
    } with (true)
    async fn temporary_in_the_value_of_a_function() -> (D, usize) {
        let y = d("y");
        wait("w", 1, ()).await;
        (y, d("temporary").touch())
    } with ()
}
