//! The standard streams, of every sort that a process can have, on each driver. Each test runs in a process of its own: the
//! streams are those of the process.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![expect(clippy::disallowed_methods, reason = "what stands at the other end is outside of the runtime")]

use bespoke::Runtime;
use bespoke::io::{BufReader, Writes as _};
use bespoke::prelude::*;
use bespoke::rt::{stderr, stdin, stdout};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io::{BufRead as _, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

#[path = "common/again.rs"]
#[allow(dead_code, reason = "shared by suites, each of which uses a part")]
mod again;
#[path = "common/each_driver.rs"]
#[macro_use]
mod each_driver;

trait Tested: Config<Driver: Process + Fs, Threads: StartsThreads> {}
impl<C: Config<Driver: Process + Fs, Threads: StartsThreads>> Tested for C {}

fn run<C: Tested, F: Future>(future: F) -> F::Output {
    Runtime::<C>::new().unwrap().block_on(future)
}

/// Runs the test `name` again, in a process of its own whose standard input is `input`; `with` is the other end, and `work` what the
/// process does.
fn in_child<C: Tested>(name: &str, input: Stdio, with: impl FnOnce(&mut Child), work: impl FnOnce()) {
    let name = full_name::<C>(name);
    if again::is_here(&name) {
        return work();
    }
    let mut child = again::start(&name).stdin(input).stdout(Stdio::piped()).spawn().unwrap();
    with(&mut child);
    let Some(mut output) = child.stdout.take() else {
        return assert!(child.wait().unwrap().success()); // `with` has heard it
    };
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    again::has_passed(child.wait().unwrap(), &said);
}

/// The name of a test, as the harness says it.
fn full_name<C: Tested>(name: &str) -> String {
    format!("{}::{name}", <C::Driver as bespoke::driver::Driver>::NAME)
}

/// A pause in what the other end does: long enough for the reader to wait in its driver, most times. Nothing depends on it.
fn pause() {
    std::thread::sleep(Duration::from_millis(30));
}

/// Reads lines, and is done at the end.
fn reads_two_lines<C: Tested>() {
    run::<C, _>(async {
        let mut lines = BufReader::new(stdin::<C>()).lines();
        assert_eq!(lines.next_line().await.unwrap(), Some("tea"));
        assert_eq!(lines.next_line().await.unwrap(), Some("and milk"));
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
}

fn writes_two_lines(mut to: impl std::io::Write) {
    for part in ["te", "a\nand ", "milk\n"] {
        pause();
        to.write_all(part.as_bytes()).unwrap();
    }
}

fn a_pipe<C: Tested>() {
    let with = |child: &mut Child| writes_two_lines(child.stdin.take().unwrap());
    in_child::<C>("a_pipe", Stdio::piped(), with, reads_two_lines::<C>);
}

/// No second open file for these: the path of what is shared.
fn a_socket<C: Tested>() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    in_child::<C>("a_socket", OwnedFd::from(theirs).into(), |_| writes_two_lines(ours), reads_two_lines::<C>);
}

fn a_terminal<C: Tested>() {
    let (mut main, mut other) = (-1, -1);
    // SAFETY: the two numbers are live and writable; null is "as it is by default".
    let opened = unsafe {
        libc::openpty(
            &raw mut main,
            &raw mut other,
            core::ptr::null_mut(),
            core::ptr::null_mut(),
            core::ptr::null_mut(),
        )
    };
    assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: new, and used nowhere else.
    let mut main = unsafe { std::fs::File::from_raw_fd(main) };
    // SAFETY: as above.
    let other = unsafe { OwnedFd::from_raw_fd(other) };
    let theirs = other.try_clone().unwrap();
    let with = |child: &mut Child| {
        writes_two_lines(&mut main);
        main.write_all(b"\x04").unwrap(); // the key for the end
        // The end is not that of the terminal, and nobody else was made nonblocking.
        assert!(child.wait().unwrap().success());
        // SAFETY: takes integers only.
        let flags = unsafe { libc::fcntl(other.as_raw_fd(), libc::F_GETFL) };
        assert_eq!(flags & libc::O_NONBLOCK, 0);
    };
    in_child::<C>("a_terminal", theirs.into(), with, reads_two_lines::<C>);
}

/// Of a file the cursor of the system goes along, for who reads after us.
fn a_file<C: Tested>() {
    let path = std::env::temp_dir().join(format!(
        "bespoke-stdio-{}-{}",
        std::process::id(),
        <C::Driver as bespoke::driver::Driver>::NAME
    ));
    std::fs::write(&path, "skip\ntea\nand milk\n").unwrap();
    let mut file = std::fs::File::open(&path).unwrap();
    file.seek(std::io::SeekFrom::Start(5)).unwrap();
    std::fs::remove_file(&path).unwrap();
    let input = file.try_clone().unwrap();
    in_child::<C>(
        "a_file",
        input.into(),
        |_| (),
        || {
            run::<C, _>(async {
                let mut buffer = [0; 4];
                assert_eq!((stdin::<C>().read(&mut buffer).await.unwrap(), &buffer), (4, b"tea\n"));
            });
            let mut rest = String::new();
            std::io::stdin().read_to_string(&mut rest).unwrap();
            assert_eq!(rest, "and milk\n");
        },
    );
    if !again::is_here(&full_name::<C>("a_file")) {
        assert_eq!(file.stream_position().unwrap(), 18);
    }
}

fn nothing<C: Tested>() {
    in_child::<C>(
        "nothing",
        Stdio::null(),
        |_| (),
        || {
            run::<C, _>(async { assert_eq!(stdin::<C>().read(&mut [0; 8]).await.unwrap(), 0) });
        },
    );
}

fn a_closed_stdin<C: Tested>() {
    in_child::<C>(
        "a_closed_stdin",
        Stdio::null(),
        |_| (),
        || {
            run::<C, _>(async {
                // In here: what is opened next has this number.
                // SAFETY: nothing in this process has it.
                assert_eq!(unsafe { libc::close(0) }, 0);
                let mut stdin = stdin::<C>();
                for _ in 0..2 {
                    assert_eq!(stdin.read(&mut [0; 8]).await.unwrap(), 0);
                }
            });
        },
    );
}

/// The runtime closes, and the process ends, while a read waits for what never comes.
fn no_shutdown_waits_for_it<C: Tested>() {
    let with = |child: &mut Child| {
        let input = child.stdin.take().unwrap();
        assert!(child.wait().unwrap().success());
        drop(input); // open until now
    };
    in_child::<C>("no_shutdown_waits_for_it", Stdio::piped(), with, || {
        let runtime = Runtime::<C>::new().unwrap();
        let mut reader = None;
        runtime.block_on(async {
            let reader = reader.insert(C::spawn_pinned(async || stdin::<C>().read(&mut [0; 8]).await));
            for _ in 0..5 {
                C::sleep(Duration::from_millis(1)).await;
            }
            assert!(!reader.is_finished());
        });
        drop(runtime);
        assert!(reader.unwrap().is_finished());
    });
}

fn a_dropped_read_loses_nothing<C: Tested>() {
    let with = |child: &mut Child| {
        let mut input = child.stdin.take().unwrap();
        for i in 0..300 {
            writeln!(input, "{i}").unwrap();
            if i % 60 == 0 {
                pause();
            }
        }
    };
    in_child::<C>("a_dropped_read_loses_nothing", Stdio::piped(), with, || {
        run::<C, _>(async {
            let (mut stdin, mut bytes, mut buffer) = (stdin::<C>(), Vec::new(), [0; 7]);
            loop {
                let read = pin!(stdin.read(&mut buffer)).poll(&mut Context::from_waker(Waker::noop()));
                match read {
                    Poll::Pending => C::sleep(Duration::from_micros(100)).await,
                    Poll::Ready(Ok(0)) => break,
                    Poll::Ready(n) => bytes.extend_from_slice(&buffer[..n.unwrap()]),
                }
            }
            let all: String = (0..300).map(|i| format!("{i}\n")).collect();
            assert_eq!(String::from_utf8(bytes).unwrap(), all);
        });
    });
}

/// In order with what the standard library prints, whether a write is dropped or not.
fn output_in_order<C: Tested>() {
    const LONG: usize = 200_000;
    let with = |child: &mut Child| {
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        let from = said.find("one ").unwrap();
        let long = "x".repeat(LONG);
        let all = format!("one two three\nfour{long}dropped-or-not");
        assert!(said[from..].starts_with(&all.replace("dropped-or-not", "")), "{said}");
        let rest = &said[from + "one two three\nfour".len() + LONG..];
        assert!(rest.starts_with("first;second;end\n") || rest.starts_with("second;end\n"), "{rest}");
    };
    in_child::<C>("output_in_order", Stdio::null(), with, || {
        run::<C, _>(async {
            let mut out = stdout::<C>();
            std::io::stdout().write_all(b"one ").unwrap(); // stays in the buffer of the library
            out.write_all("two ").await.0.unwrap();
            std::io::stdout().write_all(b"three\n").unwrap();
            let (written, buffer) = out.write(b"four".to_vec()).await;
            assert_eq!((written.unwrap(), buffer), (4, b"four".to_vec()));
            let (written, buffer) = out.write_all(vec![b'x'; LONG]).await;
            written.unwrap();
            assert_eq!(buffer.len(), LONG);
            // On its way or not, it is not after what comes next.
            let _ = pin!(out.write_all("first;")).poll(&mut Context::from_waker(Waker::noop()));
            out.write_all("second;").await.0.unwrap();
            out.end_writes().await.unwrap();
            out.write_all("end\n").await.0.unwrap();
            stderr::<C>().write_all("").await.0.unwrap();
        });
    });
}

fn output_that_nobody_reads<C: Tested>() {
    let with = |child: &mut Child| {
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("ready") {
            output.read_line(&mut said).unwrap();
        }
        drop(output);
        child.stdin.take().unwrap().write_all(b"go").unwrap();
    };
    in_child::<C>("output_that_nobody_reads", Stdio::piped(), with, || {
        run::<C, _>(async {
            stdout::<C>().write_all("ready\n").await.0.unwrap();
            assert_eq!(stdin::<C>().read(&mut [0; 8]).await.unwrap(), 2);
            // A child of another test has the other end as well, from its fork until its exec.
            let (error, buffer) = loop {
                match stdout::<C>().write_all("tea").await {
                    (Ok(()), _) => C::sleep(Duration::from_millis(1)).await,
                    (Err(error), buffer) => break (error, buffer),
                }
            };
            assert_eq!((error.kind(), buffer == "tea"), (ErrorKind::BrokenPipe, true));
            // The harness has a line to write as well, and would panic.
            std::process::exit(0);
        });
    });
}

/// A reader that does not read holds a thread of the pool, and no shutdown that has a bound.
fn a_shutdown_leaves_output_behind<C: Tested>() {
    let with = |child: &mut Child| {
        let output = child.stdout.take();
        assert!(child.wait().unwrap().success());
        drop(output); // open until now, and unread
    };
    in_child::<C>("a_shutdown_leaves_output_behind", Stdio::null(), with, || {
        let runtime = Runtime::<C>::new().unwrap();
        runtime.block_on(async {
            C::spawn_pinned(async || stdout::<C>().write_all(vec![b'x'; 1 << 20]).await.0);
            let mut output = libc::pollfd { fd: 1, events: libc::POLLOUT, revents: 0 };
            // SAFETY: one live `pollfd`.
            while unsafe { libc::poll(&raw mut output, 1, 0) } > 0 {
                C::sleep(Duration::from_millis(1)).await;
            }
        });
        let left = runtime.shutdown_timeout(Duration::from_millis(20));
        // The write goes on until the process ends, on a thread of the pool or on that of the task.
        assert_eq!(left.running_jobs + left.running_tasks, 1, "{left}");
        // The harness has a line to write as well, and would wait for ever.
        std::process::exit(0);
    });
}

on_each_driver! {
    a_pipe, a_socket, a_terminal, a_file, nothing, a_closed_stdin, no_shutdown_waits_for_it, a_dropped_read_loses_nothing,
    output_in_order, output_that_nobody_reads, a_shutdown_leaves_output_behind
}
