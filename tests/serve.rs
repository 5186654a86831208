//! The parts of the example `serve` that need no runtime, each with its own tests: an example's are run by nobody else. The
//! program as a whole is run by `tests/examples.rs`.
#![cfg(target_os = "linux")]
#![allow(dead_code, reason = "the program uses what these tests do not")]
#![allow(clippy::std_instead_of_core, reason = "as in the example")]

#[path = "../examples/serve/answer.rs"]
mod answer;
#[path = "../examples/serve/date.rs"]
mod date;
#[path = "../examples/serve/find.rs"]
mod find;
#[path = "../examples/serve/page.rs"]
mod page;
#[path = "../examples/serve/request.rs"]
mod request;
