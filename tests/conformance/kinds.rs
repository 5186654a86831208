//! Every kind of error that can be provoked, provoked: each driver answers with the same kind and the same code of the system.

use crate::support::{again, pair, poll_once, runtime, std_listener};
use bespoke::io::{BufReader, Writes};
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Config, Error, ErrorKind, Runtime};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;
use std::net::Shutdown;

/// Of the system's code: which one it is, on Unix; elsewhere, that there is one.
macro_rules! system {
    ($name:ident) => {
        Said::System({
            #[cfg(unix)]
            {
                Some(libc::$name)
            }
            #[cfg(not(unix))]
            None
        })
    };
}

/// Who says that it went wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    System(Option<i32>),
    Us,
}

/// A row of the table.
#[track_caller]
pub(crate) fn says(error: io::Error, kind: ErrorKind, said: Said) {
    let ours = Error::from(&error);
    assert_eq!(ours.kind(), kind, "{error:?}, code {:?}", ours.code());
    assert_eq!(ErrorKind::from(&error), kind);
    match said {
        Said::System(Some(code)) => assert_eq!(ours.code(), Some(code), "{error:?}"),
        Said::System(None) => assert!(ours.code().is_some(), "{error:?}"),
        Said::Us => assert_eq!(ours.code(), None, "{error:?}"),
    }
    // The way to `std` and back loses nothing either.
    let there: io::Error = ours.into();
    assert_eq!(Error::from(there), ours);
}

/// Takes nothing.
struct Sated;

impl Writes for Sated {
    async fn write<B: bespoke::io::IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        (Ok(0), buffer)
    }
    async fn end_writes(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn kinds_of_sockets<C: Config<Driver: Net>>() {
    let mut left = None;
    let runtime: Runtime<C> = runtime();
    runtime.block_on(async {
        let nobody = std_listener().1;
        let refused = TcpStream::<C>::connect(nobody).await.expect_err("nobody listens");
        says(refused, ErrorKind::ConnectionRefused, system!(ECONNREFUSED));

        let (_listener, taken) = std_listener();
        let in_use = TcpListener::<C>::bind(taken).await.expect_err("it is taken");
        says(in_use, ErrorKind::AddrInUse, system!(EADDRINUSE));
        // TEST-NET-1 (RFC 5737): no machine's.
        let elsewhere = TcpListener::<C>::bind("192.0.2.1:0").await.expect_err("it is not ours");
        says(elsewhere, ErrorKind::AddrNotAvailable, system!(EADDRNOTAVAIL));
        let no_address = TcpListener::<C>::bind("tea").await.expect_err("no address");
        says(no_address, ErrorKind::InvalidInput, Said::Us);

        // There is no connection with everybody, and Linux says so in these words.
        #[cfg(target_os = "linux")]
        {
            let everybody = TcpStream::<C>::connect("127.255.255.255:9").await.expect_err("a broadcast");
            says(everybody, ErrorKind::NetworkUnreachable, system!(ENETUNREACH));
        }

        // Bytes that the peer has not read make its close a reset.
        if crate::resets::are_told() {
            let (mut ours, theirs) = pair::<C>().await;
            ours.write_all("tea").await.0.expect("open");
            again(|| theirs.peek(&mut [0; 3])).expect("it comes");
            drop(theirs);
            let reset = ours.read(&mut [0; 8]).await.expect_err("the peer did not wait");
            says(reset, ErrorKind::ConnectionReset, system!(ECONNRESET));
        }

        let (mut ours, theirs) = pair::<C>().await;
        ours.shutdown(Shutdown::Write).expect("open");
        let ended = ours.write("tea").await.0.expect_err("we ended it");
        #[cfg(unix)]
        says(ended, ErrorKind::BrokenPipe, system!(EPIPE));
        // Windows has a word of its own for it, and `std` none; wine says what is said of pipes.
        #[cfg(windows)]
        {
            let kind = ErrorKind::from(&ended);
            assert!(matches!(kind, ErrorKind::Other | ErrorKind::BrokenPipe), "{ended:?}");
            says(ended, kind, Said::System(None));
        }
        drop(theirs);
        let early = ours.read_exact(&mut [0; 8]).await.expect_err("nothing came");
        says(early, ErrorKind::UnexpectedEof, Said::Us);

        let (ours, theirs) = pair::<C>().await;
        io::Write::write_all(&mut &theirs, b"\xff\xff\n").expect("open");
        let no_text = BufReader::new(ours).read_line(&mut String::new()).await.expect_err("it is no text");
        says(no_text, ErrorKind::InvalidData, Said::Us);

        let sated = Sated.write_all(bespoke::io::Static::from("tea")).await.0.expect_err("it takes nothing");
        says(sated, ErrorKind::WriteZero, Said::Us);

        let late = C::timeout(Duration::from_millis(1), core::future::pending::<()>()).await.expect_err("never");
        says(late.into(), ErrorKind::TimedOut, Said::Us);

        let task = C::handle().spawn(async {
            loop {
                C::yield_now().await;
            }
        });
        task.abort();
        let aborted = task.await.map(|never: ()| never).expect_err("it has no end");
        assert_eq!(aborted.kind(), ErrorKind::Cancelled);
        says(aborted.into(), ErrorKind::Cancelled, Said::Us);

        left = Some(pair::<C>().await);
    });
    drop(runtime);
    let (mut ours, _theirs) = left.expect("the runtime made it");
    let read = poll_once(pin!(ours.read(&mut [0; 8]))).map(|read| read.expect_err("the runtime is closed"));
    let Poll::Ready(closed) = read else { panic!("an operation waits for a closed runtime") };
    says(closed, ErrorKind::RuntimeClosed, Said::Us);
}

#[cfg(unix)]
pub(crate) use of_files::kinds_of_files;

#[cfg(unix)]
mod of_files {
    use super::{Said, says};
    use crate::support::{again, runtime};
    use bespoke::prelude::*;
    use bespoke::rt::{AsyncFd, File, UdpSocket, UnixStream, fs};
    use bespoke::{Config, ErrorKind};
    use std::io;
    use std::os::unix::net::UnixStream as StdStream;

    pub(crate) fn kinds_of_files<C: Config<Driver: Fs + Unix + Udp + Foreign, Threads: StartsThreads>>() {
        let folder = std::env::temp_dir().join(format!("bespoke-kinds-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a place for it");
        let (file, missing) = (folder.join("file"), folder.join("missing"));
        std::fs::write(&file, "tea").expect("a place for it");

        runtime::<C>().block_on(async {
            let gone = File::<C>::open(&missing).await.expect_err("there is none");
            says(gone, ErrorKind::NotFound, system!(ENOENT));
            let no_socket = UnixStream::<C>::connect(&missing).await.expect_err("there is none");
            says(no_socket, ErrorKind::NotFound, system!(ENOENT));
            let there = fs::create_dir::<C>(&folder).await.expect_err("there is one");
            says(there, ErrorKind::AlreadyExists, system!(EEXIST));
            let full = fs::remove_dir::<C>(&folder).await.expect_err("there are files in it");
            says(full, ErrorKind::DirectoryNotEmpty, system!(ENOTEMPTY));
            let through = File::<C>::open(file.join("more")).await.expect_err("no folder");
            says(through, ErrorKind::NotADirectory, system!(ENOTDIR));
            let folder_written = File::<C>::options().write(true).open(&folder).await.expect_err("a folder");
            says(folder_written, ErrorKind::IsADirectory, system!(EISDIR));
            let long = File::<C>::open(folder.join("n".repeat(300))).await.expect_err("no file system takes that");
            says(long, ErrorKind::InvalidFilename, system!(ENAMETOOLONG));
            let zero = File::<C>::open("a\0b").await.expect_err("no system takes that");
            says(zero, ErrorKind::InvalidInput, Said::Us);

            // `std` has no stable name for it: the code says more than the kind.
            std::os::unix::fs::symlink("ring", folder.join("ring")).expect("a place for it");
            let ring = File::<C>::open(folder.join("ring")).await.expect_err("it leads to itself");
            says(ring, ErrorKind::Other, system!(ELOOP));

            // Not for the superuser either: a broadcast that was not asked for.
            let socket = UdpSocket::<C>::bind("127.0.0.1:0").await.expect("a port is free");
            let everybody = "127.255.255.255:9".parse().expect("an address");
            let loud = socket.send_to("tea", everybody).await.0.expect_err("`broadcast` is off");
            says(loud, ErrorKind::PermissionDenied, system!(EACCES));

            let (ours, _theirs) = StdStream::pair().expect("descriptors are free");
            ours.set_nonblocking(true).expect("open");
            let ours = AsyncFd::<C, _>::new(ours).expect("it can be waited for");
            let early = again(|| io::Read::read(&mut ours.get_ref(), &mut [0; 8])).expect_err("nothing has come");
            says(early, ErrorKind::WouldBlock, system!(EAGAIN));

            let huge = File::<C>::create(folder.join("huge")).await.expect("a place for it");
            let beyond = huge.write_at("tea", i64::MAX as u64).await.0.expect_err("no file is that large");
            assert!(matches!(bespoke::Error::from(&beyond).kind(), ErrorKind::FileTooLarge | ErrorKind::InvalidInput));

            #[cfg(target_os = "linux")]
            crate::kinds_of_linux::files::<C>(&folder, &file).await;
        });
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }
}
