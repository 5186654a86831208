//! compio on io_uring: a task that sleeps and says hello.

use core::time::Duration;

use compio::runtime::Runtime;

fn main() {
    let runtime = Runtime::new().expect("compio starts");
    runtime.block_on(async {
        let task = compio::runtime::spawn(async {
            compio::time::sleep(Duration::from_millis(1)).await;
            println!("hello");
        });
        task.await.expect("the task does not panic");
    });
}
