//~ UNDER send_file: the driver `<C as bespoke::Config>::Driver` moves no bytes without a copy
use bespoke::prelude::*;
use bespoke::rt::{File, TcpStream};

async fn serve<C: Config<Driver: Net + Fs>>(stream: &mut TcpStream<C>, file: &File<C>) {
    let _ = stream.send_file(file, 0, 10).await;
}

fn main() {}
