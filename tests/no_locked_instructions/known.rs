//! Where the walk stops, and which calls go through a pointer: each with its reason.

/// Is the function `name` one that `pattern` describes? A pattern is how a demangled name begins, with or without the `<` of
/// a method; after a `*` it is how the name goes on somewhere. All names of one address must fit.
pub(crate) fn is(name: &str, pattern: &str) -> bool {
    name.split(" = ").all(|name| match pattern.strip_prefix('*') {
        Some(part) => name.contains(part),
        None => name.starts_with(pattern) || name.strip_prefix('<').is_some_and(|name| name.starts_with(pattern)),
    })
}

/// Functions of shared libraries that may be called, each with the reason.
pub(crate) const IMPORTS: &[(&str, &str)] = &[
    ("_Unwind_Resume", "ends a landing pad"),
    ("memcpy", "moves bytes"),
    ("memmove", "moves bytes"),
    ("memset", "fills bytes"),
    ("bcmp", "compares bytes"),
    ("malloc", "the C library's allocator: the program's own boxes, and what grows"),
    ("posix_memalign", "as malloc"),
    ("calloc", "as malloc"),
    ("realloc", "as malloc"),
    ("free", "as malloc"),
    ("__errno_location", "where the C library leaves an error"),
    ("clock_gettime", "reads the clock in the vDSO; only a sleep does, once"),
];

/// Functions of the program that are not read, each with the reason.
pub(crate) const STOPS: &[(&str, &str)] = &[
    ("core::panicking::", "a panic begins"),
    ("std::panicking::", "a panic begins or ends; counts it"),
    ("__rustc::__rust_start_panic", "a panic begins"),
    ("core::option::expect_failed", "a panic begins"),
    ("core::option::unwrap_failed", "a panic begins"),
    ("core::result::unwrap_failed", "a panic begins"),
    ("core::cell::panic_already", "a panic begins"),
    ("alloc::raw_vec::handle_error", "a panic begins"),
    ("alloc::alloc::handle_alloc_error", "the process ends"),
    ("core::fmt::", "formats the message of a panic"),
    ("* as core::fmt::", "formats the message of a panic"),
    ("bespoke_core::util::abort", "the process ends"),
];

/// A place that calls through a pointer.
pub(crate) struct Indirect {
    /// The function that calls: a pattern of [`is`].
    pub(crate) place: &'static str,
    /// Where the pointer comes from.
    pub(crate) why: &'static str,
    /// Parts of the names of functions that the pointer may be: each must be in the closure.
    pub(crate) reaches: &'static [&'static str],
}

/// The places that call through a pointer. A table of functions whose address is taken in the closure is walked as a whole,
/// so what is said here is where the pointer comes from; what it may be is checked.
pub(crate) const INDIRECT: &[Indirect] = &[
    Indirect {
        place: "bespoke_core::scheduler::single::block_on",
        why: "the vtable of a task, its verbs, and wakers, in the loop and in what is inlined there",
        reaches: &[
            "cell::Of<C,F,X,B>::poll",
            "cell::Of<C,F,X,B>::drop_output",
            "cell::Of<C,F,X,B>::dealloc",
            "waker::Table<S,Q>::wake",
        ],
    },
    Indirect {
        place: "bespoke_core::task::run::cancel",
        why: "the vtable of a task; the waker of who joins it",
        reaches: &["cell::Of<C,F,X,B>::cancel", "cell::Of<C,F,X,B>::dealloc", "waker::Table<S,Q>::wake"],
    },
    Indirect {
        place: "bespoke_core::task::refs::unpin_popped",
        why: "the vtable of a task",
        reaches: &["cell::Of<C,F,X,B>::dealloc"],
    },
    Indirect {
        place: "bespoke_core::task::waker::Table<S,Q>::",
        why: "the vtable of a task",
        reaches: &["cell::Of<C,F,X,B>::dealloc"],
    },
    Indirect {
        place: "bespoke_core::task::join::",
        why: "the vtable of a task, and its verbs; wakers in the join slot",
        reaches: &[
            "join::poll_join",
            "join::detach",
            "join::abort",
            "join::is_finished",
            "join::acquire",
            "join::release",
        ],
    },
    Indirect {
        place: "bespoke_core::util::wheel::Wheel::cancel",
        why: "the waker of who slept",
        reaches: &["waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "bespoke_core::worker::cell::Of<C,F,X,B>::poll",
        why: "the program's tasks: verbs of a join handle, and wakers",
        reaches: &[
            "waker::Table<S,Q>::clone",
            "waker::Table<S,Q>::wake",
            "waker::Table<S,Q>::wake_by_ref",
            "waker::Table<S,Q>::drop",
        ],
    },
    Indirect {
        place: "bespoke_core::worker::cell::Of<C,F,X,B>::drop_output",
        why: "what a panic carried, of a type that is not known; the program's outputs",
        reaches: &[],
    },
    Indirect {
        place: "bespoke_core::time::sleep::Sleep<C>",
        why: "the waker of who sleeps",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "core::future::poll_fn::PollFn<F> as core::future::future::Future>::poll",
        why: "the program's own: a waker",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "bespoke_local_loop::local_loop::",
        why: "the program's main future: wakers, and the verbs of join handles, in what is inlined there",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::wake", "waker::Table<S,Q>::drop", "join::poll_join"],
    },
    Indirect {
        place: "bespoke_core::sync::",
        why: "the wakers of who waits",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::wake", "waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "bespoke_core::channel::",
        why: "the wakers of who waits",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::wake", "waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "bespoke_core::scope::",
        why: "the waker of who waits for a set, and the verbs of its handles; how a set ends: lets go, or aborts",
        reaches: &["waker::Table<S,Q>::wake", "join::poll_join", "join::abort", "join::detach", "Tasks<S>::detach"],
    },
    Indirect {
        place: "bespoke_core::runtime::into_set::<impl bespoke_core::scope::join_set::JoinSet",
        why: "the same, where the spawn into a set is not inlined",
        reaches: &["waker::Table<S,Q>::wake", "join::poll_join", "join::abort", "join::detach"],
    },
    Indirect {
        place: "bespoke_core::future::slot::Slot<F>::",
        why: "wakers, in the futures of the program",
        reaches: &["waker::Table<S,Q>::clone", "waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "bespoke_core::worker::cell::Of<C,F,X,B>::fail",
        why: "the drop of the program's futures: wakers, and the verbs of join handles",
        reaches: &["waker::Table<S,Q>::drop", "waker::Table<S,Q>::wake"],
    },
    Indirect {
        place: "core::ptr::drop_in_place<bespoke_core::",
        why: "what waits, goes: its waker, the waker of the next, the verbs of join handles",
        reaches: &["waker::Table<S,Q>::drop", "waker::Table<S,Q>::wake", "join::detach"],
    },
    Indirect {
        place: "core::ptr::drop_in_place<core::option::Option<bespoke_core::scope::",
        why: "the waker that a set left",
        reaches: &["waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "core::ptr::drop_in_place<alloc::vec::Vec<bespoke_core::scope::",
        why: "the verbs of the handles of a set",
        reaches: &["join::detach"],
    },
    Indirect {
        place: "core::ptr::drop_in_place<[core::option::Option<core::task::wake::Waker>",
        why: "wakers that were not woken, because one of them panicked",
        reaches: &["waker::Table<S,Q>::drop"],
    },
    Indirect {
        place: "alloc::collections::vec_deque::VecDeque<T,A>::wrap_copy",
        why: "memmove of the C library, whose address is kept in a register",
        reaches: &[],
    },
    Indirect {
        place: "core::ptr::drop_in_place<bespoke_local_loop::",
        why: "the program's futures: the verbs of a join handle",
        reaches: &["join::detach"],
    },
    Indirect {
        place: "core::ptr::drop_in_place<core::result::Result<",
        why: "an output or a join error: what a panic carried, of a type that is not known",
        reaches: &[],
    },
    Indirect {
        place: "core::ptr::drop_in_place<alloc::boxed::Box<dyn core::any::Any",
        why: "what a panic carried, of a type that is not known",
        reaches: &[],
    },
    Indirect {
        place: "core::ptr::drop_in_place<core::option::Option<alloc::boxed::Box<dyn core::any::Any",
        why: "what a panic carried, of a type that is not known",
        reaches: &[],
    },
    Indirect {
        place: "core::ptr::drop_in_place::<std::io::error::Error>",
        why: "the error of a clock that the system does not have: what it carries",
        reaches: &[],
    },
    Indirect {
        place: "alloc::rc::Rc<T,A>::drop_slow",
        why: "the program's own: a seat with a waker",
        reaches: &["waker::Table<S,Q>::drop"],
    },
];

/// Functions of ours that tables of the program point to, and that the closure does not come to, each with the reason.
pub(crate) const UNREAD: &[(&str, &str)] = &[
    ("bespoke_core::worker::Worker<C>::unpark", "the home's table: only a push into the inbox calls it, off the owner"),
    ("bespoke_core::worker::Worker<C>::visit_guest", "the home's table: only a visit of the inbox calls it"),
    ("bespoke_core::scope::join_set::Orphans<", "a set that was dropped on another thread comes home"),
    (
        "bespoke_core::worker::pool::offload",
        "the home's table: only an operation calls it that goes to the blocking pool",
    ),
    ("bespoke_core::worker::Worker<C>::free", "the home's table: only the last reference calls it, after close"),
    // The program opens its sockets before the loop; what that needs is in the file.
    ("bespoke_core::driver::operation::orphan::Orphan", "work in a box: only a visit of the inbox runs it"),
    ("bespoke_core::blocking::job::", "a job that looks a name up: the loop holds no handle of one"),
    ("bespoke_core::task::question::__bespoke_cold_trace", "a verb of handles: the loop asks nobody what it does"),
    ("<bespoke_core::error::Error as", "the text of an error"),
    ("<bespoke_core::error::context::InContext as", "the text of an error"),
    ("<bespoke_drivers::net::connecting::ConnectError as", "the text of an error, and its cause"),
    ("<bespoke_core::task::join::JoinError as", "the text of an error"),
];

/// The cold functions at which the walk stops: all of them, so that one more is seen.
pub(crate) const COLD_ENTRIES: &[&str] = &[
    "pool::Pool::__bespoke_cold_refill",
    "refs::__bespoke_cold_spill",
    "refs::__bespoke_cold_pull",
    "refs::__bespoke_cold_foreign",
    "refs::__bespoke_cold_foreign_acquire",
    "refs::__bespoke_cold_foreign_detach",
    "run::__bespoke_cold_drop_panic",
    "cell::__bespoke_cold_dealloc_foreign",
    "question::__bespoke_cold_trace",
    "Sleep<C>::__bespoke_cold_forget_foreign",
    "join_set::__bespoke_cold_let_go_elsewhere",
    "line::__bespoke_cold_next_job",
    "line::__bespoke_cold_forget_waker_of_jobs",
    "line::__bespoke_cold_drop_jobs",
    "Lease<C>::__bespoke_cold_leave",
    "::__bespoke_cold_take_inbox",
    "::__bespoke_cold_look_around",
    "::__bespoke_cold_idle",
];
