::core::compile_error! {
    "an `.await` that may be left out by `&&` or `||`: use `if`"
}
::core::compile_error! {
    "this `.await` is not the first thing that its statement evaluates: bind the awaited value with a `let` of its own, before"
}
async fn both(a: A, b: B) -> bool {
    a.await && b.await
}
