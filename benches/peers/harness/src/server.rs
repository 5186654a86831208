//! An echo server in a process of its own, and the pipe over which it is asked what it took.
//!
//! It says `port N` when it listens. For each line on its standard input it answers `used CPU RESIDENT USER ALL`: the nanoseconds
//! that getrusage(2) reports for all its threads, kernel workers of io_uring included, its resident bytes, and the instructions that
//! it has retired, in user space and with the kernel's (`-` where the machine does not count them). It ends when the pipe closes, so
//! a driver that dies leaves no server behind.

use core::cell::Cell;
use std::rc::Rc;

use crate::agent::{pin, say};
use crate::instructions::Instructions;
use crate::{Refusal, Service, Transport, Variant, sys};

/// What `serve` does; the transport is `tcp`, `udp`, or `unix:PATH`.
pub(crate) fn child(variant: Variant, core: &str, transport: &str, buffer: &str) -> Result<(), String> {
    pin(core)?;
    let transport = match transport.split_once(':') {
        Some(("unix", path)) => Transport::Unix(path.into()),
        None if transport == "tcp" => Transport::Tcp,
        None if transport == "udp" => Transport::Udp,
        _ => return Err(format!("'{transport}' is no transport")),
    };
    let buffer = buffer.parse().map_err(|_| format!("'{buffer}' is no number of bytes"))?;
    // Before the runtime, so that all its threads are counted.
    let instructions = Cell::new(Instructions::start());
    let mut runner = (variant.start)()?;
    let ready = move |port| ready(port, instructions.take());
    let served = runner.serve(Service { transport, buffer, ready: Rc::new(ready) });
    match served {
        // The driver waits for a line, and takes this one for the answer.
        Err(Refusal::Absent) => say("absent"),
        Err(Refusal::Failed(why)) => return Err(format!("echo: {why}")),
        Ok(()) => return Err("echo: the server ended".into()),
    }
    Ok(())
}

fn ready(port: u16, mut instructions: Option<Instructions>) {
    say(&format!("port {port}"));
    let spawned = std::thread::Builder::new().spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(_) = line else { break };
            match sys::resident_bytes() {
                Ok(resident) => {
                    let retired = instructions.as_mut().map(Instructions::read).unwrap_or_default();
                    say(&format!("used {} {resident} {retired}", sys::process_cpu().as_nanos()));
                }
                Err(error) => say(&format!("failed {error}")),
            }
        }
        std::process::exit(0);
    });
    if let Err(error) = spawned {
        eprintln!("cannot start a thread: {error}");
        std::process::exit(1);
    }
}
