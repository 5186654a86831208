#[bespoke::task(pool = 4)]
/// Serves one connection.
#[bespoke::async_fn]
async fn serve(stream: TcpStream, (from, to): (u64, u64)) -> io::Result<()> {
    send(stream, from, to).await
}
