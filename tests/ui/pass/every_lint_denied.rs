//! A crate that forbids what it can, with a config and its module.
#![deny(warnings, missing_docs, unreachable_pub, missing_debug_implementations, elided_lifetimes_in_paths)]
#![forbid(unsafe_code)]

use bespoke::Config;
use bespoke::memory::System;

/// The config of this program.
#[derive(Debug)]
pub struct App;

#[bespoke::config(module = pub app)]
impl Config for App {
    type Memory = System;
    const LOCAL_QUEUE: usize = 64;
}

const _: () = app::Runtime::INFO.fits(64 * 1024);

/// A task with a place of its own.
#[bespoke::task(pool = 2)]
#[bespoke::async_fn]
pub async fn letters(tea: std::rc::Rc<str>) -> usize {
    app::yield_now().await;
    tea.len()
}

#[bespoke::main(App)]
async fn main() {
    let tea = std::rc::Rc::new("tea");
    assert_eq!(*app::spawn(async move { tea }).await.unwrap(), "tea");
    assert_eq!(app::spawn_task(letters("tea".into())).unwrap().await.unwrap(), 3);
    app::time::sleep(app::time::Duration::ZERO).await;
}
