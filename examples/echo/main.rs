//! An echo server, its load, and a report: `cargo run --release --example echo`.
//!
//! Without arguments it serves on a free loopback port, drives the server with client connections of its own for three
//! seconds, checks every byte, and prints one table. With `--listen` it serves until Ctrl-C.
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `server` | the server, generic over the config |
//! | `load` | the clients, generic over the config |
//! | `measure` | latencies, allocations, memory |
//! | `report` | the table |
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

mod args;
mod load;
mod measure;
mod report;
mod server;

use args::{Args, By, Who};
use bespoke::driver::Mio;
use bespoke::prelude::*;
use bespoke::rt::{Foreign, TcpListener};
use bespoke::{Runtime, memory, preset, select};
use std::io;
use std::process::ExitCode;

#[global_allocator]
static HEAP: measure::Counting = measure::Counting;

/// As the default preset, with the system's allocator for tasks.
struct OnSystem;

#[bespoke::config(base = preset::Default)]
impl Config for OnSystem {
    type Memory = memory::System;
}

/// As the preset for servers, without rings also where there are some.
struct ThievesOnMio;

#[bespoke::config(base = preset::Server)]
impl Config for ThievesOnMio {
    type Driver = Mio;
}

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Args::Help) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(args) => args,
        Err(wrong) => {
            eprintln!("echo: {wrong}; see --help");
            return ExitCode::from(2);
        }
    };
    let result = match args.choice() {
        #[cfg(target_os = "linux")]
        (who, by @ (By::Fallback | By::IoUring)) => rings::run(who, by, &args),
        (Who::PerCore, _) => run::<preset::PerCore>(&args),
        (Who::WorkStealing, _) => run::<ThievesOnMio>(&args),
        (Who::Single, By::MioSystem) => run::<OnSystem>(&args),
        (Who::Single, By::MioLowLatency) => run::<preset::LowLatency>(&args),
        (Who::Single, By::Blocking) => run::<preset::Blocking>(&args),
        (Who::Single, _) => run::<preset::Default>(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The configs with rings.
#[cfg(target_os = "linux")]
mod rings {
    use super::{Args, By, Config, Who, io, preset};
    use bespoke::driver::{Fallback, IoUring, Mio};

    macro_rules! configs {
        ($($name:ident: $base:ident, $driver:ty;)+) => { $(
            struct $name;

            #[bespoke::config(base = preset::$base)]
            impl Config for $name {
                type Driver = $driver;
            }
        )+ };
    }

    configs! {
        OnRing: Default, IoUring;
        OnEither: Default, Fallback<IoUring, Mio>;
        OnRings: PerCore, IoUring;
        OnEitherEach: PerCore, Fallback<IoUring, Mio>;
        OnRingsOfThieves: Server, IoUring;
    }

    /// The whole program on one of them.
    pub(crate) fn run(who: Who, by: By, args: &Args) -> io::Result<()> {
        match (who, by) {
            (Who::Single, By::IoUring) => super::run::<OnRing>(args),
            (Who::Single, _) => super::run::<OnEither>(args),
            (Who::PerCore, By::IoUring) => super::run::<OnRings>(args),
            (Who::PerCore, _) => super::run::<OnEitherEach>(args),
            (Who::WorkStealing, By::IoUring) => super::run::<OnRingsOfThieves>(args),
            (Who::WorkStealing, _) => super::run::<preset::Server>(args),
        }
    }
}

/// The whole program on the config `C`: one source for every choice.
fn run<C: Config<Driver: Net + Foreign>>(args: &Args) -> io::Result<()> {
    let runtime = Runtime::<C>::new()?;
    match args {
        Args::Help => Ok(()),
        Args::Explain { .. } => {
            report::explain::<C>(&runtime);
            Ok(())
        }
        Args::Listen { address, .. } => {
            let totals = runtime.block_on(server::until_interrupted::<C>(address))?;
            report::totals(&totals);
            Ok(())
        }
        Args::Drive { load, .. } => {
            let outcome = runtime.block_on(async {
                let listener = TcpListener::<C>::bind("127.0.0.1:0").await?;
                let address = listener.local_addr()?;
                let mut server = C::spawn(server::serve(listener, server::Totals::shared(), server::Refusal::End));
                let outcome = select! {
                    outcome = load::drive::<C>(address, load) => outcome,
                    ended = &mut server => Err(ended?.err().unwrap_or_else(|| io::Error::other("the server has ended"))),
                };
                server.abort();
                outcome
            })?;
            report::table(&Runtime::<C>::INFO, runtime.workers(), &runtime.driver_report(), load, &outcome);
            Ok(())
        }
    }
}
