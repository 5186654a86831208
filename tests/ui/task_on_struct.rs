//~ UNDER #[bespoke::task]: `#[bespoke::task]` goes on an `async fn`
#[bespoke::task]
struct App;

fn main() {
    let _ = App;
}
