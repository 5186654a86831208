//! An echo server in a child process, and the pipe over which its CPU time is asked.
//!
//! The child says `port N` when it listens. For each line on its standard input it answers `cpu NANOSECONDS`: the time
//! that getrusage(2) reports for all its threads, kernel workers of io_uring included. It ends when the pipe closes, so
//! a parent that dies leaves no server behind.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::peers::Runner;
use crate::sys;

/// The parent's end. Dropping it ends the child.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    /// Starts `command` and waits until it listens.
    ///
    /// # Errors
    /// When the child does not start, or ends before it listens.
    pub(super) fn start(command: &mut Command) -> Result<Self, String> {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process =
            spawned.map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let (Some(ask), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("a child without pipes".into());
        };
        let mut server = Self { process, ask: Some(ask), answers: BufReader::new(answers), port: 0 };
        let port = server.answer("port")?;
        server.port = u16::try_from(port).map_err(|_| format!("the server claims port {port}"))?;
        Ok(server)
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// User plus system time of the server so far.
    ///
    /// # Errors
    /// When the child has ended.
    pub(super) fn cpu(&mut self) -> Result<Duration, String> {
        let asked = self.ask.as_mut().map_or(Ok(()), |pipe| pipe.write_all(b"cpu\n"));
        asked.map_err(|error| format!("the server is gone: {error}"))?;
        self.answer("cpu").map(Duration::from_nanos)
    }

    /// Ends the child and waits for it.
    ///
    /// # Errors
    /// When the child ended badly.
    pub(super) fn stop(mut self) -> Result<(), String> {
        drop(self.ask.take());
        let status = self.process.wait().map_err(|error| format!("cannot wait for the server: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
    }

    fn answer(&mut self, key: &str) -> Result<u64, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| format!("cannot hear the server: {error}"))?;
        let value = line.trim().strip_prefix(key).and_then(|value| value.trim().parse().ok());
        value.ok_or_else(|| format!("the server said '{}' where '{key} N' was due", line.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.ask.take());
        // After `stop` the status is cached; otherwise this keeps the process table clean.
        let _ = self.process.wait();
    }
}

/// The child's end: serves until the parent closes the pipe.
///
/// # Errors
/// When the server cannot listen.
pub(super) fn serve(runner: &mut dyn Runner) -> Result<(), String> {
    let ready = |port| {
        say("port", u64::from(port));
        let spawned = std::thread::Builder::new().spawn(|| {
            for line in std::io::stdin().lines() {
                match line {
                    Ok(_) => say("cpu", sys::process_cpu().as_nanos() as u64),
                    Err(_) => break,
                }
            }
            std::process::exit(0);
        });
        if let Err(error) = spawned {
            eprintln!("bespoke-peers: cannot start a thread: {error}");
            std::process::exit(1);
        }
    };
    runner.serve(Box::new(ready)).map_err(|error| format!("echo: {error}"))
}

/// Answers the parent; a parent that is gone ends this process by the other pipe.
fn say(key: &str, value: u64) {
    let _ = writeln!(std::io::stdout().lock(), "{key} {value}");
}
