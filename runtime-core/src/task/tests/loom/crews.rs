//! Workers that take tasks from each other, by hand: the model does on its own threads what the loops of the workers would do, a
//! turn at most, and closes them. So no thread starts, sleeps or ends inside the runtime, and two preemptions are few enough to
//! be tried everywhere. Whole runtimes are in `stealing`, who sleeps is in `task/steal/tests`.

use super::stealing::{Alone, Two, TwoTimed, holder};
use super::*;
use crate::config::{LiveQueueOf, QueueOf, SharingOf};
use crate::instant::Instant;
use crate::roles::{Nanos, Scheduler};
use crate::sharing::SeatWord;
use crate::task::current::Entered;
use crate::task::home::Home;
use crate::task::run;
use crate::task::steal::{Found, Seat, Seated};
use crate::time::Sleep;
use crate::worker::{Common, Worker, close, spawn};
use ::loom::thread;
use core::ptr::NonNull;
use core::time::Duration;
use std::boxed::Box;
use std::vec::Vec;

/// One of the workers, and the right to be its owner.
struct Hand<C: Config>(NonNull<Worker<C>>);

// SAFETY: a worker may change its owner while nobody is inside.
unsafe impl<C: Config> Send for Hand<C> {}

/// The reference that a runtime would have.
struct Team<C: Config>(NonNull<Worker<C>>);

fn crew<C: Config, const WORKERS: usize>() -> (Team<C>, [Hand<C>; WORKERS]) {
    assert_eq!(<C::Scheduler as Scheduler>::WORKERS, WORKERS);
    let common = Common::<C>::start();
    let workers: Vec<_> = (0..WORKERS).map(|index| Worker::start(common.clone(), index).unwrap()).collect();
    // SAFETY: new, and known to this thread alone.
    unsafe { common.cores.form(&workers, None, |_, _| unreachable!("the model has the threads")) };
    // SAFETY: as above.
    unsafe { workers[0].as_ref() }.home.acquire();
    (Team(workers[0]), core::array::from_fn(|index| Hand(workers[index])))
}

impl<C: Config> Team<C> {
    /// All have closed; `tasks` are over, with their futures dropped, and nothing is left but what this and the handles hold.
    fn ends<T>(self, tasks: Vec<JoinHandle<T>>, dropped: &AtomicUsize) {
        assert_eq!(dropped.load(SeqCst), tasks.len(), "futures are dropped when the last worker has closed");
        assert!(tasks.iter().all(JoinHandle::is_finished));
        drop(tasks);
        // SAFETY: the reference of `crew`.
        unsafe { Home::release(Worker::home_of(self.0)) };
        counts::assert_all_freed(<C::Scheduler as Scheduler>::WORKERS);
    }
}

impl<C: Config> Hand<C> {
    /// A spawn by a thread that runs no worker: through the queue of all.
    fn spawn<F: Future<Output: Send> + Send + 'static>(at: NonNull<Worker<C>>, future: F) -> JoinHandle<F::Output> {
        // SAFETY: the model holds the team.
        unsafe { spawn::spawn_foreign(at, future, ()) }.ok().unwrap()
    }

    /// A spawn by a task of this worker.
    fn spawn_here<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        // SAFETY: this thread is inside.
        self.inside(|_, _| unsafe { spawn::try_spawn_with(self.0, future, ()) }).ok().unwrap()
    }

    fn inside<R>(&self, f: impl FnOnce(&Home<SharingOf<C>>, &Seat<LiveQueueOf<C>>) -> R) -> R {
        let _context = Entered::new(self.0.as_ptr().cast_const().cast());
        // SAFETY: the owner.
        let home = unsafe { &self.0.as_ref().home };
        // SAFETY: this thread runs the worker until the end of this.
        let _seated = unsafe { Seated::<LiveQueueOf<C>>::new(home.seat.get()) };
        // SAFETY: the crew lives as long as the team.
        f(home, unsafe { &*home.seat.get().cast::<Seat<LiveQueueOf<C>>>() })
    }

    /// Runs one task, its own or another's, if there is one.
    fn turn(&self) {
        self.inside(|home, seat| {
            // SAFETY: this thread runs the worker, between polls.
            let found = unsafe { seat.next(false) }.or_else(|| match unsafe { seat.search::<false>() } {
                Found::Nothing(_) => {
                    // SAFETY: as above.
                    unsafe { seat.rises(false) };
                    None
                }
                found => Some(found),
            });
            if let Some(Found::Task(task)) = found {
                seat.polls();
                // SAFETY: the owner; found here, with its pin.
                unsafe { run::run::<_, QueueOf<C>>(task.cast(), home) };
            }
        });
    }

    /// Takes in what came, and wakes whose deadline has come.
    fn takes_in(&self) {
        // SAFETY: the owner, between polls.
        self.inside(|_, _| unsafe { Worker::take_in(self.0) });
    }

    /// How many sleeps have a timer here.
    fn timers(&self) -> usize {
        // SAFETY: the owner's worker is alive.
        let worker = unsafe { self.0.as_ref() };
        // SAFETY: the owner; nothing of the user's runs.
        unsafe { worker.with_wheel(|wheel| wheel.len()) }
    }

    fn close(self) {
        // SAFETY: the owner, outside; the worker is not used again but by name.
        unsafe { close::close(self.0, Nanos(0)) };
    }
}

/// A task that wakes itself whenever it is polled.
fn restless(count: &std::sync::Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + 'static {
    let value = Tracked::new(count);
    poll_fn(move |cx| {
        value.cell.with(|_| ());
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// A task that leaves its waker on the shelf whenever it is polled.
fn waits(count: &std::sync::Arc<AtomicUsize>, shelf: &Shelf) -> impl Future<Output = ()> + Send + 'static {
    let (value, show) = (Tracked::new(count), shelf.clone());
    poll_fn(move |cx| {
        value.cell.with(|_| ());
        show.put([cx.waker().clone()]);
        Poll::Pending
    })
}

/// A task lies in the queue of all, while one worker closes its home and the other one takes it.
#[test]
fn take_vs_close() {
    model("crews::take_vs_close", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let count = drops();
        let task = Hand::spawn(home.0, holder(&count));
        let other = thread::spawn(move || {
            other.turn();
            other.close();
        });
        home.close();
        other.join().unwrap();
        team.ends(std::vec![task], &count);
    });
}

/// Tasks lie in the queue of their home, which closes, while another worker steals there.
#[test]
fn steal_vs_close() {
    model("crews::steal_vs_close", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let count = drops();
        let tasks = std::vec![home.spawn_here(holder(&count)), home.spawn_here(holder(&count))];
        let other = thread::spawn(move || {
            other.turn();
            other.close();
        });
        home.close();
        other.join().unwrap();
        team.ends(tasks, &count);
    });
}

/// The task is queued again on the worker that took it, while its home closes.
#[test]
fn yield_vs_close() {
    model("crews::yield_vs_close", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let count = drops();
        let task = Hand::spawn(home.0, restless(&count));
        let other = thread::spawn(move || {
            other.turn();
            other.close();
        });
        home.close();
        other.join().unwrap();
        team.ends(std::vec![task], &count);
    });
}

/// Another thread spawns on a worker that closes; a worker that is still open could take the task, and leave it parked.
#[test]
fn spawn_vs_close() {
    model("crews::spawn_vs_close", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let count = drops();
        let (at, future) = (Hand(home.0), holder(&count));
        let spawner = thread::spawn(move || {
            let at = at;
            Hand::spawn(at.0, future)
        });
        home.close();
        other.turn();
        other.close();
        let task = spawner.join().unwrap();
        team.ends(std::vec![task], &count);
    });
}

/// A task that waits is woken while the only worker closes: it lies in the queue of all, is on its way there, or comes too late.
#[test]
fn wake_vs_close() {
    model("crews::wake_vs_close", || {
        let (team, [home]) = crew::<Alone, 1>();
        let (count, shelf) = (drops(), Shelf::new());
        let task = Hand::spawn(home.0, waits(&count, &shelf));
        home.turn();
        let waker = shelf.take();
        let other = thread::spawn(move || waker.into_iter().for_each(Waker::wake));
        home.close();
        other.join().unwrap();
        shelf.clear();
        team.ends(std::vec![task], &count);
    });
}

/// The same, and another worker may run it meanwhile.
#[test]
fn wake_vs_close_of_one() {
    model("crews::wake_vs_close_of_one", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let (count, shelf) = (drops(), Shelf::new());
        let task = Hand::spawn(home.0, waits(&count, &shelf));
        home.turn();
        let waker = shelf.take();
        let waking = thread::spawn(move || waker.into_iter().for_each(Waker::wake));
        home.close();
        other.turn();
        other.close();
        waking.join().unwrap();
        shelf.clear();
        team.ends(std::vec![task], &count);
    });
}

/// A task is aborted while a worker takes it that is not its home.
#[test]
fn abort_vs_take() {
    model("crews::abort_vs_take", || {
        let (team, [home, other]) = crew::<Two, 2>();
        let count = drops();
        let task = Hand::spawn(home.0, holder(&count));
        let taker = thread::spawn(move || {
            other.turn();
            other
        });
        task.abort();
        let other = taker.join().unwrap();
        other.turn();
        assert!(task.is_finished(), "whoever is asked to cancel it has queued it");
        assert_eq!(count.load(SeqCst), 1);
        other.close();
        home.close();
        team.ends(std::vec![task], &count);
    });
}

const HOUR: Duration = Duration::from_secs(3600);

impl Hand<TwoTimed> {
    /// An hour goes by, for all.
    fn an_hour_later(&self) {
        // SAFETY: the model holds the team.
        unsafe { self.0.as_ref() }.common.clock.advance(HOUR);
    }
}

/// A task that sleeps for an hour, and when it is woken before that is over, for two. It leaves its waker on the shelf once.
fn resets(count: &std::sync::Arc<AtomicUsize>, shelf: &Shelf) -> impl Future<Output = ()> + Send + 'static {
    let (value, show) = (Tracked::new(count), shelf.clone());
    let mut sleep = Box::pin(Sleep::<TwoTimed>::until(Instant::ZERO + HOUR));
    let mut polls = 0;
    poll_fn(move |cx| {
        value.cell.with(|_| ());
        polls += 1;
        match polls {
            1 => show.put([cx.waker().clone()]),
            2 => sleep.as_mut().reset(Instant::ZERO + 2 * HOUR),
            _ => {}
        }
        sleep.as_mut().poll(cx)
    })
}

/// A task with a sleep is woken, and whoever takes it moves the deadline, while the wheel of its home fires the timer.
#[test]
fn timer_fire_vs_reset() {
    model("crews::timer_fire_vs_reset", || {
        let (team, [home, other]) = crew::<TwoTimed, 2>();
        let (count, shelf) = (drops(), Shelf::new());
        let task = Hand::spawn(home.0, resets(&count, &shelf));
        home.turn();
        shelf.take().into_iter().for_each(Waker::wake);
        home.an_hour_later();
        let taker = thread::spawn(move || {
            other.turn();
            other
        });
        home.takes_in();
        home.turn();
        let other = taker.join().unwrap();
        // Whatever the timer woke, and what was told by whom the sleep went to.
        for _ in 0..2 {
            for hand in [&home, &other] {
                hand.takes_in();
                hand.turn();
            }
        }
        assert!(!task.is_finished(), "early: the deadline was moved");
        assert_eq!(home.timers() + other.timers(), 1, "a timer was left behind");
        home.an_hour_later();
        for hand in [&home, &other] {
            hand.takes_in();
            hand.turn();
        }
        assert!(task.is_finished(), "late: the timer was lost");
        home.close();
        other.close();
        team.ends(std::vec![task], &count);
    });
}
