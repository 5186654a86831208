//! Windows: there are no children yet, and the compiler says so where one would be made.

use crate::op::Process;
use bespoke_core::config::Config;
use core::marker::PhantomData;
use std::ffi::OsStr;

/// What is to be run. Cannot be made on Windows yet.
#[derive(Debug)]
pub struct Command<C: Config>(PhantomData<fn() -> C>);

impl<C: Config> Command<C> {
    /// Does not compile: no driver is [`Process`] on Windows yet. `std::process` on a blocking thread takes its place.
    pub fn new(_program: impl AsRef<OsStr>) -> Self
    where
        C::Driver: Process,
    {
        Command(PhantomData)
    }
}
