//! On readiness: epoll, kqueue, completion ports.

pub(crate) type Driver = bespoke::driver::Mio;

#[cfg(target_os = "linux")]
#[path = "alone.rs"]
mod alone;
#[path = "suite.rs"]
mod suite;
