//! Windows: there are no standard streams yet, and the compiler says so where one is asked for.

use crate::op::Process;
use bespoke_core::config::Config;

macro_rules! missing {
    ($($name:ident),+) => { $(
        /// Does not compile: no driver is [`Process`] on Windows yet. `std::io` on a blocking thread takes its place.
        pub fn $name<C: Config>()
        where
            C::Driver: Process,
        {
        }
    )+ };
}
missing!(stdin, stdout, stderr);
