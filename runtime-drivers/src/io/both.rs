//! What is read and written at the same time.

use super::{Reads, Writes};
#[cfg(unix)]
use crate::net::UnixStream;
use crate::net::{ReadHalf, TcpStream, WriteHalf};
use crate::op::Net;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use std::io;

/// Something that is read and written at the same time: it lends a half for each. Open, as [`Reads`] and [`Writes`] are.
///
/// Streams of the system, [`DuplexStream`](super::DuplexStream), and any reader with any writer: [`join`].
pub trait Duplex: Send {
    /// The half that reads.
    type Reader<'a>: Reads
    where
        Self: 'a;
    /// The half that writes.
    type Writer<'a>: Writes
    where
        Self: 'a;

    /// Both halves.
    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>);
}

impl<D: Duplex> Duplex for &mut D {
    type Reader<'a>
        = D::Reader<'a>
    where
        Self: 'a;
    type Writer<'a>
        = D::Writer<'a>
    where
        Self: 'a;

    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        (**self).halves()
    }
}

macro_rules! duplex {
    ($($stream:ident),*) => { $(
        impl<C: Config<Driver: Net>> Duplex for $stream<C> {
            type Reader<'a> = ReadHalf<'a, C, $stream<C>>;
            type Writer<'a> = WriteHalf<'a, C, $stream<C>>;

            fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
                self.split()
            }
        }
    )* };
}
duplex!(TcpStream);
#[cfg(unix)]
duplex!(UnixStream);

/// A reader and a writer as one. Made by [`join`].
#[derive(Debug)]
pub struct Join<R, W> {
    reader: R,
    writer: W,
}

/// A reader and a writer as one.
pub fn join<R: Reads, W: Writes>(reader: R, writer: W) -> Join<R, W> {
    Join { reader, writer }
}

impl<R, W> Join<R, W> {
    /// Reader and writer.
    pub fn get_ref(&self) -> (&R, &W) {
        (&self.reader, &self.writer)
    }

    /// Reader and writer.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }
}

impl<R: Reads, W: Writes> Duplex for Join<R, W> {
    type Reader<'a>
        = &'a mut R
    where
        Self: 'a;
    type Writer<'a>
        = &'a mut W
    where
        Self: 'a;

    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        (&mut self.reader, &mut self.writer)
    }
}

impl<R: Reads, W: Send> Reads for Join<R, W> {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.reader.read(buffer)
    }
}

impl<R: Send, W: Writes> Writes for Join<R, W> {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        self.writer.write(buffer)
    }
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        self.writer.write_all(buffer)
    }
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.writer.flush()
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.writer.end_writes()
    }
}
