//~ RUSTC UNDER 5: the trait bound `{integer}: IoBuf` is not satisfied
use bespoke::net::TcpStream;

async fn send(stream: &mut TcpStream) {
    stream.write_all(5).await.0.unwrap();
}

fn main() {
    let _ = send;
}
