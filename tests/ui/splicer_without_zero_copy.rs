//~ UNDER from: the driver `<C as bespoke::Config>::Driver` moves no bytes without a copy
use bespoke::prelude::*;
use bespoke::rt::{Splicer, TcpStream};

async fn proxy<C: Config<Driver: Net>>(from: &mut TcpStream<C>, to: &mut TcpStream<C>) {
    let _ = Splicer::new(from, to);
}

fn main() {}
