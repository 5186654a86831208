//! Signals, from the kernel to the task. Each test runs in a process of its own: what a signal does is process-wide.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![expect(
    clippy::disallowed_methods,
    reason = "the raising side stands outside the runtime, with its own thread and clock"
)]

#[path = "common/descriptors.rs"]
mod descriptors;

use bespoke::Runtime;
use bespoke::prelude::*;
use bespoke::preset::Default as Preset;
use bespoke::signal::{Signal, SignalKind, SignalRefused, ctrl_c, dump_on, signal};
use bespoke::time::timeout;
use core::future::pending;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use descriptors::fds as open_descriptors;
use std::io::{BufRead, BufReader, ErrorKind};
use std::process::Command;
use std::sync::Arc;
use std::task::Wake;
use std::thread;
use std::time::Instant;

/// Long enough for a loaded machine, short enough for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for a delivery that should not come.
const A_MOMENT: Duration = Duration::from_millis(30);

/// Runs the test `name` alone, in a process of its own. The parent gets `false` when the child has passed; the child gets
/// `true` and does the work.
fn in_child(name: &str) -> bool {
    const MARK: &str = "BESPOKE_SIGNAL_TEST_CHILD";
    if std::env::var_os(MARK).is_some_and(|child| child == *name) {
        return true;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(MARK, name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let complained = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(child.status.success(), "{}: {said}{complained}", child.status);
    // A misspelt name would run nothing and succeed.
    assert!(said.contains("1 passed"), "{said}");
    false
}

/// The body runs in a child.
macro_rules! alone {
    ($(#[$attribute:meta])* fn $name:ident() $body:block) => {
        #[test]
        $(#[$attribute])*
        fn $name() {
            if in_child(stringify!($name)) $body
        }
    };
}

fn run<F: Future>(future: F) -> F::Output {
    Runtime::<Preset>::new().unwrap().block_on(future)
}

/// Raises a signal on this thread: its handler has run when this returns.
fn raise(number: i32) {
    // SAFETY: takes an integer only.
    assert_eq!(unsafe { libc::raise(number) }, 0);
}

/// Sends a signal to this process, as another would: its handler runs soon, on whatever thread.
fn send(number: i32) {
    let me = libc::pid_t::try_from(std::process::id()).unwrap();
    // SAFETY: takes integers only.
    assert_eq!(unsafe { libc::kill(me, number) }, 0);
}

/// A delivery comes, and soon.
async fn delivered(listener: &mut Signal) {
    assert_eq!(timeout(PATIENCE, listener.recv()).await.expect("no delivery"), Some(()));
}

/// No delivery comes.
async fn quiet(listener: &mut Signal) {
    assert!(timeout(A_MOMENT, listener.recv()).await.is_err(), "a delivery without a raise");
}

alone! {
    fn ctrl_c_resolves_on_the_interrupt_key() {
        run(async {
            let mut waiting = pin!(ctrl_c());
            assert!(timeout(A_MOMENT, waiting.as_mut()).await.is_err(), "resolved without a signal");
            // From a process of its own, as a terminal would.
            let kill = Command::new("kill").args(["-INT", &std::process::id().to_string()]).status().unwrap();
            assert!(kill.success());
            timeout(PATIENCE, waiting).await.expect("no delivery").unwrap();
            // The default action is off for ever: this one finds nobody, and does not kill.
            raise(libc::SIGINT);
            assert!(timeout(A_MOMENT, ctrl_c()).await.is_err(), "raised before the first poll");
        });
    }
}

alone! {
    fn terminate_is_delivered_and_does_not_kill() {
        run(async {
            let mut listener = signal(SignalKind::terminate()).unwrap();
            let mut other = signal(SignalKind::hangup()).unwrap();
            send(libc::SIGTERM);
            delivered(&mut listener).await;
            quiet(&mut other).await;
            send(libc::SIGHUP);
            delivered(&mut other).await;
            quiet(&mut listener).await;
        });
    }
}

alone! {
    fn a_raise_before_creation_is_not_seen_and_one_after_is() {
        run(async {
            let first = signal(SignalKind::user_defined1()).unwrap();
            raise(libc::SIGUSR1);
            let mut second = signal(SignalKind::user_defined1()).unwrap();
            quiet(&mut second).await;
            drop(first);
            // Created, not yet polled, and the raise comes before the first poll.
            let mut third = signal(SignalKind::user_defined1()).unwrap();
            raise(libc::SIGUSR1);
            delivered(&mut third).await;
            quiet(&mut third).await;
            delivered(&mut second).await;
            quiet(&mut second).await;
        });
    }
}

alone! {
    fn two_listeners_both_get_each_of_a_hundred_raises() {
        run(async {
            let mut one = signal(SignalKind::user_defined1()).unwrap();
            let mut other = signal(SignalKind::user_defined1()).unwrap();
            for round in 0..100 {
                // Each waits before the raise, in a task of its own, or looks after it: in turn.
                if round % 2 == 0 {
                    let first = bespoke::spawn(async move {
                        delivered(&mut one).await;
                        one
                    });
                    let second = bespoke::spawn(async move {
                        delivered(&mut other).await;
                        other
                    });
                    bespoke::task::yield_now().await;
                    raise(libc::SIGUSR1);
                    one = first.await.unwrap();
                    other = second.await.unwrap();
                } else {
                    raise(libc::SIGUSR1);
                    delivered(&mut one).await;
                    delivered(&mut other).await;
                }
            }
            quiet(&mut one).await;
            quiet(&mut other).await;
            // Many at once are one delivery, or few, and none is left over.
            (0..1000).for_each(|_| raise(libc::SIGUSR1));
            for listener in [&mut one, &mut other] {
                delivered(listener).await;
                quiet(listener).await;
            }
        });
    }
}

alone! {
    fn runtimes_on_other_threads_each_see_every_raise() {
        const ROUNDS: usize = 200;
        // How far each has come: 1 when it listens, one more with each delivery.
        let steps = [AtomicUsize::new(0), AtomicUsize::new(0)];
        thread::scope(|scope| {
            for step in &steps {
                scope.spawn(|| {
                    run(async {
                        let mut listener = signal(SignalKind::user_defined2()).unwrap();
                        step.store(1, Ordering::SeqCst);
                        for round in 0..ROUNDS {
                            delivered(&mut listener).await;
                            step.store(round + 2, Ordering::SeqCst);
                        }
                    });
                });
            }
            for round in 0..ROUNDS {
                let start = Instant::now();
                while steps.iter().any(|step| step.load(Ordering::SeqCst) <= round) {
                    assert!(start.elapsed() < PATIENCE, "round {round}: {steps:?}");
                    thread::yield_now();
                }
                send(libc::SIGUSR2);
            }
        });
    }
}

alone! {
    fn a_delivery_follows_the_last_raise() {
        storm_of(libc::SIGUSR1);
    }
}

alone! {
    fn a_delivery_follows_the_last_end_of_a_child() {
        storm_of(libc::SIGCHLD);
    }
}

/// RELIABILITY A20: ten thousand raises a second, and each last one of a burst is delivered.
fn storm_of(number: i32) {
    let deep = std::env::var_os("BESPOKE_DEEP").is_some_and(|deep| deep == "1");
    let time = Duration::from_millis(if deep { 30_000 } else { 300 });
    /// Raises a second.
    const RATE: u32 = 10_000;
    /// Raises until the raising thread stops to ask whether the last one was delivered.
    const BURST: usize = 50;
    let (raised, told) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (started, done) = (Arc::new(std::sync::Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let raiser = thread::spawn({
        let (raised, told, started, done) = (raised.clone(), told.clone(), started.clone(), done.clone());
        move || {
            started.wait();
            let (start, mut waited) = (Instant::now(), Duration::ZERO);
            let mut sent = 0;
            while start.elapsed() < time {
                for _ in 0..BURST {
                    sent += 1;
                    // What a delivery after this raise will find.
                    raised.store(sent, Ordering::SeqCst);
                    send(number);
                    while start.elapsed().saturating_sub(waited)
                        < Duration::from_secs(1) / RATE * u32::try_from(sent).unwrap()
                    {
                        core::hint::spin_loop();
                    }
                }
                let stopped = Instant::now();
                while told.load(Ordering::SeqCst) < sent {
                    assert!(stopped.elapsed() < PATIENCE, "raise {sent} was never delivered");
                    thread::yield_now();
                }
                waited += stopped.elapsed();
            }
            done.store(1, Ordering::SeqCst);
            send(number);
            sent
        }
    });
    let deliveries = run(async {
        let mut listener = signal(number.into()).unwrap();
        started.wait();
        let mut deliveries = 0;
        while done.load(Ordering::SeqCst) == 0 {
            delivered(&mut listener).await;
            told.store(raised.load(Ordering::SeqCst), Ordering::SeqCst);
            deliveries += 1;
        }
        deliveries
    });
    let sent = raiser.join().unwrap();
    println!("{sent} raises, {deliveries} deliveries, {} last ones", sent / BURST);
    assert!(sent >= BURST && deliveries >= sent / BURST && deliveries <= sent + 1, "{sent} {deliveries}");
}

/// Counts wake-ups.
struct Wakes(AtomicUsize, Waker);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.wake_by_ref();
    }
}

alone! {
    fn the_descriptor_that_stays_readable_does_not_spin() {
        run(async {
            let mut listener = signal(SignalKind::user_defined1()).unwrap();
            raise(libc::SIGUSR1);
            delivered(&mut listener).await;
            let mut wakes = None;
            let mut waiting: Pin<Box<dyn Future<Output = Option<()>>>> = Box::pin(listener.recv());
            let counted = core::future::poll_fn(|cx: &mut Context<'_>| -> Poll<Option<()>> {
                let wakes = wakes.get_or_insert_with(|| Arc::new(Wakes(AtomicUsize::new(0), cx.waker().clone())));
                waiting.as_mut().poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
            });
            assert!(timeout(10 * A_MOMENT, counted).await.is_err());
            let wakes = wakes.unwrap().0.load(Ordering::Relaxed);
            assert!(wakes <= 2, "{wakes} wake-ups for nothing new");
        });
    }
}

alone! {
    fn a_dropped_recv_loses_nothing() {
        run(async {
            let mut listener = signal(SignalKind::user_defined1()).unwrap();
            for _ in 0..100 {
                assert!(timeout(Duration::ZERO, listener.recv()).await.is_err());
                raise(libc::SIGUSR1);
                // Woken or not: dropped before it is polled again.
                delivered(&mut listener).await;
            }
            quiet(&mut listener).await;
        });
    }
}

alone! {
    fn the_runtime_is_dropped_while_a_task_waits() {
        let before = {
            // What the process opens once: the descriptor of all signals.
            run(async { drop(signal(SignalKind::user_defined1()).unwrap()) });
            open_descriptors()
        };
        let runtime = Runtime::<Preset>::new().unwrap();
        let mut left = runtime.block_on(async {
            let mut inner = signal(SignalKind::user_defined1()).unwrap();
            let waits = bespoke::spawn(async move { inner.recv().await });
            bespoke::task::yield_now().await;
            assert!(!waits.is_finished());
            signal(SignalKind::user_defined1()).unwrap()
        });
        drop(runtime);
        raise(libc::SIGUSR1);
        run(async {
            // The raise was after its creation; after that, nothing can come.
            assert_eq!(left.recv().await, Some(()));
            assert_eq!(left.recv().await, None);
            let mut listener = signal(SignalKind::user_defined1()).unwrap();
            raise(libc::SIGUSR1);
            delivered(&mut listener).await;
        });
        drop(left);
        assert_eq!(open_descriptors(), before);
    }
}

alone! {
    fn a_thousand_listeners_leave_no_descriptor() {
        run(async {
            let mut stays = signal(SignalKind::user_defined1()).unwrap();
            // The first sleep may cost the driver a timer, which it keeps.
            quiet(&mut stays).await;
            let before = open_descriptors();
            for _ in 0..1000 {
                // The same number each time, for the same open file: it must have left the poll.
                let mut comes_and_goes = signal(SignalKind::user_defined1()).unwrap();
                raise(libc::SIGUSR1);
                delivered(&mut comes_and_goes).await;
                delivered(&mut stays).await;
            }
            assert_eq!(open_descriptors(), before);
            // A hundred at once, half of them dropped elsewhere.
            let (here, there): (Vec<_>, Vec<_>) = (0..100)
                .map(|_| signal(SignalKind::user_defined1()).unwrap())
                .enumerate()
                .partition(|(n, _)| n % 2 == 0);
            thread::spawn(move || drop(there)).join().unwrap();
            raise(libc::SIGUSR1);
            for (_, mut listener) in here {
                delivered(&mut listener).await;
            }
            // A turn, in which what was dropped elsewhere comes home.
            quiet_after(&mut stays).await;
            assert_eq!(open_descriptors(), before);
        });
    }
}

/// Takes the delivery that is there, and waits for a moment.
async fn quiet_after(listener: &mut Signal) {
    delivered(listener).await;
    quiet(listener).await;
}

alone! {
    fn what_cannot_be_caught_is_refused_and_named() {
        run(async {
            drop(signal(SignalKind::child()).unwrap());
            let before = open_descriptors();
            let (unknown, never, fault) = (SignalRefused::Unknown, SignalRefused::Uncatchable, SignalRefused::Fault);
            for (number, why) in [
                (0, unknown as fn(SignalKind) -> SignalRefused),
                (-1, unknown),
                (1000, unknown),
                (libc::SIGKILL, never),
                (libc::SIGSTOP, never),
                (libc::SIGSEGV, fault),
                (libc::SIGBUS, fault),
                (libc::SIGFPE, fault),
                (libc::SIGILL, fault),
            ] {
                let error = signal(number.into()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                let refused = error.get_ref().unwrap().downcast_ref();
                assert_eq!(refused, Some(&why(SignalKind::from_raw(number))));
                assert!(error.to_string().starts_with(&format!("cannot listen for signal {number}: ")), "{error}");
            }
            assert_eq!(open_descriptors(), before);
        });
    }
}

/// What is done when `number` arrives. The default, or nothing: a shell without job control starts what runs in its background
/// with the key ignored.
fn action_of(number: i32) -> libc::sighandler_t {
    let mut action = core::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: asks only; the place is one for an answer.
    assert_eq!(unsafe { libc::sigaction(number, core::ptr::null(), action.as_mut_ptr()) }, 0);
    // SAFETY: filled in by the call.
    unsafe { action.assume_init() }.sa_sigaction
}

fn panic_of(f: impl FnOnce()) -> String {
    *std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).unwrap_err().downcast().unwrap()
}

alone! {
    fn without_a_runtime_the_line_of_the_call_is_named_and_the_signal_stays_what_it_was() {
        let before = action_of(libc::SIGINT);
        // Made here, polled below: the line is that of the call.
        let (line, mut key) = (line!(), pin!(ctrl_c()));
        let mut cx = Context::from_waker(Waker::noop());
        let said = panic_of(|| assert!(key.as_mut().poll(&mut cx).is_pending()));
        let asks = format!("no runtime on this thread: {}:{line} asks for `Default`; ", file!());
        assert!(said.starts_with(&asks), "{said}");

        let (line, make) = (line!(), || drop(signal(SignalKind::interrupt())));
        let said = panic_of(make);
        let asks = format!("no runtime on this thread: {}:{line} asks for `Default`; ", file!());
        assert!(said.starts_with(&asks), "{said}");

        assert_eq!(action_of(libc::SIGINT), before, "the key does what it did");
        run(async { drop(signal(SignalKind::interrupt()).unwrap()) });
        assert_ne!(action_of(libc::SIGINT), before, "this test looks at the right thing");
    }
}

alone! {
    fn a_signal_prints_what_the_tasks_are_doing() {
        let (told, stderr) = std::io::pipe().unwrap();
        // SAFETY: two open descriptors of this process.
        assert_eq!(unsafe { libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&stderr), 2) }, 2);
        let lines = move || BufReader::new(told).lines().map(|line| line.unwrap()).collect::<Vec<_>>();
        let told = run(async {
            bespoke::spawn(dump_on(SignalKind::user_defined1()).unwrap());
            Preset::spawn_named("waits", waits());
            bespoke::yield_now().await;
            let told = bespoke::spawn_blocking(lines);
            let mut heard = signal(SignalKind::user_defined1()).unwrap();
            for _ in 0..2 {
                raise(libc::SIGUSR1);
                // Let it be printed: what comes before is one delivery. The task that prints is told when this one is.
                delivered(&mut heard).await;
                bespoke::time::sleep(A_MOMENT).await;
            }
            drop(stderr);
            // SAFETY: closes the last descriptor of the pipe's end, so that its reader ends whatever came.
            assert_eq!(unsafe { libc::close(2) }, 0);
            timeout(PATIENCE, told).await.expect("nobody wrote").unwrap()
        });
        assert_eq!(told[0], "runtime `Default`: 2 tasks", "{told:#?}");
        let named = told.iter().position(|line| line.contains(" `waits` waits, spawned at ")).unwrap();
        assert!(told[named + 1].contains("in signals::waits, ") && told[named + 1].ends_with(": pending::<()>().await"));
        assert_eq!(told[named + 2], "    at Pending<()>");
        // The task that prints is running.
        assert!(told.iter().any(|line| line.ends_with(" is running")), "{told:#?}");
        assert_eq!(told.iter().filter(|line| line.starts_with("runtime")).count(), 2, "{told:#?}");
    }
}

#[bespoke::async_fn]
async fn waits() {
    pending::<()>().await;
}
