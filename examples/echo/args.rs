//! The command line.

use std::str::FromStr;
use std::time::Duration;

pub(crate) const HELP: &str = "\
An echo server, its load, and a report.

usage: echo [--connections N] [--size BYTES] [--seconds S] [--config CHOICE] [--driver CHOICE]
       echo --listen ADDRESS [--config CHOICE] [--driver CHOICE]
       echo --explain [--config CHOICE] [--driver CHOICE]

Without --listen: serves on a free loopback port, drives the server for S seconds, checks every byte, prints a table.

  --connections N    client connections (50)
  --size BYTES       bytes per message (64)
  --seconds S        how long (3)
  --listen ADDRESS   serve on this address until Ctrl-C, then print the totals; for example 127.0.0.1:7000
  --config CHOICE    who runs the tasks; all choices are compiled into this program:
                       single      one worker (the default)
                       per-core    a worker on each processor: one accepts, and each connection is served where its task is
                                   placed (the preset PerCore; with the driver mio, io-uring or fallback)
                       work-stealing
                                   a worker on each processor, and who has nothing to do takes tasks of the others (the
                                   preset Server; with the driver mio, io-uring or fallback)
  --driver CHOICE    how I/O is done, and what the rest is made of:
                       fallback    io-uring where the system allows it, else mio (the default on Linux)
                       io-uring    completion I/O of Linux
                       mio         readiness I/O, pooled task memory (the default preset; the default elsewhere)
                       mio-system  readiness I/O, task memory of the system's allocator
                       mio-low-latency
                                   as mio, tuned for answers within microseconds (the preset LowLatency)
                       blocking    plain system calls, a thread for every task
  --explain          say what the config is made of, what it is expected to do, and what is odd about it; run nothing
  --help             this text
";

/// A listener has no more ports to be connected to from.
const CONNECTIONS_MAX: usize = 65_535;
/// Every connection has a message and its answer in memory.
const SIZE_MAX: usize = 64 << 20;
/// A day.
const SECONDS_MAX: f64 = 86_400.0;

/// Who runs the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Single,
    PerCore,
    WorkStealing,
}

/// How I/O is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Fallback,
    IoUring,
    Mio,
    MioSystem,
    MioLowLatency,
    Blocking,
}

/// Which config to run on.
pub(crate) type Choice = (Who, By);

/// How the server is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) size: usize,
    pub(crate) time: Duration,
}

#[derive(Debug)]
pub(crate) enum Args {
    Help,
    Explain { choice: Choice },
    Listen { address: String, choice: Choice },
    Drive { load: Load, choice: Choice },
}

impl Args {
    pub(crate) fn choice(&self) -> Choice {
        match self {
            Args::Help => (Who::Single, By::Mio),
            Args::Explain { choice } | Args::Listen { choice, .. } | Args::Drive { choice, .. } => *choice,
        }
    }

    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
        let mut load = Load { connections: 50, size: 64, time: Duration::from_secs(3) };
        let (mut listen, mut drives, mut explain) = (None, None, false);
        let (mut who, mut by) = (Who::Single, None);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Args::Help),
                "--explain" => explain = true,
                "--listen" => listen = Some(value(&word, words.next())?),
                "--config" => who = config(&value::<String>(&word, words.next())?)?,
                "--driver" => by = Some(driver(&value::<String>(&word, words.next())?)?),
                "--connections" => {
                    load.connections = within(&word, value(&word, words.next())?, CONNECTIONS_MAX)?;
                    drives = Some(word);
                }
                "--size" => {
                    load.size = within(&word, value(&word, words.next())?, SIZE_MAX)?;
                    drives = Some(word);
                }
                "--seconds" => {
                    let seconds: f64 = value(&word, words.next())?;
                    if !(0.5..=SECONDS_MAX).contains(&seconds) {
                        return Err(format!("--seconds takes 0.5 to {SECONDS_MAX}"));
                    }
                    load.time = Duration::from_secs_f64(seconds);
                    drives = Some(word);
                }
                other => return Err(format!("there is no option `{other}`")),
            }
        }
        let choice = chosen(who, by)?;
        if explain {
            return match (listen, drives) {
                (None, None) => Ok(Args::Explain { choice }),
                (Some(_), _) => Err("--explain goes without --listen: it runs nothing".to_owned()),
                (None, Some(drives)) => Err(format!("{drives} goes without --explain: it runs nothing")),
            };
        }
        match (listen, drives) {
            (Some(_), Some(drives)) => {
                Err(format!("{drives} goes without --listen: a listening server is driven by others"))
            }
            (Some(address), None) => Ok(Args::Listen { address, choice }),
            (None, _) => Ok(Args::Drive { load, choice }),
        }
    }
}

fn config(name: &str) -> Result<Who, String> {
    match name {
        "single" => Ok(Who::Single),
        "per-core" => Ok(Who::PerCore),
        "work-stealing" => Ok(Who::WorkStealing),
        other => Err(format!("there is no config `{other}`: choose single, per-core or work-stealing")),
    }
}

fn driver(name: &str) -> Result<By, String> {
    match name {
        "fallback" | "io-uring" if !cfg!(target_os = "linux") => Err(format!("the driver `{name}` is for Linux")),
        "fallback" => Ok(By::Fallback),
        "io-uring" => Ok(By::IoUring),
        "mio" => Ok(By::Mio),
        "mio-system" => Ok(By::MioSystem),
        "mio-low-latency" => Ok(By::MioLowLatency),
        "blocking" => Ok(By::Blocking),
        other => Err(format!(
            "there is no driver `{other}`: choose fallback, io-uring, mio, mio-system, mio-low-latency or blocking"
        )),
    }
}

/// What goes together.
fn chosen(who: Who, by: Option<By>) -> Result<Choice, String> {
    let usual = if cfg!(target_os = "linux") { By::Fallback } else { By::Mio };
    let name = match who {
        Who::Single => None,
        Who::PerCore => Some("per-core"),
        Who::WorkStealing => Some("work-stealing"),
    };
    match (name, by.unwrap_or(usual)) {
        (Some(name), By::MioSystem | By::MioLowLatency | By::Blocking) => {
            Err(format!("--config {name} goes with --driver fallback, io-uring or mio"))
        }
        (_, by) => Ok((who, by)),
    }
}

fn value<T: FromStr>(option: &str, word: Option<String>) -> Result<T, String> {
    let word = word.ok_or_else(|| format!("{option} needs a value"))?;
    word.parse().map_err(|_| format!("{option} cannot be `{word}`"))
}

fn within(option: &str, n: usize, max: usize) -> Result<usize, String> {
    match n {
        0 => Err(format!("{option} takes at least 1")),
        n if n > max => Err(format!("{option} takes at most {max}")),
        n => Ok(n),
    }
}
