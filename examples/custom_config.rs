//! A config of one's own: its module, a knob, and a memory budget that the compiler checks.
//! `cargo run --example custom_config`
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

use bespoke::memory::System;
use bespoke::{Config, Runtime, preset};
use std::rc::Rc;
use std::time::Duration;

struct App;

#[bespoke::config(base = preset::Default, module = app)]
impl Config for App {
    type Memory = System;
    const LOCAL_QUEUE: usize = 64;
    const TIMER_SLACK: Duration = Duration::from_millis(1);
}

// What the runtime takes before the first task is known when the program is compiled. With a smaller budget this line is an
// error that names the largest part.
const _: () = Runtime::<App>::INFO.fits(32 * 1024);

#[bespoke::main(App)]
async fn main() -> std::io::Result<()> {
    println!("{}", Runtime::<App>::INFO);

    // The compiler sees that this scheduler keeps tasks on their thread, so they need not be `Send`.
    let shared = Rc::new("tea");
    let task = app::spawn({
        let shared = shared.clone();
        async move {
            app::time::sleep(Duration::from_millis(5)).await;
            shared.len()
        }
    });
    println!("{} has {} letters", shared, task.await?);
    Ok(())
}
