//! `block_in_place` and children that are forked inside of its closure, or before it.
//!
//! One test in a process of its own: what other threads hold at a fork, a child waits for, and a test that panics holds what the panic
//! of a child needs.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "closures block")]

use bespoke::driver::{Mio, NoIo};
use bespoke::rt::Ambient as _;
use bespoke::scheduler::{HandsOver, WorkStealing};
use bespoke::{Config, Runtime, preset};
use core::time::Duration;
use std::panic::catch_unwind;
use std::time::Instant;

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

macro_rules! configs {
    ($($name:ident: $driver:ty;)+) => { $(
        struct $name;

        #[bespoke::config(base = preset::Default)]
        impl Config for $name {
            type Scheduler = WorkStealing<1>;
            type Driver = $driver;
        }
    )+ };
}
configs! {
    One: Mio;
    OneIdle: NoIo;
}
#[cfg(target_os = "linux")]
configs! {
    OneRing: bespoke::driver::IoUring<64>;
}

/// How a child ends that runs `child`.
fn forked(child: impl FnOnce()) -> libc::c_int {
    // SAFETY: the child does what it is told, and ends.
    let id = unsafe { libc::fork() };
    assert!(id >= 0, "a process is free");
    if id == 0 {
        child();
        // SAFETY: it ends the child, and nothing of the parent's is run.
        unsafe { libc::_exit(7) };
    }
    ended(id)
}

fn ended(child: libc::pid_t) -> libc::c_int {
    let begin = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: a place for the status.
        let waited = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if waited == child {
            return status;
        }
        if begin.elapsed() > LONG {
            // SAFETY: the child is ours, and not waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child waits for ever");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[track_caller]
fn exited(status: libc::c_int) {
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "status {status:#x}");
}

fn children<C: Config<Scheduler: HandsOver>>() {
    let runtime = Runtime::<C>::new().expect("a runtime starts");
    let task = runtime.handle().spawn(async {
        // Inside, it is a child of any thread.
        exited(C::block_in_place(|| forked(|| C::block_in_place(|| ()))));
        C::sleep(Duration::from_millis(1)).await;
        // In a task it has a worker, which cannot be handed to a thread.
        exited(forked(|| {
            std::panic::set_hook(Box::new(|_| ()));
            let panic = catch_unwind(|| C::block_in_place(|| ())).expect_err("there are no threads");
            let said = panic.downcast_ref::<String>().map_or("", String::as_str);
            assert!(said.contains("was started before this process was forked"), "{said}");
        }));
        C::sleep(Duration::from_millis(1)).await;
        // It returns where there is no worker to return to.
        let mut is_child = false;
        let mut child = 0;
        C::block_in_place(|| {
            // SAFETY: the child returns, which ends it.
            child = unsafe { libc::fork() };
            assert!(child >= 0, "a process is free");
            is_child = child == 0;
        });
        if is_child {
            // SAFETY: it ends the child, and nothing of the parent's is run.
            unsafe { libc::_exit(7) };
        }
        let status = C::block_in_place(|| ended(child));
        assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGABRT, "status {status:#x}");
    });
    runtime.block_on(async { C::timeout(LONG, task).await.expect("in time") }).expect("no panic");
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
}

#[test]
fn a_child_is_told_or_ends() {
    children::<One>();
    children::<OneIdle>();
    #[cfg(target_os = "linux")]
    children::<OneRing>();
}
