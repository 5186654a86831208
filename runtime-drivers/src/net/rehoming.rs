//! Sockets that move between the workers of a runtime: by themselves when they are used elsewhere, or when they are told to.

use super::{TcpListener, TcpStream, io_error};
use bespoke_core::config::Config;
use std::io;

#[cfg(unix)]
use super::{AsyncFd, UdpSocket, UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use std::os::fd::AsFd;

/// [`OwnedResource::rehome`](bespoke_core::driver::OwnedResource::rehome) as a method. `$example` shows it, or says where one is.
macro_rules! rehomes {
    ($name:ident $(<$inner:ident: $bound:ident>)?, $example:literal) => {
        impl<C: Config $(, $inner: $bound)?> $name<C $(, $inner)?> {
            /// Brings it to the worker of this thread, with all that its worker has read ahead. The first use does so as well:
            /// this is for what is no operation, as `into_std`, or to hear of an error before.
            ///
            /// Where a runtime has one worker, or its driver's operations block, there is nothing to do, and nothing is done.
            /// Else the old worker gives it up between two polls of its tasks: a worker that computes for long is waited for
            /// as long.
            ///
            /// # Errors
            /// [`ResourceBusy`](io::ErrorKind::ResourceBusy): an operation waits for it at its worker, that of another half,
            /// say, or another task's `accept`; or one was dropped there which the system has not ended yet. It stays where it
            /// is. [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed, or the `block_on` that opened it has
            /// returned. [`Unsupported`](io::ErrorKind::Unsupported): its worker has read ahead, and this one runs another
            /// driver, which cannot keep that: of a `Fallback` that chose differently on the two.
            ///
            /// # Cancel safety
            /// Cancel safe and lossless: it is where it was, or with its handle, and the next use brings it to itself.
            ///
            /// # Panics
            /// When polled outside of its runtime.
            ///
            /// # Example
            #[doc = $example]
            pub async fn rehome(&self) -> io::Result<()> {
                self.resource.rehome().await.map_err(io_error)
            }
        }
    };
}

rehomes!(
    TcpStream,
    "```\n\
     use bespoke::{Config, Runtime, scheduler::PerCore};\n\
     use bespoke::rt::{TcpListener, TcpStream};\n\
     use bespoke::prelude::*;\n\n\
     struct App;\n\n\
     #[bespoke::config]\n\
     impl Config for App {\n    \
         type Scheduler = PerCore<2>;\n\
     }\n\n\
     # fn main() -> std::io::Result<()> {\n\
     # let runtime = Runtime::<App>::new()?;\n\
     runtime.block_on(async {\n    \
         let listener = TcpListener::<App>::bind(\"127.0.0.1:0\").await?;\n    \
         let mut client = TcpStream::<App>::connect(listener.local_addr()?).await?;\n    \
         let (mut stream, _) = listener.accept().await?;\n    \
         client.write_all(\"tea for two\").await.0?;\n    \
         stream.read_exact(&mut [0; 4]).await?; // here, so it belongs to this worker\n\n    \
         let std = App::spawn(async move {\n        \
             stream.rehome().await?;\n        \
             stream.into_std() // on the worker that has it\n    \
         });\n    \
         let mut rest = [0; 7];\n    \
         std::io::Read::read_exact(&mut std.await??, &mut rest)?;\n    \
         assert_eq!(&rest, b\"for two\");\n    \
         Ok(())\n\
     })\n\
     # }\n\
     ```"
);
rehomes!(TcpListener, "See [`TcpStream::rehome`].");
#[cfg(unix)]
rehomes!(UnixStream, "See [`TcpStream::rehome`].");
#[cfg(unix)]
rehomes!(UnixListener, "See [`TcpStream::rehome`].");
#[cfg(unix)]
rehomes!(UdpSocket, "See [`TcpStream::rehome`].");
#[cfg(unix)]
rehomes!(UnixDatagram, "See [`TcpStream::rehome`].");
#[cfg(unix)]
rehomes!(AsyncFd<T: AsFd>, "See [`TcpStream::rehome`].");
