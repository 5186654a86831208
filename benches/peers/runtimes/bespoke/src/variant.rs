//! A config and the peer that runs on it. The config's module has types and functions of its own, so a macro says it once.

/// Makes a config, its module, and the peer of it, whose `start` lies in `$peer`.
macro_rules! variant {
    ($(#[$doc:meta])* $config:ident, $module:ident, $peer:ident, base = $base:path, { $($item:item)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        struct $config;

        #[bespoke::config(base = $base, module = $module)]
        impl Config for $config {
            $($item)*
        }

        mod $peer {
            use core::future::Future;
            use core::time::Duration;
            use std::io;
            use std::path::Path;

            use bespoke::Runtime;
            use bespoke::io::IoBuf;
            use bespoke::rt::{Nop, Operation};
            use harness::{
                Files, Mpsc, Nops, Notify, Oneshot, Peer, Processes, Refusal, Row, Runner, Sampled, Service, Tasks, Transport,
                future_size, planted_call, rows,
            };

            use super::{$config, $module};

            /// A started runtime.
            pub(super) struct Started(Runtime<$config>);

            pub(super) fn start() -> Result<Box<dyn Runner>, String> {
                Ok(Box::new(Started::start()?))
            }

            impl Runner for Started {
                fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
                    rows::tasks(self, row, amount)
                        .or_else(|| rows::times(self, row, amount))
                        .or_else(|| rows::threads(self, row, amount))
                        .or_else(|| rows::files::<_, Disk>(self, row, amount))
                        .or_else(|| rows::direct::<_, crate::direct::Plain<$config>>(self, row, amount))
                        .or_else(|| rows::processes::<_, Children>(self, row, amount))
                        .or_else(|| rows::oneshot::<_, Channels>(self, row, amount))
                        .or_else(|| rows::mpsc::<_, Channels>(self, row, amount))
                        .or_else(|| rows::notify::<_, Notification>(self, row, amount))
                        .or_else(|| has_a_ring().then(|| rows::submits::<_, Empty>(self, row, amount)).flatten())
                        .unwrap_or(Err(Refusal::Absent))
                }

                fn serve(&mut self, service: Service) -> Result<(), Refusal> {
                    self.run(Self::echo((), service))
                }
            }

            impl Tasks for Started {
                type Cx = ();
                type Handle<T: 'static> = bespoke::JoinHandle<T>;

                fn start() -> Result<Self, String> {
                    Runtime::new().map(Self).map_err(|error| format!("bespoke does not start: {error}"))
                }

                fn cx(&self) {}

                fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
                    let main = self.0.spawn(main);
                    self.0.block_on(Self::join(main))
                }

                fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Self::Handle<F::Output> {
                    $module::spawn(future)
                }

                async fn join<T: 'static>(handle: Self::Handle<T>) -> T {
                    handle.await.expect("no task of this bench panics or is aborted")
                }

                fn detach<T: 'static>(handle: Self::Handle<T>) {
                    drop(handle);
                }

                fn yield_now() -> impl Future<Output = ()> + 'static {
                    $config::yield_now()
                }
            }

            impl Peer for Started {
                fn start_once() -> Result<(), String> {
                    Self::start()?.0.block_on(core::future::ready(()));
                    Ok(())
                }

                fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static {
                    $config::sleep(duration)
                }

                async fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> u64 {
                    $config::spawn_blocking(job).await.expect("no job of this bench panics")
                }

                async fn echo((): (), service: Service) -> Result<(), Refusal> {
                    let Service { transport, buffer, ready } = service;
                    match transport {
                        Transport::Tcp => {
                            let listener = $module::net::TcpListener::bind("127.0.0.1:0").await?;
                            ready(listener.local_addr()?.port());
                            loop {
                                let (stream, _) = listener.accept().await?;
                                $module::spawn(tcp((stream, buffer)));
                            }
                        }
                        Transport::Unix(path) => {
                            let listener = $module::net::UnixListener::bind(path)?;
                            ready(0);
                            loop {
                                let (stream, _) = listener.accept().await?;
                                $module::spawn(unix(stream, buffer));
                            }
                        }
                        Transport::Udp => {
                            let socket = $module::net::UdpSocket::bind("127.0.0.1:0").await?;
                            ready(socket.local_addr()?.port());
                            let mut buffer = vec![0; buffer];
                            loop {
                                let (count, from) = socket.recv_from(&mut buffer).await?;
                                planted_call();
                                let (sent, part) = socket.send_to(buffer.slice(..count), from).await;
                                sent?;
                                buffer = part.into_inner();
                            }
                        }
                    }
                }

                fn connection_future() -> usize {
                    future_size(tcp)
                }
            }

            async fn tcp((mut stream, buffer): ($module::net::TcpStream, usize)) -> io::Result<()> {
                stream.set_nodelay(true)?;
                let mut buffer = vec![0; buffer];
                loop {
                    let count = stream.read(&mut buffer).await?;
                    if count == 0 {
                        return Ok(());
                    }
                    planted_call();
                    let (written, part) = stream.write_all(buffer.slice(..count)).await;
                    written?;
                    buffer = part.into_inner();
                }
            }

            async fn unix(mut stream: $module::net::UnixStream, buffer: usize) -> io::Result<()> {
                let mut buffer = vec![0; buffer];
                loop {
                    let count = stream.read(&mut buffer).await?;
                    if count == 0 {
                        return Ok(());
                    }
                    planted_call();
                    let (written, part) = stream.write_all(buffer.slice(..count)).await;
                    written?;
                    buffer = part.into_inner();
                }
            }

            /// Files: on the pool, or entries of the ring.
            struct Disk;

            impl Files for Disk {
                type File = $module::fs::File;

                async fn open(path: &Path) -> io::Result<Self::File> {
                    $module::fs::File::open(path).await
                }

                async fn read_at(file: &mut Self::File, offset: u64, buffer: Vec<u8>) -> io::Result<(usize, Vec<u8>)> {
                    let (count, buffer) = file.read_at(buffer, offset).await;
                    Ok((count?, buffer))
                }
            }

            /// Children, heard of by a descriptor of each.
            struct Children;

            impl Processes for Children {
                async fn succeeds(program: &'static str) -> io::Result<bool> {
                    Ok($module::process::Command::new(program).status().await?.success())
                }
            }

            /// Operations that ask the driver for nothing. Without a ring they are ready at once, and no row.
            struct Empty;

            fn has_a_ring() -> bool {
                Runtime::<$config>::INFO.parts.iter().any(|part| part.name == "ring" && part.bytes > 0)
            }

            impl Nops for Empty {
                async fn nop() -> io::Result<()> {
                    // SAFETY: a nop points at no memory.
                    unsafe { Operation::<$config, _, _>::new((), |()| Nop) }.await;
                    Ok(())
                }
            }

            /// The channels of a local scheduler: no atomic instruction.
            struct Channels;

            impl Oneshot for Channels {
                type Sender = $module::channel::oneshot::Sender<u64>;
                type Receiver = $module::channel::oneshot::Receiver<u64>;

                fn channel() -> (Self::Sender, Self::Receiver) {
                    $module::channel::oneshot::channel()
                }

                fn send(sender: Self::Sender, value: u64) {
                    sender.send(value).expect("the receiver waits");
                }

                async fn receive(receiver: Self::Receiver) -> u64 {
                    receiver.await.expect("the sender sends")
                }
            }

            impl Mpsc for Channels {
                type Sender = $module::channel::mpsc::Sender<u64>;
                type Receiver = $module::channel::mpsc::Receiver<u64>;

                fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
                    $module::channel::mpsc::channel(capacity)
                }

                async fn send(sender: &Self::Sender, value: u64) {
                    sender.send(value).await.expect("the receiver waits");
                }

                fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> {
                    receiver.recv()
                }
            }

            /// The Notify of a local scheduler.
            #[derive(Default)]
            struct Notification($module::sync::Notify);

            impl Notify for Notification {
                fn notified(&self) -> impl Future<Output = ()> {
                    self.0.notified()
                }

                fn notify_one(&self) {
                    self.0.notify_one();
                }
            }
        }
    };
}

pub(crate) use variant;
