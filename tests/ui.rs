//! Wrong programs, and what the compiler says about them.
//!
//! Each file of `tests/ui` is a program with one mistake, named after the mistake. It must not compile, and the message is
//! part of the interface: its text is kept in the `.stderr` beside it and is read as prose in review. The first lines of a
//! case say what matters (see [`case`]): which sentence, and which token is underlined. Programs in `tests/ui/pass` must
//! compile without a warning.
//!
//! The whole text is compared on the toolchain that the package names as `rust-version`; on every other one a case must
//! still fail with our own sentence, while rustc's own words may change. `BESPOKE_UI=write cargo test --test ui` writes the
//! texts anew, and still checks the sentences. To try one case, name it: `BESPOKE_UI_CASE=main_not_async`.
//!
//! Every sentence that the sources can say has a case in [`CASE_OF`]. A new sentence without one is a failure.
#![cfg(all(unix, not(loom), not(miri)))]

#[path = "ui/harness/case.rs"]
mod case;
#[path = "ui/harness/compiler.rs"]
mod compiler;
#[path = "ui/harness/message.rs"]
mod message;
#[path = "ui/harness/sources.rs"]
mod sources;

use case::{Case, Expected};
use compiler::Compiler;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Which case shows which sentence of the sources. `…` stands for what the sentence fills in.
const CASE_OF: &[(&str, &str)] = &[
    (
        "LOCAL_QUEUE is …, but must be a power of two: the local queue masks its index. Next one up: …",
        "local_queue_not_a_power_of_two",
    ),
    ("EVENT_INTERVAL is 0, so the driver would never be asked; use 1 to ask after every poll", "event_interval_zero"),
    ("POLL_BUDGET is 0, so no task could make progress; use u32::MAX for no budget", "poll_budget_zero"),
    ("BLOCKING_THREADS_MAX is …, but `Threads` = … may start none; set it to 0", "blocking_pool_without_threads"),
    ("BLOCKING_THREADS_MAX is …, but `Threads` = … may start none; set it to 0", "no_threads_for_the_pool_of_the_base"),
    (
        "BLOCKING_QUEUE_MAX is 0, so every job would be refused; set BLOCKING_THREADS_MAX to 0 for no blocking pool",
        "blocking_queue_zero",
    ),
    (
        "the scheduler … gives every task a thread, for drivers whose operations block it, but the driver … suspends tasks \
         instead; use `SingleThread`, `PerCore<N>` or `WorkStealing<N>` with it, or `Blocking` here",
        "driver_that_suspends_under_thread_per_task",
    ),
    (
        "… gives every task a thread, but `Threads` = … may start none; use `OsThreads`",
        "thread_per_task_without_threads",
    ),
    (
        "… gives every worker a thread, but `Threads` = … may start none; use `OsThreads`, or `SingleThread` as the scheduler",
        "per_core_without_threads",
    ),
    ("the scheduler … may have … workers here; a runtime has 1 to …", "per_core_of_none"),
    // What a driver says about its own parameters.
    ("…", "driver_with_wrong_parameters"),
    (
        "`…` needs … B of static memory, the budget is … B; largest part: …, … B for … worker(s)",
        "fixed_memory_too_small",
    ),
    ("`…` needs … B of static memory, the budget is … B; largest part: …, … B for … worker(s)", "info_does_not_fit"),
    (
        "PIN_WORKERS is true, but the scheduler … starts no worker threads that could be pinned; set it to false",
        "pin_workers_without_workers",
    ),
    (
        "PIN_WORKERS is true, but `Topology` = … cannot pin a thread on this target; `Sysfs` can, on Linux; or set it to false",
        "pin_workers_where_nothing_pins",
    ),
    ("`…` is not a runtime configuration", "main_of_no_config"),
    ("`…` is not a runtime configuration", "base_not_a_config"),
    ("`…` is not a scheduler", "not_a_scheduler"),
    ("`…` cannot be told that a `Fallback` runs its second driver", "fallback_told_to_nobody"),
    ("`…` is not an I/O driver", "builder_wrong_part"),
    ("`…` cannot be the driver under a scheduler whose tasks are `…`", "not_a_driver"),
    ("`…` cannot be the driver under a scheduler whose tasks are `…`", "blocking_driver_on_one_thread"),
    ("`…` cannot be the driver under a scheduler whose tasks are `…`", "poll_under_work_stealing"),
    ("`…` cannot be the driver under a scheduler whose tasks are `…`", "fallback_under_work_stealing"),
    ("`…` is not a memory strategy", "not_a_memory"),
    ("`…` is no way to wait for readiness", "not_a_poller"),
    ("`…` is not a board", "bare_without_a_board"),
    ("the driver `…` is not for programs without `std`", "driver_without_a_board"),
    (
        "PANIC is Catch, but without the feature `std` of bespoke-core no panic can be caught; set it to Abort",
        "bare_catches_panics",
    ),
    (
        "the scheduler … shares tasks between threads, but without the feature `std` of bespoke-core one flow of control runs them \
         all; use `SingleThread`",
        "bare_shares_tasks",
    ),
    (
        "BLOCKING_THREADS_MAX is …, but without the feature `std` of bespoke-core there is no blocking pool; set it to 0",
        "bare_with_blocking_threads",
    ),
    (
        "`Watchdog` = … watches from a thread, but without the feature `std` of bespoke-core there is none; use `Unwatched`",
        "bare_with_a_watchdog",
    ),
    (
        "`Watchdog` = … allows a poll 0 ms, so it would report every one; give it more, or use `Unwatched`",
        "watchdog_of_nothing",
    ),
    (
        "`Watchdog` = … watches from a thread, but `Threads` = … may start none; use `OsThreads`, or `Unwatched`",
        "watchdog_without_threads",
    ),
    (
        "`Watchdog` = … goes by the time of the machine, but the time of `Clock` = … is moved by hand, so no two runs would report \
         the same; use `Unwatched`",
        "watchdog_on_a_clock_that_is_moved",
    ),
    (
        "`Watchdog` = … reports polls that hold a worker, but every operation of the driver … does; use `Unwatched`",
        "watchdog_where_operations_block",
    ),
    ("`…` is not a watchdog", "not_a_watchdog"),
    ("`…` cannot be told of a poll that holds a worker", "watchdog_that_nobody_hears"),
    ("`…` is not a clock", "not_a_clock"),
    ("`…` is not a source of randomness", "not_an_entropy"),
    ("`…` cannot start threads for a runtime", "not_threads"),
    (
        "`spawn_blocking` needs threads, and `…` has none: set BLOCKING_THREADS_MAX above 0, and `Threads` to a source that \
         may start some, `OsThreads` for one",
        "spawn_blocking_in_a_pool_of_none",
    ),
    (
        "the source of threads `…` starts none, so nothing can run on a blocking thread",
        "spawn_blocking_without_threads",
    ),
    ("the scheduler `…` has no workers to choose from", "generic_without_cores"),
    ("the scheduler `…` has no workers to choose from", "spawn_here_without_cores"),
    ("the scheduler `…` cannot hand a worker over to another thread", "block_in_place_on_one_thread"),
    ("the scheduler `…` cannot hand a worker over to another thread", "generic_without_hand_over"),
    ("the scheduler `…` has one class of tasks", "class_without_classes"),
    ("the scheduler `…` has one class of tasks", "generic_without_classes"),
    ("`…` is not a class of tasks", "not_a_class"),
    ("`…` does not describe a machine", "not_a_topology"),
    ("`…` is not a kind of sharing", "not_a_sharing"),
    ("`…` is not a queue of tasks", "not_a_queue"),
    ("a `Runtime` stays on the thread that made it if its scheduler is local", "local_runtime_sent"),
    ("the driver `…` cannot perform the operation `…`", "operation_that_the_driver_lacks"),
    (
        "the scheduler … gives every task a thread, but keeps tasks `Local`; its `Sharing` must be `Shared`",
        "own_thread_scheduler_that_is_local",
    ),
    (
        "the operations of the driver … block the thread, and the scheduler … runs several tasks on it, which could wait \
         for each other for ever; use `ThreadPerTask` with it",
        "blocking_driver_under_one_queue",
    ),
    ("`…` is not a buffer that an operation may own", "not_a_buffer"),
    ("`…` is not a list of buffers that an operation may own", "not_a_list_of_buffers"),
    ("`…` is not a tuple or an array of futures", "join_of_a_list"),
    ("`…` is not a tuple or an array of futures that may fail", "try_join_of_a_list"),
    ("`…` is not a tuple or an array of futures with one type of output", "race_of_a_list"),
    ("`…` is not a buffer that an operation may fill", "borrowed_buffer_in_file_read"),
    ("`…` is not a list of buffers that an operation may fill", "not_a_list_of_buffers_to_fill"),
    (
        "memory cannot be registered with the driver `…` under a scheduler whose tasks are `…`",
        "memory_registered_under_work_stealing",
    ),
    ("the driver `…` has no files", "driver_without_files"),
    ("the driver `…` has no files", "generic_without_fs"),
    ("the driver `…` has no sockets", "driver_without_sockets"),
    ("the driver `…` has no sockets", "generic_without_net"),
    ("the driver `…` cannot wait for the system's descriptors", "generic_without_foreign"),
    ("the driver `…` has no UDP sockets", "generic_without_udp"),
    ("the driver `…` has no Unix sockets", "generic_without_unix"),
    ("the driver `…` has neither child processes nor pipes", "generic_without_process"),
    ("the driver `…` has no pipes", "generic_without_pipes"),
    ("the driver `…` passes no descriptors", "generic_without_descriptors"),
    ("the driver `…` moves no bytes without a copy", "generic_without_zero_copy"),
    ("the driver `…` moves no bytes without a copy", "splicer_without_zero_copy"),
    ("a `Splicer` takes no bytes from `…`", "splicer_from_a_half_that_writes"),
    ("a `Splicer` gives no bytes to `…`", "splicer_to_a_half_that_reads"),
    ("`…` cannot be spawned by a runtime that is not known here", "spawn_in_unknown_runtime"),
    ("the scheduler of `…` moves tasks between threads", "local_config_needed"),
    ("a runtime has 1 to 1024 workers, this one asks for another number: `…`", "builder_no_workers"),
    ("there is no scheduler for … workers", "builder_too_many_workers"),
    ("the scheduler is chosen already", "builder_scheduler_twice"),
    ("the I/O driver is chosen already", "builder_driver_twice"),
    ("the memory strategy is chosen already", "builder_memory_twice"),
    ("the runtime has no I/O driver yet", "builder_without_driver"),
    ("unknown argument; `#[bespoke::config]` knows `base = …`, `module = …` and `crate = …`", "unknown_argument"),
    ("the argument `…` is given twice", "argument_twice"),
    (
        "`Default` alone is the trait of the standard library; name the preset by its path, `bespoke::preset::Default`",
        "base_default_alone",
    ),
    (
        "`Default` alone is the trait of the standard library; name the preset by its path, `bespoke::preset::Default`",
        "main_default_alone",
    ),
    ("expected `,`", "arguments_without_comma"),
    ("a config cannot be its own base", "own_base"),
    ("`module = …` makes the names of one config, and this one has generic parameters", "module_of_generic_config"),
    ("`#[bespoke::config]` goes on `impl Config for …`", "attribute_on_another_trait"),
    (
        "`#[bespoke::config]` must see every item, and cannot look into a macro call; write the items out",
        "macro_call_in_config",
    ),
    ("the function must be `async fn`", "main_not_async"),
    ("the entry function takes no arguments", "main_with_arguments"),
    ("the entry function takes no generic parameters", "main_with_generics"),
    ("`…` goes on an `async fn`", "main_on_struct"),
    ("unknown argument; `…` knows a config and `crate = …`", "main_unknown_argument"),
    ("the function runs on one config, and it is given already", "main_two_configs"),
    ("`#[bespoke::task]` goes on an `async fn`", "task_on_struct"),
    ("unknown argument; `#[bespoke::task]` knows `pool = …` and `crate = …`", "task_unknown_argument"),
    ("a pool has at least one place", "task_pool_of_none"),
    (
        "a task is an `async fn`; if it has `#[bespoke::async_fn]`, write `#[bespoke::task]` above that",
        "task_below_async_fn",
    ),
    ("a task is a plain `async fn`: what is unsafe, or called by other languages, spawns it", "task_unsafe"),
    ("a task has no `self`: its pool is one `static`, for all of its tasks", "task_method"),
    (
        "an argument of a task does not come and go, as the function is there twice: put the `#[cfg]` on the function",
        "task_with_a_conditional_argument",
    ),
    (
        "a task has no generic parameters, and no `impl Trait` arguments: its pool is one `static`, of one size",
        "task_generic",
    ),
    (
        "a task outlives whoever spawns it, so it cannot borrow from there: take something owned, or a `&'static`",
        "task_that_borrows",
    ),
    ("a task takes at most twelve arguments: put some into a struct or a tuple", "task_with_many_arguments"),
    ("a task that never ends has no value to tell: leave out `-> !`, and keep the loop", "task_that_never_ends"),
    ("what a task yields has a name, and is not `impl Trait`: name it, or box it", "task_returns_impl_trait"),
    (
        "a task in a pool is aligned to at most 128 bytes, and the future of this one to more",
        "task_of_a_large_alignment",
    ),
    ("`#[async_fn]` goes on an `async fn` with a body, on a whole `impl`, or on a whole trait", "async_fn_on_struct"),
    (
        "`#[async_fn]` goes on an `async fn` with a body, on a whole `impl`, or on a whole trait",
        "async_fn_declared_alone",
    ),
    ("unknown argument; `#[async_fn]` knows `rustc` and `crate = …`", "async_fn_unknown_argument"),
    ("`#[async_fn]` needs an `async fn`", "async_fn_not_async"),
    (
        "`async_fn_size!` takes the path of a function with at most twelve arguments, and `…` is none",
        "async_fn_size_of_a_number",
    ),
    (
        "this macro may use `self` as it likes: give it a local of its own, as `let this = &self;`",
        "async_fn_self_in_macro",
    ),
    (
        "what this borrows from cannot be seen: name the lifetime, here and in the argument, as `<'a>(…: &'a T) -> &'a T`",
        "async_fn_unseen_lifetime",
    ),
    (
        "the future of this method may borrow what `Self` holds, so `Self` must outlive a lifetime that the trait knows, too: \
         name one, here and in the trait, as `async fn f<'a>(self) where Self: 'a`, or use `#[async_fn(rustc)]` on this method",
        "async_fn_self_of_a_trait",
    ),
    ("an argument of an `#[async_fn]` is a name: take it apart in the body, with `let`", "async_fn_pattern_argument"),
    ("names that begin with `__bespoke_` are those of the expansion", "async_fn_reserved_name"),
    ("an `.await` inside a macro cannot be seen: bind its value before, with `let`", "async_fn_await_in_macro"),
    (
        "expected futures, with commas between them: `#[async_fn]` reads what this macro awaits",
        "async_fn_join_of_no_futures",
    ),
    (
        "expected up to sixteen branches, `pattern = future => handler` or `pattern = future, if condition => handler`, with a \
         comma behind a handler that is no block, and perhaps `else => handler` at the end",
        "async_fn_select_without_handler",
    ),
    ("`#[async_fn]` does not know this kind of pattern: move it to a function of its own", "async_fn_macro_pattern"),
    ("an `.await` in the `else` of a `let`: use `match`", "async_fn_await_in_else_of_let"),
    ("a chain of `let`s over an `.await`: nest the `if`s", "async_fn_let_chain"),
    ("an `.await` or a `let` in the guard of an arm: use an `if` in the arm", "async_fn_await_in_guard"),
    (
        "what this assigns to might be evaluated before the `.await` or after it: bind the awaited value with `let` first",
        "async_fn_compound_place",
    ),
    ("an `.await` inside a closure is not this function's: move it out of the closure", "async_fn_await_in_closure"),
    (
        "a `move` closure inside a closure, over a local that lives across an `.await`: bind what it takes with `let` outside of both",
        "async_fn_nested_move_closure",
    ),
    (
        "a `move` closure or block over a part of a local that lives across an `.await`: bind the part with `let` first",
        "async_fn_move_closure_of_a_part",
    ),
    ("an `#[async_fn]` has at most 400 states: split the function", "async_fn_too_many_states"),
    (
        "an `#[async_fn]` has at most 64 locals that are moved and live across an `.await`: split the function",
        "async_fn_too_many_flags",
    ),
    (
        "this might keep a temporary across the `.await`: bind its value with a `let` of its own, before",
        "async_fn_temporary_of_a_match",
    ),
    (
        "this macro might keep a temporary across the `.await`: bind its value with a `let` of its own, before",
        "async_fn_temporary_of_a_macro",
    ),
    (
        "what is borrowed here lives as long as the `let`, and so across an `.await`: bind it with a `let` of its own, before",
        "async_fn_borrow_inside_a_let",
    ),
    (
        "if this makes a tuple struct, it keeps what is borrowed as long as the `let`, and so across an `.await`: bind what is \
         borrowed with a `let` of its own, before",
        "async_fn_lower_case_constructor",
    ),
    (
        "this macro might tie a temporary to the `let`, and so across an `.await`: make its value in a function of its own, or without a macro",
        "async_fn_let_of_a_macro",
    ),
    (
        "a local that lives across an `.await` begins with its value: give it one here, or make it an `Option`",
        "async_fn_declared_first",
    ),
    ("an `#[async_fn]` is neither `const` nor `unsafe` nor `extern`: wrap it in such a function", "async_fn_unsafe"),
    (
        "an `#[async_fn]` returns a type that has a name, and not `impl Trait`: name it, box it, or use \
         `#[async_fn(rustc)]`",
        "async_fn_returns_impl_trait",
    ),
    (
        "an attribute inside the body of an `#[async_fn]` may change what the machine is made of: put it on the function, or move the code to a function of its own",
        "async_fn_attribute_inside",
    ),
    (
        "an `async` block that borrows a local which lives across an `.await`: bind `let r = &x;`, and use `async move` with `r`",
        "async_fn_borrowing_block",
    ),
    (
        "what is evaluated before this `.await` would have to wait for it, and cannot: bind the awaited value with a `let` \
         of its own, before",
        "async_fn_await_after_operands",
    ),
    (
        "an item inside the body of an `#[async_fn]` would exist twice: move it out of the function",
        "async_fn_item_inside",
    ),
    (
        "`#[async_fn]` does not take values apart by assignment: bind the parts with `let`, and assign those",
        "async_fn_destructuring_assignment",
    ),
    (
        "`#[async_fn]` does not know this kind of expression: move it to a function of its own",
        "async_fn_unknown_expression",
    ),
    (
        "this macro may use `…`, which lives across an `.await`, as it likes: give it a local of its own",
        "async_fn_local_in_macro",
    ),
    (
        "a part of `…` might live across an `.await`: bind the value with a `let` of its own, before",
        "async_fn_part_of_an_enum",
    ),
    (
        "what is left of `…` might live across the `.await` in `else`: use `match`, and bind all of it",
        "async_fn_rest_of_an_else",
    ),
    ("the `?` operator cannot be applied to `…` in an `#[async_fn]`", "async_fn_question_on_a_number"),
    ("`?` cannot make `…`, which the `#[async_fn]` returns, of `…`", "async_fn_question_of_another_kind"),
];

/// `unsafe impl`s with a bound on what the program brings, and the case that breaks the bound.
const CASE_OF_BOUND: &[(&str, &str)] = &[
    ("Send for JoinHandle", "join_handle_of_rc_sent"),
    ("Sync for JoinHandle", "join_handle_of_rc_shared"),
    ("Send for Operation", "operation_that_keeps_an_rc"),
    ("Sync for Operation", "operation_that_keeps_an_rc"),
];

/// `unsafe impl`s with such a bound on types that no program can name.
const BOUND_INSIDE: &[&str] = &[
    "Sync for Unlocked",
    "Sync for Mutex",
    "Send for Counted",
    "Sync for Counted",
    "Send for End",
    "Sync for End",
    "Send for Queue",
    "Sync for Queue",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `check` for every case, on as many threads as there are processors, and fails with everything that it found.
fn for_each(cases: &[Case], check: impl Fn(&Case) -> Result<(), String> + Sync) {
    let only = std::env::var("BESPOKE_UI_CASE").ok();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if only.as_ref().is_some_and(|only| *only != case.name) {
                        continue;
                    }
                    if let Err(what) = check(case) {
                        found.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{}: {what}", case.name));
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort();
    assert!(found.is_empty(), "{} case(s):\n\n{}", found.len(), found.join("\n\n"));
}

/// What is wrong with the compiler's answer to a wrong program.
fn refused(case: &Case, compiler: &Compiler, write: bool) -> Result<(), String> {
    let answer = compiler.compile(case, &[]);
    if answer.compiled {
        return Err("it compiles, and must not".into());
    }
    for expected in &case.expected {
        if expected.of_rustc() && !compiler.is_pinned {
            continue;
        }
        let said = match expected {
            Expected::Says(sentence) => answer.text.contains(sentence),
            Expected::Under { sentence, .. } if !compiler.is_pinned => answer.text.contains(sentence),
            Expected::Under { token, sentence, .. } => message::says_under(&answer.text, sentence, token),
        };
        if !said {
            return Err(format!("the compiler does not say {expected}; it says\n{}", answer.text));
        }
    }
    if !compiler.is_pinned {
        return Ok(());
    }
    let text = message::normal(&answer.text, root());
    if write {
        return std::fs::write(case.stderr_path(), text).map_err(|error| error.to_string());
    }
    let kept = std::fs::read_to_string(case.stderr_path())
        .map_err(|_| "its .stderr is missing: run with BESPOKE_UI=write, and read what was written".to_string())?;
    match message::first_difference(&kept, &text) {
        None => Ok(()),
        Some(line) => Err(format!(
            "the message changed at line {line}; read it, then run with BESPOKE_UI=write. It is now\n{text}"
        )),
    }
}

#[test]
fn wrong_programs_are_refused_with_their_sentence() {
    let compiler = Compiler::new(root());
    let write = std::env::var("BESPOKE_UI").is_ok_and(|what| what == "write");
    let cases = case::all(&root().join("tests/ui"));
    assert!(cases.len() > 50, "the cases are missing: {}", cases.len());
    for_each(&cases, |case| refused(case, &compiler, write));
}

#[test]
fn right_programs_compile_without_a_warning() {
    let compiler = Compiler::new(root());
    let cases = case::all(&root().join("tests/ui/pass"));
    assert!(!cases.is_empty());
    for_each(&cases, |case| {
        let runs = if case.flags.is_empty() { vec![Vec::new()] } else { case.flags.clone() };
        for flags in runs {
            let answer = compiler.compile(case, &flags);
            if !answer.compiled || !answer.text.is_empty() {
                return Err(format!("with {flags:?} the compiler says\n{}", answer.text));
            }
        }
        Ok(())
    });
}

#[test]
fn every_case_says_what_it_expects_and_has_its_text() {
    let folder = root().join("tests/ui");
    let cases = case::all(&folder);
    let mut texts: BTreeSet<String> = case::names(&folder, "stderr").into_iter().collect();
    for case in &cases {
        assert!(!case.expected.is_empty(), "{}: no `//~` line says what is expected", case.name);
        assert!(case.flags.is_empty(), "{}: flags are for programs that compile", case.name);
        assert!(texts.remove(&case.name), "{}: its .stderr is missing: run with BESPOKE_UI=write", case.name);
    }
    assert!(texts.is_empty(), "texts without a case: {texts:?}");
}

#[test]
fn every_sentence_of_the_sources_has_a_case() {
    let sentences = sources::sentences(root());
    assert!(sentences.len() > 35, "the scan of the sources finds too little: {sentences:#?}");
    let mut wrong = Vec::new();
    for sentence in &sentences {
        let cases: Vec<_> = CASE_OF.iter().filter(|(text, _)| *text == sentence.text).map(|(_, case)| case).collect();
        if cases.is_empty() {
            wrong
                .push(format!("{}: no case shows {:?}: add one, and a line to CASE_OF", sentence.place, sentence.text));
        }
        for case in cases {
            let path = root().join(format!("tests/ui/{case}.stderr"));
            match std::fs::read_to_string(&path) {
                Ok(text) if text.lines().any(|line| sources::matches(line, &sentence.text)) => {}
                Ok(_) => wrong.push(format!("{case}: its .stderr does not say {:?}", sentence.text)),
                Err(_) => wrong.push(format!("{case}: CASE_OF names it, and it has no .stderr")),
            }
        }
    }
    for (text, _) in CASE_OF {
        if !sentences.iter().any(|sentence| sentence.text == *text) {
            wrong.push(format!("no source says {text:?} any more: take it out of CASE_OF"));
        }
    }
    assert!(wrong.is_empty(), "{} finding(s):\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_bound_of_an_unsafe_impl_has_a_case() {
    let bounds = sources::bounds(root());
    let mut named: BTreeSet<&str> = BOUND_INSIDE.iter().copied().collect();
    for (bound, case) in CASE_OF_BOUND {
        named.insert(bound);
        let path = root().join(format!("tests/ui/{case}.stderr"));
        let text = std::fs::read_to_string(path).unwrap_or_else(|_| panic!("{case}: no .stderr"));
        let of = bound.rsplit(' ').next().unwrap_or_default();
        assert!(text.contains(of) && text.contains("Send"), "{case}: its .stderr does not speak of {bound:?}");
    }
    let found: BTreeSet<&str> = bounds.iter().map(String::as_str).collect();
    assert_eq!(found, named, "found in the sources, and named here: a new bound needs a case");
}
