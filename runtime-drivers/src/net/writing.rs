//! Writing: each method is written once, with its contract, for the stream and the halves that write.

use crate::op::{Interrupted, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{OwnedResource, Submit};

/// How an example makes a `writer` of `client`.
macro_rules! writer {
    (UnixStream) => {
        "# let mut writer = client;"
    };
    (TcpStream) => {
        "# let mut writer = client;"
    };
    (WriteHalf) => {
        "let (_, mut writer) = client.split();"
    };
    (OwnedWriteHalf) => {
        "let (_reader, mut writer) = client.into_split();"
    };
}
pub(super) use writer;

/// The methods of a type that has a `resource()`.
macro_rules! writing {
    ($name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> $name<$($life,)? C $(, $stream)?> {
            /// Writes what one send takes of the buffer; may be less than all. Yields how much, and the buffer.
            ///
            /// # Errors
            /// What `send(2)` says: [`BrokenPipe`](std::io::ErrorKind::BrokenPipe),
            /// [`ConnectionReset`](std::io::ErrorKind::ConnectionReset).
            ///
            /// # Cancel safety
            /// *Accounted*: what the system took is on its way, in order. [`take_interrupted`](Self::take_interrupted) tells
            /// how much that was; a caller that writes again without asking may send bytes twice.
            ///
            /// # Example
            #[doc = connected!($name)]
            #[doc = writer!($name)]
            /// let (written, buffer) = writer.write(vec![b'.'; 3]).await;
            /// assert_eq!((written?, buffer.len()), (3, 3)); // may be less: it is one send
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn write<B: IoBuf>(
                &mut self,
                // The compiler shows this line to who passes a borrowed slice.
                buffer: impl IntoIoBuf<Buf = B>, // owned, or a literal: for a borrowed part, `part.to_vec()`
            ) -> Write<'_, C, B>
            where
                C::Driver: Net,
            {
                Write::new(self.resource(), buffer.into_io_buf())
            }

            /// Writes the whole buffer. Yields the buffer.
            ///
            /// # Errors
            /// As [`write`](Self::write).
            ///
            /// # Cancel safety
            /// As [`write`](Self::write).
            ///
            /// # Example
            #[doc = connected!($name)]
            #[doc = writer!($name)]
            /// writer.write_all("a literal, ").await.0?;
            /// let (written, buffer) = writer.write_all(vec![b'.'; 100]).await;
            /// written?;
            /// assert_eq!(buffer.len(), 100); // it comes back, also after an error
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn write_all<B: IoBuf>(
                &mut self,
                // As in `write`.
                buffer: impl IntoIoBuf<Buf = B>, // owned, or a literal: for a borrowed part, `part.to_vec()`
            ) -> WriteAll<'_, C, B>
            where
                C::Driver: Net,
            {
                WriteAll::new(self.resource(), buffer.into_io_buf())
            }

            /// Writes what one send takes of several buffers, one after the other; may be less than all. Yields how much,
            /// and the buffers. `sendmsg(2)`.
            ///
            /// The buffers are an array, a vector, or a tuple of different kinds: `(head, body)`. One call writes from the
            /// first 16 that are not empty ([`Stretches::MAX`](crate::op::Stretches::MAX)). Nothing is allocated.
            ///
            /// # Errors
            /// As [`write`](Self::write).
            ///
            /// # Cancel safety
            /// As [`write`](Self::write).
            ///
            /// # Example
            #[doc = connected!($name)]
            #[doc = writer!($name)]
            /// use bespoke::io::Static;
            ///
            /// let body = vec![b'.'; 100];
            /// let (written, (head, body)) = writer.write_vectored((Static::from("length: 100\n"), body)).await;
            /// assert_eq!(written?, head.len() + body.len()); // may be less: it is one send
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn write_vectored<L: IoBufs>(&mut self, buffers: L) -> WriteVectored<'_, C, L>
            where
                C::Driver: Net,
            {
                WriteVectored::new(self.resource(), buffers)
            }

            /// What became of the last write that was dropped under way: how many bytes the system took, and the buffer.
            /// `None`: no write was interrupted since the last write or question, or none of its bytes were taken.
            ///
            /// A write that is still there, pinned and unfinished, is under way: until it is dropped, this does not
            /// compile. One that was forgotten (`mem::forget`) is never told of.
            ///
            /// # Cancel safety
            /// Cancel safe: the answer stays for the next question.
            ///
            /// # Example
            #[doc = connected!($name)]
            #[doc = writer!($name)]
            /// use bespoke::io::IoBuf;
            /// use bespoke::time::{Duration, timeout};
            ///
            /// // Nobody reads, so not all of it fits, and the write is dropped under way.
            /// let message = vec![b'.'; 16 << 20];
            /// assert!(timeout(Duration::from_millis(5), writer.write_all(message)).await.is_err());
            ///
            /// let taken = writer.take_interrupted().await.expect("some of it was taken");
            /// let message = taken.kept.downcast::<Vec<u8>>().expect("the buffer of that write");
            /// let rest = message.slice(taken.bytes..); // to be written next
            /// # assert!(!rest.is_empty());
            /// # Ok(())
            /// # }
            /// ```
            pub async fn take_interrupted(&mut self) -> Option<Taken>
            where
                C::Driver: Net,
            {
                take_interrupted(self.resource()).await
            }
        }
    };
}
pub(super) use writing;

pub(super) async fn take_interrupted<C: Config>(resource: &OwnedResource<C>) -> Option<Taken>
where
    C::Driver: Submit<Interrupted>,
{
    let op = Interrupted { stream: resource.resource() };
    // SAFETY: points at no memory, and this call borrows the resource.
    unsafe { resource.operation(op, ()) }.await.0
}
