//! Lines of a file, copies from and to a socket.

use crate::support::{file_of, runtime, soon};
use bespoke::Config;
use bespoke::io::{BufReader, PollFile, Reads, Writes, copy};
use bespoke::prelude::*;
use bespoke::rt::{File, TcpListener, TcpStream};
use core::future::poll_fn;
use std::path::Path;

pub(crate) fn lines_of_a_file<C: Config<Driver: Fs>>(folder: &Path) {
    runtime::<C>().block_on(async {
        let text: String = (0..5000).map(|n| format!("line {n}\n")).collect();
        let file = file_of::<C>(&folder.join("file"), text.as_bytes()).await;
        let mut lines = BufReader::new(file).lines();
        for n in 0..5000 {
            assert_eq!(lines.next_line().await.expect("text"), Some(&*format!("line {n}")));
        }
        assert_eq!(lines.next_line().await.expect("text"), None);
        // A read into a borrowed slice is a read at the cursor.
        let mut file = file_of::<C>(&folder.join("file"), b"0123456789").await;
        let (mut three, mut none) = ([0; 3], [0; 0]);
        assert_eq!(Reads::read(&mut file, &mut three).await.expect("open"), 3);
        assert_eq!(Reads::read(&mut file, &mut none).await.expect("open"), 0);
        assert_eq!((&three, file.stream_position().expect("a regular file")), (b"012", 3));
        let mut many = vec![0; 100_000];
        assert_eq!(Reads::read(&mut file, &mut many).await.expect("open"), 7);
        assert_eq!(&many[..8], b"3456789\0");
        Writes::end_writes(&mut file).await.expect("nothing to do");
        Writes::write_all(&mut file, b"more".to_vec()).await.0.expect("open");
        assert_eq!(std::fs::read(folder.join("file")).expect("there"), b"0123456789more");
    });
}

pub(crate) fn copies_to_and_from_a_socket<C: Config<Driver: Fs + Net>>(folder: &Path) {
    let (source, target) = (folder.join("source"), folder.join("target"));
    let bytes: Vec<u8> = (0..200_000u32).map(|n| (n % 249) as u8).collect();
    runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let mut file = file_of::<C>(&source, &bytes).await;
        let sent = C::spawn(async move {
            let mut stream = TcpStream::<C>::connect(address).await.expect("a listener is there");
            copy(&mut file, &mut stream).await
        });
        let (mut stream, _) = listener.accept().await.expect("a connection comes");
        let mut file = File::<C>::create(&target).await.expect("new");
        assert_eq!(copy(&mut stream, &mut file).await.expect("both are open"), 200_000);
        assert_eq!(sent.await.expect("no panic").expect("both are open"), 200_000);
    });
    assert!(std::fs::read(&target).expect("there") == bytes);
}

/// With a budget of one operation for a poll, the second write finds that the end of the first has spent it.
pub(crate) fn what_a_file_has_taken_is_written_though_nobody_polls<C: Config<Driver: Fs>>(folder: &Path) {
    let path = folder.join("file");
    runtime::<C>().block_on(async {
        let mut file = PollFile::new(file_of::<C>(&path, b"").await);
        for part in [b"tea", b"for", b"two"] {
            let written = poll_fn(|cx| file.poll_write(cx, part)).await;
            assert_eq!(written.expect("open"), 3);
        }
        let written = || std::fs::read(&path).expect("there") == b"teafortwo";
        assert!(soon::<C>(written).await, "{:?} were written of what was taken", std::fs::read(&path));
        drop(file);
    });
}
