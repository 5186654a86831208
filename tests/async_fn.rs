//! `#[async_fn]` beside rustc's own `async fn`: the same functions through both, and every trace of them compared.
//!
//! | file | what |
//! |---|---|
//! | `harness.rs` | what a function does is written down: values made, used and dropped, polls, panics |
//! | `corpus/` | the functions, by the part of the language that they use |
//! | `machine.rs` | what only ours have: sizes, auto traits, what a poll after the end says |
#![cfg(not(loom))]

#[path = "async_fn/corpus/mod.rs"]
mod corpus;
#[path = "async_fn/harness.rs"]
mod harness;
#[path = "async_fn/machine.rs"]
mod machine;
