//~ UNDER "tea": `&str` is not a list of buffers that an operation may own
use bespoke::net::TcpStream;

async fn send(stream: &mut TcpStream) {
    stream.write_vectored("tea").await.0.unwrap();
}

fn main() {
    let _ = send;
}
