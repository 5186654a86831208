//! The guide: how to write programs and libraries with this crate, one chapter per module.
//!
//! Every program in it is compiled and run by the tests.
//!
//! | chapter | |
//! |---|---|
//! | [1. A first program](first_program) | the attribute, the runtime, what panics say |
//! | [2. Tasks](tasks) | spawn, join, abort, panics, fairness, blocking, task locals |
//! | [3. Time](time) | sleeps, timeouts, intervals, tests with a paused clock |
//! | [4. Sockets](sockets) | owned buffers, lines and copies, what dropping a read or write means, halves, closing |
//! | [5. A config of one's own](own_config) | roles, knobs, the module, memory budgets, mistakes as compile errors |
//! | [6. Libraries](libraries) | code for every config, and the limits of stable Rust |
//! | [7. Threads](threads) | what may cross threads, and how a runtime closes |
//! | [8. Processes and signals](processes_and_signals) | children, their pipes, Ctrl-C and its kin |
//! | [9. Coming from tokio](from_tokio) | the same names, and the differences that bite |
//! | [10. Between tasks](between_tasks) | channels, `select!`, `join!`, notifications, sets of tasks |
//! | [11. Files](files) | owned buffers, the cursor, where the work is done, what dropping means |
//! | [12. `#[async_fn]`](async_fn) | smaller futures, and what to write for them |
//! | [13. Other crates](interop) | their traits over our streams and ours over theirs, `Stream`, `Bytes`, spans; kinds of errors |
//! | [14. Without an operating system](without_std) | microcontrollers: a board, interrupts, tasks without a heap |

pub mod first_program {
    #![doc = include_str!("../docs/guide/01-first-program.md")]
}

pub mod tasks {
    #![doc = include_str!("../docs/guide/02-tasks.md")]
}

pub mod time {
    #![doc = include_str!("../docs/guide/03-time.md")]
}

pub mod sockets {
    #![doc = include_str!("../docs/guide/04-sockets.md")]
}

pub mod own_config {
    #![doc = include_str!("../docs/guide/05-own-config.md")]
}

pub mod libraries {
    #![doc = include_str!("../docs/guide/06-libraries.md")]
}

pub mod threads {
    #![doc = include_str!("../docs/guide/07-threads.md")]
}

pub mod processes_and_signals {
    #![doc = include_str!("../docs/guide/08-processes-and-signals.md")]
}

pub mod from_tokio {
    #![doc = include_str!("../docs/guide/09-from-tokio.md")]
}

pub mod between_tasks {
    #![doc = include_str!("../docs/guide/10-between-tasks.md")]
}

#[cfg(unix)]
pub mod files {
    #![doc = include_str!("../docs/guide/11-files.md")]
}

#[cfg(unix)]
pub mod async_fn {
    #![doc = include_str!("../docs/guide/12-async-fn.md")]
}

// Its programs need the features that it is about: they are tests of `tests/interop`.
#[cfg(not(doctest))]
pub mod interop {
    #![doc = include_str!("../docs/guide/13-interop.md")]
}

// Its board is one of threads here.
pub mod without_std {
    #![doc = include_str!("../docs/guide/14-without-std.md")]
}

/// The programs of the README are tests, too.
#[cfg(doctest)]
mod readme {
    #![doc = include_str!("../README.md")]
}
