//! A server of static files, its load, and a report: `cargo run --release --example serve`. Linux.
//!
//! Without arguments it makes a folder of files, serves it on a free loopback port, drives the server with client connections
//! of its own for three seconds, checks every byte, and prints one table. With `--listen` it serves a folder until Ctrl-C.
//!
//! Bodies are sent by `send_file`, without a copy in the program's memory; `--copy` reads and writes them instead, for
//! comparison. HTTP/1.1 with connections that stay and requests that come before the answer to the last; `GET` and
//! `HEAD`, one range, conditions, listings of folders.
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `request` | a request: parsed, within limits, and what its fields ask for |
//! | `date` | dates as HTTP writes them |
//! | `find` | from a path of a request to a file below the root, and nowhere else |
//! | `page` | the pages that the server makes: listings, errors; kinds of files by their names |
//! | `answer` | what is answered: status, fields, which bytes |
//! | `connection` | one connection: reads, answers, time limits |
//! | `server` | the listener, the end, the totals |
//! | `load` | the clients, which check every byte |
//! | `report` | the tables |
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

#[cfg(target_os = "linux")]
mod answer;
#[cfg(target_os = "linux")]
mod args;
#[cfg(target_os = "linux")]
mod connection;
#[cfg(target_os = "linux")]
mod date;
#[cfg(target_os = "linux")]
mod find;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod page;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod server;

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("serve: files are sent without a copy on Linux only, so this example is for Linux");
    std::process::ExitCode::from(2)
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use args::{Args, By, Who};
    use bespoke::preset;
    use std::process::ExitCode;

    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Args::Help) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(args) => args,
        Err(wrong) => {
            eprintln!("serve: {wrong}; see --help");
            return ExitCode::from(2);
        }
    };
    let result = match args.choice() {
        (Who::Single, By::Mio) => run::<preset::Default>(&args),
        (Who::Single, By::IoUring) => run::<configs::OnRing>(&args),
        (Who::Single, By::Fallback) => run::<configs::OnEither>(&args),
        (Who::PerCore, By::Mio) => run::<preset::PerCore>(&args),
        (Who::PerCore, By::IoUring) => run::<configs::OnRings>(&args),
        (Who::PerCore, By::Fallback) => run::<configs::OnEitherEach>(&args),
        (Who::WorkStealing, By::Mio) => run::<configs::OnMioOfThieves>(&args),
        (Who::WorkStealing, By::IoUring) => run::<configs::OnRingsOfThieves>(&args),
        (Who::WorkStealing, By::Fallback) => run::<preset::Server>(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The configs beside the default one.
#[cfg(target_os = "linux")]
mod configs {
    use bespoke::driver::{Fallback, IoUring, Mio};
    use bespoke::{Config, preset};

    pub(crate) struct OnRing;

    #[bespoke::config(base = preset::Default)]
    impl Config for OnRing {
        type Driver = IoUring;
    }

    pub(crate) struct OnEither;

    #[bespoke::config(base = preset::Default)]
    impl Config for OnEither {
        type Driver = Fallback<IoUring, Mio>;
    }

    pub(crate) struct OnRings;

    #[bespoke::config(base = preset::PerCore)]
    impl Config for OnRings {
        type Driver = IoUring;
    }

    pub(crate) struct OnMioOfThieves;

    #[bespoke::config(base = preset::Server)]
    impl Config for OnMioOfThieves {
        type Driver = Mio;
    }

    pub(crate) struct OnRingsOfThieves;

    #[bespoke::config(base = preset::Server)]
    impl Config for OnRingsOfThieves {
        type Driver = IoUring;
    }

    pub(crate) struct OnEitherEach;

    #[bespoke::config(base = preset::PerCore)]
    impl Config for OnEitherEach {
        type Driver = Fallback<IoUring, Mio>;
    }
}

/// The whole program on the config `C`: one source for every choice.
#[cfg(target_os = "linux")]
fn run<C: server::Serves>(args: &args::Args) -> std::io::Result<()> {
    use args::Args;

    let runtime = bespoke::Runtime::<C>::new()?;
    match args {
        Args::Help => Ok(()),
        Args::Listen { address, root, how, .. } => {
            let totals = runtime.block_on(server::until_interrupted::<C>(address, root, *how))?;
            report::totals(&totals);
            Ok(())
        }
        Args::Drive { load, how, .. } => {
            let folder = load::Folder::new()?;
            let outcome = runtime.block_on(server::driven::<C>(folder.path(), *how, load))?;
            report::table(
                &bespoke::Runtime::<C>::INFO,
                runtime.workers(),
                &runtime.driver_report(),
                load,
                *how,
                &outcome,
            );
            Ok(())
        }
    }
}
