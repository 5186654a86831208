fn main() {
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
