//! What the sources can say: read from their text, so that a new sentence is found without being listed.

use std::path::Path;

/// A sentence that a user may read. `…` stands for what is filled in.
#[derive(Debug)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) place: String,
}

/// Every sentence of the product: the `message`s of `#[diagnostic::on_unimplemented]`, the rules that are checked while
/// the compiler runs (`Text::new()…fail()`), and the errors of the macros.
pub(crate) fn sentences(root: &Path) -> Vec<Sentence> {
    let mut all = Vec::new();
    for (path, text) in product(root) {
        let mut found = unimplemented(&text);
        found.extend(rules(&text));
        if path.starts_with("runtime-macros/") {
            found.extend(errors(&text));
        }
        all.extend(found.into_iter().map(|text| Sentence { text, place: path.clone() }));
    }
    all
}

/// Every `unsafe impl` of `Send` or `Sync` that asks for `Send` of a parameter: `Send for JoinHandle`.
pub(crate) fn bounds(root: &Path) -> Vec<String> {
    let mut found: Vec<_> = product(root).iter().flat_map(|(_, text)| bounds_in(text)).collect();
    found.sort();
    found.dedup();
    found
}

/// Is `sentence`, its gaps filled, part of this line?
pub(crate) fn matches(line: &str, sentence: &str) -> bool {
    let mut rest = line;
    sentence.split('…').filter(|piece| !piece.is_empty()).all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// The sources of the product, without their tests.
fn product(root: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = ["", "runtime-core", "runtime-drivers", "runtime-alloc", "runtime-macros"]
        .iter()
        .map(|package| root.join(package).join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let text = std::fs::read_to_string(&path).expect("a source can be read");
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_string();
                let inside = path.strip_prefix(root).expect("a source lies in the repository");
                files.push((inside.to_string_lossy().into_owned(), code(&text)));
            }
        }
    }
    files.sort();
    files
}

/// The text without its comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

/// The first string literal of a text, and what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let start = text.find('"')? + 1;
    let (mut value, mut escaped, mut continued) = (String::new(), false, false);
    for (at, c) in text[start..].char_indices() {
        // A line that ends with `\` goes on where the next one's text begins.
        continued &= c.is_whitespace();
        match c {
            _ if continued => {}
            '\n' if escaped => (escaped, continued) = (false, true),
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, &text[start + at + 1..])),
            _ => value.push(c),
        }
    }
    None
}

/// The text with `…` for each `{…}`.
fn with_gaps(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' => {
                if depth == 0 {
                    out.push('…');
                }
                depth += 1;
            }
            '}' => depth -= 1,
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn unimplemented(text: &str) -> Vec<String> {
    text.split("#[diagnostic::on_unimplemented(")
        .skip(1)
        .map(|rest| {
            let message = rest.find("message").map(|at| &rest[at..]).expect("on_unimplemented has a message");
            with_gaps(&literal(message).expect("a message is a string").0)
        })
        .collect()
}

fn rules(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("Text::new()").skip(1) {
        let Some(end) = rest.find(".fail()") else { continue };
        if rest[..end].contains(';') && !rest[..end].contains('"') {
            continue;
        }
        let mut sentence = String::new();
        // The calls are `.s(text)` and `.n(number)`; what is not a literal is a gap.
        let mut chain = rest[..end].trim_start();
        while let Some(call) = chain.strip_prefix(".s(").or_else(|| chain.strip_prefix(".n(")) {
            let inside = call.trim_start();
            let after = if inside.starts_with('"') {
                let (piece, after) = literal(inside).expect("a literal ends");
                sentence.push_str(&piece);
                &after[after.find(')').expect("a call ends") + 1..]
            } else {
                sentence.push('…');
                &inside[closing(inside)..]
            };
            chain = after.trim_start();
        }
        assert!(chain.is_empty(), "a rule is built of `.s` and `.n` only, so that it can be read here: {chain}");
        found.push(sentence);
    }
    found
}

/// The offset behind the parenthesis that closes one that was opened before the text.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    panic!("a call ends")
}

/// The errors of a macro: texts of their own, formatted ones, and those given to `syn` in place.
fn errors(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in [": &str =", "format_args!(", ".error(", "Error::new_spanned(config,", "errors.under(path,"] {
        for (at, _) in text.match_indices(start) {
            let rest = text[at + start.len()..].trim_start();
            if rest.starts_with('"') {
                found.push(with_gaps(&literal(rest).expect("a literal ends").0));
            }
        }
    }
    found
}

fn bounds_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in text.split("unsafe impl").skip(1) {
        let Some(head) = rest.split('{').next().and_then(|head| head.strip_prefix('<')) else { continue };
        let Some((parameters, of)) = head.split_once("> S") else { continue };
        let asks = parameters.split(',').any(|one| one.contains(": Send"));
        if asks && (of.starts_with("end for ") || of.starts_with("ync for ")) {
            let (which, of) = of.split_once(" for ").expect("seen above");
            let name: String = of.chars().take_while(|c| c.is_alphanumeric()).collect();
            found.push(format!("S{which} for {name}"));
        }
    }
    found
}

#[test]
fn sentences_are_read() {
    let text =
        "#[diagnostic::on_unimplemented(\n label = \"l\",\n message = \"`{Self}` is \\\"no\\\" {A<{B}>} clock\"\n)]";
    assert_eq!(unimplemented(text), ["`…` is \"no\" … clock"]);
    let text = "Text::new()\n .s(\"A is \")\n .n(C::A as (u8))\n .s(\", so (no)\").fail();\nlet t = Text::new();";
    assert_eq!(rules(text), ["A is …, so (no)"]);
    let text = "const A: &str =\n \"one\"; format_args!(\"two `{key}`\") input.error(\"three\") const B: u8 = 1;";
    assert_eq!(errors(text), ["one", "two `…`", "three"]);
}

#[test]
#[should_panic(expected = "a rule is built of")]
fn a_rule_that_cannot_be_read_is_refused() {
    rules("Text::new().s(\"a\").join(x).fail()");
}

#[test]
fn bounds_are_read() {
    let text = "unsafe impl<T: Send> Sync for A<T> {}\nunsafe impl<C: Config, K: Send + 'static> Send for B<C, K> where X {}\n\
                unsafe impl Send for C {}\nunsafe impl<C: Config> Send for D<C> {}\nunsafe impl<T: Send> Allocate for E<T> {}";
    assert_eq!(bounds_in(text), ["Sync for A", "Send for B"]);
}

#[test]
fn gaps_match_anything() {
    assert!(matches("error: `Mio` is not a clock, sorry", "`…` is not a clock"));
    assert!(!matches("error: `Mio` is not a driver", "`…` is not a clock"));
    assert!(matches("anything", "…"));
}

#[test]
fn comments_are_not_read() {
    assert_eq!(code("/// message \"a\"\n  // b\nfn c() {}"), "\n\nfn c() {}");
}
