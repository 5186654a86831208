//! monoio on epoll: a task that sleeps and says hello.

use core::time::Duration;

use monoio::{LegacyDriver, RuntimeBuilder};

fn main() {
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new().enable_timer().build().expect("monoio starts");
    runtime.block_on(async {
        let task = monoio::spawn(async {
            monoio::time::sleep(Duration::from_millis(1)).await;
            println!("hello");
        });
        task.await;
    });
}
