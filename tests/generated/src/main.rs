//! `cargo run -p bespoke-test-generated -- --help` says what this does.

use bespoke_test_generated::grammar::Function;
use bespoke_test_generated::planted::PLANTED;
use bespoke_test_generated::reduce::reduce;
use bespoke_test_generated::session::{Plan, run, told};
use bespoke_test_generated::toolchain::{Kind, Toolchain};
use bespoke_test_generated::{bench, instructions, miri, traps};
use core::hash::{BuildHasher, Hasher};
use std::process::ExitCode;

const HELP: &str = "\
Random functions through `#[async_fn]` and through rustc's `async fn`, and every trace of them compared.

  --seed N      the same functions as another run with this seed; without it, others each time
  --count N     how many functions (1000)
  --from N      the number of the first one (0); with --count 1, one function of a run again
  --batch N     how many in one program (50)
  --jobs N      how many programs at a time (as many as there are cores)
  --release     with optimisations
  --first       end at the first failure
  --planted P   with defect P in the macro, or with each of them in turn (all): it must be found
  --miri        the functions under Miri instead, a fifth of the ways
  --instructions  count the instructions of some functions instead, beside rustc's
  --bench       how long rustc takes for a hundred large ones instead, beside plain `async fn`
  --rounds N    how often it is asked (6, the fewest that give an interval)
  --text        print the functions instead
";

struct Options {
    plan: Plan,
    planted: Option<String>,
    instead: Option<Instead>,
    rounds: usize,
}

#[derive(Clone, Copy)]
enum Instead {
    Miri,
    Instructions,
    Bench,
    Text,
}

fn options() -> Result<Options, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let seed = std::hash::RandomState::new().build_hasher().finish() % 1_000_000_000;
    let plan = Plan { seed, from: 0, count: 1000, batch: 50, jobs, kind: Kind::Debug, first: false };
    let mut options = Options { plan, planted: None, instead: None, rounds: 6 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{word} wants a number, not {text}"));
        match &*word {
            "--seed" => options.plan.seed = number(value()?)?,
            "--count" => options.plan.count = number(value()?)?,
            "--from" => options.plan.from = number(value()?)?,
            "--batch" => options.plan.batch = number(value()?)?.max(1),
            "--jobs" => options.plan.jobs = number(value()?)? as usize,
            "--release" => options.plan.kind = Kind::Release,
            "--first" => options.plan.first = true,
            "--planted" => options.planted = Some(value()?),
            "--miri" => options.instead = Some(Instead::Miri),
            "--instructions" => options.instead = Some(Instead::Instructions),
            "--rounds" => options.rounds = number(value()?)?.max(1) as usize,
            "--bench" => options.instead = Some(Instead::Bench),
            "--text" => options.instead = Some(Instead::Text),
            "--help" => return Err(HELP.into()),
            _ => return Err(format!("{word} is not known; --help lists what is")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match options().and_then(|options| go(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn go(options: &Options) -> Result<(), String> {
    let plan = &options.plan;
    println!("// seed {}", plan.seed);
    match options.instead {
        Some(Instead::Text) => {
            (plan.from..plan.from + plan.count).for_each(|n| println!("{}", Function::generate(plan.seed, n).text()));
            return Ok(());
        }
        Some(Instead::Miri) => {
            let functions: Vec<Function> =
                (plan.from..plan.from + plan.count).map(|index| Function::generate(plan.seed, index)).collect();
            return miri::run(&functions, None);
        }
        Some(Instead::Instructions) => return instructions::run(&Toolchain::new(None)?),
        Some(Instead::Bench) => {
            println!("{}", bench::run(plan.seed, options.rounds)?);
            return Ok(());
        }
        None => {}
    }
    match options.planted.as_deref() {
        None => clean(plan),
        Some("all") => PLANTED.iter().try_for_each(|planted| planted.find(plan)),
        Some(name) => {
            let planted = PLANTED.iter().find(|planted| planted.name == name);
            planted.ok_or_else(|| format!("no defect is called {name}"))?.find(plan)
        }
    }
}

fn clean(plan: &Plan) -> Result<(), String> {
    let toolchain = Toolchain::new(None)?;
    let traps = traps::run(&toolchain, plan.seed, (plan.count / 100).clamp(2, 50))?;
    let findings = run(&toolchain, plan);
    // Fewer say nothing about how often a row comes.
    let least = if plan.count >= 1000 { usize::try_from(plan.count / 10).unwrap_or(usize::MAX) } else { 0 };
    println!("\n{}\n{}\n", findings.rows_text(least), findings.sizes_text());
    if let Some((index, verdict)) = findings.failures.first_key_value() {
        let (smaller, verdict) = reduce(&toolchain, &Function::generate(plan.seed, *index), verdict);
        println!("f{index}, made smaller:\n{}\n{}\n", smaller.text(), told(&verdict));
        let again = format!("--seed {} --from {index} --count 1", plan.seed);
        return Err(format!("{} failures; the first one again: {again}", findings.failures.len()));
    }
    println!("{} functions, driven in {} ways: the same; {traps} traps refused", findings.functions, findings.ways);
    if !findings.seldom(least).is_empty() {
        return Err(format!("fewer than {least} times: {}", findings.seldom(least).join("; ")));
    }
    Ok(())
}
