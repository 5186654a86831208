::core::compile_error! {
    "what is evaluated before this `.await` would have to wait for it, and cannot: bind the awaited value with a `let` of its own, before"
}
async fn push(mut list: Vec<u8>, next: N) -> Vec<u8> {
    list.push(next.await);
    list
}
