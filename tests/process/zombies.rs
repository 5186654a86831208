//! No child stays behind, whoever drops what and when.

use crate::support::{Tested, exists, in_a_process_of_its_own, run, sh, soon};
use bespoke::Runtime;
use bespoke::prelude::*;
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;
use std::process::Stdio;

#[path = "../common/descriptors.rs"]
mod descriptors;
use descriptors::fds;

/// The children of this process, zombies among them.
#[cfg(target_os = "linux")]
fn children() -> usize {
    let of_thread =
        |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    threads.map(|thread| of_thread(thread.unwrap()).split_whitespace().count()).sum()
}

/// RELIABILITY A20: each child is reaped once, whether it is waited for, dropped, or killed.
pub(crate) fn a_thousand_children_leave_nothing<C: Tested>() {
    if !in_a_process_of_its_own::<C>("a_thousand_children_leave_nothing") {
        return;
    }
    run::<C, _>(async {
        sh::<C>("exit 0").output().await.unwrap(); // whatever is made once is made now
        let before = fds();
        for round in 0..250_u32 {
            let mut waited = sh::<C>("exit 6").stdout(Stdio::piped()).spawn().unwrap();
            let dropped = sh::<C>("exit 7").spawn().unwrap();
            let killed = sh::<C>("exec sleep 1000").stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
            let mut half = sh::<C>("exit 8").spawn().unwrap();
            let _ = pin!(half.wait()).poll(&mut Context::from_waker(Waker::noop()));
            drop((dropped, killed, half));
            assert_eq!(waited.wait().await.unwrap().code(), Some(6), "round {round}");
        }
        // A driver may close a descriptor when the system has let go of it: in a turn after that of the drop.
        for _ in 0..10_000 {
            if fds() <= before {
                return;
            }
            C::sleep(Duration::from_millis(2)).await;
        }
        panic!("{} descriptors, {before} before", fds());
    });
    #[cfg(target_os = "linux")]
    soon("no child is left", || children() == 0);
}

pub(crate) fn a_dropped_child_goes_on_and_is_reaped<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("read line; echo $line").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let pid = child.id().unwrap();
        drop(child);
        assert!(exists(pid));
        input.write_all("tea\n").await.0.unwrap();
        let mut read = Vec::new();
        output.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"tea\n");
        soon("it is reaped", || !exists(pid));
    });
}

pub(crate) fn kill_on_drop<C: Tested>() {
    run::<C, _>(async {
        let child = sh::<C>("exec sleep 1000").kill_on_drop(true).spawn().unwrap();
        let pid = child.id().unwrap();
        drop(child);
        soon("it is killed and reaped", || !exists(pid));
    });
}

pub(crate) fn kill_on_drop_of_futures<C: Tested>() {
    run::<C, _>(async {
        let mut told = None;
        // On a busy machine the shell may need more time to tell its number.
        for ms in [50, 500, 5_000, 20_000] {
            let mut command = sh::<C>("echo $$ >&2; exec sleep 1000");
            let (read, write) = std::io::pipe().unwrap();
            command.kill_on_drop(true).stderr(write);
            assert!(C::timeout(Duration::from_millis(ms), command.status()).await.is_err());
            drop(command); // with its end of the pipe
            let said = std::io::read_to_string(read).unwrap(); // ends when the child has
            told = said.trim().parse().ok();
            if told.is_some() {
                break;
            }
        }
        let pid = told.expect("the shell had time to tell its number");
        soon("it is killed and reaped", || !exists(pid));
    });
}

pub(crate) fn kill_on_drop_at_the_close_of_the_runtime<C: Tested>() {
    let runtime = Runtime::<C>::new().unwrap();
    let pid = runtime.block_on(async {
        let mut child = sh::<C>("exec sleep 1000").kill_on_drop(true).spawn().unwrap();
        let pid = child.id().unwrap();
        C::spawn_pinned(async move || child.wait().await.map(drop));
        C::sleep(Duration::from_millis(5)).await;
        pid
    });
    assert!(exists(pid));
    drop(runtime);
    soon("it is killed and reaped", || !exists(pid));
}

pub(crate) fn a_child_outlives_its_runtime<C: Tested>() {
    let (pid, input) = run::<C, _>(async {
        let (read, input) = std::io::pipe().unwrap();
        let mut command = sh::<C>("read line");
        let mut child = command.stdin(read).spawn().unwrap();
        let pid = child.id().unwrap();
        C::spawn_pinned(async move || child.wait().await.map(drop));
        C::sleep(Duration::from_millis(5)).await;
        (pid, input)
    });
    // No runtime is left, and the child is an orphan.
    assert!(exists(pid));
    drop(input);
    soon("it is reaped", || !exists(pid));
}
