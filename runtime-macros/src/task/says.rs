//! Everything that the macro may refuse, a sentence each, which names the rewrite. `tests/ui` has a program for each.

pub(super) const GOES_ON: &str = "`#[bespoke::task]` goes on an `async fn`";
pub(super) const UNKNOWN: &str = "unknown argument; `#[bespoke::task]` knows `pool = …` and `crate = …`";
pub(super) const NO_PLACE: &str = "a pool has at least one place";
pub(super) const NOT_ASYNC: &str =
    "a task is an `async fn`; if it has `#[bespoke::async_fn]`, write `#[bespoke::task]` above that";
pub(super) const QUALIFIED: &str =
    "a task is a plain `async fn`: what is unsafe, or called by other languages, spawns it";
pub(super) const METHOD: &str = "a task has no `self`: its pool is one `static`, for all of its tasks";
pub(super) const CONDITION: &str =
    "an argument of a task does not come and go, as the function is there twice: put the `#[cfg]` on the function";
pub(super) const GENERIC: &str =
    "a task has no generic parameters, and no `impl Trait` arguments: its pool is one `static`, of one size";
pub(super) const BORROWS: &str =
    "a task outlives whoever spawns it, so it cannot borrow from there: take something owned, or a `&'static`";
pub(super) const MANY: &str = "a task takes at most twelve arguments: put some into a struct or a tuple";
pub(super) const NEVER: &str = "a task that never ends has no value to tell: leave out `-> !`, and keep the loop";
pub(super) const OPAQUE: &str = "what a task yields has a name, and is not `impl Trait`: name it, or box it";
