//! Several futures in one: the runtime's macros that await, over locals that live on.

use crate::harness::{D, Wait, both, d, step, wait};
use bespoke::{join, race, try_join};

/// Borrows, waits and looks.
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

async fn eats(x: D, n: usize) -> usize {
    wait("eats", n, ()).await;
    x.eat()
}

async fn checked(x: &D, n: usize, fails: bool) -> Result<usize, D> {
    wait("checked", n, ()).await;
    x.touch();
    if fails { Err(d("error")) } else { Ok(n) }
}

fn ask(fails: bool) -> Result<Wait<u8>, u8> {
    step(format!("ask {fails}"));
    if fails { Err(7) } else { Ok(wait("asked", 1, 3)) }
}

/// A name under which the macro is imported is not its own; a path to it is.
mod tools {
    pub(super) use bespoke::{join, try_join};
}

/// Dereferences to what it owns, which has a destructor.
struct Held(D);

impl core::ops::Deref for Held {
    type Target = D;
    fn deref(&self) -> &D {
        step("deref");
        &self.0
    }
}

struct Two {
    a: D,
    b: D,
}

both! {
    async fn joined() -> (usize, usize) {
        let x = d("x");
        let y = d("y");
        let both = join!(look(&x, 1), look(&y, 2));
        x.touch();
        both
    } with ()

    async fn joined_by_its_path() -> (usize, usize) {
        let x = d("x");
        let (a, b) = bespoke::join!(look(&x, 2), look(&x, 0),);
        let (c,) = self::super::tools::join!(look(&x, 1));
        (a + x.touch(), b + c)
    } with ()

    async fn joined_by_value(x: D, y: D) -> usize {
        let z = d("z");
        wait("first", 1, ()).await;
        let (a, b, ()) = join!(eats(x, 1), eats(y, 0), wait("unit", 2, ()));
        a + b + z.touch()
    } with (d("x"), d("y"))

    async fn joined_exclusively(mut x: D, y: D) -> usize {
        let mut two = Two { a: x, b: y };
        x = d("again");
        let (a, b, c) = join!(change(&mut two.a, 1), change(&mut two.b, 2), change(&mut x, 0));
        two.a.touch() + two.b.touch() + x.touch() + a + b + c
    } with (d("x"), d("y"))

    async fn joined_as_a_statement() {
        let x = d("x");
        join!(look(&x, 1), wait("w", 1, ()));
        { join!(look(&x, 0)) };
        let _ = join!(look(&x, 1));
        x.touch();
    } with ()

    async fn joined_in_braces() -> (usize,) {
        let x = d("x");
        join! { look(&x, 1) }
    } with ()

    async fn joined_values_with_destructors() -> usize {
        let x = d("x");
        let (a, _) = join!(wait("a", 1, d("a")), wait("b", 0, d("b")));
        wait("between", 1, ()).await;
        a.touch() + x.touch()
    } with ()

    async fn joined_and_taken_apart() -> usize {
        let x = d("x");
        let n = join!(look(&x, 1), wait("b", 0, 5)).0 + join!(wait("c", 1, d("c"))).0.touch();
        n + x.touch()
    } with ()

    async fn joined_after_an_await() -> (usize, D) {
        let x = d("x");
        join!(look(&x, wait("n", 1, 2).await), wait("y", wait("m", 1, 1).await, d("y")))
    } with ()

    async fn joined_within_joined() -> usize {
        let x = d("x");
        let (a, (b, c)) = join!(look(&x, 1), async { join!(wait("in", 1, 2), wait("side", 2, 3)) });
        let ((d, e),) = join!(core::future::ready(join!(look(&x, 1), look(&x, 2))));
        a + b + c + d + e + x.touch()
    } with ()

    async fn joined_in_loops(n: usize) -> usize {
        let x = d("x");
        let mut sum = 0;
        'outer: loop {
            for i in 0..n {
                let (a, b) = join!(look(&x, i), wait("i", 1, i));
                sum += a + b;
                if sum > 20 { break 'outer; }
            }
            while join!(wait("less", 1, sum < 9)).0 {
                sum += join!(look(&x, 0), wait("on", 0, ())).0;
            }
        }
        sum + x.touch()
    } with (3)

    async fn joined_in_branches(c: bool) -> usize {
        let x = d("x");
        if c {
            join!(look(&x, 1)).0
        } else {
            match join!(wait("which", 1, Some(d("y"))), look(&x, 0)) {
                (Some(y), n) => y.touch() + n,
                (None, n) => n,
            }
        }
    } with (false)

    async fn joined_what_a_question_gives(fails: bool) -> Result<u8, u8> {
        let x = d("x");
        let (a, b) = join!(ask(false)?, ask(fails)?);
        x.touch();
        Ok(a + b)
    } with (true)

    async fn joined_through_a_deref() -> usize {
        let x = Held(d("x"));
        let (a, b) = join!(look(&x, 1), look(&x.0, 1));
        a + b + x.touch()
    } with ()

    async fn joined_reborrowed() -> usize {
        let mut own = d("x");
        let x = &mut own;
        let (a,) = join!(change(x, 1));
        let y = &mut *x;
        let (b, c) = join!(change(y, 2), wait("c", 0, 1));
        a + b + c + x.touch()
    } with ()

    async fn joined_generic[T: Clone + core::fmt::Debug](value: T) -> (T, T) {
        let x = d("x");
        let both = join!(wait("a", 1, value.clone()), wait("b", 0, value));
        x.touch();
        both
    } with (vec![1, 2])

    async fn joined_arguments[F: Future<Output = usize>, G: IntoFuture<Output = D>](f: F, g: G) -> usize {
        let x = d("x");
        let (a, y, b) = join!(f, g, look(&x, 1));
        a + y.touch() + b + x.touch()
    } with (wait("f", 1, 3), Box::pin(wait("g", 2, d("g"))))

    async fn joined_and_copied(n: usize) -> usize {
        let m = n;
        let p = &m;
        let (a, b, c) = join!(wait("n", 1, n), wait("m", 0, m), wait("p", 2, *p));
        wait("then", 1, ()).await;
        a + b + c + n + m + *p
    } with (2)

    async fn joined_with_blocks() -> usize {
        let x = d("x");
        let y = d("y");
        let (a, b) = join!(async { wait("in", 1, ()).await; 1 }, {
            let looked = look(&y, 1);
            step("made");
            looked
        });
        a + b + x.touch()
    } with ()

    async fn joined_that_never_ends() -> usize {
        let x = d("x");
        let never: (core::convert::Infallible, usize) = join!(core::future::pending(), look(&x, 1));
        never.1 + x.touch()
    } with ()

    async fn tried(fails: bool) -> Result<usize, D> {
        let x = d("x");
        let (a, b) = try_join!(checked(&x, 2, false), checked(&x, 1, fails))?;
        Ok(a + b + x.touch())
    } with (true)

    async fn tried_well() -> Result<(usize, usize), D> {
        let x = d("x");
        let both = tools_try(&x).await;
        x.touch();
        both
    } with ()

    async fn tried_and_returned(fails: bool) -> Result<usize, D> {
        let x = d("x");
        let both = self::super::tools::try_join!(checked(&x, 0, fails), checked(&x, 1, true));
        match { both } {
            Ok(both) => Ok(both.0 + both.1),
            Err(error) => {
                wait("after", 1, ()).await;
                error.touch();
                return Err(error);
            }
        }
    } with (false)

    async fn what_nobody_uses_ends_with_its_scope(fails: bool) -> Result<usize, D> {
        let x = d("x");
        let (_a, _b, _c, _n) = join!(wait("a", 1, d("a")), wait("b", 2, [7u8; 64]), wait("c", 1, Some(&x)), wait("n", 1, 3usize));
        let _d = checked(&x, 1, fails).await?;
        if let Some(_e) = wait("e", 1, Some(d("e"))).await {
            wait("within", 1, ()).await;
        }
        wait("after", 1, ()).await;
        Ok(x.touch())
    } with (false)

    async fn raced() -> usize {
        let x = d("x");
        let first = race!(look(&x, 2), look(&x, 1));
        first + x.touch()
    } with ()

    async fn raced_by_value(x: D) -> D {
        let y = d("y");
        let won = race!(wait("x", 2, x), wait("z", 1, d("z")), core::future::pending());
        y.touch();
        wait("after", 1, ()).await;
        won
    } with (d("x"))

    async fn raced_in_a_loop() -> usize {
        let mut x = d("x");
        let mut sum = 0;
        for n in 0..4 {
            sum += race!(change(&mut x, n), wait("n", 2, n),);
        }
        sum + x.touch()
    } with ()

    async fn raced_for_a_question(fails: bool) -> Result<u8, u8> {
        let x = d("x");
        let a = bespoke::race!(ask(fails)?, wait("other", 1, 5));
        let b = race!(wait("fails", 0, Err(3)), wait("not", 0, Ok(a)))?;
        x.touch();
        Ok(a + b)
    } with (false)
}

async fn tools_try(x: &D) -> Result<(usize, usize), D> {
    tools::try_join!(checked(x, 1, false), checked(x, 2, false))
}
