//! Sleeping, deadlines and intervals; and how late a sleep is. `cargo run --release --example timers`
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

use bespoke::time::{Duration, MissedTickBehavior, interval, now, sleep, timeout};

#[bespoke::main]
async fn main() {
    let start = now();
    let mut ticks = interval(Duration::from_millis(20));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for _ in 0..5 {
        let due = ticks.tick().await;
        println!("tick at {:>9.3?}, {:?} late", due - start, now() - due);
    }

    match timeout(Duration::from_millis(10), sleep(Duration::from_secs(3600))).await {
        Ok(()) => println!("an hour has passed"),
        Err(elapsed) => println!("not waiting for an hour: {elapsed}"),
    }

    let mut late: Vec<Duration> = Vec::new();
    for _ in 0..200 {
        let deadline = now() + Duration::from_micros(500);
        bespoke::time::sleep_until(deadline).await;
        late.push(now() - deadline);
    }
    late.sort();
    println!("200 sleeps of 500 µs: median {:?} late, worst {:?}", late[100], late[199]);
}
