//~ RUSTC UNDER 5: `{integer}` is not a future
async fn first() {
    bespoke::select! {
        _ = 5 => {}
    }
}

fn main() {
    let _ = first;
}
