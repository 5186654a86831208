//! glommio: a task that sleeps and says hello.

use core::time::Duration;

use glommio::timer::Timer;
use glommio::{LocalExecutorBuilder, Placement};

fn main() {
    let executor = LocalExecutorBuilder::new(Placement::Unbound).make().expect("glommio starts");
    executor.run(async {
        let task = glommio::spawn_local(async {
            Timer::new(Duration::from_millis(1)).await;
            println!("hello");
        });
        task.await;
    });
}
