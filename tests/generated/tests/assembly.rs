//! A function without an `.await` is, in the optimised program, the function that it would be without `async`: no frame, no
//! state, no dispatch. Compared are the instructions, as rustc writes them down.
#![cfg(not(any(loom, miri)))]

use bespoke_test_generated::toolchain::Toolchain;

const BEGIN: &str = "\
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

fn once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
";

/// Name, parameters, their names, output, body.
const FUNCTIONS: &[[&str; 5]] = &[
    ["arithmetic", "a: u32, b: u32", "a, b", "u32", "a.wrapping_mul(b) ^ (a >> 3)"],
    [
        "branches",
        "a: u64, b: u64",
        "a, b",
        "u64",
        "if a < b { return b - a; } match a % 3 { 0 => a, 1 => b, _ => a ^ b }",
    ],
    [
        "fails",
        "list: &[u32], n: usize",
        "list, n",
        "Option<u32>",
        "let mut sum = 0u32; for x in list.iter().take(n) { sum = sum.checked_add(*x)?; } \
         if sum == 7 { return None; } Some(sum)",
    ],
    [
        "owns",
        "list: Vec<u8>, n: usize",
        "list, n",
        "usize",
        "let more = list.len().wrapping_add(n); drop(list); more.wrapping_mul(3)",
    ],
];

#[test]
fn a_function_without_an_await_is_the_plain_function() {
    let mut program = String::from(BEGIN);
    for [name, params, arguments, output, body] in FUNCTIONS {
        program.push_str(&format!(
            "#[bespoke_macros::async_fn(crate = ::bespoke_test_generated)]\n\
             async fn machine_{name}({params}) -> {output} {{ {body} }}\n\
             fn function_{name}({params}) -> {output} {{ {body} }}\n\
             #[unsafe(no_mangle)]\n\
             pub fn ours_{name}({params}) -> Poll<{output}> {{ once(machine_{name}({arguments})) }}\n\
             #[unsafe(no_mangle)]\n\
             pub fn plain_{name}({params}) -> Poll<{output}> {{ Poll::Ready(function_{name}({arguments})) }}\n"
        ));
    }
    let toolchain = Toolchain::new(None).expect("the macro can be built");
    let source = toolchain.folder().join(format!("assembly_{}.rs", std::process::id()));
    std::fs::write(&source, program).expect("the source can be written");
    let text = toolchain.assembly(&source).expect("the source is a program");
    let _ = std::fs::remove_file(source);
    for [name, ..] in FUNCTIONS {
        let (ours, plain) =
            (instructions(&text, &format!("ours_{name}")), instructions(&text, &format!("plain_{name}")));
        assert!(plain.len() > 2, "{name} was not found: {plain:?}");
        assert_eq!(ours, plain, "{name}:\nours\n{}\nplain\n{}", ours.join("\n"), plain.join("\n"));
    }
    // Where functions differ, so does what is compared.
    assert_ne!(instructions(&text, "plain_arithmetic"), instructions(&text, "plain_branches"));
}

/// The instructions of a function, with labels numbered as they come.
fn instructions(text: &str, function: &str) -> Vec<String> {
    // Of two equal functions one is the name of the other: `.set a, b`, or `a = b`.
    let alias = text.lines().find_map(|line| {
        let (name, of) = line.trim().strip_prefix(".set").unwrap_or(line).split_once([',', '='])?;
        (name.trim() == function).then(|| of.trim())
    });
    if let Some(of) = alias {
        return instructions(text, of);
    }
    let label = format!("{function}:");
    let body = text.lines().skip_while(|line| *line != label).skip(1);
    let body = body.take_while(|line| !line.starts_with(".Lfunc_end") && !line.starts_with("Lfunc_end"));
    let mut labels: Vec<String> = Vec::new();
    body.map(str::trim)
        .filter(|line| !line.starts_with('.') || line.ends_with(':'))
        .map(|line| {
            let words = line.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
            words.map(|word| renamed(word, &mut labels)).collect()
        })
        .collect()
}

/// A label of the function by its number, anything else as it is.
fn renamed(word: &str, labels: &mut Vec<String>) -> String {
    let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
    if !name.trim_start_matches(['.', '_']).starts_with("LBB") {
        return word.to_owned();
    }
    let number = labels.iter().position(|label| label == name).unwrap_or_else(|| {
        labels.push(name.to_owned());
        labels.len() - 1
    });
    word.replace(name, &format!("label{number}"))
}
