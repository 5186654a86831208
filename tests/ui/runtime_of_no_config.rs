//~ RUSTC UNDER runtime: type annotations needed for `Runtime<_, _>`
//~ SAYS which config? `Runtime::<bespoke::preset::Default>::new()`, or one of your own
fn main() {
    let runtime = bespoke::Runtime::new().expect("it starts");
    runtime.block_on(async {});
}
