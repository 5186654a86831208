//! smol's executor and reactor: a task that sleeps and says hello.

use core::time::Duration;

use async_executor::LocalExecutor;
use async_io::Timer;

fn main() {
    let executor = LocalExecutor::new();
    let task = executor.spawn(async {
        Timer::after(Duration::from_millis(1)).await;
        println!("hello");
    });
    async_io::block_on(executor.run(task));
}
