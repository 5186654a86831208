//! Names of functions and types as people say them, of those that the compiler gives (`core::any::type_name`, whose form
//! is not promised: what is not understood is passed on as it is).

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// What the compiler calls a closure, and the body of an `async fn`.
const CLOSURE: &str = "::{{closure}}";

/// The function that `#[task]` makes of the one that was written.
const TASK: &str = "::__task";

/// What the runtime puts around the future of a task, and nobody wrote.
const WRAPPERS: &[&str] = &["scope::done::Member", "runtime::traced::on::Traced"];

/// The function that a future of rustc's is made of, or in which its block is; `None` of every other type.
pub(super) fn of_rustc(mut name: &str) -> Option<String> {
    while let Some(inner) = WRAPPERS.iter().find_map(|wrapper| {
        let (path, _) = name.split_once('<')?;
        path.ends_with(wrapper).then(|| arguments(&name[path.len()..]).and_then(|inner| list(inner).next()))?
    }) {
        name = inner;
    }
    // Only a closure's name ends so, and no closure is a future.
    (name.ends_with(CLOSURE) && !name.starts_with('&')).then(|| function(name))
}

/// The function in which a closure is written: its path, without the closures, and with short names for its parameters.
pub(super) fn function(mut name: &str) -> String {
    while let Some(outer) = name.strip_suffix(CLOSURE) {
        name = outer;
    }
    let written = match name.find('<') {
        Some(at) if at > 0 => name[..at].to_owned() + &future(&name[at..]),
        _ => name.into(),
    };
    match written.strip_suffix(TASK) {
        Some(outer) => outer.to_owned(),
        None if written.contains(TASK) => written.replace(&(TASK.to_owned() + "::"), "::"),
        None => written,
    }
}

/// The type of a future: without the paths of its modules; a machine, and what rustc makes of an `async`, by its function.
pub(super) fn future(name: &str) -> String {
    let mut short = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !is_of_a_path(c)).unwrap_or(rest.len());
        if word == 0 {
            short.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (path, after) = rest.split_at(word);
        rest = after;
        if path.ends_with("machine::Machine")
            && let Some(arguments) = arguments(after)
        {
            // The last one is the function that drops it: a closure of the function that it is the future of.
            short.push_str(&function(list(arguments).next_back().unwrap_or_default()));
            rest = &after[arguments.len() + 2..];
        } else if WRAPPERS.iter().any(|wrapper| path.ends_with(wrapper))
            && let Some(arguments) = arguments(after)
        {
            short.push_str(&future(list(arguments).next().unwrap_or_default()));
            rest = &after[arguments.len() + 2..];
        } else if path.ends_with(CLOSURE) {
            if !path.starts_with(':') {
                short.push_str("async ");
            }
            short.push_str(&function(path));
        } else if path.starts_with(':') {
            short.push_str(path);
        } else {
            short.push_str(path.rsplit("::").next().unwrap_or(path));
        }
    }
    short
}

fn is_of_a_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '{' | '}' | '#')
}

/// What is in the angle brackets at the start of `text`.
fn arguments(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?;
    let mut depth = 0;
    let mut before = ' ';
    for (at, c) in inner.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if before == '-' => {}
            '>' if depth == 0 => return Some(&inner[..at]),
            '>' => depth -= 1,
            _ => {}
        }
        before = c;
    }
    None
}

/// The types of a list.
fn list(arguments: &str) -> impl DoubleEndedIterator<Item = &str> {
    let mut types = Vec::new();
    let (mut depth, mut from, mut before) = (0, 0, ' ');
    for (at, c) in arguments.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if before == '-' => {}
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                types.push(&arguments[from..at]);
                from = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    types.push(&arguments[from..]);
    types.into_iter().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{function, future, of_rustc};

    #[test]
    fn a_function_is_where_its_closures_are() {
        assert_eq!(function("shop::pay::{{closure}}::{{closure}}"), "shop::pay");
        assert_eq!(function("<shop::Bank as shop::Pays>::pay::{{closure}}"), "<shop::Bank as shop::Pays>::pay");
        assert_eq!(function("shop::pay"), "shop::pay");
        assert_eq!(function("shop::pay::__task::{{closure}}"), "shop::pay");
        assert_eq!(function("shop::pay::__task::change::{{closure}}"), "shop::pay::change");
        assert_eq!(function("shop::Till<a::b::Coin>::pay::by_card::{{closure}}"), "shop::Till<Coin>::pay::by_card");
    }

    #[test]
    fn types_lose_their_paths_and_machines_are_their_functions() {
        for (name, short) in [
            ("bespoke_core::time::sleep::Sleep<app::App>", "Sleep<App>"),
            ("shop::main::{{closure}}", "async shop::main"),
            (
                "core::pin::Pin<alloc::boxed::Box<dyn core::future::future::Future<Output = ()> + core::marker::Send>>",
                "Pin<Box<dyn Future<Output = ()> + Send>>",
            ),
            (
                "core::machine::Machine<core::machine::frame::Frame<(a::B, fn(u8) -> u8)>, u32, shop::pay::{{closure}}, \
                 shop::pay::{{closure}}>",
                "shop::pay",
            ),
            (
                "core::Join<(x::machine::Machine<(), (), a::f::{{closure}}, a::f::{{closure}}>, core::Ready<()>)>",
                "Join<(a::f, Ready<()>)>",
            ),
            (
                "bespoke_core::runtime::traced::on::Traced<bespoke_core::scope::done::Member<core::Ready<(u8, u8)>, Local>>",
                "Ready<(u8, u8)>",
            ),
            ("&mut a::B", "&mut B"),
            ("<a::B as c::D>::e::{{closure}}", "<B as D>::e"),
            ("", ""),
        ] {
            assert_eq!(future(name), short, "{name}");
        }
    }

    #[test]
    fn what_rustc_made_is_known_by_its_name() {
        assert_eq!(of_rustc("shop::main::{{closure}}").as_deref(), Some("shop::main"));
        assert_eq!(
            of_rustc("x::scope::done::Member<shop::main::{{closure}}, x::Local>").as_deref(),
            Some("shop::main")
        );
        assert_eq!(of_rustc("core::future::Ready<()>"), None);
        assert_eq!(of_rustc("&mut shop::main::{{closure}}"), None);
    }

    #[test]
    fn what_is_not_understood_is_passed_on() {
        assert_eq!(future("x::machine::Machine<a::B"), "Machine<B");
    }
}
