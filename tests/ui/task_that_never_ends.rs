//~ UNDER !: a task that never ends has no value to tell: leave out `-> !`, and keep the loop
#[bespoke::task]
async fn f() -> ! {
    loop {
        bespoke::yield_now().await;
    }
}

fn main() {}
