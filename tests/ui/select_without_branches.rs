//~ SAYS `select!` needs a branch: `pattern = future => handler`
async fn first() -> u8 {
    bespoke::select! { else => 0 }
}

fn main() {
    let _ = first;
}
