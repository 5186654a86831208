async unsafe fn f<T>(self, of: impl Copy) -> ! {}
::core::compile_error! {
    "unknown argument; `#[bespoke::task]` knows `pool = …` and `crate = …`"
}
::core::compile_error! {
    "a pool has at least one place"
}
::core::compile_error! {
    "a task is a plain `async fn`: what is unsafe, or called by other languages, spawns it"
}
::core::compile_error! {
    "a task has no generic parameters, and no `impl Trait` arguments: its pool is one `static`, of one size"
}
::core::compile_error! {
    "a task has no `self`: its pool is one `static`, for all of its tasks"
}
::core::compile_error! {
    "a task has no generic parameters, and no `impl Trait` arguments: its pool is one `static`, of one size"
}
::core::compile_error! {
    "a task that never ends has no value to tell: leave out `-> !`, and keep the loop"
}
