//~ RUSTC UNDER stream: cannot borrow `*stream` as mutable more than once at a time
use bespoke::net::TcpStream;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The write may go on, so the answer would be about an older one.
async fn ask(stream: &mut TcpStream) -> bool {
    let mut write = pin!(stream.write_all("tea"));
    poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx).is_ready())).await;
    stream.take_interrupted().await.is_some()
}

fn main() {
    let _ = ask;
}
