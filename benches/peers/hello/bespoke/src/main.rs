//! bespoke, the default preset: a task that sleeps and says hello.

use core::time::Duration;

#[bespoke::main]
async fn main() {
    let task = bespoke::spawn(async {
        bespoke::time::sleep(Duration::from_millis(1)).await;
        println!("hello");
    });
    task.await.expect("the task does not panic");
}
