//! Two tasks that wait for each other, and what the runtime says about them. `cargo run --example dump`
//!
//! Each lends a book when it has got the other's, so neither does. The program notices that nothing has happened for a while,
//! and prints what every task is doing: each function under `#[async_fn]` with the line and the text of its `.await`. Where it is
//! Unix, so does `kill -USR1`, at any time.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

use bespoke::channel::mpsc::{Receiver, Sender, channel};
use bespoke::prelude::*;
use bespoke::preset::Default;
use bespoke::time::{Duration, timeout};

/// Lends `book` for another one. To begin with the own one would be the way.
#[bespoke::async_fn]
async fn lend(book: &'static str, to: Sender<&'static str>, mut from: Receiver<&'static str>) -> bool {
    let theirs = receive(&mut from).await;
    println!("got {theirs} for {book}");
    to.send(book).await.is_ok()
}

#[bespoke::async_fn]
async fn receive(from: &mut Receiver<&'static str>) -> &'static str {
    match from.recv().await {
        Some(book) => book,
        None => "nothing",
    }
}

#[bespoke::main]
async fn main() -> std::io::Result<()> {
    #[cfg(unix)]
    bespoke::spawn(bespoke::signal::dump_on(bespoke::signal::SignalKind::user_defined1())?);
    let (to_ann, from_bob) = channel(1);
    let (to_bob, from_ann) = channel(1);
    let ann = Default::spawn_named("ann", lend("Emma", to_bob, from_bob));
    let bob = Default::spawn_named("bob", lend("Dune", to_ann, from_ann));
    let both = async { (ann.await, bob.await) };
    if timeout(Duration::from_millis(100), both).await.is_err() {
        println!("for 100 ms nobody has got a book:\n{}", bespoke::handle().dump());
    }
    Ok(())
}
