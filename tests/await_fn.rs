//! Waiting for asynchronous functions in code that is not: `await_fn`, on every scheduler.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![allow(clippy::disallowed_methods, reason = "these threads stand outside of any runtime")]

use bespoke::prelude::*;
use bespoke::{Runtime, channel, preset};
use core::future::pending;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

#[path = "common/each_scheduler.rs"]
mod each_scheduler;

use each_scheduler::{ManyThreads, OneThread, Thieves, TwoCores};

fn said(panic: &(dyn core::any::Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap()
}

/// On a blocking thread the function is a task of the runtime: it sleeps, spawns, holds what is not `Send`.
fn a_blocking_thread_waits<C: Config>()
where
    C::Threads: StartsThreads,
{
    let runtime = Runtime::<C>::new().unwrap();
    let sum = runtime.block_on(async {
        C::spawn_blocking(|| {
            let one = C::await_fn(async || {
                let kept = Rc::new(1);
                C::sleep(Duration::from_millis(5)).await;
                *kept
            });
            let two = C::await_fn(async || C::spawn(async { 2 }).await.unwrap());
            // From the pool to a worker and to the pool again.
            let three = C::await_fn(async || C::spawn_blocking(|| C::await_fn(async || 3)).await.unwrap());
            one + two + three
        })
        .await
        .unwrap()
    });
    assert_eq!(sum, 6);
}

/// A panic of the function is that of its caller, whole.
fn a_panic_goes_on_at_the_caller<C: Config>()
where
    C::Threads: StartsThreads,
{
    #[derive(Debug, PartialEq)]
    struct Payload(u32);

    let runtime = Runtime::<C>::new().unwrap();
    let caught = runtime.block_on(async {
        C::spawn_blocking(|| {
            let panics = catch_unwind(|| {
                C::await_fn(async || {
                    C::yield_now().await;
                    std::panic::panic_any(Payload(7))
                })
            });
            let _: &Payload = panics.as_ref().unwrap_err().downcast_ref().unwrap();
            // The runtime goes on.
            (*panics.unwrap_err().downcast::<Payload>().unwrap(), C::await_fn(async || 8))
        })
        .await
        .unwrap()
    });
    assert_eq!(caught, (Payload(7), 8));
}

/// On a worker it says what to write.
fn a_worker_is_not_held_up<C: Config>() {
    let runtime = Runtime::<C>::new().unwrap();
    let task = async { catch_unwind(|| C::await_fn(async || 1)).unwrap_err() };
    let panic = runtime.block_on(async { C::spawn(async { said(&*task.await).to_owned() }).await.unwrap() });
    let says =
        "`await_fn` would block the worker that runs this task, and every other task of it; use `function().await`";
    assert_eq!(panic, says);
}

/// A runtime that closes ends the wait, by a panic that says so.
fn the_close_of_the_runtime_ends_the_wait<C: Config>()
where
    C::Threads: StartsThreads,
{
    let runtime = Runtime::<C>::new().unwrap();
    let (waits, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    runtime.block_on(async {
        let (waits, over) = (waits.clone(), over.clone());
        let inside = waits.clone();
        drop(C::spawn_blocking(move || {
            let closed = catch_unwind(AssertUnwindSafe(|| {
                C::await_fn(async move || {
                    inside.store(true, SeqCst);
                    pending::<()>().await;
                });
            }));
            let panic = closed.unwrap_err();
            assert!(
                said(&*panic).starts_with(&format!("the runtime `{}` closed while ", C::NAME)),
                "{}",
                said(&*panic)
            );
            over.store(true, SeqCst);
        }));
        while !waits.load(SeqCst) {
            C::yield_now().await;
        }
    });
    drop(runtime); // waits for its jobs
    assert!(over.load(SeqCst));
}

macro_rules! suite {
    ($($scheduler:ident: $config:ident;)+ => $tests:tt) => {
        $(suite!(@ $scheduler $config $tests);)+
    };
    (@ $scheduler:ident $config:ident [$($test:ident)+]) => {
        mod $scheduler {
            $(#[test]
            fn $test() {
                super::$test::<super::$config>();
            })+
        }
    };
}
suite! {
    single_thread: OneThread;
    per_core: TwoCores;
    thread_per_task: ManyThreads;
    work_stealing: Thieves;
    => [
        a_blocking_thread_waits
        a_panic_goes_on_at_the_caller
        a_worker_is_not_held_up
        the_close_of_the_runtime_ends_the_wait
    ]
}

/// Without a runtime it is polled here, and woken from anywhere.
#[test]
fn a_thread_without_a_runtime_polls_it_itself() {
    let (ask, mut asked) = channel::mpsc::channel(1);
    let (answer, answered) = channel::oneshot::channel();
    let other = thread::spawn(move || {
        let asked: u32 = bespoke::await_fn(async move || asked.recv().await.unwrap());
        thread::sleep(Duration::from_millis(20));
        answer.send(asked + 1).unwrap();
    });
    let sum = bespoke::await_fn(async move || {
        ask.send(1).await.unwrap();
        answered.await.unwrap()
    });
    assert_eq!(sum, 2);
    other.join().unwrap();
}

/// What needs a runtime says that there is none.
#[test]
fn a_sleep_without_a_runtime_says_so() {
    let panic = thread::spawn(|| bespoke::await_fn(async || bespoke::time::sleep(Duration::ZERO).await)).join();
    let panic = panic.unwrap_err();
    assert!(said(&*panic).starts_with("no runtime on this thread"), "{}", said(&*panic));
}

/// With sockets: the use that it is for, a library that is not asynchronous.
#[test]
fn a_blocking_reader_over_a_socket() {
    use bespoke::net::{TcpListener, TcpStream};
    use std::io;

    #[bespoke::async_fn]
    async fn ask(address: core::net::SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all("question").await.0?;
        let mut answer = vec![0; 6];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    Runtime::<preset::Default>::new().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let job = bespoke::spawn_blocking(move || bespoke::await_fn(async move || ask(address).await));
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.write_all("answer").await.0.unwrap();
        assert_eq!(job.await.unwrap().unwrap(), b"answer");
    });
}
