//! A look from another thread: what it tells is of one poll.

use super::super::{Line, Root, Subject};
use crate::loom::Plant;
use crate::scheduler::Ring;
use crate::sharing::Shared;
use crate::task::header::{Polled, Untyped, VTable};
use crate::task::join::verbs;
use crate::testing::models::model;
use core::alloc::Layout;
use core::task::Context;
use loom::sync::Arc;
use loom::thread;

/// The table of tasks of a type, none of which is there.
struct Of<T>(T);

impl<T> Of<T> {
    const TABLE: VTable = VTable {
        verbs: verbs::<Shared, Ring>(),
        poll: Self::poll,
        cancel: Self::drops,
        drop_output: Self::drops_if,
        dealloc: Self::drops_if,
        name: Self::no_name,
        spawned_at: Self::nowhere,
        type_name: core::any::type_name::<T>,
        passes: || false,
        layout: Layout::new::<()>(),
        stage: 0,
        moves: false,
        latency: false,
    };

    unsafe fn poll(_: Untyped, _: &mut Context<'_>) -> Polled {
        unreachable!("there is no task")
    }
    unsafe fn drops(_: Untyped) {
        unreachable!("there is no task")
    }
    unsafe fn drops_if(_: Untyped, _: bool) {
        unreachable!("there is no task")
    }
    unsafe fn no_name(_: Untyped) -> Option<&'static str> {
        None
    }
    unsafe fn nowhere(_: Untyped) -> Option<&'static core::panic::Location<'static>> {
        None
    }
}

/// A worker polls one task and then another, while somebody looks twice.
fn two_polls_and_two_looks() {
    let line = Arc::new(Line::default());
    let worker = {
        let line = line.clone();
        thread::spawn(move || {
            line.begins(&Of::<u8>::TABLE, 8);
            line.ends();
            line.begins(&Of::<u16>::TABLE, 16);
            line.ends();
        })
    };
    let mut before = 0;
    for _ in 0..2 {
        let Some(look) = line.look() else { continue };
        let Subject::Task(table, task) = look.subject else { panic!("no root was shown") };
        let poll = look.turn >> 2;
        let (name, address) = [("u8", 8), ("u16", 16)][poll - 1];
        assert_eq!(((table.type_name)(), task), (name, address), "the name of another poll");
        assert!(look.turn >= before, "polls go on");
        before = look.turn;
    }
    worker.join().unwrap();
    assert!(line.look().is_none(), "a poll that is over");
}

#[test]
fn a_look_tells_of_one_poll() {
    const OTHER: &[&str] = &["the name of another poll"];
    let twins = &[(Plant::ShownBeforeItsName, OTHER), (Plant::LooksOnce, OTHER)];
    model("two_polls_and_two_looks", two_polls_and_two_looks, twins);
}

/// One `block_on` after another one, while somebody looks twice.
fn two_roots_and_two_looks() {
    let line = Arc::new(Line::default());
    let worker = {
        let line = line.clone();
        thread::spawn(move || {
            line.is_under(Root::of::<core::future::Ready<u8>>());
            line.begins_root();
            line.ends();
            line.is_under(Root::of::<core::future::Ready<u16>>());
            line.begins_root();
            line.ends();
        })
    };
    let mut before = 0;
    for _ in 0..2 {
        let Some(look) = line.look() else { continue };
        let name = ["u8", "u16"][(look.turn >> 2) - 1];
        assert!(look.subject.type_name().contains(name), "the name of another poll");
        assert!(look.turn >= before, "polls go on");
        before = look.turn;
    }
    worker.join().unwrap();
}

#[test]
fn a_look_tells_of_one_root() {
    const OTHER: &[&str] = &["the name of another poll"];
    let twins = &[(Plant::RootOutOfTurn, OTHER), (Plant::LooksOnce, OTHER)];
    model("two_roots_and_two_looks", two_roots_and_two_looks, twins);
}
