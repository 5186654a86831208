//! RELIABILITY A19: in a forked child the runtime of its parent is none, and says so; the parent notices nothing.
//!
//! Each test forks really, in a process of its own that has few threads.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![expect(clippy::disallowed_methods, reason = "the children stand outside of every runtime")]

use bespoke::Runtime;
use bespoke::prelude::*;
use bespoke::rt::{AsyncFd, TcpListener, TcpStream};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::panic::catch_unwind;
use std::time::Instant;

#[path = "common/again.rs"]
mod again;
#[path = "common/each_driver.rs"]
#[macro_use]
mod each_driver;

trait Tested: Config<Driver: Net + Process + Fs, Threads: StartsThreads> {}
impl<C: Config<Driver: Net + Process + Fs, Threads: StartsThreads>> Tested for C {}

const SAYS: &str = "was started before this process was forked, so it is a copy: its threads are missing here, and its driver is the \
                    parent's; in a forked child start another runtime, or execute a program";

/// Runs the test `name` of the driver of `C` again, in a process of its own. `true`: this is it.
fn in_child<C: Tested>(name: &str) -> bool {
    again::is_child(&format!("{}::{name}", <C::Driver as bespoke::driver::Driver>::NAME))
}

/// What a fork is to the two sides.
enum Side {
    Child(std::io::PipeWriter),
    Parent(Forked),
}

/// A child that was forked, and what it says.
struct Forked {
    pid: libc::pid_t,
    says: std::io::PipeReader,
}

fn fork() -> Side {
    let (says, say) = std::io::pipe().unwrap();
    // SAFETY: the child runs on with the one thread that it has; glibc sees to it that memory can be had there.
    match unsafe { libc::fork() } {
        0 => Side::Child(say),
        -1 => panic!("{}", std::io::Error::last_os_error()),
        pid => Side::Parent(Forked { pid, says }),
    }
}

/// The child: says what the panic of `work` says, or "no panic", and ends.
fn says(mut say: std::io::PipeWriter, work: impl FnOnce()) -> ! {
    let said = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(()) => "no panic".to_string(),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "another panic".into()),
    };
    say.write_all(said.as_bytes()).unwrap();
    // SAFETY: nothing of this process is to be run any more.
    unsafe { libc::_exit(0) }
}

impl Forked {
    /// Waits for the end of the child; what it said.
    fn said(mut self) -> String {
        let begin = Instant::now();
        let mut status = 0;
        // SAFETY: `status` is live and writable.
        while unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) } == 0 {
            if begin.elapsed() > Duration::from_secs(30) {
                // SAFETY: takes integers only; the child was not waited for, so the number is its own.
                unsafe { libc::kill(self.pid, libc::SIGKILL) };
                panic!("the forked child hangs");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut said = String::new();
        self.says.read_to_string(&mut said).unwrap();
        assert_eq!(status, 0, "{said}");
        said
    }

    /// It was told that its runtime is a copy.
    #[track_caller]
    fn was_refused<C: Tested>(self) {
        let said = self.said();
        assert_eq!(said, format!("the runtime `{}` {SAYS}", C::NAME));
    }
}

async fn tick<C: Tested>() {
    C::sleep(Duration::from_millis(1)).await;
}

fn a_child_forked_outside<C: Tested>() {
    if !in_child::<C>("a_child_forked_outside") {
        return;
    }
    let runtime = Runtime::<C>::new().unwrap();
    runtime.block_on(tick::<C>());
    runtime.block_on(async { C::spawn_blocking(|| ()).await.unwrap() }); // a thread that the child lacks

    let each: [fn(&Runtime<C>); 4] = [
        |runtime| runtime.block_on(async {}),
        |runtime| drop(runtime.handle().spawn(async {})),
        |runtime| drop(runtime.handle().spawn_blocking(|| ())),
        |runtime| runtime.block_on(tick::<C>()),
    ];
    for use_it in each {
        match fork() {
            Side::Child(say) => says(say, || use_it(&runtime)),
            Side::Parent(child) => child.was_refused::<C>(),
        }
    }
    runtime.block_on(tick::<C>());
}

/// While tasks and blocking threads are under way that the child lacks, and connections that are the parent's.
fn a_copy_is_left_alone<C: Tested>() {
    if !in_child::<C>("a_copy_is_left_alone") {
        return;
    }
    static DROPPED: AtomicBool = AtomicBool::new(false);
    struct TellsOfItsDrop;
    impl Drop for TellsOfItsDrop {
        fn drop(&mut self) {
            DROPPED.store(true, Ordering::Relaxed);
        }
    }
    let runtime = Runtime::<C>::new().unwrap();
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let task = TellsOfItsDrop;
    let (mut client, mut server) = runtime.block_on(async {
        drop(C::spawn_blocking(move || wait.recv().is_ok()));
        drop(C::spawn_pinned(async move || {
            C::sleep(Duration::from_secs(1000)).await;
            drop(task);
        }));
        tick::<C>().await;
        connected::<C>().await
    });
    match fork() {
        Side::Child(say) => says(say, || {
            drop(runtime);
            assert!(!DROPPED.load(Ordering::Relaxed), "a task was dropped in the copy");
        }),
        Side::Parent(child) => assert_eq!(child.said(), "no panic"),
    }
    runtime.block_on(async {
        client.write_all("tea").await.0.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 3);
    });
    drop(release);
    assert!(runtime.shutdown_timeout(Duration::from_secs(30)).is_clean());
    assert!(DROPPED.load(Ordering::Relaxed));
}

async fn connected<C: Tested>() -> (TcpStream<C>, TcpStream<C>) {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::<C>::connect(listener.local_addr().unwrap());
    let (client, (server, _)) = bespoke::try_join!(client, listener.accept()).unwrap();
    (client, server)
}

fn a_child_forked_in_a_task<C: Tested>() {
    if !in_child::<C>("a_child_forked_in_a_task") {
        return;
    }
    let runtime = Runtime::<C>::new().unwrap();
    runtime.block_on(async {
        let (mut client, mut server) = connected::<C>().await;
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let watched = AsyncFd::<C, _>::new(ours).unwrap();
        for adopts in [false, true] {
            match fork() {
                Side::Child(say) if adopts => says(say, || {
                    let (one, _) = std::os::unix::net::UnixStream::pair().unwrap();
                    drop(AsyncFd::<C, _>::new(one));
                }),
                // What panics here is the worker, outside of this task: the child ends in the hook.
                Side::Child(say) => {
                    let say = std::sync::Mutex::new(Some(say));
                    std::panic::set_hook(Box::new(move |panic| {
                        let said = panic.payload().downcast_ref::<String>().cloned().unwrap_or_default();
                        says(say.lock().unwrap().take().unwrap(), || std::panic::resume_unwind(Box::new(said)))
                    }));
                    // The child has what the parent registered, and gives it up.
                    drop(watched);
                    // So long that it is not over before the worker waits.
                    C::sleep(Duration::from_secs(30)).await;
                    unreachable!("a copy has slept");
                }
                Side::Parent(child) => child.was_refused::<C>(),
            }
            // What the parent has goes on.
            client.write_all("tea").await.0.unwrap();
            let mut buffer = [0; 8];
            assert_eq!(server.read(&mut buffer).await.unwrap(), 3);
            theirs.write_all(b"milk").unwrap();
            let mut guard = C::timeout(Duration::from_secs(30), watched.readable()).await.unwrap().unwrap();
            while guard.try_io(|mut stream| stream.read(&mut buffer)).is_ok() {}
        }
    });
}

/// The remedy that the message names.
fn another_runtime_in_the_child<C: Tested>() {
    if !in_child::<C>("another_runtime_in_the_child") {
        return;
    }
    let runtime = Runtime::<C>::new().unwrap();
    runtime.block_on(tick::<C>());
    match fork() {
        Side::Child(say) => says(say, || {
            let another = Runtime::<C>::new().unwrap();
            another.block_on(async {
                tick::<C>().await;
                C::spawn_pinned(async || tick::<C>().await).await.unwrap();
                C::spawn_blocking(|| ()).await.unwrap();
            });
            drop((another, runtime));
        }),
        Side::Parent(child) => assert_eq!(child.said(), "no panic"),
    }
    runtime.block_on(tick::<C>());
}

/// Starting a program forks as well, and is no harm to who starts it.
fn starting_a_program<C: Tested>() {
    if !in_child::<C>("starting_a_program") {
        return;
    }
    Runtime::<C>::new().unwrap().block_on(async {
        let mut command = bespoke::rt::Command::<C>::new("true");
        // SAFETY: it does nothing. With it the standard library forks; without, the system may have another way.
        unsafe { command.pre_exec(|| Ok(())) };
        assert!(command.status().await.unwrap().success());
        tick::<C>().await;
    });
}

/// A handle of a child that is dropped in a copy of the process, as at its end, neither kills the child nor waits for it.
fn a_copy_leaves_the_children_of_its_parent_alone<C: Tested>() {
    if !in_child::<C>("a_copy_leaves_the_children_of_its_parent_alone") {
        return;
    }
    let runtime = Runtime::<C>::new().unwrap();
    let mut child = runtime
        .block_on(async { bespoke::rt::Command::<C>::new("sleep").arg("1000").kill_on_drop(true).spawn().unwrap() });
    match fork() {
        Side::Child(say) => says(say, || {
            let refused = child.start_kill().unwrap_err();
            assert_eq!(
                refused.to_string().split(':').next(),
                Some("the child is that of the process that this one was forked from")
            );
            assert_eq!(bespoke::Error::from(&refused).code(), Some(libc::ECHILD));
            drop(child);
            drop(runtime);
        }),
        Side::Parent(copy) => assert_eq!(copy.said(), "no panic"),
    }
    std::thread::sleep(Duration::from_millis(50)); // a signal takes its time
    assert!(child.try_wait().unwrap().is_none(), "the parent's child was ended");
    runtime.block_on(child.kill()).unwrap();
}

on_each_driver! {
    a_child_forked_outside, a_copy_is_left_alone, a_child_forked_in_a_task, another_runtime_in_the_child,
    starting_a_program, a_copy_leaves_the_children_of_its_parent_alone
}
