//! What a shutdown meets: when it is over, every future is dropped, once, and every worker and task is freed.

use super::{Late, Modelled, Once, start};
use crate::config::Config;
use crate::loom::Plant;
use crate::roles::Uniform;
use crate::runtime::{Ambient, Handle};
use crate::scheduler::WorkStealing;
use crate::task::JoinHandle;
use crate::testing::schedules::{KILLED, STUCK, model};
use crate::worker::counts;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use shuttle::sync::Mutex;
use shuttle::thread;
use std::boxed::Box;
use std::vec::Vec;

configs! {
    Three: WorkStealing<3, Once>, Modelled, Uniform, false;
    Four: WorkStealing<4, Once>, Modelled, Uniform, false;
    FourLate: WorkStealing<4, Late>, Modelled, Uniform, false;
}

/// What the tasks of a schedule show. Leaked: a task that is polled although it is gone finds it still there.
#[derive(Default)]
struct Board {
    dropped: AtomicUsize,
    /// Polls of futures that were dropped.
    late: AtomicUsize,
    /// Wakers that tasks leave for a thread outside.
    shelf: Mutex<Vec<Waker>>,
}

impl Board {
    fn new() -> &'static Board {
        Box::leak(Box::default())
    }
    fn take(&self) -> Vec<Waker> {
        core::mem::take(&mut *self.shelf.lock().unwrap())
    }
    /// So many futures were dropped, and none was polled after it.
    #[track_caller]
    fn assert_dropped(&self, futures: usize) {
        assert_eq!(self.late.load(SeqCst), 0, "a future was polled that was dropped");
        assert_eq!(self.dropped.load(SeqCst), futures, "each future is dropped once");
    }
}

/// Waits for ever, and leaves a waker in each of its polls.
struct Waits {
    board: &'static Board,
    gone: &'static AtomicBool,
}

impl Waits {
    fn new(board: &'static Board) -> Self {
        Waits { board, gone: Box::leak(Box::default()) }
    }
}

impl Future for Waits {
    type Output = ();
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let gone = || {
            self.board.late.fetch_add(usize::from(self.gone.load(SeqCst)), SeqCst);
        };
        gone();
        self.board.shelf.lock().unwrap().push(cx.waker().clone());
        gone();
        Poll::Pending
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.gone.store(true, SeqCst);
        self.board.dropped.fetch_add(1, SeqCst);
    }
}

/// A thread that wakes whoever waits, a few times.
fn wakes(board: &'static Board) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for _ in 0..3 {
            board.take().into_iter().for_each(Waker::wake);
        }
    })
}

/// A thread that spawns two.
fn spawns<C: Config>(
    handle: Handle<C>,
    board: &'static Board,
    spawn: fn(&Handle<C>, Waits) -> JoinHandle<()>,
) -> thread::JoinHandle<Vec<JoinHandle<()>>> {
    thread::spawn(move || (0..2).map(|_| spawn(&handle, Waits::new(board))).collect())
}

/// Tasks that wait and are woken, that are always ready, that spawn others, and that come from outside.
macro_rules! everything {
    ($config:ident, $workers:literal) => {
        || {
            let runtime = start::<$config>();
            let board = Board::new();
            let mut tasks: Vec<_> = (0..2).map(|_| runtime.spawn(Waits::new(board))).collect();
            let held = Waits::new(board);
            tasks.push(runtime.spawn(async move {
                let _held = held;
                loop {
                    // A schedule that prefers this thread lets others go on.
                    thread::yield_now();
                    $config::yield_now().await;
                }
            }));
            let (inner, outer) = (Waits::new(board), Waits::new(board));
            tasks.push(runtime.spawn(async move {
                let _outer = outer;
                drop($config::spawn(inner));
            }));
            let wakes = wakes(board);
            let spawns = spawns(runtime.handle(), board, |handle, value| {
                handle.spawn(async move {
                    let _value = value;
                    $config::yield_now().await;
                })
            });
            drop(runtime);
            // The last two may come after it.
            assert!(board.dropped.load(SeqCst) >= 5, "a future outlives its runtime");
            assert!(tasks.iter().all(JoinHandle::is_finished));
            tasks.extend(spawns.join().unwrap());
            assert!(tasks.iter().all(JoinHandle::is_finished));
            wakes.join().unwrap();
            board.assert_dropped(7);
            drop((tasks, board.take()));
            counts::assert_all_freed($workers);
        }
    };
}

#[test]
fn a_shutdown_of_three_meets_everything() {
    let twins: &[(Plant, &[&str])] = &[
        (Plant::PoppedWhileSeized, &["panicked", KILLED]),
        (Plant::InjectorStaysOpen, &["leaked"]),
        (Plant::StopUnheard, &[STUCK]),
        (Plant::StopSleptOver, &[STUCK]),
        (Plant::LeavesUnheard, &[STUCK]),
    ];
    model(test!("closes::a_shutdown_of_three_meets_everything"), everything!(Three, 3), twins);
}

#[test]
fn a_shutdown_of_four_meets_everything() {
    let twins: &[(Plant, &[&str])] = &[(Plant::InjectorStaysOpen, &["leaked"])];
    model(test!("closes::a_shutdown_of_four_meets_everything"), everything!(Four, 4), twins);
}

#[test]
fn a_shutdown_of_threads_on_demand_meets_everything() {
    let twins: &[(Plant, &[&str])] = &[(Plant::LeavesUnheard, &[STUCK])];
    model(test!("closes::a_shutdown_of_threads_on_demand_meets_everything"), everything!(FourLate, 4), twins);
}

/// Aborts, and drops of handles, while the runtime closes.
#[test]
fn a_shutdown_meets_aborts() {
    model(
        test!("closes::a_shutdown_meets_aborts"),
        || {
            let runtime = start::<Three>();
            let board = Board::new();
            let tasks: Vec<_> = (0..3).map(|_| runtime.spawn(Waits::new(board))).collect();
            let outside = thread::spawn(move || {
                for task in tasks {
                    task.abort();
                    drop(task);
                }
            });
            let wakes = wakes(board);
            drop(runtime);
            assert_eq!(board.dropped.load(SeqCst), 3, "a future outlives its runtime");
            outside.join().unwrap();
            wakes.join().unwrap();
            board.assert_dropped(3);
            drop(board.take());
            counts::assert_all_freed(3);
        },
        &[(Plant::PoppedWhileSeized, &["panicked", KILLED])],
    );
}

/// A thread is away from its worker, in a closure that waits for a task which a stand-in runs, or the close drops.
#[test]
fn a_shutdown_meets_threads_that_are_away() {
    model(
        test!("closes::a_shutdown_meets_threads_that_are_away"),
        || {
            let runtime = start::<Three>();
            let tasks: Vec<_> = (0..2)
                .map(|_| {
                    runtime.spawn(async move {
                        let (sender, receiver) = crate::channel::oneshot::channel::<()>();
                        drop(Three::spawn(async move {
                            let _sender = sender;
                            core::future::pending::<()>().await;
                        }));
                        // Told by the end of the other one.
                        let _ = Three::block_in_place(|| receiver.blocking_recv());
                    })
                })
                .collect();
            thread::yield_now();
            drop(runtime);
            assert!(tasks.iter().all(JoinHandle::is_finished));
            drop(tasks);
            counts::assert_all_freed(3);
        },
        &[(Plant::ClosedWhileAway, &["panicked"])],
    );
}
