//! The standard streams of the process itself. Every type here is generic over the config: `T<C>`; a config's own module has
//! the short names.
//!
//! | file | holds |
//! |---|---|
//! | `input` | [`stdin`], [`Stdin`] |
//! | `output` | [`stdout`], [`stderr`], [`Stdout`], [`Stderr`] |
//!
//! # Who waits
//! Input comes when it comes: a read of a pipe, a terminal or a socket waits in the driver, as for a socket, so it can be
//! dropped, loses nothing, and no shutdown waits for it. Only of a file is the input read on a blocking thread, and a file
//! answers.
//!
//! Output goes through the standard library's own streams, by way of a blocking thread, so that it is in order with
//! `println!`. A reader that does not read holds that thread, not the task; a shutdown waits for it as long as for any job, and
//! leaves it then.
//!
//! # Platform
//! Unix. On Windows none of the functions can be called: the compiler says so.

#[cfg(unix)]
mod input;
#[cfg(unix)]
mod output;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use input::{Stdin, stdin};
#[cfg(unix)]
pub use output::{Stderr, Stdout, WriteOut, stderr, stdout};
#[cfg(windows)]
pub use windows::{stderr, stdin, stdout};
