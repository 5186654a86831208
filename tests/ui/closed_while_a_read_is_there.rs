//~ RUSTC UNDER stream: cannot move out of `stream` because it is borrowed
use bespoke::net::TcpStream;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// The read tells the driver of its socket when it is dropped, which is at the end.
async fn close(stream: TcpStream) {
    let mut stream = stream;
    let mut buffer = [0; 8];
    let mut read = pin!(stream.read(&mut buffer));
    poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_ready())).await;
    drop(stream);
}

fn main() {
    let _ = close;
}
