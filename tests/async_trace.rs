//! What tasks wait for, as their handles and their runtime tell it: chains of functions under `#[async_fn]`, on whichever thread
//! one asks, under every scheduler.
#![cfg(not(loom))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![allow(
    clippy::async_yields_async,
    reason = "a handle leaves the runtime that made it on purpose; in a test that Windows has not"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the asking side stands outside the runtime, with its own threads and clock"
)]

use bespoke::channel::{mpsc, oneshot};
use bespoke::prelude::*;
use bespoke::rt::JoinSet;
use bespoke::task::{JoinHandle, Level, TaskState, TaskTrace, yield_now};
use bespoke::{Handle, Runtime, driver, memory, preset, scheduler};
use core::future::{Future, pending, ready};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Arc, Barrier};
use std::thread;

struct App;

#[bespoke::config(base = preset::Default, module = app)]
impl Config for App {}

/// A thread for every task.
struct ManyThreads;

#[bespoke::config(base = preset::Default)]
impl Config for ManyThreads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
}

/// What an answer that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// Function, line and text of each level, the last one in its own words. Of several futures each is a level and its chain.
fn chain(trace: &TaskTrace) -> Vec<(String, u32, String)> {
    chain_of(trace.levels())
}

fn chain_of(levels: &[Level]) -> Vec<(String, u32, String)> {
    let mut chain = Vec::new();
    for level in levels {
        match level {
            Level::Function { name, location, awaited } => {
                assert!(location.file().ends_with("async_trace.rs"), "{location}");
                let awaited = awaited.strip_suffix(".await").unwrap_or(awaited);
                chain.push((short(name), location.line(), awaited.to_owned()));
            }
            Level::NotBegun { name, location } => chain.push((short(name), location.line(), String::new())),
            Level::Rustc { name } => chain.push((short(name), 0, String::from("rustc"))),
            Level::Leaf { what } => chain.push(end(what)),
            Level::Around { what } => chain.push(end(&format!("{what}, around"))),
            Level::Several { branches } => {
                for (n, levels) in branches.iter().enumerate() {
                    chain.push(branch(n + 1, branches.len()));
                    chain.extend(chain_of(levels));
                }
            }
            other => panic!("what is {other:?}"),
        }
    }
    chain
}

/// Without the crate.
fn short(name: &str) -> String {
    name.replace("async_trace::", "")
}

/// Runs `future` as a task to its first wait, and tells where that is.
fn told<F: Future + 'static>(future: F) -> Vec<(String, u32, String)> {
    let runtime = Runtime::<App>::new().unwrap();
    let task = runtime.spawn(future);
    runtime.block_on(async {
        yield_now().await;
        let trace = task.trace();
        assert_eq!(trace.state(), TaskState::Waiting, "{trace}");
        assert_eq!(trace.id(), task.id());
        // A second look sees the same: the first has changed nothing.
        assert_eq!(chain(&task.trace()), chain(&trace));
        chain(&trace)
    })
}

/// A level as it is expected.
fn at(name: &str, line: u32, text: &str) -> (String, u32, String) {
    (name.to_owned(), line, text.to_owned())
}

fn end(what: &str) -> (String, u32, String) {
    at("", 0, what)
}

/// One of several futures begins.
fn branch(n: usize, of: usize) -> (String, u32, String) {
    at("", 0, &format!("{n} of {of}"))
}

const LEAF: u32 = line!() + 3;
#[bespoke::async_fn]
async fn leaf(n: u32) -> u32 {
    pending::<()>().await;
    n
}

const OUTER: u32 = line!() + 5;
#[bespoke::async_fn]
async fn outer(n: u32) -> u32 {
    let one = ready(n).await;
    let two = one + 1;
    if two > 0 { leaf(two + n * 2).await } else { leaf(0).await }
}

#[test]
fn a_chain_of_free_functions() {
    let expected = [at("outer", OUTER, "leaf(two + n * 2)"), at("leaf", LEAF, "pending::<()>()"), end("Pending<()>")];
    assert_eq!(told(outer(1)), expected);
}

struct Counter<T> {
    counts: T,
}

trait Counts {
    fn count(self, by: u32) -> impl Future<Output = u32>;
}

const METHOD: u32 = line!() + 4;
#[bespoke::async_fn]
impl<T> Counter<T> {
    async fn next(&mut self, n: u32) -> u32 {
        leaf(n).await
    }
}

const OF_TRAIT: u32 = line!() + 4;
#[bespoke::async_fn]
impl Counts for Counter<u8> {
    async fn count(mut self, by: u32) -> u32 {
        self.next(by).await + u32::from(self.counts)
    }
}

/// The names of methods have their types in them, in the compiler's words.
#[test]
fn a_chain_of_methods() {
    let told = told(Counter { counts: 1u8 }.count(3));
    assert!(told[0].0.ends_with("::count") && told[0].0.contains("Counter"), "{told:?}");
    assert_eq!((told[0].1, &*told[0].2), (OF_TRAIT, "self.next(by)"));
    assert!(told[1].0.contains("Counter") && told[1].0.ends_with("::next"), "{told:?}");
    assert_eq!((told[1].1, &*told[1].2), (METHOD, "leaf(n)"));
    assert_eq!(told[2].0, "leaf");
    assert_eq!(told.len(), 4);
}

/// A trait says of the future of its method that it is one, and no more.
#[test]
fn a_method_of_a_trait_ends_the_chain_by_name() {
    let told = told(calls_a_trait());
    assert_eq!(told[0], at("calls_a_trait", CALLS_A_TRAIT, "Counter { counts: 1u8 }.count(3)"));
    assert_eq!(told[1], end("<async_trace::Counter<u8> as async_trace::Counts>::count"));
    assert_eq!(told.len(), 2);
}

const CALLS_A_TRAIT: u32 = line!() + 3;
#[bespoke::async_fn]
async fn calls_a_trait() -> u32 {
    Counter { counts: 1u8 }.count(3).await
}

const GENERIC: u32 = line!() + 3;
#[bespoke::async_fn]
async fn generic<F: Future<Output = u32>>(future: F) -> u32 {
    future.await
}

/// A machine that comes as an argument is one of many types that the function does not know: it is told of by name.
#[test]
fn a_type_parameter_ends_the_chain_by_name() {
    let told = told(generic(outer(1)));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0.starts_with("generic"), "{told:?}");
    assert_eq!((told[0].1, &*told[0].2), (GENERIC, "future"));
    assert_eq!(told[1], end("async_trace::outer"));
}

const IN_A_LOOP: u32 = line!() + 4;
#[bespoke::async_fn]
async fn in_a_loop(mut steps: mpsc::Receiver<u32>) {
    let mut sum = 0;
    while let Some(step) = steps.recv().await {
        match step {
            0 => leaf(sum).await,
            1 => {
                yield_now().await;
                sum
            }
            n => {
                for m in 0..n {
                    sum += generic(leaf(m)).await;
                }
                sum
            }
        };
    }
}

#[test]
fn loops_and_branches_are_told_by_their_lines() {
    let runtime = Runtime::<App>::new().unwrap();
    for (step, line, text) in [
        (None, IN_A_LOOP, "steps.recv()"),
        (Some(0), IN_A_LOOP + 2, "leaf(sum)"),
        (Some(2), IN_A_LOOP + 9, "generic(leaf(m))"),
    ] {
        runtime.block_on(async {
            let (send, steps) = mpsc::channel(2);
            let task = App::spawn(in_a_loop(steps));
            send.send(1).await.unwrap();
            if let Some(step) = step {
                send.send(step).await.unwrap();
            }
            for _ in 0..8 {
                yield_now().await;
            }
            assert_eq!(chain(&task.trace())[0], at("in_a_loop", line, text));
            task.abort();
        });
    }
}

#[bespoke::async_fn]
async fn two_at_once() {
    bespoke::future::join((leaf(1), pending::<u8>())).await;
}

#[bespoke::async_fn]
async fn with_a_deadline(n: u32) {
    let _ = app::time::timeout(Duration::from_secs(3600), leaf(n)).await;
}

#[bespoke::async_fn]
async fn with_a_sleep() {
    app::time::sleep(Duration::from_secs(3600)).await;
}

#[bespoke::async_fn]
async fn of_another(task: JoinHandle<u32>) -> Result<u32, bespoke::JoinError> {
    task.await
}

#[bespoke::async_fn(rustc)]
async fn of_rustc(n: u32) -> u32 {
    leaf(n).await
}

#[bespoke::async_fn]
async fn calls_rustc() -> u32 {
    let block = async { leaf(1).await };
    of_rustc(1).await + block.await
}

#[test]
fn what_is_no_machine_ends_the_chain_in_its_own_words() {
    assert_eq!(told(two_at_once())[1], end("Join<(async_trace::leaf, Pending<u8>)>"));
    assert!(told(with_a_sleep())[1].2.starts_with("a sleep until 3600."));
    // Under `#[async_fn(rustc)]`, and in a block: rustc's.
    assert_eq!(told(calls_rustc())[1..], [at("of_rustc", 0, "rustc")]);
    assert_eq!(told(of_rustc(1)), [at("of_rustc", 0, "rustc")]);
    assert_eq!(told(pending::<u8>()), [end("Pending<u8>")]);
    let block = told(async { leaf(1).await });
    assert!(block.len() == 1 && block[0].0.starts_with("what_is_no_machine") && block[0].2 == "rustc", "{block:?}");
}

const IN_TIME: u32 = line!() + 4;
#[bespoke::async_fn]
async fn in_time(n: u32) {
    if n == 0 {
        let _ = app::time::timeout(Duration::from_secs(3600), pending::<()>()).await;
    }
}

/// What is around another future says so, and the chain goes on in the inner one, whatever that is.
#[test]
fn a_chain_goes_on_within_a_timeout() {
    let levels = told(with_a_deadline(7));
    assert!(
        levels[1].2.starts_with("a timeout at 3600.") && levels[1].2.ends_with(" of the clock, around"),
        "{levels:?}"
    );
    assert_eq!(levels[2..], [at("leaf", LEAF, "pending::<()>()"), end("Pending<()>")]);
    let levels = told(in_time(0));
    assert_eq!(levels[0].1, IN_TIME);
    assert!(levels[1].2.starts_with("a timeout at 3600."), "{levels:?}");
    assert_eq!(levels[2..], [end("Pending<()>")]);
}

const JOINS: u32 = line!() + 4;
#[bespoke::async_fn]
async fn joins(n: u32) -> u32 {
    let list = vec![n];
    let (a, b, c, ()) = bespoke::join!(leaf(list[0]), leaf(n + 1), ready(3), pending());
    a + b + c + list[0]
}

#[test]
fn what_is_joined_is_told_of_branch_by_branch() {
    let told = told(joins(1));
    let leaf = [at("leaf", LEAF, "pending::<()>()"), end("Pending<()>")];
    let mut expected = vec![at("joins", JOINS, "join!(leaf(list[0]), leaf(n + 1), ready(3), pending())")];
    for n in 1..=2 {
        expected.push(branch(n, 4));
        expected.extend(leaf.clone());
    }
    expected.extend([branch(3, 4), end("a value that is ready"), branch(4, 4), end("Pending<()>")]);
    assert_eq!(told, expected);
}

const TRIES: u32 = line!() + 3;
#[bespoke::async_fn]
async fn tries() -> Result<u32, u32> {
    let (a, ()) = bespoke::try_join!(in_turn(1), async { pending::<Result<(), u32>>().await },)?;
    Ok(a)
}

const IN_TURN: u32 = line!() + 3;
#[bespoke::async_fn]
async fn in_turn(n: u32) -> Result<u32, u32> {
    Ok(bespoke::race!(leaf(n), raced(n)))
}

const RACED: u32 = line!() + 3;
#[bespoke::async_fn]
async fn raced(n: u32) -> u32 {
    app::time::timeout(Duration::from_secs(3600), bespoke::future::join([leaf(n), leaf(n)])).await.map_or(0, |_| n)
}

/// Joined, raced, joined again by the function, and timed out: each is told of within the other.
#[test]
fn branches_have_branches() {
    let told = told(tries());
    assert_eq!(told[0], at("tries", TRIES, &told[0].2));
    assert!(told[0].2.starts_with("try_join!(in_turn(1), async { pending"), "{told:?}");
    assert_eq!(told[1..3], [branch(1, 2), at("in_turn", IN_TURN, "race!(leaf(n), raced(n))")]);
    let leaf = [at("leaf", LEAF, "pending::<()>()"), end("Pending<()>")];
    assert_eq!(told[3..6], [&[branch(1, 2)][..], &leaf].concat());
    assert_eq!((&told[6], &*told[7].0, told[7].1), (&branch(2, 2), "raced", RACED));
    assert!(told[8].2.starts_with("a timeout at "), "{told:?}");
    assert_eq!(told[9..15], [&[branch(1, 2)][..], &leaf, &[branch(2, 2)], &leaf].concat());
    assert_eq!(told[15..], [branch(2, 2), at("tries", 0, "rustc")]);
}

const SELECTS: u32 = line!() + 4;
#[bespoke::async_fn]
async fn selects(n: u32) -> u32 {
    let list = vec![n];
    bespoke::select! {
        m = leaf(list[0]) => m,
        Some(()) = ready(None) => 1,
        () = app::time::sleep(Duration::from_secs(3600)), if list.is_empty() => 2,
        m = pending::<u32>() => {
            bespoke::yield_now().await;
            m
        }
    }
}

#[test]
fn what_is_selected_is_told_of_branch_by_branch() {
    let expected = [
        at("selects", SELECTS, "select! { … }"),
        branch(1, 4),
        at("leaf", LEAF, "pending::<()>()"),
        end("Pending<()>"),
        branch(2, 4),
        end("a branch that is disabled"),
        branch(3, 4),
        end("a branch that is disabled"),
        branch(4, 4),
        end("Pending<u32>"),
    ];
    assert_eq!(told(selects(1)), expected);
}

#[test]
fn branches_are_written_further_in() {
    let runtime = Runtime::<App>::new().unwrap();
    let task = runtime.spawn(in_turn(1));
    let written = runtime.block_on(async {
        yield_now().await;
        task.trace().to_string()
    });
    let clock = written.split("a timeout at ").nth(1).unwrap().split(',').next().unwrap();
    let file = file!();
    let leaf = |indent: usize| {
        let indent = " ".repeat(indent);
        format!("{indent}in async_trace::leaf, {file}:{LEAF}: pending::<()>().await\n{indent}at Pending<()>\n")
    };
    let expected = format!(
        "task {} waits\n\
        \x20   in async_trace::in_turn, {file}:{IN_TURN}: race!(leaf(n), raced(n))\n\
        \x20   1 of 2:\n{}\
        \x20   2 of 2:\n\
        \x20       in async_trace::raced, {file}:{RACED}: {RACED_TEXT}\n\
        \x20       at a timeout at {clock}, around\n\
        \x20       1 of 2:\n{}\
        \x20       2 of 2:\n{}",
        task.id(),
        leaf(8),
        leaf(12),
        leaf(12),
    );
    assert_eq!(written + "\n", expected);
}

/// Cut where a line would be too long.
const RACED_TEXT: &str = "app::time::timeout(Duration::from_secs(3600), bespoke::future::….await";

#[test]
fn a_task_that_waits_for_another_says_for_which() {
    let runtime = Runtime::<App>::new().unwrap();
    runtime.block_on(async {
        let line = line!() + 1;
        let leaf = App::spawn_named("leaf", leaf(1));
        let id = leaf.id();
        let task = App::spawn(of_another(leaf));
        yield_now().await;
        assert_eq!(chain(&task.trace())[1], end(&format!("the end of task {id} `leaf`")));
        let dump = App::handle().dump();
        let leaf = dump.tasks().iter().find(|trace| trace.id() == id).unwrap();
        assert_eq!(leaf.name(), Some("leaf"));
        assert_eq!(leaf.spawned_at().unwrap().line(), line);
        assert!(leaf.spawned_at().unwrap().file().ends_with("async_trace.rs"));
    });
}

#[test]
fn a_task_of_a_set_is_seen_through_the_set() {
    let runtime = Runtime::<App>::new().unwrap();
    runtime.block_on(async {
        let mut set = JoinSet::<u32, App>::new();
        let id = set.spawn(outer(1)).id();
        yield_now().await;
        let dump = App::handle().dump();
        let trace = dump.tasks().iter().find(|trace| trace.id() == id).unwrap();
        assert_eq!(chain(trace)[0].0, "outer", "{trace}");
        assert_eq!(chain(trace).len(), 3, "{trace}");
    });
}

#[test]
fn a_task_says_what_it_is_doing() {
    let runtime = Runtime::<App>::new().unwrap();
    let (send, receive) = oneshot::channel::<u32>();
    let task = runtime.spawn(async move { generic(takes(receive)).await });
    assert_eq!(runtime.dump().tasks()[0].state(), TaskState::Ready);
    runtime.block_on(async {
        yield_now().await;
        assert_eq!(task.trace().state(), TaskState::Waiting);
        send.send(1).unwrap();
        assert_eq!(task.trace().state(), TaskState::Ready);
        while !task.is_finished() {
            yield_now().await;
        }
        assert_eq!(task.trace().state(), TaskState::Complete);
        assert!(task.trace().levels().is_empty());
    });
}

#[bespoke::async_fn]
async fn takes(receive: oneshot::Receiver<u32>) -> u32 {
    receive.await.unwrap_or(0)
}

#[test]
fn a_function_that_was_not_polled_has_not_begun() {
    let runtime = Runtime::<App>::new().unwrap();
    let task = runtime.spawn(outer(1));
    let dump = runtime.dump();
    assert_eq!(dump.tasks().len(), 1);
    assert_eq!(
        dump.tasks()[0].to_string(),
        format!(
            "task {} is ready to run\n    in async_trace::outer, {}:{}, which has not begun",
            task.id(),
            file!(),
            OUTER - 3 // where its signature is
        )
    );
}

const ASKS: u32 = line!() + 3;
#[bespoke::async_fn]
async fn asks(handle: Handle<App>) -> String {
    pause(1).await;
    inner(handle).await
}

/// Gone when its caller runs on: something else may lie where it did.
#[bespoke::async_fn]
async fn pause(n: u32) -> u32 {
    yield_now().await;
    n
}

/// Asks about itself while it runs, from inside of a level that has state of its own.
#[bespoke::async_fn]
async fn inner(handle: Handle<App>) -> String {
    let text = String::from("held");
    let dump = handle.dump();
    yield_now().await;
    text + &dump.to_string()
}

#[test]
fn a_running_task_is_seen_where_it_went_on_and_no_further() {
    let runtime = Runtime::<App>::new().unwrap();
    let handle = runtime.handle();
    let said = runtime.block_on(async { App::spawn_named("asks", asks(handle)).await.unwrap() });
    assert!(said.contains("`asks` is running"), "{said}");
    assert!(said.contains("last seen in async_trace::asks, "), "{said}");
    assert!(said.contains(&format!(":{ASKS}: pause(1).await")), "{said}");
    assert_eq!(said.matches("last seen").count(), 1, "{said}");
}

#[test]
fn other_threads_ask_and_the_worker_answers() {
    let runtime = Runtime::<App>::new().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = runtime.spawn(outer(1));
    let handle = runtime.handle();
    let asker = thread::spawn(move || {
        let mut trace = task.trace_within(LONG);
        while trace.state() == TaskState::Ready {
            trace = task.trace_within(LONG);
        }
        let dump = handle.dump_within(LONG);
        stop.send(()).unwrap();
        (trace, dump, task)
    });
    // It parks: the questions wake it.
    runtime.block_on(stopped).unwrap();
    let (trace, dump, _task) = asker.join().unwrap();
    assert_eq!(trace.state(), TaskState::Waiting);
    assert_eq!(chain(&trace)[0], at("outer", OUTER, "leaf(two + n * 2)"));
    assert!(dump.is_whole());
    assert_eq!(dump.tasks().len(), 1, "{dump}");
}

#[test]
fn a_worker_that_is_busy_or_that_nobody_runs_does_not_answer() {
    let runtime = Runtime::<App>::new().unwrap();
    let task = runtime.spawn(outer(1));
    let handle = runtime.handle();
    let moment = Duration::from_millis(20);
    // Nobody runs it: the thread that owns it may look all the same.
    assert!(!handle.dump_within(moment).is_whole());
    assert_eq!(task.trace_within(moment).state(), TaskState::Unknown);
    assert_eq!(runtime.dump().tasks().len(), 1);
    // It is busy.
    let (began, go_on) = (Arc::new(Barrier::new(2)), Arc::new(AtomicBool::new(false)));
    let (is_begun, goes_on) = (began.clone(), go_on.clone());
    let asker = thread::spawn(move || {
        is_begun.wait();
        let dump = handle.dump_within(moment);
        goes_on.store(true, SeqCst);
        dump
    });
    runtime.block_on(async {
        began.wait();
        while !go_on.load(SeqCst) {
            thread::yield_now();
        }
    });
    let dump = asker.join().unwrap();
    assert!(!dump.is_whole() && dump.tasks().is_empty(), "{dump}");
    assert!(dump.to_string().contains("did not answer"), "{dump}");
    // The questions that nobody waits for any more are answered into the void.
    runtime.block_on(yield_now());
}

#[test]
fn a_closed_runtime_has_no_tasks_and_a_task_of_it_is_complete() {
    let runtime = Runtime::<App>::new().unwrap();
    let task = runtime.spawn(outer(1));
    let handle = runtime.handle();
    drop(runtime);
    let dump = handle.dump();
    assert!(!dump.is_whole() && dump.tasks().is_empty(), "{dump}");
    assert_eq!(task.trace().state(), TaskState::Complete);
}

#[test]
fn a_task_with_a_thread_of_its_own_answers_when_it_waits() {
    let runtime = Runtime::<ManyThreads>::new().unwrap();
    let waits = runtime.spawn(outer(1));
    let (began, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begins, goes_on) = (began.clone(), go_on.clone());
    let blocks = runtime.spawn(async move {
        begins.wait();
        goes_on.wait();
    });
    began.wait();
    let mut trace = waits.trace_within(LONG);
    while trace.state() != TaskState::Waiting {
        trace = waits.trace_within(LONG);
    }
    assert_eq!(chain(&trace)[1], at("leaf", LEAF, "pending::<()>()"));
    assert!(trace.worker().is_some());
    // A thread that is inside of a poll is not waited for.
    assert_eq!(blocks.trace_within(LONG).state(), TaskState::Running);
    let dump = runtime.handle().dump_within(LONG);
    assert!(dump.is_whole(), "{dump}");
    assert_eq!(dump.tasks().len(), 2, "{dump}");
    assert!(dump.tasks().iter().any(|trace| trace.id() == waits.id() && chain(trace).len() == 3), "{dump}");
    assert!(
        dump.tasks().iter().any(|trace| trace.id() == blocks.id() && trace.state() == TaskState::Running),
        "{dump}"
    );
    go_on.wait();
}

/// Several workers, each on its thread.
#[cfg(unix)]
struct Team;

#[cfg(unix)]
#[bespoke::config(base = preset::Default)]
impl Config for Team {
    type Scheduler = scheduler::PerCore<2>;
    type Driver = driver::Mio;
    const WORKERS_EXACT: bool = true;
}

#[cfg(unix)]
#[test]
fn every_worker_of_a_team_answers_for_its_tasks() {
    let runtime = Runtime::<Team>::new().unwrap();
    let handle = runtime.handle();
    let tasks = [0, 1].map(|core| handle.spawn_on(core, async || outer(1).await));
    let named = runtime.block_on(async { Team::spawn_named("named", outer(1)) });
    let waits = |dump: &bespoke::task::Dump| {
        dump.tasks().len() == 3 && dump.tasks().iter().all(|trace| trace.state() == TaskState::Waiting)
    };
    let mut dump = runtime.dump();
    while !waits(&dump) {
        thread::yield_now();
        dump = handle.dump_within(LONG);
        assert!(dump.is_whole(), "{dump}");
    }
    for (core, task) in tasks.iter().enumerate() {
        let of_core = dump.tasks().iter().find(|trace| trace.id() == task.id()).unwrap();
        assert_eq!(of_core.worker(), Some(core), "{dump}");
        assert!(dump.to_string().contains(&format!("\nworker {core}:\n")), "{dump}");
    }
    let chain = chain(&named.trace_within(LONG));
    assert_eq!(chain[0], at("outer", OUTER, "leaf(two + n * 2)"));
    // From inside: its own tasks at once, those of the other by a question.
    let inside = handle.clone();
    let told = runtime.block_on(handle.spawn_on(1, async move || inside.dump_within(LONG))).unwrap();
    assert!(told.is_whole() && told.tasks().len() == 4, "{told}");
    assert!(told.tasks().iter().is_sorted_by_key(TaskTrace::worker), "{told}");
    assert!(
        told.tasks().iter().any(|trace| trace.state() == TaskState::Running && trace.worker() == Some(1)),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn a_worker_that_is_busy_is_silent_and_the_others_are_heard() {
    let runtime = Runtime::<Team>::new().unwrap();
    let handle = runtime.handle();
    let (began, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begins, goes_on) = (began.clone(), go_on.clone());
    let busy = handle.spawn_on(1, async move || {
        begins.wait();
        goes_on.wait();
    });
    let waits = handle.spawn_on(0, async || outer(1).await);
    began.wait();
    let mut dump = handle.dump_within(Duration::from_millis(50));
    while dump.silent_workers() != [1] {
        dump = handle.dump_within(Duration::from_millis(50)); // a slow machine: worker 0 was late
    }
    assert!(!dump.is_whole(), "{dump}");
    assert_eq!(dump.tasks().iter().map(TaskTrace::id).collect::<Vec<_>>(), [waits.id()], "{dump}");
    assert!(dump.to_string().contains("\nworker 1 did not answer"), "{dump}");
    assert_eq!(busy.trace_within(LONG).state(), TaskState::Running);
    go_on.wait();
    runtime.block_on(busy).unwrap();
    assert!(handle.dump_within(LONG).is_whole());
}

/// Workers that take tasks from each other.
struct Stealing;

#[bespoke::config(base = preset::Default)]
impl Config for Stealing {
    type Scheduler = scheduler::WorkStealing<2>;
    type Driver = driver::NoIo;
    const WORKERS_EXACT: bool = true;
}

#[bespoke::async_fn]
async fn many_turns(turns: u32) {
    for _ in 0..turns {
        yield_now().await;
    }
}

/// Whoever looked could meet another worker that polls.
#[test]
fn a_task_that_any_worker_may_run_says_no_more_than_its_state() {
    let runtime = Runtime::<Stealing>::new().unwrap();
    let handle = runtime.handle();
    let waits = handle.spawn(outer(1));
    let turns = [0, 1].map(|_| handle.spawn(many_turns(1000)));
    let mut trace = waits.trace_within(LONG);
    while trace.state() != TaskState::Waiting {
        trace = waits.trace_within(LONG);
    }
    assert!(trace.levels().is_empty(), "{trace}");
    for _ in 0..100 {
        let dump = handle.dump_within(LONG);
        assert!(dump.is_whole(), "{dump}");
        assert!(dump.tasks().iter().any(|trace| trace.id() == waits.id()), "{dump}");
        assert!(dump.tasks().iter().all(|trace| trace.levels().is_empty()), "{dump}");
    }
    runtime.block_on(async {
        for task in turns {
            task.await.unwrap();
        }
    });
}

#[test]
fn a_blocking_job_says_no_more_than_that_it_is_one() {
    let runtime = Runtime::<App>::new().unwrap();
    let (began, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (begins, goes_on) = (began.clone(), go_on.clone());
    let job = runtime.spawn_blocking(move || {
        begins.wait();
        goes_on.wait();
    });
    began.wait();
    assert_eq!(job.trace().state(), TaskState::Running);
    assert_eq!(chain(&job.trace()), [end("a job of the blocking pool")]);
    go_on.wait();
    runtime.block_on(job).unwrap();
}

/// More states than a byte can tell apart: the number of the question is another one.
macro_rules! many {
    ($($wait:ident)*) => {
        #[bespoke::async_fn]
        async fn many(last: u32) -> u32 {
            $( $wait().await; )*
            leaf(last).await
        }
    };
}

macro_rules! times_seven {
    ($to:ident! $($word:ident)*) => { $to! { $($word)* $($word)* $($word)* $($word)* $($word)* $($word)* $($word)* } };
}

macro_rules! times_six {
    ($to:ident! $($word:ident)*) => { times_seven! { $to! $($word)* $($word)* $($word)* $($word)* $($word)* $($word)* } };
}

times_six! { many! nothing nothing nothing nothing nothing nothing }

async fn nothing() {}

#[test]
fn more_states_than_a_byte_can_tell_apart() {
    let told = told(many(5));
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!((&*told[0].0, &*told[0].2), ("many", "leaf(last)"));
    assert_eq!(told[1], at("leaf", LEAF, "pending::<()>()"));
}

/// Asked while it is far from suspended: a machine that moves its locals about between any two questions.
#[test]
fn a_task_that_is_asked_at_every_step_does_what_it_would_do() {
    let runtime = Runtime::<App>::new().unwrap();
    let sum = runtime.block_on(async {
        let task = App::spawn(adds(vec![1, 2, 3]));
        while !task.is_finished() {
            assert!(task.trace().levels().len() <= 4);
            assert!(App::handle().dump().is_whole());
            yield_now().await;
        }
        task.await.unwrap()
    });
    assert_eq!(sum, "6: [1, 2, 3], 12: [2, 4, 6], ");
}

#[bespoke::async_fn]
async fn adds(mut numbers: Vec<u32>) -> String {
    let mut text = String::new();
    for factor in [1, 2] {
        for number in &mut numbers {
            *number *= factor;
            yield_now().await;
        }
        let borrowed = &numbers;
        let sum = total(borrowed).await;
        text += &format!("{sum}: {borrowed:?}, ");
    }
    text
}

#[bespoke::async_fn]
async fn total(numbers: &[u32]) -> u32 {
    let mut sum = 0;
    for number in numbers {
        yield_now().await;
        sum += number;
    }
    sum
}
