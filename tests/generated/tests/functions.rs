//! A few of the generated functions, each time; `cargo run -p bespoke-test-generated` takes as many as it is told to.
#![cfg(not(any(loom, miri)))]

use bespoke_test_generated::check::{Verdict, check};
use bespoke_test_generated::grammar::Function;
use bespoke_test_generated::refused::REFUSED;
use bespoke_test_generated::session::{Plan, run, told};
use bespoke_test_generated::toolchain::{Kind, Toolchain};
use bespoke_test_generated::traps::Trap;

fn toolchain() -> Toolchain {
    Toolchain::new(None).expect("the macro can be built")
}

/// Refused for what it is, and not for something else in it; or what is wrong.
fn is_refused(what: &str, verdict: &Verdict, says: &str) -> Option<String> {
    match verdict {
        Verdict::Refused(text) if text.contains(says) => None,
        verdict => Some(format!("{what}: {}", told(verdict))),
    }
}

#[test]
fn what_the_macro_refuses_is_what_the_list_says() {
    let functions: Vec<Function> = REFUSED.iter().map(|refused| refused.function()).collect();
    let verdicts = check(&toolchain(), "refused", &functions, Kind::Debug);
    assert_eq!(verdicts.len(), REFUSED.len());
    let wrong = REFUSED.iter().zip(&verdicts);
    let wrong: Vec<String> =
        wrong.filter_map(|(refused, verdict)| is_refused(refused.row, verdict, refused.says)).collect();
    assert!(wrong.is_empty(), "what `#[async_fn]` takes now belongs in the generator:\n{}", wrong.join("\n"));
}

#[test]
fn traps_are_refused() {
    for trap in Trap::ALL {
        let functions: Vec<Function> = (0..6).map(|index| trap.generate(3, index)).collect();
        for verdict in check(&toolchain(), &format!("trap_{trap:?}"), &functions, Kind::Check) {
            assert_eq!(is_refused(&format!("{trap:?}"), &verdict, trap.error()), None);
        }
    }
}

#[test]
fn generated_functions_do_what_those_of_rustc_do() {
    let plan = Plan { seed: 1, from: 0, count: 100, batch: 50, jobs: 2, kind: Kind::Debug, first: false };
    let findings = run(&toolchain(), &plan);
    assert_eq!(findings.functions, plan.count);
    assert!(findings.ways > 1000, "{}", findings.ways);
    let failures: Vec<String> =
        findings.failures.iter().map(|(index, verdict)| format!("f{index}: {}", told(verdict))).collect();
    assert!(failures.is_empty(), "seed {}: {}", plan.seed, failures.join("\n"));
    let missing = findings.seldom(1);
    assert!(missing.is_empty(), "a hundred functions without {missing:?}");
}
