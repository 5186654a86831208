//! Several reads in one call: until the buffer is full, until the end.

use super::Reads;
use std::io;
use std::string::String;
use std::vec::Vec;

pub(super) async fn read_exact<R: Reads + ?Sized>(reader: &mut R, buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]).await? {
            0 => {
                let why = std::format!("the stream ended after {filled} of {} bytes", buffer.len());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            n => filled += n,
        }
    }
    Ok(())
}

pub(super) async fn read_to_end<R: Reads + ?Sized>(reader: &mut R, to: &mut Vec<u8>) -> io::Result<usize> {
    let begun = to.len();
    let mut to = Growing { read: begun, bytes: to };
    loop {
        let read = if to.read == to.bytes.capacity() {
            // It may be all there: then a vector of the right size need not grow for nothing.
            let mut probe = [0; PROBE];
            let read = reader.read(&mut probe).await?;
            if read > 0 {
                to.bytes.try_reserve(to.read.max(ROOM_MIN))?;
                to.bytes.extend_from_slice(&probe[..read]);
            }
            read
        } else {
            if to.read == to.bytes.len() {
                let room = to.bytes.capacity() - to.read;
                to.bytes.resize(to.read + room.min(ZEROED_MAX), 0);
            }
            reader.read(&mut to.bytes[to.read..]).await?
        };
        if read == 0 {
            return Ok(to.read - begun);
        }
        to.read += read;
    }
}

pub(super) async fn read_to_string<R: Reads + ?Sized>(reader: &mut R, to: &mut String) -> io::Result<usize> {
    let mut bytes = Vec::new();
    read_to_end(reader, &mut bytes).await?;
    match core::str::from_utf8(&bytes) {
        Ok(text) => {
            to.push_str(text);
            Ok(bytes.len())
        }
        Err(error) => {
            Err(io::Error::new(io::ErrorKind::InvalidData, std::format!("what was read is not UTF-8: {error}")))
        }
    }
}

/// A vector that is longer than what was read into it. However reading ends, it is cut to that. Each byte is zeroed once.
struct Growing<'a> {
    bytes: &'a mut Vec<u8>,
    read: usize,
}

impl Drop for Growing<'_> {
    fn drop(&mut self) {
        self.bytes.truncate(self.read);
    }
}

const PROBE: usize = 32;
const ROOM_MIN: usize = 8 << 10;
/// What is zeroed at once, at most: much of a large vector may not be needed.
const ZEROED_MAX: usize = 64 << 10;
