//! tokio-uring: a task that sleeps and says hello.

use core::time::Duration;

fn main() {
    tokio_uring::start(async {
        let task = tokio_uring::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            println!("hello");
        });
        task.await.expect("the task does not panic");
    });
}
