//! The futures of reads and writes of a file: an [`Operation`], the output in the words of `std::io`, and the cursor, which
//! moves when the output is there.

use super::errors::not_moved;
use super::file::{Cursor, Dropped, Moving};
use crate::op::{Fs, Moved, ReadAt, WriteAt};
use bespoke_core::config::Config;
use bespoke_core::driver::{Op, Operation, OwnedResource};
use bespoke_core::io::{IoBuf, IoBufMut};
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

/// A future of this room: what it holds, how it is shown, how it is polled.
macro_rules! transfer {
    (
        $(#[$doc:meta])*
        $future:ident<$buffer:ident: $bound:path>, $op:ty, $output:ty, $at:ident $(, $written:expr)?;
        |$this:ident, $moved:pat_param, $kept:pat_param| $done:expr
    ) => {
        $(#[$doc])*
        #[must_use = "a transfer does nothing unless it is awaited"]
        pub struct $future<'a, C: Config<Driver: Fs>, $buffer: $bound> {
            /// `None` while it is dropped.
            pub(super) operation: Option<Operation<C, $op, $buffer>>,
            pub(super) cursor: Option<Moving<'a, C>>,
            pub(super) _file: core::marker::PhantomData<&'a OwnedResource<C>>,
        }

        impl<C: Config<Driver: Fs>, $buffer: $bound> Future for $future<'_, C, $buffer> {
            type Output = (io::Result<$output>, $buffer);

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let $this = &mut *self;
                let Some(operation) = &mut $this.operation else { unreachable!("it is not dropped") };
                if let Some(moving) = &mut $this.cursor
                    && moving.cursor.dropped.is_some()
                {
                    ready!(moving.poll_dropped(cx));
                    // SAFETY: until now every poll ended above; the place in the file is no memory.
                    unsafe { operation.op_mut() }.at = moving.cursor.$at();
                }
                let ($moved, $kept) = ready!(Pin::new(operation).poll(cx));
                Poll::Ready($done)
            }
        }

        $(
            /// A write at the cursor goes on, and is waited for by what is called next.
            impl<C: Config<Driver: Fs>, $buffer: $bound> Drop for $future<'_, C, $buffer> {
                #[inline]
                fn drop(&mut self) {
                    if let Some(moving) = &mut self.cursor
                        && let Some(mut operation) = self.operation.take()
                        && operation.is_under_way()
                    {
                        let written: fn(<$op as Op>::Output) -> usize = $written;
                        let poll = move |cx: &mut Context<'_>| Pin::new(&mut operation).poll(cx).map(|(end, _)| written(end));
                        moving.cursor.dropped = Some(Dropped::new(core::future::poll_fn(poll)));
                    }
                }
            }
        )?

        impl<C: Config<Driver: Fs>, $buffer: $bound> fmt::Debug for $future<'_, C, $buffer> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($future)).field(&self.operation).finish()
            }
        }
    };
}
pub(super) use transfer;

transfer!(
    /// Reads some bytes of a file. Made by `read` and `read_at`; see there.
    ReadFile<B: IoBufMut>, ReadAt, usize, for_read; |this, moved, mut buffer| {
        if let Err(errno) = moved.1
            && moved.0 == 0
        {
            return Poll::Ready((Err(not_moved(errno)), buffer)); // as it was
        }
        have_read(&mut this.cursor, moved.0, &mut buffer);
        (Ok(moved.0), buffer)
    }
);
transfer!(
    /// Fills a buffer from a file. Made by `read_exact` and `read_exact_at`; see there.
    ReadFileExact<B: IoBufMut>, ReadAt, (), for_read; |this, moved, mut buffer| {
        have_read(&mut this.cursor, moved.0, &mut buffer);
        let wanted = buffer.capacity();
        let full = moved.1.map_err(not_moved).and_then(|()| {
            if moved.0 < wanted { Err(too_short(moved.0, wanted)) } else { Ok(()) }
        });
        (full, buffer)
    }
);
transfer!(
    /// Writes some bytes of a file. Made by `write` and `write_at`; see there.
    WriteFile<B: IoBuf>, WriteAt, usize, for_write, |(bytes, _)| bytes; |this, moved, buffer| {
        have_written(&mut this.cursor, moved.0);
        (some(moved).map(|()| moved.0), buffer)
    }
);
transfer!(
    /// Writes a whole buffer to a file. Made by `write_all` and `write_all_at`; see there.
    WriteFileAll<B: IoBuf>, WriteAt, (), for_write, |(bytes, _)| bytes; |this, moved, buffer| {
        have_written(&mut this.cursor, moved.0);
        let all = moved.1.map_err(not_moved).and_then(|()| {
            if moved.0 < buffer.len() { Err(takes_no_more(moved.0, buffer.len())) } else { Ok(()) }
        });
        (all, buffer)
    }
);

macro_rules! new {
    ($($future:ident, $bound:ident, |$file:ident, $buffer:ident, $at:ident| $op:expr;)+) => { $(
        impl<'a, C: Config<Driver: Fs>, B: $bound> $future<'a, C, B> {
            pub(super) fn new(
                resource: &'a OwnedResource<C>,
                buffer: B,
                $at: Option<u64>,
                cursor: Option<&'a mut Cursor>,
            ) -> Self {
                let $file = resource.resource();
                // SAFETY: the buffer goes along, and its bytes stay at their address when it moves (contract of the trait);
                // the future borrows the resource as long as it lives.
                let operation = unsafe { resource.operation_with(buffer, |$buffer| $op) };
                let cursor = cursor.map(|cursor| Moving { cursor, file: resource });
                $future { operation: Some(operation), cursor, _file: PhantomData }
            }
        }
    )+ };
}
new! {
    ReadFile, IoBufMut, |file, b, at| ReadAt { file, to: b.as_mut_ptr(), len: b.capacity(), at, all: false };
    ReadFileExact, IoBufMut, |file, b, at| ReadAt { file, to: b.as_mut_ptr(), len: b.capacity(), at, all: true };
    WriteFile, IoBuf, |file, b, at| WriteAt { file, from: b.as_ptr(), len: b.len(), at, all: false };
    WriteFileAll, IoBuf, |file, b, at| WriteAt { file, from: b.as_ptr(), len: b.len(), at, all: true };
}

/// `bytes` were written: says so to the cursor.
pub(super) fn have_written<C: Config<Driver: Fs>>(cursor: &mut Option<Moving<'_, C>>, bytes: usize) {
    if let Some(cursor) = cursor {
        cursor.have_written(bytes);
    }
}

/// `bytes` were read: says so to cursor and buffer.
fn have_read<C: Config, B: IoBufMut>(cursor: &mut Option<Moving<'_, C>>, bytes: usize, buffer: &mut B) {
    if let Some(cursor) = cursor {
        cursor.have_read(bytes);
    }
    // SAFETY: the system wrote the first `bytes` bytes, and was told of no more than the capacity.
    unsafe { buffer.set_len(bytes) };
}

/// What was moved is moved; the error comes with the next call.
fn some((moved, result): Moved) -> io::Result<()> {
    if moved > 0 { Ok(()) } else { result.map_err(not_moved) }
}

#[cold]
fn too_short(read: usize, wanted: usize) -> io::Error {
    let why = std::format!("the file ends after {read} of {wanted} bytes");
    io::Error::new(io::ErrorKind::UnexpectedEof, why)
}

#[cold]
fn takes_no_more(written: usize, all: usize) -> io::Error {
    let why = std::format!("the file took {written} of {all} bytes and no more");
    io::Error::new(io::ErrorKind::WriteZero, why)
}
