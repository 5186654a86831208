//~ RUSTC UNDER buffer: `buffer` does not live long enough
use bespoke::net::TcpStream;

async fn send(stream: &mut TcpStream) {
    let buffer = vec![1, 2, 3];
    stream.write_all(buffer.as_slice()).await.0.unwrap();
}

fn main() {
    let _ = send;
}
