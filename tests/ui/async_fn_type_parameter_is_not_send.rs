//~ SAYS cannot be sent between threads safely
async fn pause() {}

#[bespoke::async_fn]
async fn keep<T>(t: T) -> T {
    pause().await;
    t
}

fn spawn<F: Future + Send>(_: F) {}

fn send<T>(t: T) {
    spawn(keep(t));
}

fn main() {
    send(1);
}
