//~ UNDER read: the driver `<C as bespoke::Config>::Driver` has no sockets
use bespoke::prelude::*;
use bespoke::rt::TcpStream;

async fn first_byte<C: Config>(stream: &mut TcpStream<C>) -> std::io::Result<u8> {
    let mut byte = [0];
    stream.read(&mut byte).await?;
    Ok(byte[0])
}

fn main() {
    let _ = first_byte::<bespoke::preset::Default>;
}
