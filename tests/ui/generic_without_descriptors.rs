//~ UNDER send_with_fds: the driver `<C as bespoke::Config>::Driver` passes no descriptors
use bespoke::prelude::*;
use bespoke::rt::UnixStream;

async fn pass<C: Config<Driver: Unix>>(stream: &mut UnixStream<C>) {
    let _ = stream.send_with_fds("text", &[]).await;
}

fn main() {}
