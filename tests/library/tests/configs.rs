//! One generic library under four configs: a preset, the program's own on one worker and on two, and one from the builder.

use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Builder, Config, Runtime};
use bespoke_test_library::serve::{self, Service};
use bespoke_test_library::{pace, serve::echo};
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// The program's own config.
struct Own;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Own {
    type Memory = bespoke::memory::System;
    const POLL_BUDGET: u32 = 3;
}

/// As the program's own, on two workers: connections are served by tasks of both.
struct TwoWorkers;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for TwoWorkers {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
}

/// With a client that is served, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// With one that says nothing.
const LITTLE_PATIENCE: Duration = Duration::from_millis(50);

struct Counting(AtomicU32);

impl<C: Config<Driver: Net>> Service<C> for Counting {
    async fn call(&self, stream: TcpStream<C>) {
        if echo(stream, PATIENCE).await.is_ok_and(|bytes| bytes > 0) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A client: says something and hears it again.
async fn talk<C: Config<Driver: Net>>(address: core::net::SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::<C>::connect(address).await?;
    stream.set_nodelay(true)?;
    for round in 0..20u8 {
        let said = vec![round; 3000];
        stream.write_all(said.clone()).await.0?;
        let mut heard = vec![0; 3000];
        stream.read_exact(&mut heard).await?;
        assert_eq!(heard, said);
    }
    Ok(())
}

async fn everything<C: Config<Driver: Net>>() -> io::Result<()> {
    let address = serve::start::<C>(PATIENCE).await?;
    let clients: Vec<_> = (0..50).map(|_| C::spawn(talk::<C>(address))).collect();
    for client in clients {
        client.await??;
    }
    // A client that says nothing is let go.
    let mut silent = TcpStream::<C>::connect(serve::start::<C>(LITTLE_PATIENCE).await?).await?;
    assert_eq!(C::timeout(Duration::from_secs(20), silent.read(&mut [0; 8])).await??, 0);

    // A service.
    let counting = Arc::new(Counting(AtomicU32::new(0)));
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    drop(C::spawn(serve::serve_service(listener, counting.clone())));
    for _ in 0..3 {
        talk::<C>(address).await?;
    }
    let counted = || {
        let seen = counting.0.load(Ordering::Relaxed);
        async move { (seen == 3).then_some(()) }
    };
    pace::retry::<C, _, _>(15, Duration::from_millis(1), counted).await.expect("three clients were served");

    // Time and tasks.
    let slow = |ms: u64| async move { C::sleep(Duration::from_millis(ms)).await };
    let ended = pace::all_within::<C, _>(Duration::from_millis(500), vec![slow(1), slow(60_000), slow(2)]).await;
    assert_eq!(ended.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let after = |ms: u64| async move {
        C::sleep(Duration::from_millis(ms)).await;
        ms
    };
    // The third is started when the second has ended. On a busy machine it may be late: then with more time between them.
    let mut in_turns = Vec::new();
    for unit in [1, 5, 25] {
        in_turns = pace::in_turns::<C, _>(2, vec![after(400 * unit), after(1), after(200 * unit)]).await;
        if in_turns == [1, 200 * unit, 400 * unit] {
            break;
        }
    }
    assert!(in_turns.is_sorted() && in_turns.len() == 3, "{in_turns:?}");
    // The first at once, and those that are due by then, however late they come.
    assert_eq!(pace::ticks::<C>(Duration::from_millis(20), Duration::from_millis(50)).await, 3);
    Ok(())
}

fn run<C: Config<Driver: Net>>(runtime: Runtime<C>) {
    runtime.block_on(everything::<C>()).expect("the library works");
}

#[test]
fn under_the_default() {
    run(Runtime::<bespoke::preset::Default>::new().expect("a runtime starts"));
}

#[test]
fn under_a_config_of_the_programs_own() {
    run(Runtime::<Own>::new().expect("a runtime starts"));
}

#[test]
fn under_two_workers() {
    run(Runtime::<TwoWorkers>::new().expect("a runtime starts"));
}

#[test]
fn under_a_built_config() {
    run(Builder::<1>::new().mio().pooled().build().expect("a runtime starts"));
}

/// The scheduler of `Own` is local: what the library starts for its caller need not be `Send`.
#[test]
fn a_local_caller_hands_in_futures_that_are_not_send() {
    let served = Rc::new(Cell::new(0));
    let runtime = Runtime::<Own>::new().expect("a runtime starts");
    runtime.block_on(async {
        let listener = TcpListener::<Own>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let counter = served.clone();
        let handler = move |stream| {
            let counter = counter.clone();
            async move {
                if echo(stream, PATIENCE).await.is_ok() {
                    counter.set(counter.get() + 1);
                }
            }
        };
        drop(Own::spawn(serve::serve_with(listener, handler)));
        talk::<Own>(address).await.expect("it is served");
        let (start, counter) = (Own::now(), served.clone());
        let waits = async move {
            while counter.get() == 0 {
                Own::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(pace::timed::<Own, _>(waits).await >= start);
    });
    assert_eq!(served.get(), 1);
}
