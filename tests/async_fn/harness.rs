//! Writes down what a future does, and compares two of them.
//!
//! Each function of the corpus is compiled twice, by `both!`. Both futures are driven in every way that there is: to the
//! end; dropped after each number of polls; and with a panic at each step. What they did must be the same, line by line.

use core::cell::{Cell, RefCell};
use core::fmt::Debug;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The step that panics; 0 is none.
    static PANIC_AT: Cell<usize> = const { Cell::new(0) };
    static STEPS: Cell<usize> = const { Cell::new(0) };
    static ALIVE: Cell<isize> = const { Cell::new(0) };
}

/// Something happened. Panics if it is the step to do so.
pub(crate) fn step(what: impl Into<String>) {
    let what = what.into();
    let step = STEPS.get() + 1;
    STEPS.set(step);
    LOG.with_borrow_mut(|log| log.push(what.clone()));
    if step == PANIC_AT.get() {
        panic!("planned: {what}");
    }
}

/// A value with an identity: its birth, its uses and its death are steps. (Its death does not panic.)
#[derive(Debug)]
pub(crate) struct D(pub(crate) &'static str);

pub(crate) fn d(name: &'static str) -> D {
    step(format!("make {name}"));
    ALIVE.set(ALIVE.get() + 1);
    D(name)
}

impl D {
    pub(crate) fn touch(&self) -> usize {
        step(format!("touch {}", self.0));
        self.0.len()
    }

    pub(crate) fn touch_mut(&mut self) -> &mut Self {
        step(format!("touch_mut {}", self.0));
        self
    }

    pub(crate) fn eat(self) -> usize {
        step(format!("eat {}", self.0));
        self.0.len()
    }
}

impl Drop for D {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
        LOG.with_borrow_mut(|log| log.push(format!("drop {}", self.0)));
    }
}

/// A future that is pending `n` times and then gives its value. Dropping it is written down.
pub(crate) struct Wait<T> {
    name: &'static str,
    left: usize,
    value: Option<T>,
}

impl<T> Unpin for Wait<T> {}

pub(crate) fn wait<T>(name: &'static str, n: usize, value: T) -> Wait<T> {
    step(format!("wait {name}"));
    Wait { name, left: n, value: Some(value) }
}

impl<T> Future for Wait<T> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        step(format!("poll {}", self.name));
        if self.left > 0 {
            self.left -= 1;
            return Poll::Pending;
        }
        Poll::Ready(self.value.take().expect("polled after completion"))
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        LOG.with_borrow_mut(|log| log.push(format!("drop future {}", self.name)));
    }
}

/// What one drive left behind.
#[derive(PartialEq, Eq)]
struct Trace {
    log: Vec<String>,
    alive: isize,
    end: String,
    steps: usize,
}

/// [`drive_here`], on a thread of its own: which future of several is polled first is counted there.
fn drive<F: Future<Output: Debug>>(make: impl Fn() -> F + Sync, polls: usize, panic_at: usize) -> Trace {
    std::thread::scope(|scope| {
        let driven = scope.spawn(|| drive_here(&make, polls, panic_at));
        driven.join().expect("what panics is caught there")
    })
}

/// Makes a future and polls it at most `polls` times, with a panic at a step, and drops it.
fn drive_here<F: Future<Output: Debug>>(make: impl Fn() -> F, polls: usize, panic_at: usize) -> Trace {
    LOG.with_borrow_mut(Vec::clear);
    STEPS.set(0);
    ALIVE.set(0);
    PANIC_AT.set(panic_at);
    let mut end = String::from("dropped");
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut future = pin!(make());
        step("made");
        let mut context = Context::from_waker(Waker::noop());
        for poll in 0..polls {
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))) {
                Ok(Poll::Pending) => LOG.with_borrow_mut(|log| log.push("pending".into())),
                Ok(Poll::Ready(value)) => {
                    end = format!("{value:?} at {poll}");
                    break;
                }
                Err(panic) => {
                    end = format!("panic {:?} at {poll}", panic.downcast_ref::<String>());
                    break;
                }
            }
        }
        PANIC_AT.set(0);
        LOG.with_borrow_mut(|log| log.push("let go".into()));
    }));
    PANIC_AT.set(0);
    if let Err(panic) = outcome {
        end = format!("panic {:?} outside", panic.downcast_ref::<String>());
    }
    Trace { log: LOG.with_borrow(Clone::clone), alive: ALIVE.get(), end, steps: STEPS.get() }
}

/// Drives both futures in every way, and compares. Says how many ways there were.
#[track_caller]
pub(crate) fn compare<A, B>(name: &str, ours: impl Fn() -> A + Sync, theirs: impl Fn() -> B + Sync) -> usize
where
    A: Future<Output: Debug>,
    B: Future<Output: Debug>,
{
    const POLLS_MAX: usize = 100;
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let whole = drive(&theirs, POLLS_MAX, 0);
    let pending = whole.log.iter().filter(|line| *line == "pending").count();
    let ways = (0..=pending + 1).map(|polls| (polls, 0)).chain((1..=whole.steps).map(|step| (POLLS_MAX, step)));
    let mut count = 0;
    let mut different = None;
    for (polls, panic_at) in ways {
        count += 1;
        let (a, b) = (drive(&ours, polls, panic_at), drive(&theirs, polls, panic_at));
        if a != b || a.alive != 0 {
            let show = |trace: &Trace| format!("{:#?}\nend: {}, alive: {}", trace.log, trace.end, trace.alive);
            different = Some(format!(
                "`{name}` differs with {polls} polls and a panic at {panic_at}\nours: {}\nrustc's: {}",
                show(&a),
                show(&b)
            ));
            break;
        }
    }
    std::panic::set_hook(hook);
    assert!(whole.steps > 1, "`{name}` writes nothing down: comparing it shows nothing");
    if let Some(different) = different {
        panic!("{different}");
    }
    count
}

/// Each function twice, as `ours::name` and `theirs::name`; a test that compares them, called with the arguments after it.
/// Generic parameters and bounds are in brackets: a pattern of a macro cannot see where `<…>` ends.
macro_rules! both {
    ($( $(#[$attr:meta])* async fn $name:ident $([$($generics:tt)*])? ($($params:tt)*) $(-> $output:ty)?
        $(where [$($bounds:tt)*])? $body:block with ($($argument:expr),*) )*) => {
        mod ours {
            #[allow(unused_imports, reason = "not every function needs all of them")]
            use super::{*, super::super::harness::*};
            $( #[bespoke::async_fn] $(#[$attr])* pub(super) async fn $name $(<$($generics)*>)? ($($params)*) $(-> $output)?
                $(where $($bounds)*)? $body )*
        }
        mod theirs {
            #[allow(unused_imports, reason = "not every function needs all of them")]
            use super::{*, super::super::harness::*};
            $( $(#[$attr])* pub(super) async fn $name $(<$($generics)*>)? ($($params)*) $(-> $output)?
                $(where $($bounds)*)? $body )*
        }
        #[allow(unused_imports, reason = "not every function needs all of them")]
        use super::super::harness::*;
        $(
            #[test]
            fn $name() {
                let ours = || ours::$name($($argument),*);
                let theirs = || theirs::$name($($argument),*);
                let ways = compare(stringify!($name), ours, theirs);
                assert!(ways > 2, "{ways}");
                super::super::machine::size(stringify!($name), ours, theirs);
            }
        )*
    };
}
pub(crate) use both;
