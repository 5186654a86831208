//~ UNDER f: an `#[async_fn]` has at most 400 states: split the function
async fn w() {}

#[bespoke::async_fn]
async fn f() {
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
    w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await; w().await;
}

fn main() {}
