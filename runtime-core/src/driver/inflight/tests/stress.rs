//! Rings on threads of their own, operations that move between them at random and are dropped at random.
//!
//! Each thread owns a ring and plays its system: a token that was submitted, or whose cancel was asked for, completes at
//! some later turn. A task is an operation with a buffer; it is polled only when it was woken, wherever it is then, so a lost
//! wake hangs the test. Not tested: memory orderings that the machine does not show (the models do).

use super::super::*;
use crate::sharing::{Local, Shared};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

const OPS: usize = if cfg!(miri) { 300 } else { 100_000 };
const RINGS: usize = 2;
const CANARY: u64 = 0xC0FF_EE00_DEAD_BEEF;

/// What the system writes to; tells when it is dropped twice, or never.
struct Buffer {
    canary: u64,
    world: Arc<World>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        assert_eq!(core::mem::replace(&mut self.canary, 0), CANARY, "dropped twice, or overwritten");
        self.world.buffers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An operation and its future.
struct Task<S: Sharing> {
    ticket: Ticket<S>,
    buffer: Buffer,
    expected: i32,
}

/// Where a woken task is put: the inbox of some ring. Each poll makes a new one.
struct Parked<S: Sharing> {
    /// The task, or that it was woken before it was put here.
    task: Mutex<(Option<Task<S>>, bool)>,
    to: usize,
    world: Arc<World>,
    inboxes: Arc<Vec<Inbox<S>>>,
}

impl<S: Sharing> Parked<S> {
    fn put(&self, task: Task<S>) {
        let mut place = self.task.lock().unwrap();
        if place.1 {
            drop(place);
            return self.inboxes[self.to].push(task);
        }
        place.0 = Some(task);
    }
}

impl<S: Sharing> Wake for Parked<S> {
    fn wake(self: Arc<Self>) {
        let mut place = self.task.lock().unwrap();
        place.1 = true;
        let task = place.0.take();
        drop(place);
        if let Some(task) = task {
            self.inboxes[self.to].push(task);
        }
    }
}

impl<S: Sharing> Drop for Parked<S> {
    fn drop(&mut self) {
        assert!(self.task.get_mut().unwrap().0.is_none(), "the waker of a waiting task was dropped");
        self.world.wakers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tasks for one ring, and what ends its park.
struct Inbox<S: Sharing> {
    tasks: Mutex<(VecDeque<Task<S>>, bool)>,
    bell: Condvar,
}

impl<S: Sharing> Inbox<S> {
    fn push(&self, task: Task<S>) {
        self.tasks.lock().unwrap().0.push_back(task);
        self.bell.notify_one();
    }
    fn nudge(&self) {
        self.tasks.lock().unwrap().1 = true;
        self.bell.notify_one();
    }
    fn pop(&self) -> Option<Task<S>> {
        self.tasks.lock().unwrap().0.pop_front()
    }
    fn wait(&self) {
        let mut tasks = self.tasks.lock().unwrap();
        while tasks.0.is_empty() && !tasks.1 {
            tasks = self.bell.wait(tasks).unwrap();
        }
        tasks.1 = false;
    }
}

/// What must come out even.
#[derive(Default)]
struct World {
    buffers: AtomicI64,
    wakers: AtomicI64,
    finished: AtomicUsize,
    late: AtomicUsize,
    parks: AtomicUsize,
    stale_sent: AtomicUsize,
    stop: AtomicBool,
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

/// One ring and its thread.
struct Ring<S: Sharing> {
    me: usize,
    table: Table<S>,
    /// What the system works on, and with which result it will end.
    system: Vec<(Token, i32)>,
    ended: Vec<Token>,
    random: Random,
    world: Arc<World>,
    inboxes: Arc<Vec<Inbox<S>>>,
}

impl<S: Sharing> Ring<S> {
    fn parked(&mut self, to: usize) -> (Arc<Parked<S>>, Waker) {
        self.world.wakers.fetch_add(1, Ordering::Relaxed);
        let parked = Arc::new(Parked {
            task: Mutex::new((None, false)),
            to,
            world: self.world.clone(),
            inboxes: self.inboxes.clone(),
        });
        (parked.clone(), Waker::from(parked))
    }

    /// Where the task is polled next: under `Local` at its owner only.
    fn somewhere(&mut self, owner: usize) -> usize {
        if S::SHARED { self.random.below(RINGS) } else { owner }
    }

    fn submit(&mut self, number: usize) {
        self.world.buffers.fetch_add(1, Ordering::Relaxed);
        let buffer = Buffer { canary: CANARY, world: self.world.clone() };
        let to = self.somewhere(self.me);
        let (parked, waker) = self.parked(to);
        let expected = number as i32;
        match self.table.submit(&waker, number as u64) {
            Submitted::Tell(ticket, token) => {
                self.system.push((token, expected));
                let task = Task { ticket, buffer, expected };
                match self.random.below(4) {
                    0 => parked.put(task),
                    // Dropped, polled or moved before it completes.
                    1 => self.give_up(task),
                    2 => self.poll(task),
                    _ => self.inboxes[self.random.below(RINGS)].push(task),
                }
            }
            Submitted::Full => panic!("full"),
        }
    }

    fn poll(&mut self, mut task: Task<S>) {
        let owner = task.ticket.worker();
        if !S::SHARED && owner != self.me {
            return self.give_up(task);
        }
        let to = self.somewhere(owner);
        let (parked, waker) = self.parked(to);
        match self.table.poll(&mut task.ticket, &waker) {
            Polled::Ready(outcome) => {
                assert_eq!(outcome.result, task.expected, "the result of another operation");
                assert_eq!(task.ticket.note(), task.expected as u64);
                let _ = self.table.release(task.ticket);
                drop(task.buffer);
                self.world.finished.fetch_add(1, Ordering::SeqCst);
            }
            Polled::Pending if self.random.below(5) == 0 => self.give_up(task),
            Polled::Pending => parked.put(task),
        }
    }

    fn give_up(&mut self, task: Task<S>) {
        let expected = task.expected;
        let abandoned = match self.random.below(4) {
            // As a thread does that has no ring.
            0 => task.ticket.abandon(task.buffer),
            _ => self.table.abandon(task.ticket, task.buffer),
        };
        match abandoned {
            Abandoned::Late(late) => {
                assert_eq!((late.outcome.result, late.note), (expected, expected as u64));
                self.world.late.fetch_add(1, Ordering::SeqCst);
            }
            Abandoned::Cancel(token) => self.cancel(token),
            Abandoned::Posted => {}
            Abandoned::Nudge(worker) => self.inboxes[worker].nudge(),
        }
    }

    /// The system may or may not heed it in time.
    fn cancel(&mut self, token: Token) {
        if let Some(at) = self.system.iter().position(|(t, _)| *t == token) {
            let last = self.system.len() - 1;
            self.system.swap(at, last);
        }
    }

    fn late(&self, late: LateResult) {
        assert_eq!(late.outcome.result as u64, late.note);
        assert!(late.keep.downcast::<Buffer>().is_ok());
        self.world.late.fetch_add(1, Ordering::SeqCst);
    }

    fn complete_some(&mut self, n: usize) {
        for _ in 0..n.min(self.system.len()) {
            let at =
                if self.random.below(2) == 0 { self.system.len() - 1 } else { self.random.below(self.system.len()) };
            let (token, result) = self.system.swap_remove(at);
            match self.table.complete(token, Outcome { result, flags: 0 }) {
                Completed::Wake { waker, .. } => waker.wake(),
                Completed::Noticed { .. } => {}
                Completed::Late(late) => self.late(late),
                Completed::Stale => panic!("stale"),
            }
            if self.random.below(8) == 0 {
                self.ended.push(token);
            }
        }
        // The system repeats itself, long after.
        if self.ended.len() > 20 {
            for token in core::mem::take(&mut self.ended) {
                assert!(matches!(self.table.complete(token, Outcome::default()), Completed::Stale));
                self.world.stale_sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn drain(&mut self) {
        let asked: Vec<_> = self.table.drain_foreign().collect();
        for asked in asked {
            match asked {
                Foreign::Cancel(token) => self.cancel(token),
                Foreign::Late(late) => self.late(late),
            }
        }
    }

    fn run(mut self) {
        let mut number = 0;
        loop {
            if number < OPS {
                for _ in 0..self.random.below(8).min(OPS - number) {
                    self.submit(number);
                    number += 1;
                }
            }
            let n = self.random.below(8);
            self.complete_some(n);
            for _ in 0..self.random.below(16) {
                let Some(task) = self.inboxes[self.me].pop() else { break };
                self.poll(task);
            }
            self.drain();
            if number < OPS || !self.system.is_empty() {
                continue;
            }
            // Nothing of its own to do: it sleeps until a task comes, or something is abandoned.
            let ended = |world: &World| {
                world.finished.load(Ordering::SeqCst) + world.late.load(Ordering::SeqCst) == RINGS * OPS
            };
            if ended(&self.world) {
                self.world.stop.store(true, Ordering::SeqCst);
                self.inboxes.iter().for_each(Inbox::nudge);
            }
            if self.world.stop.load(Ordering::SeqCst) {
                break;
            }
            if self.table.park() == Parking::Sleep {
                self.world.parks.fetch_add(1, Ordering::Relaxed);
                self.inboxes[self.me].wait();
            }
        }
        // Every operation has ended, so what is still in flight is on its way home.
        while self.table.in_flight() > 0 {
            self.drain();
            thread::yield_now();
        }
        assert!(self.table.capacity() < 50_000, "slots come home");
    }
}

fn storm<S: Sharing>() {
    let world = Arc::new(World::default());
    let inboxes = (0..RINGS).map(|_| Inbox { tasks: Mutex::new((VecDeque::new(), false)), bell: Condvar::new() });
    let inboxes: Arc<Vec<Inbox<S>>> = Arc::new(inboxes.collect());
    thread::scope(|scope| {
        for me in 0..RINGS {
            let (world, inboxes) = (world.clone(), inboxes.clone());
            scope.spawn(move || {
                let table = Table::new(me, u32::MAX);
                let random = Random(0x9E37_79B9_7F4A_7C15 + me as u64);
                Ring { me, table, system: Vec::new(), ended: Vec::new(), random, world, inboxes }.run();
            });
        }
    });
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    let (finished, late) = (count(&world.finished), count(&world.late));
    assert_eq!(finished + late, RINGS * OPS);
    assert_eq!(world.buffers.load(Ordering::SeqCst), 0, "each buffer is dropped once");
    assert_eq!(world.wakers.load(Ordering::SeqCst), 0, "each waker is woken or dropped");
    assert!(finished > 0 && late > 0);
    std::eprintln!(
        "{}: {finished} finished, {late} late, {} stale, {} parks",
        S::NAME,
        count(&world.stale_sent),
        count(&world.parks)
    );
}

#[test]
fn storm_local() {
    storm::<Local>();
}

#[test]
fn storm_shared() {
    storm::<Shared>();
}
