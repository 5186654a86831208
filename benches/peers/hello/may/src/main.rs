//! may: a coroutine that sleeps and says hello.

use core::time::Duration;

use may::{coroutine, go};

fn main() {
    let task = go!(|| {
        coroutine::sleep(Duration::from_millis(1));
        println!("hello");
    });
    task.join().expect("the coroutine does not panic");
}
