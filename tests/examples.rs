//! The examples, run as a user runs them: what they print, how they end, and what they say about a wrong command line.
//!
//! `cargo test` builds the examples next to this test; with a choice of targets (`--test examples`, `--all-targets`) it does
//! not, and then a missing or outdated one fails here with a line that says so. Nothing waits longer than [`PATIENCE`].
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![expect(
    clippy::disallowed_methods,
    reason = "the watching side stands outside the runtime, with its own threads and clock"
)]

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::env::consts::EXE_EXTENSION;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Instant, SystemTime};

#[cfg(windows)]
#[path = "common/ctrl_c.rs"]
mod ctrl_c;

#[cfg(target_os = "linux")]
#[path = "common/deny.rs"]
mod deny;
#[cfg(target_os = "linux")]
#[path = "common/ring.rs"]
mod ring;
#[cfg(target_os = "linux")]
#[path = "examples/serve.rs"]
mod serve;

#[cfg(target_os = "linux")]
use ring::is_denied;

/// After this a program hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// From the interrupt to the end: the server gives open connections one second.
const STOPPING_MAX: Duration = Duration::from_secs(10);

/// The program of an example, built from the sources as they are now.
fn example(name: &str) -> PathBuf {
    // target/<profile>/deps/examples-<hash>: the examples are in target/<profile>/examples.
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join(name).with_extension(EXE_EXTENSION);
    let written = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let Some(built) = written(&program) else {
        panic!("{} is not there: run `cargo build --examples`, in the profile of this test", program.display());
    };
    if let Some(source) = sources(&program).iter().find(|source| newer(written(source), built)) {
        panic!(
            "{} is older than {source:?}: run `cargo build --examples`, in the profile of this test",
            program.display()
        );
    }
    program
}

/// Whether a source has changed since, or has gone.
fn newer(source: Option<SystemTime>, built: SystemTime) -> bool {
    source.is_none_or(|source| source > built)
}

/// The sources of a program, the crates of this repository included: cargo lists them next to it, as a rule of `make`.
fn sources(program: &Path) -> Vec<PathBuf> {
    let rule = fs::read_to_string(program.with_extension("d")).unwrap();
    let (_, list) = rule.trim_end().split_once(": ").unwrap();
    // A space within a path is escaped.
    let list = list.replace("\\ ", "\0");
    let list: Vec<PathBuf> = list.split(' ').map(|path| path.replace('\0', " ").into()).collect();
    assert!(list.iter().any(|path| path.ends_with("src/lib.rs")), "{rule}");
    list
}

/// A program under way. It does not outlive its test.
struct Running {
    what: String,
    child: Child,
    out: Option<thread::JoinHandle<String>>,
    err: Option<thread::JoinHandle<String>>,
}

/// A program that has ended.
#[derive(Debug)]
struct Ended {
    what: String,
    status: ExitStatus,
    out: String,
    err: String,
}

fn start(name: &str, args: &[&str]) -> Running {
    start_by(Command::new(example(name)), name, args)
}

fn start_by(mut command: Command, name: &str, args: &[&str]) -> Running {
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(windows)]
    ctrl_c::alone(&mut command);
    let mut child = command.spawn().unwrap();
    // Read all the while: a full pipe would stop the program.
    let out = Some(collect(child.stdout.take().unwrap()));
    let err = Some(collect(child.stderr.take().unwrap()));
    Running { what: format!("{name} {}", args.join(" ")), child, out, err }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

impl Running {
    fn end(mut self) -> Ended {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break Some(status);
            }
            if since.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let text = |pipe: Option<thread::JoinHandle<String>>| pipe.unwrap().join().unwrap();
        let (out, err) = (text(self.out.take()), text(self.err.take()));
        let what = core::mem::take(&mut self.what);
        let Some(status) = status else { panic!("`{what}` hangs; it said:\n{out}{err}") };
        Ended { what, status, out, err }
    }

    #[cfg(windows)]
    fn signal(&self, name: &str) {
        assert_eq!(name, "INT", "there is no other");
        ctrl_c::press(&self.child, "presses_ctrl_c_for_another");
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -s {name}: {sent}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The helper of `Running::signal`, which starts it in a process of its own.
#[cfg(windows)]
#[test]
fn presses_ctrl_c_for_another() {
    ctrl_c::press_if_asked();
}

fn run(name: &str, args: &[&str]) -> Ended {
    start(name, args).end()
}

impl Ended {
    #[track_caller]
    fn code(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    fn says(&self, part: &str) -> &Self {
        assert!(self.out.contains(part), "{part:?} is missing: {self:#?}");
        self
    }

    /// Nothing but one line on standard error, and `part` in it.
    #[track_caller]
    fn complains(&self, part: &str) {
        assert!(self.err.ends_with('\n') && self.err.lines().count() == 1, "not one line: {self:#?}");
        let name = self.what.split(' ').next().unwrap();
        assert!(
            self.err.starts_with(&format!("{name}: ")) && self.err.contains(part),
            "{part:?} is missing: {self:#?}"
        );
        assert_eq!(self.out, "", "{self:#?}");
    }

    /// The rows of a table: names are fourteen wide, and those of parts start with a space.
    #[track_caller]
    fn rows(&self) -> BTreeMap<&str, &str> {
        let rows: Option<_> = self.out.lines().map(|line| line.split_at_checked(14)).collect();
        let rows: Vec<_> = rows.unwrap_or_else(|| panic!("a line is short: {self:#?}"));
        rows.into_iter().map(|(name, value)| (name.trim_end(), value.trim_start())).collect()
    }
}

#[test]
fn hello_prints_its_line() {
    let ended = run("hello", &[]);
    assert_eq!(ended.code(0).out, "hello from a task\n");
    assert_eq!(ended.err, "");
}

#[test]
fn the_builder_counts_down() {
    run("builder", &[]).code(0).says("3 …\n2 …\n1 …\nthe sum is 6\n");
}

#[test]
fn a_custom_config_names_its_parts() {
    run("custom_config", &[]).code(0).says("memory system").says("tea has 3 letters\n");
}

#[test]
fn timers_tick_and_do_not_wait_for_an_hour() {
    let ended = run("timers", &[]);
    ended.code(0).says("not waiting for an hour").says("200 sleeps of 500 µs");
    assert_eq!(ended.out.matches("tick at").count(), 5, "{ended:#?}");
}

#[test]
fn the_deadlock_is_told_with_both_chains_and_ends() {
    let ended = run("dump", &[]);
    ended.code(0).says("for 100 ms nobody has got a book");
    assert_eq!(ended.err, "");
    for name in ["ann", "bob"] {
        let told = ended.out.split("\ntask ").find(|told| told.contains(&format!(" `{name}` waits, spawned at ")));
        let lines: Vec<&str> = told.unwrap_or_else(|| panic!("{name} is missing: {ended:#?}")).lines().collect();
        assert!(lines[0].contains("dump.rs:"), "{ended:#?}");
        assert!(lines[1].trim().starts_with("in dump::lend, ") && lines[1].ends_with(": receive(&mut from).await"));
        assert!(lines[2].trim().starts_with("in dump::receive, ") && lines[2].ends_with(": from.recv().await"));
        let told = lines[3].trim().starts_with("at ") && lines[3].ends_with("::recv, made by rustc");
        assert!(told && lines[3].contains("Receiver<&str"), "{ended:#?}");
    }
}

/// A run of `echo` with its own load: the table is complete, and its numbers fit together.
fn drives(args: &[&str], scheduler: &str, driver: &str, memory: &str) {
    let ended = run("echo", args);
    let rows = ended.code(0).rows();
    let row = |name: &str| *rows.get(name).unwrap_or_else(|| panic!("no row {name:?}: {ended:#?}"));
    // `12.5 µs`, `4096, all as sent`: the number in front.
    let number = |name: &str| -> f64 {
        let word = row(name).split([' ', ',']).next().unwrap();
        word.parse().unwrap_or_else(|_| panic!("{name}: {word:?} is not a number: {ended:#?}"))
    };
    assert!(row("scheduler").contains(scheduler), "{ended:#?}");
    assert!(row("driver").starts_with(driver), "{ended:#?}");
    assert_eq!(row("memory"), memory, "{ended:#?}");
    assert!(number("requests/s") > 0.0, "{ended:#?}");
    assert!(0.0 < number("p50"), "{ended:#?}");
    assert!(number("p50") <= number("p99") && number("p99") <= number("p99.9"), "{ended:#?}");
    // In every build: a request in steady state takes nothing from the heap. In all, not per request: of the few requests of a slow
    // machine one block is many.
    let in_all = row("allocations").split_once(" per request (").and_then(|(_, all)| all.strip_suffix(" in all)"));
    let in_all: u64 = in_all.unwrap_or_else(|| panic!("{ended:#?}")).parse().unwrap();
    assert!(in_all < 10, "{ended:#?}");
    if cfg!(target_os = "linux") {
        assert!(number("RSS") > 0.0 && row("RSS").ends_with(" MiB"), "{ended:#?}");
    } else {
        row("RSS");
    }
    // Half a second at the rate, and more: the warm-up is checked as well. Whole messages of 64 bytes.
    assert!(number("bytes checked") >= number("requests/s") * 0.5 * 64.0 * 0.9, "{ended:#?}");
    assert!(number("bytes checked") % 64.0 == 0.0 && row("bytes checked").ends_with(", all as sent"), "{ended:#?}");
}

#[test]
fn echo_drives_itself_and_allocates_nothing() {
    let usual = ["--seconds", "0.5", "--connections", "4"];
    // On Linux one of two, whichever the system allows.
    drives(&usual, "single-thread", if cfg!(target_os = "linux") { "" } else { "mio: " }, "pooled");
    drives(&[&usual[..], &["--driver", "mio"]].concat(), "single-thread", "mio: ", "pooled");
}

/// Without `--driver` it is on a ring and says so, and where those are denied it is not, and says why.
#[cfg(target_os = "linux")]
#[test]
fn echo_runs_on_rings() {
    if is_denied("echo_runs_on_rings") {
        return;
    }
    let quick = ["--seconds", "0.5", "--connections", "4"];
    drives(&quick, "single-thread", "io_uring: ", "pooled");
    drives(&[&quick[..], &["--config", "work-stealing"]].concat(), "work-stealing", "io_uring: ", "pooled");
    for config in ["single", "per-core", "work-stealing"] {
        let scheduler = if config == "single" { "single-thread" } else { config };
        let ring = ["--config", config, "--driver", "io-uring"];
        drives(&[&quick[..], &ring].concat(), scheduler, "io_uring: ", "pooled");
    }
}

#[test]
fn echo_drives_itself_on_its_other_configs() {
    let quick = |choice| ["--seconds", "0.5", "--connections", "4", "--driver", choice];
    drives(&quick("mio-system"), "single-thread", "mio: ", "system");
    drives(&quick("mio-low-latency"), "single-thread", "mio: ", "pooled");
    drives(&quick("blocking"), "thread-per-task", "blocking: ", "system");
    for config in ["per-core", "work-stealing"] {
        let several = ["--seconds", "0.5", "--connections", "4", "--driver", "mio", "--config", config];
        drives(&several, config, "mio: ", "pooled");
    }
}

/// Who asks for a ring that is denied hears who denies it; who asks for nothing gets the other driver, and hears why.
#[cfg(target_os = "linux")]
#[test]
fn where_rings_are_denied_the_examples_run_on_epoll_and_say_why() {
    let quick = ["--seconds", "0.5", "--connections", "4"];
    deny::without(&[(libc::SYS_io_uring_setup, libc::EPERM)], || {
        for name in ["echo", "serve"] {
            for config in ["single", "work-stealing"] {
                let ended = run(name, &[&quick[..], &["--config", config]].concat());
                let driver = ended.code(0).rows()["driver"].to_owned();
                assert!(driver.starts_with("mio: ") && driver.contains("io_uring"), "{name}: {driver}");
            }
            run(name, &["--driver", "io-uring"]).code(1).complains("io_uring");
        }
    });
}

#[test]
fn echo_explains_its_configs() {
    for (choice, name) in [("mio", "Default"), ("mio-low-latency", "LowLatency"), ("blocking", "Blocking")] {
        let ended = run("echo", &["--explain", "--driver", choice]);
        ended
            .code(0)
            .says(&format!("{name}: "))
            .says("; named by the config")
            .says("model: ")
            .says("nothing is odd about it");
        assert_eq!(ended.err, "");
    }
}

#[test]
fn echo_helps() {
    let ended = run("echo", &["--help"]);
    ended.code(0).says("usage: echo ");
    for option in ["--connections", "--size", "--seconds", "--listen", "--config", "--driver", "--explain", "--help"] {
        ended.says(option);
    }
    assert_eq!(ended.err, "");
}

#[test]
fn echo_says_what_is_wrong_with_a_command_line() {
    for (args, part) in [
        (&["--bad"][..], "`--bad`"),
        (&["bad"], "`bad`"),
        (&["--driver", "nonsense"], "`nonsense`"),
        (&["--driver"], "--driver needs a value"),
        (&["--config", "nonsense"], "`nonsense`"),
        (
            &["--config", "per-core", "--driver", "blocking"],
            "--config per-core goes with --driver fallback, io-uring or mio",
        ),
        (
            &["--config", "work-stealing", "--driver", "mio-system"],
            "--config work-stealing goes with --driver fallback, io-uring or mio",
        ),
        (&["--seconds", "x"], "--seconds cannot be `x`"),
        (&["--seconds", "0.4"], "--seconds takes 0.5 to 86400"),
        (&["--seconds", "-1"], "--seconds takes 0.5 to 86400"),
        (&["--seconds", "NaN"], "--seconds takes 0.5 to 86400"),
        (&["--seconds", "1e30"], "--seconds takes 0.5 to 86400"),
        (&["--connections", "0"], "--connections takes at least 1"),
        (&["--connections", "65536"], "--connections takes at most 65535"),
        (&["--size", "99999999999999"], "--size takes at most 67108864"),
        (&["--listen", "1", "--size", "3"], "--size goes without --listen"),
        (&["--explain", "--listen", "1"], "--explain goes without --listen"),
        (&["--explain", "--size", "3"], "--size goes without --explain"),
    ] {
        run("echo", args).code(2).complains(part);
    }
}

/// A connection that is not accepted would wait for its answer for ever, and the program with it.
/// A shell sets the limit.
#[cfg(unix)]
#[test]
fn echo_ends_when_it_has_too_few_descriptors_for_its_load() {
    let mut shell = Command::new("sh");
    // Enough for every client, and not for both ends.
    shell.args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""]).arg(example("echo"));
    let ended = start_by(shell, "echo", &["--connections", "40", "--seconds", "0.5"]).end();
    ended.code(1).complains("a connection was not accepted: Too many open files");
}

#[test]
fn echo_names_an_address_that_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run("echo", &["--listen", &address]).code(1).complains(&address);
}

#[test]
fn echo_names_an_address_that_is_none() {
    run("echo", &["--listen", "nowhere"]).code(1).complains("\"nowhere\" is not an address");
}

/// `echo --listen`, with a first connection.
fn listening() -> (Running, TcpStream) {
    let (server, _, stream) = listening_as("echo", &[]);
    (server, stream)
}

/// A program that listens, where, and a first connection.
fn listening_as(name: &str, args: &[&str]) -> (Running, SocketAddr, TcpStream) {
    for _ in 0..5 {
        // Free now; another process may take it before the server does, and then there is a next one.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut server = start(name, &[&["--listen", &*address.to_string()], args].concat());
        let since = Instant::now();
        loop {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    stream.set_write_timeout(Some(PATIENCE)).unwrap();
                    return (server, address, stream);
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            }
            if server.child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(since.elapsed() < PATIENCE, "`{}` does not listen", server.what);
            thread::sleep(Duration::from_millis(2));
        }
        server.end().code(1).complains("in use");
    }
    panic!("five free ports were taken before the server had them");
}

/// Sends messages of several sizes, some greater than the buffer of the server, and compares; returns how many bytes.
fn echoes(stream: &mut TcpStream) -> u64 {
    let sizes = [1, 64, 1000, 16 * 1024, 40_000];
    for size in sizes {
        let message: Vec<u8> = (0..size).map(|at: usize| (at * 31 + size) as u8).collect();
        stream.write_all(&message).unwrap();
        let mut answer = vec![0; size];
        stream.read_exact(&mut answer).unwrap();
        assert!(answer == message, "a message of {size} bytes came back changed");
    }
    sizes.iter().sum::<usize>() as u64
}

/// Ends the server with a signal; returns its table.
#[track_caller]
fn stops(server: Running, signal: &str) -> Ended {
    server.signal(signal);
    let since = Instant::now();
    let ended = server.end();
    let took = since.elapsed();
    ended.code(0);
    assert!(took < STOPPING_MAX, "{took:?} after the signal: {ended:#?}");
    assert!(ended.err.contains("Ctrl-C to stop") && ended.err.ends_with(": stopping\n"), "{ended:#?}");
    ended
}

#[test]
fn echo_listens_until_interrupted_and_prints_totals() {
    let signals: &[&str] = if cfg!(windows) { &["INT"] } else { &["INT", "TERM"] };
    for signal in signals {
        let (server, mut stream) = listening();
        let bytes = echoes(&mut stream);
        drop(stream);
        let ended = stops(server, signal);
        let rows = ended.rows();
        assert_eq!(rows["connections"], "1", "{ended:#?}");
        assert_eq!(rows["left open"], "0", "{ended:#?}");
        assert_eq!(rows["bytes"], bytes.to_string(), "{ended:#?}");
        assert!(rows["requests"].parse::<u64>().unwrap() >= 5, "{ended:#?}");
    }
}

#[test]
fn echo_does_not_wait_for_ever_for_a_connection_that_stays() {
    let (server, mut stream) = listening();
    let bytes = echoes(&mut stream);
    let ended = stops(server, "INT");
    let rows = ended.rows();
    assert_eq!((rows["connections"], rows["left open"]), ("1", "1"), "{ended:#?}");
    assert_eq!(rows["bytes"], bytes.to_string(), "{ended:#?}");
    // The server has gone, and the stream with it.
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}
