//! may: stacks instead of futures, epoll, one worker that inherits the bench's core.
//!
//! It has no futures, so it does not fill the seam; it takes the rows that mean something without: coroutines for tasks, its mpsc
//! for the slot of `ping-pong`. Its scheduler and its reactor belong to the process, so there is no `start`. The rows with
//! 100,000 tasks and more are not offered: each stack is two mappings, and the system's default admits 65,530.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use harness::clock::now;
use harness::{Refusal, Row, Runner, Sampled, Service, Transport, Variant, Work, rows};
use may::net::{TcpListener, UdpSocket};
use may::os::unix::net::UnixListener;
use may::sync::mpsc;
use may::{config, coroutine, go};

/// Tasks of a batch, as in the rows of futures.
const BATCH: u64 = 100;

const NOTES: &[(&str, &str)] = &[
    ("spawn-join", "coroutines with a stack each"),
    ("ping-pong", "may has no wakers: a value there and back over two of its channels"),
];

fn main() -> ExitCode {
    harness::agent::main(&[Variant { name: "may", package: "may", notes: NOTES, start }])
}

struct May;

fn start() -> Result<Box<dyn Runner>, String> {
    // Its own pinning would put the worker on the first core.
    config().set_worker_pin(false);
    config().set_workers(1);
    Ok(Box::new(May))
}

impl Runner for May {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        let elapsed = match row.work {
            Work::SpawnJoin => go!(move || {
                let begin = now();
                for value in 0..amount {
                    let output = go!(move || value).join().ok();
                    assert_eq!(output, Some(value), "a coroutine returned another one's output");
                }
                begin.elapsed()
            }),
            Work::SpawnBatch => go!(move || {
                let mut handles = Vec::with_capacity(BATCH as usize);
                let begin = now();
                for batch in 0..amount / BATCH {
                    handles.extend((0..BATCH).map(|n| go!(move || batch + n)));
                    let sum: u64 = handles.drain(..).map(|handle| handle.join().unwrap_or(0)).sum();
                    assert_eq!(sum, BATCH * batch + BATCH * (BATCH - 1) / 2, "an output of the batch is wrong");
                }
                begin.elapsed()
            }),
            Work::Yield(tasks) => go!(move || {
                let each = amount / tasks;
                let begin = now();
                let handles = (0..tasks).map(|_| {
                    go!(move || {
                        (0..each).for_each(|_| coroutine::yield_now());
                        each
                    })
                });
                let handles: Vec<_> = handles.collect();
                let done: u64 = handles.into_iter().map(|handle| handle.join().unwrap_or(0)).sum();
                assert_eq!(done, amount, "a coroutine has not yielded as often as it was told to");
                begin.elapsed()
            }),
            Work::PingPong => go!(move || {
                let ((there, theirs), (back, ours)) = (mpsc::channel(), mpsc::channel());
                let pong = go!(move || theirs.iter().try_for_each(|value: u64| back.send(value)));
                let begin = now();
                for value in 0..amount {
                    there.send(value).expect("the other coroutine waits");
                    assert_eq!(ours.recv().ok(), Some(value), "another value came back");
                }
                let elapsed = begin.elapsed();
                drop(there);
                pong.join().expect("no coroutine of this bench panics").expect("the channel is open to the end");
                elapsed
            }),
            _ => return Err(Refusal::Absent),
        };
        let elapsed = elapsed.join().map_err(|_| Refusal::Failed("a coroutine panicked".into()))?;
        rows::per_op(elapsed, amount).unwrap_or(Err(Refusal::Absent))
    }

    fn serve(&mut self, service: Service) -> Result<(), Refusal> {
        let Service { transport, buffer, ready } = service;
        // `ready` stays on this thread, so the socket is made here; what is served is served by coroutines.
        let served = match transport {
            Transport::Tcp => {
                let listener = TcpListener::bind(("127.0.0.1", 0))?;
                ready(listener.local_addr()?.port());
                go!(move || -> io::Result<()> {
                    loop {
                        let (stream, _) = listener.accept()?;
                        stream.set_nodelay(true)?;
                        go!(move || echo(stream, buffer));
                    }
                })
            }
            Transport::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                ready(0);
                go!(move || -> io::Result<()> {
                    loop {
                        let (stream, _) = listener.accept()?;
                        go!(move || echo(stream, buffer));
                    }
                })
            }
            Transport::Udp => {
                let socket = UdpSocket::bind(("127.0.0.1", 0))?;
                ready(socket.local_addr()?.port());
                go!(move || -> io::Result<()> {
                    let mut buffer = vec![0; buffer];
                    loop {
                        let (count, from) = socket.recv_from(&mut buffer)?;
                        socket.send_to(&buffer[..count], from)?;
                    }
                })
            }
        };
        let served = served.join().map_err(|_| Refusal::Failed("a coroutine panicked".into()))?;
        served.map_err(Refusal::from)
    }
}

fn echo(mut stream: impl Read + Write, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count])?;
    }
}
