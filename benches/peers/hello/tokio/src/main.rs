//! tokio's current_thread scheduler: a task that sleeps and says hello.

use core::time::Duration;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    runtime.block_on(async {
        let task = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            println!("hello");
        });
        task.await.expect("the task does not panic");
    });
}
