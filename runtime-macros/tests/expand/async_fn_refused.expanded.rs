::core::compile_error! {
    "an `.await` that `&&` or `||` may leave out, within an expression or in `while`: bind the whole condition with a `let` of its own, before (in a loop, use `loop` and `if`)"
}
async fn both(a: A, b: B) -> bool {
    !(a.await && b.await)
}
