#[bespoke::main]
async fn main() {
    work().await;
}
