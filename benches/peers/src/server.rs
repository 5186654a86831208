//! An echo server in a process of its own, and what it has used so far.

use core::time::Duration;
use std::process::Command;

use harness::{Refusal, Retired};

use crate::agent::Process;

/// A server that listens. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    port: u16,
}

/// What a server has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// User plus system time.
    pub(crate) cpu: Duration,
    /// Resident bytes.
    pub(crate) resident: u64,
    /// Instructions, where the machine counts them.
    pub(crate) retired: Retired,
}

impl Server {
    /// Starts `command` and waits until it listens.
    ///
    /// # Errors
    /// When it has no such transport, or ends before it listens.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Refusal> {
        let mut process = Process::start(command).map_err(Refusal::Failed)?;
        let line = process.answer().map_err(Refusal::Failed)?;
        if line == "absent" {
            return Err(Refusal::Absent);
        }
        let port = line.strip_prefix("port ").and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| Refusal::Failed(format!("the server said '{line}' where 'port N' was due")))?;
        Ok(Self { process, port })
    }

    /// The port on 127.0.0.1; 0 for a Unix socket.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn used(&mut self) -> Result<Used, String> {
        self.process.ask("used")?;
        let line = self.process.answer()?;
        used(&line).ok_or_else(|| format!("the server said '{line}' where 'used CPU RESIDENT USER ALL' was due"))
    }

    /// Ends the server and waits for it.
    ///
    /// # Errors
    /// When it ended badly.
    pub(crate) fn stop(self) -> Result<(), String> {
        self.process.stop()
    }

    /// Ends the server, waits for it, and returns what it said on standard error.
    ///
    /// # Errors
    /// When it ended badly.
    pub(crate) fn stop_and_hear(self) -> Result<String, String> {
        self.process.stop_and_hear()
    }
}

fn used(line: &str) -> Option<Used> {
    let (cpu, rest) = line.strip_prefix("used ")?.split_once(' ')?;
    let (resident, retired) = rest.split_once(' ')?;
    let cpu = Duration::from_nanos(cpu.parse().ok()?);
    Some(Used { cpu, resident: resident.parse().ok()?, retired: Retired::parse(retired)? })
}
