//! The local path: spawn, wake, poll, complete, join, and what else a task does without leaving its thread.

use bespoke::driver::Mio;
use bespoke::memory::Pooled;
use bespoke::rt::Lease;
use bespoke::scheduler::SingleThread;
use bespoke::task::{JoinHandle, yield_now};
use bespoke::{Config, Runtime, preset};
use core::cell::RefCell;
use core::future::{Future, pending, poll_fn};
use core::net::{Ipv4Addr, SocketAddr};
use core::pin::pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io;
use std::rc::Rc;

#[path = "tools.rs"]
mod tools;

pub(crate) struct Walk;

#[bespoke::config(base = preset::Default, module = walk)]
impl Config for Walk {
    type Scheduler = SingleThread;
    type Driver = Mio;
    type Memory = Pooled;
}

/// Leases of a byte each, which the loop gives back. Reading them asks the system, so it is not part of the path.
pub(crate) fn leases(runtime: &Runtime<Walk>, count: usize) -> io::Result<Vec<Lease<Walk>>> {
    runtime.block_on(async {
        // Not a name: looking one up would bring the blocking pool into the program.
        let listener = walk::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let mut stream = walk::net::TcpStream::connect(listener.local_addr()?).await?;
        let (mut peer, _) = listener.accept().await?;
        let mut leases = Vec::with_capacity(count);
        for _ in 0..count {
            peer.write_all("x").await.0?;
            leases.push(stream.read_lease().await?);
        }
        Ok(leases)
    })
}

/// Every step of the local path, `rounds` times. Returns how many steps ended as they should: twelve a round.
#[inline(never)]
#[unsafe(no_mangle)]
pub(crate) fn bespoke_marked_local_loop(
    runtime: &Runtime<Walk>,
    rounds: usize,
    leases: &mut Vec<Lease<Walk>>,
) -> usize {
    runtime.block_on(async move {
        let mut done = 0;
        for round in 0..rounds {
            done += spawn_and_join(round).await;
            done += wake_each_other().await;
            done += detach().await;
            done += abort().await;
            done += cancel_a_sleep().await;
            done += tools::all(round).await;
            // Its buffer goes home.
            done += leases.pop().map_or(0, |lease| lease.len());
            yield_now().await;
            done += 1;
        }
        done
    })
}

async fn spawn_and_join(round: usize) -> usize {
    // Not `Send`, and with something to drop.
    let output = walk::spawn(async move { Rc::new(round) }).await;
    usize::from(output.is_ok_and(|value| *value == round))
}

/// Where one task leaves its waker for another.
#[derive(Default)]
struct Seat {
    waker: Option<Waker>,
    woken: usize,
}

/// Two tasks: one waits, the other clones, wakes by reference, drops, and wakes by value.
async fn wake_each_other() -> usize {
    let seat = Rc::new(RefCell::new(Seat::default()));
    let sleeper: JoinHandle<usize> = walk::spawn(wait_twice(seat.clone()));
    let waiter = walk::spawn(async move {
        for by_value in [false, true] {
            yield_now().await;
            let Some(waker) = seat.borrow_mut().waker.take() else { return false };
            let spare = waker.clone();
            seat.borrow_mut().woken += 1;
            if by_value {
                drop(spare);
                waker.wake();
            } else {
                spare.wake_by_ref();
            }
        }
        true
    });
    let all_woken = matches!(waiter.await, Ok(true));
    usize::from(matches!(sleeper.await, Ok(2)) && all_woken)
}

async fn wait_twice(seat: Rc<RefCell<Seat>>) -> usize {
    for wanted in 1..=2 {
        poll_fn(|cx| {
            let mut seat = seat.borrow_mut();
            if seat.woken == wanted {
                return Poll::Ready(());
            }
            seat.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
    seat.borrow().woken
}

/// A task that outlives its handle.
async fn detach() -> usize {
    let ran = Rc::new(RefCell::new(0));
    let inside = ran.clone();
    drop(walk::spawn(async move {
        yield_now().await;
        *inside.borrow_mut() += 1;
        inside
    }));
    yield_now().await;
    yield_now().await;
    *ran.borrow()
}

/// A task that is ended from outside, by the copy of an abort handle.
async fn abort() -> usize {
    let task = walk::spawn(pending::<Rc<()>>());
    yield_now().await;
    let end = task.abort_handle();
    end.clone().abort();
    let ended = task.await.is_err_and(|error| error.is_cancelled());
    usize::from(ended && end.is_finished())
}

/// A sleep that starts its timer, and is dropped long before the deadline.
async fn cancel_a_sleep() -> usize {
    let mut sleep = pin!(walk::time::sleep(Duration::from_secs(3600)));
    poll_fn(|cx| Poll::Ready(usize::from(sleep.as_mut().poll(cx).is_pending()))).await
}
