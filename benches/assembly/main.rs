//! What does a choice in `Config` cost in machine code? `cargo bench --manifest-path benches/Cargo.toml --bench assembly` prints how
//! many instructions each seam takes under each config; `-- --check` compares the code with the committed one and fails if a line
//! differs; `-- --write` commits to new code.
//!
//! **What is measured.** The code of the functions where a config meets the hot path (a spawn, the loop, a task's poll, the wake of a
//! task, an operation, the clock, what a worker does before it sleeps), as this program has them, without addresses and hashes. Each
//! seam is also run once, and checks what it did. Beside the text stand the claims of `claims.rs`, which hold with every
//! compiler: no locked instruction under a local scheduler; what a config switches off leaves nothing; numbers are constants.
//!
//! **What is not.** Time, and how often each line runs. What a seam calls is another function: that none of all that a local loop
//! comes to is locked is proved by `tests/no_locked_instructions.rs`. x86-64 Linux only.
//!
//! **Sketch.** A spawn is a pop from a free list, some twenty stores and a push: 100 instructions with what it does when there is no
//! memory. The loop is a pop, a call through the task's table and two looks at its state. A wake is a compare with a thread-local word,
//! a bit and a push: 30. Under a shared scheduler each of these has a locked instruction or two.
//!
//! Text is compared on the compiler that it belongs to; with another one the claims alone are checked
//! ([decision 39](../../docs/decisions/0039-committed-assembly.md)).
//!
//! | file | holds |
//! |---|---|
//! | `main` | the command line, the comparison |
//! | `seams` | the configs, and the functions that are read |
//! | `listing` | a function as lines that stay the same wherever the linker puts it |
//! | `committed` | the files `*.s`: a section for each config, which says how it differs from the first |
//! | `claims` | what the listings must show |
#![allow(clippy::std_instead_of_core, reason = "a program reads better with one name for the library")]

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod claims;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod committed;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[path = "../../tests/no_locked_instructions/image.rs"]
#[allow(dead_code, reason = "the test that it belongs to asks it for more")]
mod image;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod listing;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod seams;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn main() {
    eprintln!("assembly: the code is read on x86-64 Linux only");
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let plan = match read::command(&words) {
        Ok(Some(plan)) => plan,
        Ok(None) => {
            print!("{}", read::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("assembly: {message} (see --help)");
            return ExitCode::from(2);
        }
    };
    seams::run();
    match read::compare(&plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("assembly: {message}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod read {
    use crate::claims::{self, Listings};
    use crate::committed::{self, FILES};
    use crate::image::Image;
    use crate::listing::{self, Listing};

    pub(super) const HELP: &str = "What a choice in `Config` costs in machine code, beside the committed code.

usage: cargo bench --manifest-path benches/Cargo.toml --bench assembly -- [--check | --write] [--planted]

  --check    fail if the code is not the committed one, or does not show what it must (so does `--test`)
  --write    commit to the code as it is now
  --planted  read a config with a locked instruction in every seam in place of the first one: --check must fail then
";

    /// What the command line asks for.
    #[derive(Default)]
    pub(super) struct Plan {
        check: bool,
        write: bool,
        planted: bool,
    }

    pub(super) fn command(words: &[String]) -> Result<Option<Plan>, String> {
        let mut plan = Plan::default();
        for word in words {
            match word.as_str() {
                "-h" | "--help" => return Ok(None),
                // The second is what every bench is told by `cargo bench -- --test`.
                "--check" | "--test" => plan.check = true,
                "--write" => plan.write = true,
                "--planted" => plan.planted = true,
                other => return Err(format!("there is no option '{other}'")),
            }
        }
        if plan.write && (plan.planted || plan.check) {
            return Err("--write goes with nothing else".into());
        }
        Ok(Some(plan))
    }

    pub(super) fn compare(plan: &Plan) -> Result<(), String> {
        let listings = listings(plan.planted)?;
        print!("{}", committed::table(&listings));
        let compiler = committed::compiler()?;
        if plan.write {
            claims::check(&listings)?;
            return committed::write(&listings, &compiler);
        }
        if !plan.check {
            return Ok(());
        }
        let found = claims::check(&listings);
        let differs = committed::differences(&listings, &compiler);
        match (found, differs) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(one), Ok(())) | (Ok(()), Err(one)) => Err(one),
            (Err(one), Err(other)) => Err(format!("{one}\n{other}")),
        }
    }

    /// The code of every seam under every config of its file.
    fn listings(planted: bool) -> Result<Listings, String> {
        let program = std::env::current_exe().and_then(std::fs::read);
        let mut image = Image::new(program.map_err(|error| format!("cannot read this program: {error}"))?);
        listing::learn(&mut image);
        let mut listings = Listings::new();
        for file in FILES {
            for &config in file.configs {
                let module = if planted && config == "base" { "planted" } else { config };
                let seam = format!("seams::{module}::{}", file.seam);
                let start = image.functions().find(|function| function.name.ends_with(&seam)).map(|one| one.start);
                let start = start.ok_or_else(|| format!("this program has no function `{seam}`"))?;
                let found = file.part.map_or(Some(start), |part| listing::find(&image, start, part));
                let found = found.ok_or_else(|| format!("`{seam}` comes to no `{}`", file.part.unwrap_or_default()))?;
                listings.insert((file.name, config), Listing::of(&image, found));
            }
        }
        Ok(listings)
    }
}
