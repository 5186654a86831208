//! Waiting for what only the turns of a runtime end: a runtime that nobody blocks on takes none.

use bespoke::prelude::*;
use bespoke::{Config, Runtime};
use core::time::Duration;

/// Whether `holds` came true while `runtime` was given turns for ten seconds.
pub(crate) fn turns_until<C: Config>(runtime: &Runtime<C>, holds: impl Fn() -> bool) -> bool {
    (0..1000).any(|_| {
        runtime.block_on(async { C::sleep(Duration::from_millis(10)).await });
        holds()
    })
}
