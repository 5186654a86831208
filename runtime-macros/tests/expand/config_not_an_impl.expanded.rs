struct App;
::core::compile_error! {
    "`#[bespoke::config]` goes on `impl Config for …`"
}
