//~ RUSTC UNDER stream: mismatched types
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Default, module = app)]
impl Config for App {}

async fn serve(_stream: app::net::TcpStream) {}

async fn connect() -> std::io::Result<()> {
    let stream = bespoke::net::TcpStream::connect("localhost:80").await?;
    serve(stream).await;
    Ok(())
}

fn main() {
    let _ = connect();
}
