//! What a runtime costs before it runs: bytes of a hello, crates, and the time of a first build.
//!
//! The packages `hello/*` each start a task that sleeps for a millisecond and says hello. Each is built by itself into an empty
//! folder, which is timed (downloads are not: everything is fetched first), run once, and stripped. Crates are those that
//! `cargo tree` lists for the program on this machine, without build scripts' and macros' own. One build each, not interleaved:
//! the time is as good as the machine was idle.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::clock::now;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

/// The packages, in the order of the table.
const HELLOS: &[&str] = &[
    "hello-std",
    "hello-bespoke",
    "hello-tokio",
    "hello-smol",
    "hello-monoio",
    "hello-glommio",
    "hello-compio",
    "hello-tokio-uring",
    "hello-may",
];

/// Builds and measures each, and prints a table.
///
/// # Errors
/// When this program does not know where it lies, or cargo does not run at all.
pub(crate) fn hello() -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let folder = this.with_file_name("hello-cold");
    let fetched = cargo().args(["fetch", "--quiet", "--locked", "--manifest-path", MANIFEST]).status();
    fetched.map_err(|error| format!("cargo does not run: {error}"))?;
    println!("| program | bytes, stripped | .text | crates | first build, release |\n|---|---:|---:|---:|---:|");
    for package in HELLOS {
        match measure(package, &folder) {
            Ok(line) => println!("| {package} | {line} |"),
            Err(why) => println!("| {package} | {} | | | |", why.replace(['|', '\n'], "/")),
        }
        // Each begins with nothing; a folder that stays is told by the next build, which would be no first one.
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
        }
    }
    Ok(())
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn measure(package: &str, folder: &Path) -> Result<String, String> {
    eprintln!("building {package}");
    let begin = now();
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--quiet",
        "--locked",
        "--offline",
        "--package",
        package,
        "--manifest-path",
        MANIFEST,
    ]);
    let built = build.arg("--target-dir").arg(folder).stdin(Stdio::null()).status();
    if !built.map_err(|error| format!("cargo does not run: {error}"))?.success() {
        return Err("does not build".into());
    }
    let took = begin.elapsed();
    let program = folder.join("release").join(package);
    let said = output(Command::new(&program))?;
    if said != "hello\n" {
        return Err(format!("it said '{said}'"));
    }
    let text = text_bytes(&program)?;
    let stripped: PathBuf = program.with_extension("stripped");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&stripped).arg(&program);
    output(strip)?;
    let bytes = std::fs::metadata(&stripped).map_err(|error| format!("no stripped program: {error}"))?.len();
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--offline", "--package", package, "--manifest-path", MANIFEST]);
    tree.args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe"]);
    let tree = output(tree)?;
    let mut crates: Vec<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    crates.sort_unstable();
    crates.dedup();
    // Without the program itself.
    Ok(format!("{bytes} | {text} | {} | {:.1} s", crates.len() - 1, took.as_secs_f64()))
}

/// What `size -A` says of the section `.text`.
fn text_bytes(program: &Path) -> Result<u64, String> {
    let mut size = Command::new("size");
    size.arg("-A").arg(program);
    let sections = output(size)?;
    let line = sections.lines().find_map(|line| line.strip_prefix(".text "));
    let bytes = line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok());
    bytes.ok_or_else(|| "size tells of no .text".to_owned())
}

fn output(mut command: Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name} does not run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name}: {} ({})", String::from_utf8_lossy(&output.stderr).trim(), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
