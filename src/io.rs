//! Buffers that an operation may own; lines, copies, and what else is done with anything that reads or writes.
//!
//! ```
//! use bespoke::io::IoBuf;
//!
//! let part = vec![1, 2, 3, 4].slice(1..3);
//! assert_eq!(part.as_bytes(), [2, 3]); // what a write sends
//! assert_eq!(part.into_inner(), [1, 2, 3, 4]); // what comes back
//! ```
//!
//! A write takes its buffers and gives them back; several go out in one call:
//!
//! ```
//! # mod program {
//! use bespoke::io::{IoBuf, Static};
//! # use bespoke::net::{TcpListener, TcpStream};
//! # #[bespoke::main]
//! # pub async fn main() -> std::io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let mut stream = TcpStream::connect(listener.local_addr()?).await?;
//! # let (mut peer, _) = listener.accept().await?;
//! let body = vec![b'x'; 3];
//! let (written, (head, body)) = stream.write_vectored((Static::from("length: 3\n"), body)).await;
//! assert_eq!(written?, head.len() + body.len()); // may be less: it is one send
//!
//! let (mut head, mut body) = ([0; 10], [0; 8]);
//! let mut parts = [std::io::IoSliceMut::new(&mut head), std::io::IoSliceMut::new(&mut body)];
//! let read = peer.read_vectored(&mut parts).await?;
//! assert_eq!((&head, &body[..read - 10]), (b"length: 3\n", &b"xxx"[..]));
//! # Ok(())
//! # }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! A read may own its buffer, too, which then needs no zeroes:
//!
//! ```
//! # mod program {
//! # use bespoke::net::{TcpListener, TcpStream};
//! # #[bespoke::main]
//! # pub async fn main() -> std::io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let mut client = TcpStream::connect(listener.local_addr()?).await?;
//! # client.write_all("tea").await.0?;
//! # let (mut stream, _) = listener.accept().await?;
//! let (read, buffer) = stream.read_into(Vec::with_capacity(4096)).await;
//! assert_eq!((read?, &*buffer), (3, &b"tea"[..]));
//! # Ok(())
//! # }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! Buffers that are used again and again come from a pool: aligned to pages, in classes of powers of two, out of one block.
//!
//! ```
//! # mod program {
//! # use bespoke::net::{TcpListener, TcpStream};
//! use bespoke::io::BufferPool;
//!
//! # #[bespoke::main]
//! # pub async fn main() -> std::io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let mut client = TcpStream::connect(listener.local_addr()?).await?;
//! # client.write_all("tea").await.0?;
//! # let (mut stream, _) = listener.accept().await?;
//! let pool = BufferPool::new(1 << 20)?;
//! let buffer = pool.get(4096)?; // or the error says why not: the pool never grows
//! let (read, buffer) = stream.read_into(buffer).await;
//! assert_eq!((read?, &*buffer), (3, &b"tea"[..]));
//! drop(buffer); // it is back
//! # Ok(())
//! # }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! Such a pool may be registered with the driver. On io_uring the system then looks its memory up once, and not at each read and
//! write of a file:
//!
//! ```
//! # mod program {
//! use bespoke::io::{BufferPool, Registration};
//!
//! # #[bespoke::main]
//! # pub async fn main() -> std::io::Result<()> {
//! let pool = BufferPool::new(1 << 20)?;
//! let registration = Registration::of(&pool)?; // until it is dropped
//! assert!(!registration.is_fixed()); // the default config is on no ring, so it means nothing
//! # Ok(())
//! # }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! What reads can be read in lines, and copied to what writes:
//!
//! ```
//! # mod program {
//! # use bespoke::net::{TcpListener, TcpStream};
//! # #[bespoke::main]
//! # pub async fn main() -> std::io::Result<()> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let mut client = TcpStream::connect(listener.local_addr()?).await?;
//! # client.write_all("hello\r\nand more").await.0?;
//! # client.shutdown(std::net::Shutdown::Write)?;
//! # let (stream, _) = listener.accept().await?;
//! use bespoke::io::{BufReader, copy};
//!
//! let (read, mut write) = stream.into_split();
//! let mut lines = BufReader::new(read).max_line(1024).lines();
//! assert_eq!(lines.next_line().await?, Some("hello"));
//! let copied = copy(&mut lines.into_inner(), &mut write).await?;
//! assert_eq!(copied, 8); // the rest goes back
//! # Ok(())
//! # }
//! # }
//! # program::main().unwrap();
//! ```
//!
//! What else there is: a buffer for small writes ([`BufWriter`]); a part of a reader, or one reader after
//! another ([`Reads::take`], [`Reads::chain`]); all until the end
//! ([`Reads::read_to_end`]); a stream in memory ([`duplex`]); readers and writers of
//! nothing ([`empty`], [`sink`], [`repeat`]). A slice of bytes reads, a `Vec<u8>` writes.
//!
//! The standard streams of the process: [`stdin`], [`stdout`], [`stderr`], on Unix.

pub use crate::default_config::io::*; // the standard streams
pub use bespoke_alloc::{BufferPool, NoBuffer, PoolBuffer};
pub use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs, IoBufsMut, Region, Slice, Static};
pub use bespoke_drivers::io::{
    BufReader, BufWriter, Chain, Duplex, DuplexReader, DuplexStream, DuplexWriter, Empty, ErasedIo, ErasedReader,
    ErasedWriter, Incoming, Join, Lines, PollFile, PollReader, PollStream, PollWriter, Reads, Repeat, Seeks, Sink,
    Take, Writes, copy, copy_bidirectional, duplex, empty, join, repeat, sink,
};
#[cfg(feature = "futures-io")]
pub use bespoke_drivers::io::{FromFutures, FromFuturesHalf};
#[cfg(feature = "tokio-io")]
pub use bespoke_drivers::io::{FromTokio, FromTokioHalf};
