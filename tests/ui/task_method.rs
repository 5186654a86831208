//~ UNDER self: a task has no `self`: its pool is one `static`, for all of its tasks
struct App;

impl App {
    #[bespoke::task]
    async fn f(self) {}
}

fn main() {
    let _ = App;
}
