fn main() {
    #[allow(
        clippy::future_not_send,
        clippy::unused_async,
        reason = "an entry function is `async` by rule, and runs where it was started"
    )]
    #[allow(dead_code, reason = "it cannot be called; the error says why")]
    async fn main<T>(a: T) -> T {
        a
    }
    ::core::unreachable!()
}
::core::compile_error! {
    "unknown argument; `#[bespoke::main]` knows a config and `crate = …`"
}
::core::compile_error! {
    "the function must be `async fn`"
}
::core::compile_error! {
    "the entry function takes no arguments"
}
::core::compile_error! {
    "the entry function takes no generic parameters"
}
