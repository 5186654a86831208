//~ RUSTC UNDER sleep: no function or associated item named `sleep` found for type parameter `C`
use bespoke::Config;
use std::time::Duration;

async fn nap<C: Config>() {
    C::sleep(Duration::ZERO).await;
}

fn main() {
    let _ = nap::<bespoke::preset::Default>();
}
