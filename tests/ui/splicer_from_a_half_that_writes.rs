//~ UNDER from: a `Splicer` takes no bytes from `OwnedWriteHalf
use bespoke::net::{Splicer, TcpStream};

async fn proxy(from: TcpStream, to: TcpStream) {
    let (_, from) = from.into_split();
    let _ = Splicer::new(from, to);
}

fn main() {}
