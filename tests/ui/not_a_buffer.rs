//~ UNDER 5: `{integer}` is not a buffer that an operation may own
use bespoke::net::TcpStream;

async fn send(stream: &mut TcpStream) {
    stream.write_all(5).await.0.unwrap();
}

fn main() {
    let _ = send;
}
