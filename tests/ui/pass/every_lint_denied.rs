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

/// Several futures in one, in a machine.
#[bespoke::async_fn]
pub async fn several(cups: &[u8], hot: bool) -> Option<u8> {
    let (first, last) = bespoke::join!(cup(cups.first()), cup(cups.last()));
    let either = bespoke::race!(cup(first.as_ref()), cup(last.as_ref()));
    bespoke::try_join!(poured(hot), poured(true)).ok()?;
    bespoke::select! {
        _ = app::yield_now(), if !hot => None,
        () = core::future::pending() => None,
        Some(cup) = cup(either.as_ref()) => {
            app::yield_now().await;
            Some(cup)
        }
        (_, rest) = core::future::ready((1, 2)) => Some(rest),
        else => {
            app::yield_now().await;
            either
        }
    }
}

async fn cup(cup: Option<&u8>) -> Option<u8> {
    app::yield_now().await;
    cup.copied()
}

async fn poured(hot: bool) -> Result<(), ()> {
    if hot { Ok(()) } else { Err(()) }
}

#[bespoke::main(App)]
async fn main() {
    let _ = several(&[1, 2], true).await;
    let tea = std::rc::Rc::new("tea");
    assert_eq!(*app::spawn(async move { tea }).await.unwrap(), "tea");
    assert_eq!(app::spawn_task(letters("tea".into())).unwrap().await.unwrap(), 3);
    app::time::sleep(app::time::Duration::ZERO).await;
}
