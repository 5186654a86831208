//! The orderings of the words, and their absence; what a look makes of them is in `worker/watchdog/tests.rs`.

mod loom;
