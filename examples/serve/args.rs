//! The command line.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(crate) const HELP: &str = "\
A server of static files, its load, and a report.

usage: serve [--connections N] [--seconds S] [--config CHOICE] [--driver CHOICE] [--copy] [--patience S]
       serve --listen ADDRESS [--root DIR] [--config CHOICE] [--driver CHOICE] [--copy] [--patience S]

Without --listen: serves a folder of its own making on a free loopback port, drives the server for S seconds, checks every
byte, prints a table.

  --connections N    client connections (16)
  --seconds S        how long (3)
  --listen ADDRESS   serve on this address until Ctrl-C, then print the totals; for example 127.0.0.1:8080
  --root DIR         what to serve (the folder in which the program was started)
  --config CHOICE    who runs the tasks; all choices are compiled into this program:
                       single      one worker (the default)
                       per-core    a worker on each processor, each with the tasks that were placed there (the preset PerCore)
                       work-stealing
                                   a worker on each processor, and who has nothing to do takes tasks of the others (the
                                   preset Server)
  --driver CHOICE    how I/O is done:
                       fallback    io-uring where the system allows it, else mio (the default)
                       io-uring    completion I/O
                       mio         readiness I/O (the default preset)
  --copy             read and write the bodies, instead of sending them without a copy
  --patience S       how long a client may take for a request, and for each part of a body (10)
  --help             this text
";

/// A listener has no more ports to be connected to from.
const CONNECTIONS_MAX: usize = 65_535;
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
    Mio,
    IoUring,
    Fallback,
}

/// Which config to run on.
pub(crate) type Choice = (Who, By);

/// How the server serves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// Read and write the bodies?
    pub(crate) copies: bool,
    /// How long a client may take for a request, and for each part of a body.
    pub(crate) patience: Duration,
}

/// How the server is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) time: Duration,
}

#[derive(Debug)]
pub(crate) enum Args {
    Help,
    Listen { address: String, root: PathBuf, choice: Choice, how: How },
    Drive { load: Load, choice: Choice, how: How },
}

impl Args {
    pub(crate) fn choice(&self) -> Choice {
        match self {
            Args::Help => (Who::Single, By::Mio),
            Args::Listen { choice, .. } | Args::Drive { choice, .. } => *choice,
        }
    }

    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Args, String> {
        let mut load = Load { connections: 16, time: Duration::from_secs(3) };
        let mut how = How { copies: false, patience: Duration::from_secs(10) };
        let (mut listen, mut root, mut drives) = (None, None, None);
        let (mut who, mut by) = (Who::Single, None);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(Args::Help),
                "--copy" => how.copies = true,
                "--listen" => listen = Some(value(&word, words.next())?),
                "--root" => root = Some(value::<PathBuf>(&word, words.next())?),
                "--patience" => how.patience = seconds(&word, words.next(), 0.1)?,
                "--config" => who = config(&value::<String>(&word, words.next())?)?,
                "--driver" => by = Some(driver(&value::<String>(&word, words.next())?)?),
                "--connections" => {
                    load.connections = match value(&word, words.next())? {
                        0 => return Err(format!("{word} takes at least 1")),
                        n if n > CONNECTIONS_MAX => return Err(format!("{word} takes at most {CONNECTIONS_MAX}")),
                        n => n,
                    };
                    drives = Some(word);
                }
                "--seconds" => {
                    load.time = seconds(&word, words.next(), 0.5)?;
                    drives = Some(word);
                }
                other => return Err(format!("there is no option `{other}`")),
            }
        }
        let choice = (who, by.unwrap_or(By::Fallback));
        match (listen, drives, root) {
            (Some(_), Some(drives), _) => {
                Err(format!("{drives} goes without --listen: a listening server is driven by others"))
            }
            (Some(address), None, root) => {
                Ok(Args::Listen { address, root: root.unwrap_or_else(|| PathBuf::from(".")), choice, how })
            }
            (None, _, Some(_)) => Err("--root goes with --listen: the load has files of its own".to_owned()),
            (None, _, None) => Ok(Args::Drive { load, choice, how }),
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
        "mio" => Ok(By::Mio),
        "io-uring" => Ok(By::IoUring),
        "fallback" => Ok(By::Fallback),
        "blocking" => Err("the driver `blocking` has no time limits, which a server of files needs".to_owned()),
        other => Err(format!("there is no driver `{other}`: choose mio, io-uring or fallback")),
    }
}

fn seconds(option: &str, word: Option<String>, min: f64) -> Result<Duration, String> {
    let seconds: f64 = value(option, word)?;
    if !(min..=SECONDS_MAX).contains(&seconds) {
        return Err(format!("{option} takes {min} to {SECONDS_MAX}"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn value<T: FromStr>(option: &str, word: Option<String>) -> Result<T, String> {
    let word = word.ok_or_else(|| format!("{option} needs a value"))?;
    word.parse().map_err(|_| format!("{option} cannot be `{word}`"))
}
