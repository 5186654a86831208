//! What is borrowed and has no name of a local: `static`s, constants, and values that a pattern borrows from by `ref`.

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use crate::harness::{D, both, d, step, wait};

static NAMES: [&str; 2] = ["a", "long"];
static COUNT: AtomicUsize = AtomicUsize::new(5);
/// It has a destructor, which nobody calls.
static LIST: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static MODE: Mode = Mode::Some(2);
const LIMIT: usize = 3;
const FEW: [usize; 2] = [1, 4];
const TEXT: &str = "text";
const NOTHING: Option<usize> = None;

thread_local! {
    static KEY: Cell<usize> = const { Cell::new(7) };
}

#[derive(Debug, PartialEq)]
enum Mode {
    None,
    Some(usize),
}

impl Mode {
    fn number(&self) -> usize {
        step(format!("number of {self:?}"));
        match self {
            Mode::None => 0,
            Mode::Some(n) => *n,
        }
    }
}

trait Numbered {
    const ID: usize;
    const NAME: &'static str;
}

impl Numbered for u8 {
    const ID: usize = 8;
    const NAME: &'static str = "u8";
}

fn len_of(list: &Mutex<Vec<usize>>) -> usize {
    step("len");
    list.lock().map_or(0, |list| list.len())
}

fn first(of: &'static [usize]) -> &'static usize {
    &of[0]
}

mod inner {
    pub(super) static DEEP: (usize, [u8; 2]) = (4, [1, 2]);
    pub(super) struct Unit;
    impl Unit {
        pub(super) fn one(&self) -> usize {
            1
        }
    }
}

struct Row {
    a: D,
    b: Option<D>,
    n: usize,
}

fn row(a: &'static str, b: &'static str) -> Row {
    Row { a: d(a), b: Some(d(b)), n: 3 }
}

fn left(pair: &mut (usize, [usize; 2])) -> &mut usize {
    step("left");
    &mut pair.0
}

fn whole(pair: &mut (usize, [usize; 2])) -> &mut (usize, [usize; 2]) {
    step("whole");
    pair
}

fn next(list: &mut Vec<D>) -> Option<D> {
    step("next");
    list.pop()
}

fn keep(x: D) -> Option<D> {
    drop(x);
    None
}

both! {
    async fn statics() -> usize {
        let x = d("x");
        let n = wait("w", 1, NAMES.len() + NAMES[1].len() + COUNT.load(Ordering::Relaxed)).await;
        let m = wait("v", 1, len_of(&LIST) + inner::DEEP.1.len() + inner::DEEP.0).await;
        let r = wait("u", 1, &NAMES).await;
        x.touch() + n + m + r.len() + wait("t", 1, crate::corpus::lent::NAMES.first()).await.map_or(0, |name| name.len())
    } with ()
    async fn constants() -> usize {
        let x = d("x");
        let n = wait("w", 1, FEW.len() + FEW[1] + LIMIT.min(2) + TEXT.len() + NOTHING.unwrap_or(9)).await;
        let m = wait("v", 1, usize::from(x.touch() < LIMIT) + usize::from(LIMIT == 3) + *first(&FEW)).await;
        let k = wait("u", 1, Mode::None.number() + Mode::Some(2).number() + inner::Unit.one()).await;
        n + m + k + wait("t", 1, KEY.with(Cell::get)).await
    } with ()
    async fn associated_constants[T: Numbered](_t: T) -> usize {
        let x = d("x");
        let n = wait("w", 1, T::ID.max(2) + T::NAME.len() + <u8 as Numbered>::NAME.len()).await;
        n + x.touch()
    } with (1u8)
    async fn parameters_that_are_constants[const N: usize](list: [D; N]) -> usize {
        let n = wait("w", N.min(1), N.max(4) + usize::from(N < list.len())).await;
        n + list.len()
    } with ([d("a"), d("b")])
    async fn statics_that_are_matched() -> usize {
        let x = d("x");
        let n = match MODE {
            Mode::Some(n) => { wait("w", 1, ()).await; n }
            Mode::None => wait("v", 1, 0).await,
        };
        let m = if let Mode::Some(ref n) = MODE { wait("u", 1, *n).await } else { wait("t", 1, 9).await };
        let k = match FEW { [1, k] => wait("s", 1, k).await, _ => 0 };
        n + m + k + x.touch()
    } with ()
    async fn static_beside_a_local() -> usize {
        let n = wait("w", 1, NAMES.len()).await;
        let names = d("local");
        wait("v", 1, names.touch()).await + n
    } with ()
    async fn ref_in_a_match() -> usize {
        let x = d("x");
        let n = match Some(d("value")) {
            Some(ref y) => { wait("w", 1, ()).await; y.touch() }
            None => 0,
        };
        step("after");
        wait("v", 1, n).await + x.touch()
    } with ()
    async fn ref_over_an_awaited_value() -> usize {
        let x = d("x");
        match wait("u", 1, row("a", "b")).await {
            Row { ref a, b: Some(ref b), n } if a.touch() == n => { wait("w", 1, ()).await; a.touch() + b.touch() }
            Row { ref a, b: Some(ref b), .. } => { wait("v", 1, b.touch()).await + a.touch() + x.touch() }
            Row { n, .. } => n,
        }
    } with ()
    async fn ref_mut_in_a_match() -> usize {
        let n = match row("a", "b") {
            Row { ref mut a, ref mut b, .. } => {
                wait("w", 1, ()).await;
                *b = None;
                a.touch_mut();
                wait("v", 1, ()).await;
                *a = d("new");
                a.touch()
            }
        };
        wait("u", 1, n).await
    } with ()
    async fn ref_in_an_if(c: bool) -> usize {
        let x = d("x");
        let n = if let Some(ref y) = c.then(|| d("y")) { wait("w", 1, y.touch()).await } else { wait("v", 1, 7).await };
        if let (ref a, 4) = (d("left"), n) {
            wait("u", 1, a.touch()).await;
        } else if let (ref a, true) = (d("right"), c) {
            wait("t", 1, a.touch()).await;
        } else {
            step("neither");
            wait("s", 1, ()).await;
        }
        if let Err(ref e) = Ok::<D, D>(d("fine")) { wait("r", 1, e.touch()).await; }
        n + x.touch()
    } with (true)
    async fn ref_that_does_not_match() -> usize {
        let x = d("x");
        if let Some(ref y) = keep(d("gone")) {
            wait("w", 1, y.touch()).await
        } else {
            step("otherwise");
            let y = d("y");
            wait("v", 1, ()).await;
            x.touch() + y.touch()
        }
    } with ()
    async fn ref_in_a_while() -> usize {
        let mut list = vec![d("a"), d("b"), d("c"), d("e")];
        let mut n = 0;
        'all: while let Some(ref x) = next(&mut list) {
            n += 1;
            if n == 2 { continue; }
            wait("w", 1, ()).await;
            if x.touch() == 9 { break; }
            if n == 3 { break 'all; }
        }
        while let (ref x, 3..5) = (d("pair"), n) { n += x.touch(); wait("v", 1, ()).await; }
        while let Some(ref x) = wait("u", 1, list.pop()).await { n += x.touch(); }
        n
    } with ()
    async fn ref_in_a_let() -> usize {
        let (ref a, ref b) = (d("a"), d("b"));
        let Row { a: ref c, n, .. } = row("c", "e");
        wait("w", 1, a.touch()).await;
        let ref mut f = wait("v", 1, d("f")).await;
        let (&ref g, _) = (a, 1);
        let x = d("x");
        wait("u", 1, f.touch_mut().touch()).await;
        *f = d("new");
        a.touch() + b.touch() + c.touch() + n + x.touch() + f.touch() + g.touch()
    } with ()
    async fn ref_to_what_a_reference_refers_to() -> usize {
        let mut pair = (1usize, [2usize, 3]);
        { let ref mut n = *left(&mut pair); *n += 1; wait("w", 1, ()).await; *n += 10; }
        { let ref mut n = whole(&mut pair).0; wait("v", 1, ()).await; *n += 100; }
        { let (ref mut n, [_, ref m]) = *whole(&mut pair); wait("u", 1, ()).await; *n += *m; }
        match *left(&mut pair) { ref mut n => { wait("t", 1, ()).await; *n += 1000; } }
        match whole(&mut pair).1[0] { ref mut n => { wait("s", 1, ()).await; *n += 7; } }
        if let (ref mut n, [_, 3]) = *whole(&mut pair) { wait("r", 1, ()).await; *n += 20; }
        while let (ref mut n, [0..12, _]) = *whole(&mut pair) { wait("q", 1, ()).await; *n += 1; pair.1[0] += 2; }
        step(format!("{pair:?}"));
        wait("p", 1, pair.0 + pair.1[0]).await;
        let ref mut n = *left(&mut pair);
        *n += 50;
        let ref mut m = whole(&mut pair).1[0];
        *m += 60;
        pair.0 + pair.1[0]
    } with ()
    async fn ref_at_the_end(c: bool) -> D {
        let x = d("x");
        match (row("a", "b"), c) {
            (ref r, true) => { wait("w", 1, r.a.touch()).await; x }
            (ref r, false) => wait("v", 1, d(r.a.0)).await,
        }
    } with (false)
    async fn exits_while_a_value_is_lent(c: usize) -> Result<usize, D> {
        let x = d("x");
        let mut n = 0usize;
        'all: loop {
            n += 1;
            match (d("whole"), n) {
                (ref a, 1) => { let y = d("y"); wait("w", 1, ()).await; if c == 0 { return Ok(a.touch() + y.touch()); } continue; }
                (ref a, 2) => { wait("v", 1, a.touch()).await; for i in 0..3 { if i == c { break 'all; } if i == 1 { continue 'all; } } }
                (ref a, _) => {
                    let m: usize = wait("u", 1, if c == 2 { Err(d("error")) } else { Ok(a.touch()) }).await?;
                    let z = 'out: { if let (ref b, 3) = (d("inner"), n) { wait("t", 1, ()).await; break 'out b.touch(); } 9 };
                    if c == 3 { panic!("own {}", a.touch()); }
                    n += m + z;
                    break;
                }
            }
        }
        Ok(n + x.touch())
    } with (4)
}

/// What a macro takes for one expression is one, in a group that nobody sees.
macro_rules! grouped {
    ($(#[$attr:meta])* $name:ident($pair:ident) while $cond:expr; match $of:expr; let $n:ident) => {
        $(#[$attr])*
        async fn $name(mut $pair: (usize, [usize; 2])) -> usize {
            let x = d("x");
            let mut count = 0;
            while $cond {
                count += 1;
                if count > 2 { break; }
            }
            while !$cond && !wait("never", 1, true).await {}
            match $of { ref mut $n => { wait("w", 1, ()).await; *$n += count; } }
            if let ref mut $n @ 1.. = $of { wait("v", 1, ()).await; *$n *= 10; }
            let ref mut $n = $of;
            *$n += x.touch();
            $pair.0 + $pair.1[0]
        }
    };
}

grouped! {
    #[bespoke::async_fn] grouped_by_us(pair) while pair.0 < 9 && wait("c", 1, d("t")).await.touch() == 1;
    match whole(&mut pair).0; let n
}
grouped! {
    grouped_by_rustc(pair) while pair.0 < 9 && wait("c", 1, d("t")).await.touch() == 1;
    match whole(&mut pair).0; let n
}

#[test]
fn grouped() {
    let (ours, theirs) = (|| grouped_by_us((1, [2, 3])), || grouped_by_rustc((1, [2, 3])));
    assert!(crate::harness::compare("grouped", ours, theirs) > 2);
}

#[test]
fn every_exit_while_a_value_is_lent() {
    for c in 0..5 {
        let ours = || ours::exits_while_a_value_is_lent(c);
        let theirs = || theirs::exits_while_a_value_is_lent(c);
        assert!(compare(&format!("exit {c}"), ours, theirs) > 2);
    }
}
