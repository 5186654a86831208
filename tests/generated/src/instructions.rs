//! How many instructions the polls of the functions take, beside those of rustc's: what is slow and not wrong.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::batch::{Batch, Side};
use crate::grammar::Function;
use crate::toolchain::{Kind, Toolchain};

const FUNCTIONS: usize = 40;
/// The same functions each time: what is allowed was measured with them.
const SEED: u64 = 1;
/// How many instructions more ours take than rustc's, of some fifty millions, which are what the functions themselves do: by
/// rustc 1.95, on any machine, within a hundred. If every jump goes through the dispatch it is 622,700.
const MORE: i64 = 513_500;
/// How far from it they may be, to either side: machines that have become cheaper would hide those that become dearer later.
const WITHIN: i64 = MORE / 33;

/// Compares the instructions of some functions.
///
/// # Errors
/// Ours took more than they may, or so many fewer that the committed number says nothing.
///
/// # Panics
/// If the program cannot be written.
pub fn run(toolchain: &Toolchain) -> Result<(), String> {
    // A panic takes more instructions than all the polls.
    let calm = |function: &Function| !function.text().contains("panic!(");
    let functions: Vec<Function> =
        (0..).map(|index| Function::generate(SEED, index)).filter(calm).take(FUNCTIONS).collect();
    let batch = Batch::new(&functions, &[Side::Ours, Side::Theirs]);
    let source = toolchain.folder().join(format!("instructions_{}.rs", std::process::id()));
    fs::write(&source, &batch.text).expect("the batch can be written");
    let program = toolchain.compile(&source, Kind::Release)?;
    let (ours, theirs) = (count(&program, "ours")?, count(&program, "theirs")?);
    let _ = fs::remove_file(program);
    let _ = fs::remove_file(source);
    let more = ours - theirs;
    let text = format!("{ours} instructions, rustc's {theirs}: {more} more");
    println!("{text}");
    if more > MORE + WITHIN {
        Err(format!("{text}, and {MORE} are committed"))
    } else if more < MORE - WITHIN {
        Err(format!("{text}, and {MORE} are committed: commit the better number"))
    } else {
        Ok(())
    }
}

/// The instructions of a program that drives the futures of one side.
fn count(program: &Path, side: &str) -> Result<i64, String> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--drive", side])
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    line.and_then(|(_, number)| number.trim().parse().ok()).ok_or_else(|| format!("valgrind says no number: {text}"))
}
