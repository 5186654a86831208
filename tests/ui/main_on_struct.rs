//~ UNDER #[bespoke::main]: `#[bespoke::main]` goes on an `async fn`
#[bespoke::main]
struct App;

fn main() {
    let _ = App;
}
