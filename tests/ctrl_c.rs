//! Ctrl-C on Windows, from the console to the task. The tests run in processes of their own, each with its own console:
//! what Ctrl-C does is process-wide. Signals of Unix are in `signals`.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

#[path = "common/ctrl_c.rs"]
mod common;

use bespoke::prelude::*;
use bespoke::rt::ctrl_c;
use bespoke::{Config, Runtime, driver, memory, preset, scheduler};
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

const CHILD: &str = "BESPOKE_CTRL_C_TEST_CHILD";
/// Long enough for a loaded machine, short enough for a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for a delivery that should not come.
const A_MOMENT: Duration = Duration::from_millis(50);

/// Plain system calls, a thread for every task.
struct OnThreads;

#[bespoke::config(base = preset::Default)]
impl Config for OnThreads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
}

#[test]
fn presses_ctrl_c_for_another() {
    common::press_if_asked();
}

/// What a child says.
struct Said(std::io::Lines<BufReader<ChildStdout>>);

impl Said {
    #[track_caller]
    fn wait_for(&mut self, what: &str) {
        let heard = self.0.by_ref().any(|line| line.unwrap().contains(what));
        assert!(heard, "the child did not say {what:?}; it says why on standard error");
    }
}

/// Starts the test `name` again in a process of its own.
fn child(name: &str) -> (Child, Said) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(CHILD, "1").stdout(Stdio::piped());
    let mut child = common::alone(&mut command).spawn().unwrap();
    let said = Said(BufReader::new(child.stdout.take().unwrap()).lines());
    (child, said)
}

fn press(child: &Child) {
    common::press(child, "presses_ctrl_c_for_another");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Two tasks and the main future hear of the first; a future that is dropped and one that begins later do not keep it from
/// the others; the second finds nobody and ends nothing; the third is heard again.
fn hears<C: Config<Driver: Foreign>>(name: &str) {
    if !is_child() {
        let (mut child, mut said) = child(name);
        said.wait_for("waits");
        press(&child);
        said.wait_for("heard three times");
        press(&child);
        said.wait_for("waits again");
        press(&child);
        said.wait_for("heard again");
        assert!(child.wait().unwrap().success());
        return;
    }
    Runtime::<C>::new().unwrap().block_on(async {
        let tasks = [0, 1].map(|_| C::spawn(async { ctrl_c::<C>().await.unwrap() }));
        let mut waits = pin!(ctrl_c::<C>());
        {
            let mut dropped = pin!(ctrl_c::<C>());
            poll_fn(|cx| {
                assert!(dropped.as_mut().poll(cx).is_pending());
                assert!(waits.as_mut().poll(cx).is_pending(), "heard without a key");
                Poll::Ready(())
            })
            .await;
        }
        assert!(C::timeout(A_MOMENT, waits.as_mut()).await.is_err(), "heard without a key");
        println!("waits");
        C::timeout(PATIENCE, waits).await.expect("not heard").unwrap();
        for task in tasks {
            C::timeout(PATIENCE, task).await.expect("not heard by a task").unwrap();
        }
        println!("heard three times");
        // The next one comes now or a little later, and nobody waits: time for it.
        C::sleep(PATIENCE / 20).await;
        assert!(C::timeout(A_MOMENT, ctrl_c::<C>()).await.is_err(), "came before the first poll");
        let again = C::timeout(PATIENCE, async {
            let mut again = pin!(ctrl_c::<C>());
            poll_fn(|cx| {
                assert!(again.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
            println!("waits again");
            again.await
        });
        again.await.expect("not heard").unwrap();
        println!("heard again");
    });
}

#[test]
fn on_the_default_config() {
    hears::<preset::Default>("on_the_default_config");
}

#[test]
fn on_a_driver_that_blocks() {
    hears::<OnThreads>("on_a_driver_that_blocks");
}

/// A program that never waited for it is ended by it, as ever.
#[test]
fn the_key_ends_a_program_that_does_not_wait() {
    if !is_child() {
        let (mut child, mut said) = child("the_key_ends_a_program_that_does_not_wait");
        said.wait_for("runs");
        press(&child);
        let survived = said.0.any(|line| line.unwrap().contains("survived"));
        child.wait().unwrap();
        assert!(!survived, "the key did nothing");
        return;
    }
    Runtime::<preset::Default>::new().unwrap().block_on(async {
        drop(ctrl_c::<preset::Default>()); // never polled
        println!("runs");
        preset::Default::sleep(PATIENCE / 4).await;
        println!("survived");
    });
}

/// The names of a config's own module, and that its future is `Send`.
#[test]
fn the_default_module_has_the_name() {
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    let mut future = Box::pin(sent(bespoke::signal::ctrl_c()));
    let pending = future.as_mut().poll(&mut core::task::Context::from_waker(Waker::noop())).is_pending();
    assert!(pending, "no key was pressed in this process");
}
