//! The example `serve`, over real sockets: each thing that it says it does, on every driver that it can run on.

use super::{PATIENCE, Running, is_denied, listening_as, run, stops};
use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

const DRIVERS: [&str; 3] = ["mio", "io-uring", "fallback"];

/// A folder with the root of a server in it, which goes with the test.
struct Site {
    folder: PathBuf,
    large: Vec<u8>,
}

impl Site {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bespoke-site-{}-{name}", std::process::id()));
        let root = folder.join("root");
        fs::create_dir_all(root.join("a folder/empty")).unwrap();
        fs::create_dir(root.join("indexed")).unwrap();
        fs::write(folder.join("secret"), "secret").unwrap();
        fs::write(root.join("small.txt"), "0123456789").unwrap();
        fs::write(root.join("none.css"), "").unwrap();
        fs::write(root.join("a folder/<b>&\".html"), "odd").unwrap();
        fs::write(root.join("indexed/index.html"), "<p>index").unwrap();
        let large: Vec<u8> = (0..3_000_001_usize).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect();
        fs::write(root.join("large"), &large).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("small.txt", root.join("in")).unwrap();
        Site { folder, large }
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// Runs a case on a server of each driver, then stops that; its table fits.
fn on_each_driver(name: &str, args: &[&str], case: impl Fn(&Site, SocketAddr)) {
    let site = Site::new(name);
    for driver in DRIVERS {
        if driver == "io-uring" && is_denied(name) {
            continue;
        }
        let (server, address) = serving(&site, driver, args);
        case(&site, address);
        let ended = stops(server, "INT");
        assert_eq!(ended.rows()["left open"], "0", "{ended:#?}");
    }
}

fn serving(site: &Site, driver: &str, args: &[&str]) -> (Running, SocketAddr) {
    let root = site.root();
    let all = [&["--root", root.to_str().unwrap(), "--driver", driver], args].concat();
    let (server, address, _first) = listening_as("serve", &all);
    (server, address)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// An answer: the head as text, and the body.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn field(&self, name: &str) -> &str {
        let field = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        field.unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }

    fn has(&self, name: &str) -> bool {
        self.head.lines().any(|line| line.starts_with(&format!("{name}:")))
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.head);
        self
    }
}

/// Reads one answer; `has_body`: it is not one to `HEAD`.
#[track_caller]
fn read(stream: &mut impl Read, has_body: bool) -> Answer {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
    let mut answer = Answer { status, head, body: Vec::new() };
    assert!(answer.field("Date").ends_with(" GMT"));
    if has_body && status != 304 {
        answer.body = vec![0; answer.field("Content-Length").parse().unwrap()];
        stream.read_exact(&mut answer.body).unwrap();
    }
    answer
}

/// Asks for `target` on a connection that stays.
#[track_caller]
fn get(stream: &mut TcpStream, target: &str, fields: &str) -> Answer {
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n").as_bytes()).unwrap();
    read(stream, true)
}

/// Sends `text` on a connection of its own, which has to end after the answer.
#[track_caller]
fn only(address: SocketAddr, text: &str) -> Answer {
    let mut stream = connect(address);
    stream.write_all(text.as_bytes()).unwrap();
    let answer = read(&mut stream, true);
    assert_eq!(answer.field("Connection"), "close");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{}", answer.head);
    answer
}

#[test]
fn serve_sends_files_and_parts_of_them() {
    on_each_driver("files", &[], |site, address| {
        let stream = &mut connect(address);
        let small = get(stream, "/small.txt", "").is(200);
        assert_eq!(small.body, b"0123456789");
        assert_eq!(small.field("Content-Type"), "text/plain; charset=utf-8");
        assert_eq!(small.field("Accept-Ranges"), "bytes");
        assert!(get(stream, "/large?query", "").is(200).body == site.large);
        assert_eq!(get(stream, "/none.css", "").is(200).body, b"");
        assert_eq!(get(stream, "/in", "").is(200).body, b"0123456789", "a link below the root");
        assert_eq!(get(stream, "http://x/a%20folder/%3Cb%3E%26%22.html", "").is(200).body, b"odd");

        stream.write_all(b"HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(read(stream, false).is(200).field("Content-Length"), "3000001");

        let part = get(stream, "/small.txt", "Range: bytes=2-4\r\n").is(206);
        assert_eq!((&*part.body, part.field("Content-Range")), (&b"234"[..], "bytes 2-4/10"));
        let part = get(stream, "/large", "Range: bytes=1000000-\r\n").is(206);
        assert!(part.body == site.large[1_000_000..] && part.field("Content-Range") == "bytes 1000000-3000000/3000001");
        assert_eq!(get(stream, "/small.txt", "Range: bytes=-3\r\n").is(206).body, b"789");
        assert_eq!(get(stream, "/small.txt", "Range: bytes=10-\r\n").is(416).field("Content-Range"), "bytes */10");
        assert_eq!(get(stream, "/small.txt", "Range: bytes=1-2,4-5\r\n").is(200).body, b"0123456789");

        let (tag, date) = (small.field("ETag"), small.field("Last-Modified"));
        let same = get(stream, "/small.txt", &format!("If-None-Match: \"x\", W/{tag}\r\n")).is(304);
        assert!(same.field("ETag") == tag && !same.has("Content-Length"));
        get(stream, "/small.txt", &format!("If-Modified-Since: {date}\r\n")).is(304);
        get(stream, "/small.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").is(200);
        get(stream, "/small.txt", &format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}\r\n")).is(200);
        get(stream, "/small.txt", &format!("Range: bytes=2-4\r\nIf-Range: {tag}\r\n")).is(206);
        get(stream, "/small.txt", "Range: bytes=2-4\r\nIf-Range: \"x\"\r\n").is(200);
    });
}

#[test]
fn serve_lists_folders_and_names_what_is_wrong() {
    on_each_driver("folders", &[], |_, address| {
        let stream = &mut connect(address);
        let list = get(stream, "/", "").is(200);
        let page = String::from_utf8(list.body).unwrap();
        assert!(page.contains("<a href=\"./a%20folder/\">a folder/</a>"), "{page}");
        assert!(page.contains("<a href=\"./small.txt\">small.txt</a> 10"), "{page}");
        let page = String::from_utf8(get(stream, "/a%20folder/", "").is(200).body).unwrap();
        assert!(page.contains("<a href=\"./%3Cb%3E%26%22.html\">&lt;b&gt;&amp;&quot;.html</a> 3"), "{page}");
        assert!(page.contains("href=\"../\""), "{page}");
        assert_eq!(get(stream, "/a%20folder", "").is(301).field("Location"), "/a%20folder/");
        assert_eq!(get(stream, "//evil.example/..", "").is(403).status, 403);
        assert_eq!(get(stream, "/indexed/", "").is(200).body, b"<p>index");
        get(stream, "/none", "").is(404);
        get(stream, "/small.txt/", "").is(404);
        for outside in ["/../secret", "/%2e%2e/secret", "/a%20folder/..%2f..%2fsecret", "/out"] {
            let refused = get(stream, outside, "").is(403);
            assert!(!String::from_utf8(refused.body).unwrap().contains("secret"), "{outside}");
        }
        for (text, status) in [
            ("nonsense\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 400),
            ("GET / HTTP/2.0\r\n\r\n", 505),
            ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ] {
            only(address, text).is(status);
        }
        // More than is read: the answer arrives all the same.
        assert_eq!(only(address, "POST / HTTP/1.1\r\nHost: x\r\n\r\n").is(405).field("Allow"), "GET, HEAD");
        only(address, &format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000))).is(431);
        only(address, &format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(100))).is(431);
        only(address, &format!("POST / HTTP/1.1\r\nHost: x\r\n\r\n{}", "b".repeat(50_000))).is(405);
    });
}

#[test]
fn serve_answers_requests_in_their_order_and_keeps_connections() {
    on_each_driver("order", &[], |site, address| {
        let one = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        let all = [one("/small.txt"), one("/large"), one("/none"), one("/in")].concat();
        // At once, and cut at odd places.
        for parts in [1, 7, all.len()] {
            let mut stream = connect(address);
            for part in all.as_bytes().chunks(all.len().div_ceil(parts)) {
                stream.write_all(part).unwrap();
            }
            assert_eq!(read(&mut stream, true).is(200).body, b"0123456789");
            assert!(read(&mut stream, true).is(200).body == site.large);
            read(&mut stream, true).is(404);
            assert_eq!(read(&mut stream, true).is(200).body, b"0123456789");
        }
        let answer = only(address, "GET /small.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").is(200);
        assert_eq!(answer.body, b"0123456789");
        assert_eq!(only(address, "GET /small.txt HTTP/1.0\r\n\r\n").is(200).body, b"0123456789");
        let mut stream = connect(address);
        for _ in 0..2 {
            stream.write_all(b"GET /in HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
            assert_eq!(read(&mut stream, true).is(200).field("Connection"), "keep-alive");
        }
        // A client that has said its last is answered still.
        let mut stream = connect(address);
        stream.write_all(one("/large").as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(read(&mut stream, true).is(200).body == site.large);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    });
}

/// Over connections that stay, some requests before the first answer, all connections at once: each is answered, once.
#[test]
fn serve_answers_ten_thousand_requests() {
    const CONNECTIONS: usize = 10;
    const AT_ONCE: usize = 20;
    const BATCHES: usize = 10_000 / CONNECTIONS / AT_ONCE;
    let site = Site::new("many");
    for driver in DRIVERS {
        if driver == "io-uring" && is_denied("serve_answers_ten_thousand_requests") {
            continue;
        }
        let (server, address) = serving(&site, driver, &[]);
        std::thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                scope.spawn(|| {
                    let mut stream = connect(address);
                    let mut answers = BufReader::new(stream.try_clone().unwrap());
                    for batch in 0..BATCHES {
                        // Each asks for another part, so an answer that comes twice or not at all shifts the rest.
                        let first = |n: usize| (batch * AT_ONCE + n) * 37 % 2_900_000;
                        let requests: String = (0..AT_ONCE)
                            .map(|n| {
                                let (first, last) = (first(n), first(n) + n * 600);
                                format!("GET /large HTTP/1.1\r\nHost: x\r\nRange: bytes={first}-{last}\r\n\r\n")
                            })
                            .collect();
                        stream.write_all(requests.as_bytes()).unwrap();
                        for n in 0..AT_ONCE {
                            let answer = read(&mut answers, true).is(206);
                            assert!(answer.body == site.large[first(n)..=first(n) + n * 600], "{batch}, {n}");
                        }
                    }
                });
            }
        });
        let ended = stops(server, "INT");
        let rows = ended.rows();
        assert_eq!((rows["requests"], rows["left open"]), ("10000", "0"), "{driver}: {ended:#?}");
    }
}

#[test]
fn serve_does_not_wait_for_ever() {
    on_each_driver("slow", &["--patience", "0.4"], |site, address| {
        let since = Instant::now();
        let (mut silent, mut slow, mut greedy) = (connect(address), connect(address), connect(address));
        slow.write_all(b"GET /small.txt HTTP/1.1\r\nHo").unwrap();
        // Asks for more than fits between the two, and reads none of it.
        for _ in 0..40 {
            greedy.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        }
        // Meanwhile others are served.
        assert!(get(&mut connect(address), "/large", "").is(200).body == site.large);
        assert_eq!(silent.read(&mut [0]).unwrap(), 0, "it has said nothing, and is told nothing");
        assert_eq!(read(&mut slow, true).is(408).field("Connection"), "close");
        assert!(since.elapsed() >= Duration::from_millis(350), "{:?}", since.elapsed());
        std::thread::sleep(Duration::from_secs(1));
        let mut got = Vec::new();
        match greedy.read_to_end(&mut got) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert!(got.len() < 40 * site.large.len(), "it was given up");
    });
}

#[test]
fn serve_ends_with_an_interrupt_and_prints_totals() {
    let site = Site::new("end");
    for signal in ["INT", "TERM"] {
        let (server, address) = serving(&site, "fallback", &[]);
        let (mut idle, mut busy) = (connect(address), connect(address));
        get(&mut idle, "/small.txt", "").is(200);
        // Its answer is under way when the server is asked to end.
        busy.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4).as_slice()).unwrap();
        let mut first = [0; 8];
        busy.read_exact(&mut first).unwrap();
        let reader = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            let mut rest = Vec::new();
            busy.read_to_end(&mut rest).unwrap();
            rest.len()
        });
        let ended = stops(server, signal);
        assert_eq!(idle.read(&mut [0]).unwrap(), 0, "it waited for a request");
        assert!(reader.join().unwrap() > site.large.len(), "the answer under way came to its end");
        let rows = ended.rows();
        // The first was that of the look whether it listens.
        assert_eq!((rows["connections"], rows["left open"]), ("3", "0"), "{ended:#?}");
        assert!(rows["requests"].parse::<u64>().unwrap() >= 2, "{ended:#?}");
        assert!(rows["bytes"].parse::<u64>().unwrap() > site.large.len() as u64, "{ended:#?}");
    }
}

/// A run with its own load: the table is complete, and its numbers fit together.
fn drives(args: &[&str], driver: &str, bodies: &str) {
    let ended = run("serve", &[args, &["--seconds", "0.5", "--connections", "4"]].concat());
    let rows = ended.code(0).rows();
    let number = |name: &str| -> f64 { rows[name].split([' ', ',']).next().unwrap().parse().unwrap() };
    assert!(rows["driver"].starts_with(driver), "{ended:#?}");
    assert!(rows["bodies"].starts_with(bodies), "{ended:#?}");
    assert!(number("requests/s") > 0.0 && number("bytes/s") > number("requests/s"), "{ended:#?}");
    assert!(0.0 < number("p50") && number("p50") <= number("p99"), "{ended:#?}");
    assert!(number("bytes checked") >= number("bytes/s") * 0.4, "{ended:#?}");
    assert!(rows["bytes checked"].ends_with(", all as in the files"), "{ended:#?}");
}

#[test]
fn serve_drives_itself() {
    drives(&[], "", "zero-copy");
    for config in ["single", "per-core", "work-stealing"] {
        drives(&["--config", config, "--driver", "mio"], "mio", "zero-copy");
        drives(&["--config", config, "--driver", "mio", "--copy"], "mio", "copied");
    }
    for config in ["per-core", "work-stealing"] {
        drives(&["--config", config, "--driver", "fallback"], "", "zero-copy");
    }
    if !is_denied("serve_drives_itself") {
        drives(&[], "io_uring", "zero-copy");
        drives(&["--config", "work-stealing"], "io_uring", "zero-copy");
        for config in ["single", "per-core", "work-stealing"] {
            drives(&["--config", config, "--driver", "io-uring"], "io_uring", "zero-copy");
            drives(&["--config", config, "--driver", "io-uring", "--copy"], "io_uring", "copied");
        }
    }
}

#[test]
fn serve_helps_and_says_what_is_wrong_with_a_command_line() {
    let ended = run("serve", &["--help"]);
    ended.code(0).says("usage: serve ");
    let options =
        ["--connections", "--seconds", "--listen", "--root", "--config", "--driver", "--copy", "--patience", "--help"];
    for option in options {
        ended.says(option);
    }
    for (args, part) in [
        (&["--bad"][..], "`--bad`"),
        (&["--driver", "nonsense"], "`nonsense`"),
        (&["--driver", "blocking"], "has no time limits"),
        (&["--driver"], "--driver needs a value"),
        (&["--config", "nonsense"], "`nonsense`"),
        (&["--seconds", "0.4"], "--seconds takes 0.5 to 86400"),
        (&["--patience", "0"], "--patience takes 0.1 to 86400"),
        (&["--connections", "0"], "--connections takes at least 1"),
        (&["--listen", "1", "--seconds", "3"], "--seconds goes without --listen"),
        (&["--root", "."], "--root goes with --listen"),
    ] {
        run("serve", args).code(2).complains(part);
    }
    run("serve", &["--listen", "127.0.0.1:0", "--root", "/none"]).code(1).complains("/none: No such file");
    run("serve", &["--listen", "127.0.0.1:0", "--root", "/dev/null"]).code(1).complains("is no folder");
    run("serve", &["--listen", "nowhere"]).code(1).complains("\"nowhere\" is not an address");
}

/// Another's client.
#[test]
fn serve_is_understood_by_curl() {
    if Command::new("curl").arg("--version").output().is_err() {
        let line = "skipped serve_is_understood_by_curl: there is no `curl`";
        return writeln!(std::io::stderr(), "{line}").unwrap();
    }
    on_each_driver("curl", &[], |site, address| {
        let curl = |args: &[&str], path: &str| {
            let url = format!("http://{address}{path}");
            let mut curl = Command::new("curl");
            curl.args([
                "--silent",
                "--show-error",
                "--noproxy",
                "*",
                "--max-time",
                "20",
                "--write-out",
                "%{stderr}%{http_code}",
            ]);
            let out = curl.args(args).arg(url).output().unwrap();
            assert!(out.status.success(), "{out:?}");
            (String::from_utf8(out.stderr).unwrap(), out.stdout)
        };
        let (code, body) = curl(&[], "/large");
        assert!(code == "200" && body == site.large);
        assert_eq!(curl(&["--range", "2-4"], "/small.txt"), ("206".into(), b"234".to_vec()));
        assert_eq!(curl(&["--http1.0"], "/small.txt"), ("200".into(), b"0123456789".to_vec()));
        assert_eq!(curl(&["--path-as-is"], "/../secret").0, "403");
        assert_eq!(curl(&["--location"], "/indexed"), ("200".into(), b"<p>index".to_vec()));
        assert_eq!(curl(&["--data", "x"], "/small.txt").0, "405");
        let (code, head) = curl(&["--head"], "/large");
        assert!(code == "200" && String::from_utf8(head).unwrap().contains("Content-Length: 3000001"));
    });
}

/// A file that is cut while it is sent: the connection ends, since less comes than was told.
#[test]
fn serve_ends_a_connection_whose_file_was_cut() {
    let site = Site::new("cut");
    let path = site.root().join("cut");
    let (server, address) = serving(&site, "mio", &[]);
    fs::File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let mut stream = connect(address);
    stream.write_all(b"GET /cut HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.len() < 64 << 20, "{}", rest.len());
    assert_eq!(stops(server, "INT").rows()["left open"], "0");
}
