//~ UNDER to: a `Splicer` gives no bytes to `OwnedReadHalf
use bespoke::net::{Splicer, TcpStream};

async fn proxy(from: TcpStream, to: TcpStream) {
    let (to, _) = to.into_split();
    let _ = Splicer::new(from, to);
}

fn main() {}
