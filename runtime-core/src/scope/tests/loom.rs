//! Loom models of sets of tasks, on the real code, with the mistakes that they must find.

use crate::config::Config;
use crate::loom::{Plant, lives};
use crate::runtime::{Runtime, SpawnInto};
use crate::scope::JoinSet;
use crate::testing::models::{Canary, STUCK, block_on, model_apart};
use crate::testing::{App, SharedApp};
use crate::worker::counts;
use ::loom::thread;
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

/// Runs a model, and asks that everything was freed.
fn freed(body: impl FnOnce()) {
    counts::reset();
    let before = lives();
    body();
    counts::assert_all_freed(1);
    assert_eq!(lives(), before, "a block leaked");
}

/// A task completes on its worker while another thread waits for it: what it sees is complete, or about to be.
fn complete_vs_join_next() {
    let drops = Arc::new(AtomicUsize::new(0));
    let runtime = Runtime::<SharedApp>::new().unwrap();
    let mut set = JoinSet::<Canary, SharedApp>::new();
    let canary = Canary::new(&drops);
    runtime.block_on(async { drop(set.spawn(async move { canary })) });
    let other = thread::spawn(move || {
        assert!(block_on(set.join_next()).is_some_and(|output| output.is_ok()));
        assert!(set.is_empty());
    });
    runtime.block_on(crate::runtime::YieldNow::default());
    other.join().unwrap();
    assert_eq!(drops.load(SeqCst), 1);
}

/// A set of a local runtime is dropped on another thread while its tasks complete on their worker.
fn local_complete_vs_foreign_drop() {
    freed(foreign_drop::<App>);
}

/// The same of a shared one.
fn shared_complete_vs_foreign_drop() {
    freed(foreign_drop::<SharedApp>);
}

fn foreign_drop<C: Config>() {
    let drops = Arc::new(AtomicUsize::new(0));
    let runtime = Runtime::<C>::new().unwrap();
    let mut set = JoinSet::<Canary, C>::new();
    let canaries = [Canary::new(&drops), Canary::new(&drops)];
    runtime.block_on(async {
        let [one, two] = canaries;
        drop(set.spawn(async move { one }));
        drop(set.spawn(async move {
            pending::<()>().await;
            two
        }));
    });
    let other = thread::spawn(move || drop(set));
    runtime.block_on(crate::runtime::YieldNow::default());
    drop(runtime);
    other.join().unwrap();
    assert_eq!(drops.load(SeqCst), 2, "an output leaked");
}

#[test]
fn complete_vs_join_next_model() {
    model_apart(
        "scope::tests::loom::complete_vs_join_next_model",
        || freed(complete_vs_join_next),
        &[(Plant::SetInTwoSteps, &[STUCK])],
    );
}

#[test]
fn local_complete_vs_foreign_drop_model() {
    model_apart(
        "scope::tests::loom::local_complete_vs_foreign_drop_model",
        local_complete_vs_foreign_drop,
        &[(Plant::SetDroppedInPlace, &["Causality violation", "freed", "leaked"])],
    );
}

#[test]
fn shared_complete_vs_foreign_drop_model() {
    model_apart("scope::tests::loom::shared_complete_vs_foreign_drop_model", shared_complete_vs_foreign_drop, &[]);
}
