//! What generated functions are made of, and how a pair of futures is compared. Batches link with this.
//!
//! Whatever a function does is written down: values made, used and dropped, futures made, polled and dropped, every answer
//! that it asks for. Both futures of a pair are driven in every way: to the end; dropped after each number of polls; with
//! a panic at each step; all of that for several sequences of answers. What they wrote down must be the same.

pub use bespoke_core::{join, select, try_join};
use core::cell::{Cell, RefCell};
use core::fmt::{self, Debug};
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io::Write;
use std::panic::catch_unwind;

/// What happened, and to what.
type Event = (&'static str, usize);

/// A drive that is longer is one that does not end.
const STEPS_MAX: usize = 20_000;
const POLLS_MAX: usize = 1_000;
/// How often loops that ask go on, in one drive.
const FUEL: usize = 5;
/// How many sequences of answers each function is driven with.
const ANSWERS: u64 = 3;

#[derive(Clone, Copy)]
struct Now {
    steps: usize,
    /// The step that panics; 0 is none.
    panic_at: usize,
    alive: isize,
    fuel: usize,
    answers: u64,
    /// Nothing is written down.
    quiet: bool,
}

impl Now {
    const fn new(panic_at: usize, answers: u64) -> Now {
        Now { steps: 0, panic_at, alive: 0, fuel: FUEL, answers, quiet: false }
    }
}

thread_local! {
    static LOG: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    static NOW: Cell<Now> = const { Cell::new(Now::new(0, 0)) };
}

fn note(what: &'static str, id: usize) {
    if !NOW.get().quiet {
        LOG.with_borrow_mut(|log| log.push((what, id)));
    }
}

fn update<R>(f: impl FnOnce(&mut Now) -> R) -> R {
    let mut now = NOW.get();
    let result = f(&mut now);
    NOW.set(now);
    result
}

/// Something happened. Panics if it is the step to do so.
fn step(what: &'static str, id: usize) {
    note(what, id);
    let now = update(|now| {
        now.steps += 1;
        *now
    });
    if now.steps == now.panic_at {
        panic!("planned: {what} {id}");
    }
    assert!(now.steps < STEPS_MAX, "this does not end");
}

/// A random number below `n`, the same one in each drive with the same answers.
fn answer(n: u64) -> u64 {
    update(|now| {
        now.answers = now.answers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (now.answers >> 33) % n
    })
}

/// A condition.
pub fn flip(id: usize) -> bool {
    step("flip", id);
    answer(2) == 0
}

/// A condition that seldom holds.
pub fn rare(id: usize) -> bool {
    step("rare", id);
    answer(12) == 0
}

/// Whether a loop goes on.
pub fn more(id: usize) -> bool {
    step("more", id);
    let left = NOW.get().fuel;
    update(|now| now.fuel = left.saturating_sub(1));
    left > 0 && answer(4) > 0
}

/// A number that the macro cannot know.
pub fn number(id: usize) -> usize {
    step("number", id);
    usize::try_from(answer(5)).unwrap_or(0)
}

/// A constant that looks like a local.
#[allow(non_upper_case_globals, reason = "that it looks like a local is what it is for")]
pub const least: usize = 2;

/// One for the whole program, with numbers.
pub static TABLE: [usize; 4] = [2, 3, 5, 7];
/// The same, with a destructor that nobody calls.
pub static LOCKED: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
/// A constant that is seen to be one.
pub const LEAST: usize = 2;
/// A constant with parts.
pub const FEW: [usize; 2] = [1, 4];

/// A value with an identity: its birth, its uses and its death are written down.
pub struct D(usize);

/// Makes one.
pub fn d(id: usize) -> D {
    step("make", id);
    update(|now| now.alive += 1);
    D(id)
}

impl D {
    /// Uses it.
    pub fn touch(&self) -> usize {
        step("touch", self.0);
        self.0 % 7
    }

    /// Changes it.
    pub fn change(&mut self) -> usize {
        step("change", self.0);
        self.0 += 1000;
        self.0 % 5
    }

    /// Consumes it.
    pub fn eat(self) -> usize {
        step("eat", self.0);
        self.0 % 3
    }

    /// The same, as the name says.
    pub fn into_number(self) -> usize {
        self.eat()
    }
}

impl Drop for D {
    fn drop(&mut self) {
        note("drop", self.0);
        update(|now| now.alive -= 1);
    }
}

impl Debug for D {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "D{}", self.0)
    }
}

/// A struct with a part that has a destructor.
#[derive(Debug)]
pub struct Pair {
    /// A part.
    pub a: D,
    /// Another one.
    pub b: usize,
}

impl Pair {
    /// Consumes it.
    pub fn sum(self) -> usize {
        self.a.eat() + self.b
    }

    /// A part of it, as the name says.
    pub fn into_part(self) -> D {
        self.a
    }
}

/// An error that `?` converts to [`Failure`].
#[derive(Debug)]
pub struct E(pub D);

/// The error that functions return.
#[derive(Debug)]
pub struct Failure(pub D);

impl From<E> for Failure {
    fn from(error: E) -> Failure {
        step("convert", error.0.0);
        Failure(error.0)
    }
}

/// Uses what is lent.
pub fn tell(x: &D, n: usize) -> usize {
    x.touch() + n
}

/// Changes what is lent.
pub fn alter(x: &mut D, n: usize) -> usize {
    x.change() + n
}

/// Consumes both.
pub fn both(a: D, b: D) -> usize {
    a.eat() + b.eat()
}

/// Uses a slice, to which references are coerced.
pub fn all(list: &[D]) -> usize {
    list.iter().map(D::touch).sum()
}

/// Uses a trait object, to which references are coerced.
pub fn show(what: &dyn Debug) -> usize {
    text(&format!("{what:?}"))
}

/// Writes a text down, by its length and letters.
pub fn text(text: &str) -> usize {
    let sum = text.bytes().fold(0usize, |sum, byte| (sum * 31 + usize::from(byte)) % 10_007);
    step("text", sum);
    sum % 11
}

/// Takes the last one.
pub async fn next(list: &mut Vec<D>, id: usize) -> Option<D> {
    wait(id, 1, ()).await;
    list.pop()
}

/// A number or not.
pub fn half(n: usize) -> Option<usize> {
    n.is_multiple_of(2).then_some(n / 2)
}

/// A future that is pending `left` times and then gives its value.
pub struct Wait<T> {
    id: usize,
    left: usize,
    value: Option<T>,
}

impl<T> Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<T> Unpin for Wait<T> {}

/// Makes one.
pub fn wait<T>(id: usize, left: usize, value: T) -> Wait<T> {
    step("wait", id);
    Wait { id, left, value: Some(value) }
}

impl<T> Future for Wait<T> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        step("poll", self.id);
        if self.left > 0 {
            self.left -= 1;
            return Poll::Pending;
        }
        match self.value.take() {
            Some(value) => Poll::Ready(value),
            None => panic!("{} was polled after completion", self.id),
        }
    }
}

impl<T> Drop for Wait<T> {
    fn drop(&mut self) {
        note("drop future", self.id);
    }
}

/// One drive of one future.
#[derive(Debug, Default)]
pub struct Drive {
    polls: usize,
    end: String,
    size: usize,
    pending: usize,
}

impl Drive {
    /// Polls `future` as often as this drive shall, and drops it.
    pub fn run<F: Future<Output: Debug>>(&mut self, future: F) {
        self.size = size_of::<F>();
        let mut future = pin!(future);
        self.drive(&mut |context| future.as_mut().poll(context).map(|value| format!("{value:?}")));
        note("let go", 0);
    }

    fn drive(&mut self, poll: &mut dyn FnMut(&mut Context<'_>) -> Poll<String>) {
        note("made", 0);
        let mut context = Context::from_waker(Waker::noop());
        for n in 0..self.polls {
            match catch_unwind(AssertUnwindSafe(|| poll(&mut context))) {
                Ok(Poll::Pending) => {
                    self.pending += 1;
                    note("pending", n);
                }
                Ok(Poll::Ready(value)) => {
                    self.end = format!("{value} at {n}");
                    break;
                }
                Err(panic) => {
                    self.end = format!("panic {:?} at {n}", message(&*panic));
                    break;
                }
            }
        }
        update(|now| now.panic_at = 0);
    }
}

fn message(panic: &(dyn core::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => String::new(),
    }
}

#[derive(PartialEq, Eq)]
struct Trace {
    log: Vec<Event>,
    alive: isize,
    end: String,
}

fn drive(run: fn(&mut Drive), polls: usize, panic_at: usize, answers: u64) -> (Trace, Drive) {
    LOG.with_borrow_mut(Vec::clear);
    NOW.set(Now::new(panic_at, answers));
    let mut drive = Drive { polls, ..Drive::default() };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(&mut drive))) {
        drive.end = format!("panic {:?} outside", message(&*panic));
    }
    let log = LOG.with_borrow_mut(core::mem::take);
    (Trace { log, alive: NOW.get().alive, end: drive.end.clone() }, drive)
}

/// A function, through `#[async_fn]` and through rustc.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// Runs ours.
    pub ours: fn(&mut Drive),
    /// Runs rustc's.
    pub theirs: fn(&mut Drive),
}

/// Drives both futures in every way. How many ways there were, and the sizes of the futures; or the first difference.
fn compare(case: Case) -> Result<(usize, usize, usize), String> {
    let mut ways = 0;
    let mut sizes = (0, 0);
    for answers in 0..if cfg!(miri) { 1 } else { ANSWERS } {
        let answers = answers.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (whole, whole_drive) = drive(case.theirs, POLLS_MAX, 0, answers);
        let steps = NOW.get().steps;
        if steps >= STEPS_MAX || whole_drive.pending == POLLS_MAX {
            return Err("rustc's function does not end".into());
        }
        let drops = (0..=whole_drive.pending + 1).map(|polls| (polls, 0));
        let panics = (1..=steps).map(|step| (POLLS_MAX, step));
        // Under Miri, which is slow, some of them.
        for (polls, panic_at) in drops.chain(panics).step_by(if cfg!(miri) { 5 } else { 1 }) {
            ways += 1;
            let (ours, drive_ours) = drive(case.ours, polls, panic_at, answers);
            let (theirs, drive_theirs) = drive(case.theirs, polls, panic_at, answers);
            sizes = (sizes.0.max(drive_ours.size), sizes.1.max(drive_theirs.size));
            if ours != theirs || ours.alive != 0 {
                return Err(difference(&ours, &theirs, polls, panic_at));
            }
        }
        drop(whole);
    }
    Ok((ways, sizes.0, sizes.1))
}

fn difference(ours: &Trace, theirs: &Trace, polls: usize, panic_at: usize) -> String {
    let same = ours.log.iter().zip(&theirs.log).take_while(|(a, b)| a == b).count();
    let show = |trace: &Trace| {
        let from = same.saturating_sub(6);
        let events = trace.log.iter().skip(from).take(14).map(|(what, id)| format!("{what} {id}"));
        format!("…{}; end: {}; alive: {}", events.collect::<Vec<_>>().join(", "), trace.end, trace.alive)
    };
    format!(
        "with {polls} polls and a panic at {panic_at}, after {same} equal events | ours: {} | rustc's: {}",
        show(ours),
        show(theirs)
    )
}

/// Polls the futures of one side to their end, and nothing else: whose instructions are counted.
fn only_drive(cases: &[Case], ours: bool) {
    for case in cases {
        for answers in 0..20 {
            NOW.set(Now { quiet: true, ..Now::new(0, answers) });
            let mut drive = Drive { polls: POLLS_MAX, ..Drive::default() };
            (if ours { case.ours } else { case.theirs })(&mut drive);
        }
    }
}

/// The main function of a batch. A line before each function and one after it; arguments name the functions to run, all
/// of them if there are none. `--drive SIDE` drives the futures of one side, and compares nothing.
pub fn main(cases: &[Case]) {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    std::panic::set_hook(Box::new(|_| {}));
    if let [first, side] = &wanted[..]
        && first == "--drive"
    {
        return only_drive(cases, side == "ours");
    }
    for case in cases.iter().filter(|case| wanted.is_empty() || wanted.iter().any(|name| name == case.name)) {
        say(&format!("begin {}", case.name));
        match compare(*case) {
            Ok((ways, ours, theirs)) => say(&format!("same {} {ways} {ours} {theirs}", case.name)),
            Err(difference) => say(&format!("differs {} {difference}", case.name)),
        }
    }
    say("end");
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Who does not read what this says has ended it.
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}
