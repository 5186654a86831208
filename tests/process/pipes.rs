//! Bytes to and from children.

use crate::support::{PATIENCE, Tested, run, sh};
use bespoke::io::{BufReader, Writes as _, copy};
use bespoke::prelude::*;
use bespoke::rt::{ChildStdin, ChildStdout};
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;
use std::io::ErrorKind;
use std::process::Stdio;

/// More than every pipe holds.
const MUCH: usize = 3 << 20;

pub(crate) fn much_output_on_both_pipes<C: Tested>() {
    run::<C, _>(async {
        // One after the other: whoever reads one to its end first would hang.
        let line = format!("head -c {MUCH} /dev/zero; head -c {MUCH} /dev/zero >&2; head -c {MUCH} /dev/zero; exit 3");
        let output = sh::<C>(&line).output().await.unwrap();
        assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(3), 2 * MUCH, MUCH));
    });
}

pub(crate) fn much_input_and_output_at_once<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let bytes: Vec<u8> = (0..MUCH).map(|at| ((at * 31) >> 3) as u8).collect();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let written = bytes.clone();
        let write = async move {
            let (result, returned) = input.write_all(written).await;
            result.map(|()| returned.len())
        };
        let mut read = Vec::new();
        let (taken, got) = bespoke::try_join!(write, output.read_to_end(&mut read)).unwrap();
        assert_eq!((taken, got), (MUCH, MUCH));
        assert!(read == bytes, "the bytes are others");
        assert!(child.wait().await.unwrap().success());
    });
}

pub(crate) fn stdin_ends_when_it_is_dropped<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec wc -c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all("tea").await.0.unwrap();
        drop(input);
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(output.next_line().await.unwrap().map(str::trim), Some("3"));
        assert_eq!(output.next_line().await.unwrap(), None);
        assert!(child.wait().await.unwrap().success());
    });
}

pub(crate) fn wait_closes_the_input<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec cat").stdin(Stdio::piped()).spawn().unwrap();
        assert!(C::timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
        assert!(child.stdin.is_none());
    });
}

/// For what there is no method: here, whether a child of another library would inherit it.
pub(crate) fn descriptors_are_lent<C: Tested>() {
    use std::os::fd::{AsRawFd as _, BorrowedFd};
    // SAFETY: takes integers only.
    let inherited = |fd: BorrowedFd<'_>| unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) } & libc::FD_CLOEXEC == 0;
    run::<C, _>(async {
        let mut child = sh::<C>("cat; echo >&2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        assert!(!input.with_fd(inherited).unwrap());
        assert!(!output.with_fd(inherited).unwrap());
        assert!(!child.stderr.as_ref().unwrap().with_fd(inherited).unwrap());
        input.end_writes().await.unwrap();
        let ended = input.with_fd(|_| unreachable!("nothing is lent")).unwrap_err();
        assert_eq!(ended.kind(), ErrorKind::BrokenPipe);
        assert!(child.wait().await.unwrap().success());
    });
}

pub(crate) fn the_input_is_ended<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let (written, buffer) = input.write(Vec::new()).await;
        assert_eq!((written.unwrap(), buffer), (0, vec![]));
        input.write_all("tea").await.0.unwrap();
        input.end_writes().await.unwrap();
        let (late, buffer) = input.write_all(b"milk".to_vec()).await;
        assert_eq!((late.unwrap_err().kind(), buffer), (ErrorKind::BrokenPipe, b"milk".to_vec()));
        let mut read = Vec::new();
        child.stdout.as_mut().unwrap().read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"tea");
        assert_eq!(input.into_owned_fd().unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

pub(crate) fn a_child_that_does_not_read<C: Tested>() {
    run::<C, _>(async {
        let mut command = sh::<C>("exec <&-; echo closed; exec sleep 1000");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        assert_eq!(output.read(&mut [0; 16]).await.unwrap(), 7);
        // A child of another test has a copy of the other end, from its fork to its exec.
        let (error, buffer) = loop {
            match input.write_all(vec![0; 8]).await {
                (Err(error), buffer) => break (error, buffer),
                (Ok(()), _) => C::sleep(core::time::Duration::from_millis(1)).await,
            }
        };
        assert_eq!((error.kind(), buffer.len()), (ErrorKind::BrokenPipe, 8));
    });
}

pub(crate) fn a_dropped_read_loses_nothing<C: Tested>() {
    run::<C, _>(async {
        let line = "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); [ $((i%100)) = 0 ] && sleep 0.06; done";
        let mut child = sh::<C>(line).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (mut bytes, mut buffer, mut dropped) = (Vec::new(), [0; 7], 0);
        loop {
            // Polled once and dropped, each time that it waits.
            let read = pin!(output.read(&mut buffer)).poll(&mut Context::from_waker(Waker::noop()));
            match read {
                core::task::Poll::Ready(Ok(0)) => break,
                core::task::Poll::Ready(n) => {
                    let n = n.unwrap();
                    bytes.extend_from_slice(&buffer[..n]);
                }
                core::task::Poll::Pending => {
                    dropped += 1;
                    C::sleep(Duration::from_micros(100)).await;
                }
            }
        }
        let all: String = (0..300).map(|i| format!("{i}\n")).collect();
        assert_eq!(String::from_utf8(bytes).unwrap(), all);
        assert!(dropped > 0, "no read was dropped");
    });
}

pub(crate) fn a_pipeline_of_two<C: Tested>() {
    run::<C, _>(async {
        let mut first = sh::<C>("echo tea; echo milk").stdout(Stdio::piped()).spawn().unwrap();
        let between: Stdio = first.stdout.take().unwrap().try_into().unwrap();
        // `dd` would complain of a pipe that does not block.
        let second = sh::<C>("sleep 0.05; exec dd 2>/dev/null").stdin(between).output().await.unwrap();
        assert_eq!(second.stdout, b"tea\nmilk\n");
        assert!(first.wait().await.unwrap().success());
    });
}

pub(crate) fn a_child_that_writes_for_ever_starves_nobody<C: Tested>() {
    run::<C, _>(async {
        let mut child = sh::<C>("exec yes").stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let reader = C::spawn_pinned(async move || {
            let mut buffer = [0; 64];
            while output.read(&mut buffer).await.unwrap() > 0 {}
        });
        for _ in 0..20 {
            C::sleep(Duration::from_millis(1)).await;
        }
        assert!(!reader.is_finished());
        child.kill().await.unwrap();
        reader.await.unwrap();
    });
}

pub(crate) fn pipes_of_a_runtime_that_is_closed<C: Tested>() {
    let (mut child, mut input, mut output) = run::<C, _>(async {
        let mut child = sh::<C>("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        (child, input, output)
    });
    run::<C, _>(async {
        assert_eq!(output.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(input.write_all("tea").await.0.unwrap_err().kind(), ErrorKind::BrokenPipe);
        drop(input);
        assert!(child.wait().await.unwrap().success());
    });
}

pub(crate) fn an_owned_buffer<C: Tested>() {
    run::<C, _>(async {
        let mut command = sh::<C>("printf tea; printf milk >&2");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (read, buffer) = child.stdout.as_mut().unwrap().read_into(Vec::with_capacity(16)).await;
        assert_eq!((read.unwrap(), buffer), (3, b"tea".to_vec()));
        let mut copied = Sink(Vec::new());
        assert_eq!(copy(&mut child.stderr.take().unwrap(), &mut copied).await.unwrap(), 4);
        assert_eq!(copied.0, b"milk");
    });
}

struct Sink(Vec<u8>);

impl bespoke::io::Writes for Sink {
    async fn write<B: bespoke::io::IoBuf>(&mut self, buffer: B) -> (std::io::Result<usize>, B) {
        self.0.extend_from_slice(buffer.as_bytes());
        (Ok(buffer.len()), buffer)
    }
    async fn end_writes(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(crate) fn a_pipe_of_the_standard_library<C: Tested>() {
    run::<C, _>(async {
        let mut cat = std::process::Command::new("cat");
        let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = ChildStdin::<C>::from_std(child.stdin.take().unwrap()).unwrap();
        let mut output = ChildStdout::<C>::from_std(child.stdout.take().unwrap()).unwrap();
        input.write_all("tea").await.0.unwrap();
        drop(input);
        let mut read = Vec::new();
        assert_eq!(output.read_to_end(&mut read).await.unwrap(), 3);
        assert!(child.wait().unwrap().success());
    });
}

/// A child answers while the worker is busy, right after a read that would have blocked: the answer is told at once.
pub(crate) fn an_answer_is_told_at_once<C: Tested>() {
    const ROUNDS: usize = 20;
    if !<C::Driver as bespoke::driver::Driver>::CAPS.suspends {
        return; // its reads hold the thread
    }
    run::<C, _>(async {
        let mut child = sh::<C>("exec cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut at_once, mut buffer) = (0, [0; 8]);
        // What waits for a look is late in each round; a busy machine in some, or in all for a while: then once more.
        for round in 0..10 * ROUNDS {
            if round % ROUNDS == 0 {
                if at_once > ROUNDS / 2 {
                    break;
                }
                at_once = 0;
            }
            input.write_all("tea").await.0.unwrap();
            assert_eq!(output.read(&mut buffer).await.unwrap(), 3);
            let mut read = pin!(output.read(&mut buffer));
            assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            input.write_all("tea").await.0.unwrap();
            std::thread::sleep(Duration::from_millis(5));
            let begin = std::time::Instant::now();
            assert_eq!(read.await.unwrap(), 3);
            at_once += usize::from(begin.elapsed() < Duration::from_millis(10));
        }
        drop(input);
        child.wait().await.unwrap();
        assert!(at_once > ROUNDS / 2, "{at_once} of {ROUNDS}");
    });
}
