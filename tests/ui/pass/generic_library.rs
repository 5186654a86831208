#![deny(warnings)]

use bespoke::prelude::*;
use bespoke::rt::{Spawnable, TcpListener, TcpStream};
use std::io;

async fn echo<C: Config<Driver: Net>>(mut stream: TcpStream<C>) {
    let mut buffer = [0; 64];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(buffer[..read].to_vec()).await.0.is_err() {
            return;
        }
    }
}

async fn serve<C: Config<Driver: Net>>(listener: TcpListener<C>) -> io::Result<()> {
    loop {
        drop(C::spawn(echo(listener.accept().await?.0)));
    }
}

async fn serve_with<C, H, F>(listener: TcpListener<C>, handler: H) -> io::Result<()>
where
    C: Config<Driver: Net>,
    H: Fn(TcpStream<C>) -> F,
    F: Spawnable<C, Output = ()>,
{
    loop {
        drop(handler(listener.accept().await?.0).start());
    }
}

#[bespoke::main]
async fn main() -> io::Result<()> {
    let listen = || bespoke::net::TcpListener::bind("127.0.0.1:0");
    let kept = std::rc::Rc::new(1);
    let handler = move |stream| {
        let kept = kept.clone();
        async move {
            echo(stream).await;
            drop(kept);
        }
    };
    let (one, two) = (serve(listen().await?), serve_with(listen().await?, handler));
    drop((one, two));
    Ok(())
}
