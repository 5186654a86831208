//! What the models of tools between tasks are built on: a thread that waits for a future, a value that sees a second drop,
//! and a model with its planted twins.

use crate::loom::{Plant, plants};
use ::loom::cell::UnsafeCell;
use ::loom::sync::Notify;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;
use std::pin::pin;
use std::process::Command;
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;

/// One model with a runtime at a time: what they count is the process's.
pub(crate) static ONE: Mutex<()> = Mutex::new(());

/// What loom says of a model in which every thread sleeps.
pub(crate) const STUCK: &str = "deadlock";

/// A thread that sleeps until its waker is called.
pub(crate) struct Bell(Notify);

impl Bell {
    pub(crate) fn new() -> Arc<Bell> {
        Arc::new(Bell(Notify::new()))
    }
    pub(crate) fn waker(self: &Arc<Bell>) -> Waker {
        Waker::from(self.clone())
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify();
    }
}

/// Waits for `future` on this thread of the model.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let bell = Bell::new();
    let waker = bell.waker();
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => bell.0.wait(),
        }
    }
}

/// A value that is sent. Loom sees a use or drop that is not ordered after its making; the model sees a second drop, and
/// one too few.
pub(crate) struct Canary {
    alive: UnsafeCell<bool>,
    drops: Arc<AtomicUsize>,
}

impl Canary {
    pub(crate) fn new(drops: &Arc<AtomicUsize>) -> Self {
        Canary { alive: UnsafeCell::new(true), drops: drops.clone() }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: loom checks that nobody else touches the cell.
            self.alive.with_mut(|alive| assert!(core::mem::replace(unsafe { &mut *alive }, false), "dropped twice"));
            self.drops.fetch_add(1, SeqCst);
        }
    }
}

fn run(bound: usize, body: fn()) -> usize {
    let executions = Arc::new(AtomicUsize::new(0));
    let counter = executions.clone();
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(bound));
    builder.check(move || {
        counter.fetch_add(1, SeqCst);
        body();
    });
    executions.load(SeqCst)
}

/// Runs `body` under every interleaving within the bound; then, with each mistake, asks that the model finds it, by a message
/// that has one of the given parts.
pub(crate) fn model(name: &str, body: fn(), twins: &[(Plant, &[&str])]) {
    std::eprintln!("{name}: {} executions", run(3, body));
    for &(twin, shows) in twins {
        plants::set(Some(twin));
        let found = catch_unwind(AssertUnwindSafe(|| run(3, body)));
        plants::set(None);
        let panic = found.expect_err("the model does not find its plant");
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        std::eprintln!("{name} finds {twin:?}: {}", text.lines().next().unwrap_or_default());
        assert!(shows.iter().any(|shows| text.contains(shows)), "{name} finds {twin:?}, but by {text:?}");
    }
}

/// As [`model`], for a model with a runtime: what is left of one when loom gives it up may not be dropped, and ends the
/// process. So each twin runs in a process of its own. `test` is the path of the test that calls this.
pub(crate) fn model_apart(test: &str, body: fn(), twins: &[(Plant, &[&str])]) {
    const VARIABLE: &str = "BESPOKE_TWIN";
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = |plant: Plant| std::format!("{plant:?}");
    if let Ok(wanted) = std::env::var(VARIABLE) {
        let twin = twins.iter().find(|(twin, _)| name(*twin) == wanted);
        plants::set(Some(twin.expect("a twin of this test").0));
        run(3, body);
        plants::set(None);
        return;
    }
    std::eprintln!("{test}: {} executions", run(3, body));
    for &(twin, shows) in twins {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(VARIABLE, name(twin))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(String::from_utf8_lossy(&out.stdout).contains("running 1 test"), "there is no test {test}");
        assert!(!out.status.success(), "{test} does not find {twin:?}");
        let by = said.lines().find(|line| shows.iter().any(|shows| line.contains(shows)));
        let by = by.unwrap_or_else(|| panic!("{test} finds {twin:?}, but by {said}"));
        std::eprintln!("{test} finds {twin:?}: {by}");
    }
}
