//! How big are our futures, and what does each layer over a ready one cost? `cargo bench --bench futures`
//!
//! Measured: the sizes (printed first; a size is a fact, not a time), and the time of one ready `timeout`, of a task-local scope, of
//! the budget and owner checks of an operation (a nop). Not measured: system calls. Sketch: a few nanoseconds each; sizes of
//! one or two cache lines.
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]
#![cfg_attr(not(unix), allow(unused, reason = "there is no driver to measure"))]

#[cfg(not(unix))]
fn main() {
    eprintln!("futures: the default driver needs a Unix system");
    std::process::exit(1);
}

#[cfg(unix)]
fn main() {
    measured::main();
}

#[cfg(unix)]
mod measured {
    use bespoke::rt::{Nop, Operation, TcpStream};
    use bespoke::time::timeout;
    use bespoke::{Runtime, preset::Default as D};
    use criterion::Criterion;
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    bespoke::task_local! {
        static NUMBER: u64;
    }

    fn size_of_made<F>(_: impl FnOnce() -> F) -> usize {
        size_of::<F>()
    }

    fn sizes() {
        let stream = || -> &'static mut TcpStream<D> { unreachable!("only its type is asked for") };
        let slice = || -> &'static mut [u8] { unreachable!("only its type is asked for") };
        println!("| future | bytes |\n|---|---|");
        for (name, bytes) in [
            ("sleep", size_of::<bespoke::rt::Sleep<D>>()),
            ("read", size_of_made(|| stream().read(slice()))),
            ("read_into a `Vec`", size_of_made(|| stream().read_into(Vec::<u8>::new()))),
            ("write_all of a `Vec`", size_of_made(|| stream().write_all(Vec::<u8>::new()))),
            ("read_exact", size_of_made(|| stream().read_exact(slice()))),
            ("timeout of a read", size_of_made(|| timeout(Duration::ZERO, stream().read(slice())))),
            (
                "accept",
                size_of_made(|| {
                    let listener =
                        || -> &'static bespoke::rt::TcpListener<D> { unreachable!("only its type is asked for") };
                    listener().accept()
                }),
            ),
            ("connect to an address", size_of_made(|| TcpStream::<D>::connect("127.0.0.1:1"))),
            ("join handle", size_of::<bespoke::JoinHandle<u64>>()),
            ("yield_now", size_of::<bespoke::task::YieldNow>()),
        ] {
            assert!((1..4096).contains(&bytes), "{name}: {bytes} bytes: this is no size of such a future");
            println!("| {name} | {bytes} |");
        }
        println!();
    }

    /// Times `ops` runs of what `make` makes.
    fn timed<F: AsyncFn(u64) -> u64>(criterion: &mut Criterion, runtime: &Runtime<D>, name: &str, make: F) {
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|ops| {
                runtime.block_on(async {
                    #[expect(clippy::disallowed_methods, reason = "a bench reads the machine's clock")]
                    let begin = Instant::now();
                    let mut sum = 0;
                    for n in 0..ops {
                        sum += make(black_box(n)).await;
                    }
                    assert_eq!(sum, ops * ops.saturating_sub(1) / 2, "a future yielded another number");
                    begin.elapsed()
                })
            });
        });
    }

    pub(super) fn main() {
        sizes();
        let mut criterion = Criterion::default().configure_from_args();
        let runtime = Runtime::<D>::new().expect("the runtime starts: this machine has descriptors left");
        timed(&mut criterion, &runtime, "a ready future", async |n| n);
        timed(&mut criterion, &runtime, "timeout of a ready future", async |n| {
            timeout(Duration::from_secs(1), async { n }).await.expect("a ready future is in time")
        });
        timed(&mut criterion, &runtime, "scope of a task-local", async |n| {
            NUMBER.scope(n, async { NUMBER.with(|n| *n) }).await
        });
        timed(&mut criterion, &runtime, "nop operation", async |n| {
            // SAFETY: a nop points at no memory.
            let ((), n) = unsafe { Operation::<D, _, _>::new(n, |_| Nop) }.await;
            n
        });
        criterion.final_summary();
    }
}
