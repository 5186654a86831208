//~ UNDER self: a task is a function of a module, not a method: its pool is one `static`
struct App;

impl App {
    #[bespoke::task]
    async fn f(self) {}
}

fn main() {
    let _ = App;
}
