//! Whole expansions, kept as files that people read.
//!
//! `tests/expand/x.rs` holds an item under one of the attributes; `tests/expand/x.expanded.rs` holds what it becomes. To
//! accept new expansions: `BESPOKE_EXPAND=write cargo test -p bespoke-macros`, then read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;

use crate::entry::{self, Entry};
use crate::{async_fn, config, task};

#[test]
fn expansions_are_the_kept_ones() {
    let write = std::env::var_os("BESPOKE_EXPAND").is_some_and(|value| value == "write");
    let cases = cases();
    assert!(cases.len() >= 10, "the cases were not found");
    let mut different = Vec::new();
    for case in cases {
        let kept_at = case.with_extension("expanded.rs");
        let expanded = expanded(&fs::read_to_string(&case).unwrap());
        if write {
            fs::write(&kept_at, &expanded).unwrap();
        }
        let kept = fs::read_to_string(&kept_at).unwrap_or_default();
        if kept != expanded {
            different.push(format!("{}\n--- kept\n{kept}\n--- now\n{expanded}", kept_at.display()));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}

#[test]
fn no_expansion_is_kept_without_its_case() {
    let cases = cases();
    for file in files() {
        if let Some(case) = file.to_str().unwrap().strip_suffix(".expanded.rs") {
            assert!(cases.contains(&PathBuf::from(format!("{case}.rs"))), "no case for {}", file.display());
        }
    }
}

/// A kept expansion that begins with `std` would break `#![no_std]` crates.
#[test]
fn expansions_name_core_alone() {
    for file in files().into_iter().filter(|file| file.to_str().unwrap().ends_with(".expanded.rs")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("::std") && !text.contains("alloc::"), "{}", file.display());
    }
}

/// What runs is the machine: without what clippy sees and without what the user wrote, an expansion holds no `async`.
#[test]
fn machines_hold_no_async() {
    let mut machines = 0;
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("async_fn")
            || !name.ends_with(".expanded.rs")
            || name.contains("rustc")
            || name.contains("refused")
        {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let machine = |block: &mut syn::Block, twin_is: fn(&syn::Stmt) -> bool| {
            let for_clippy = block.stmts.remove(0);
            assert!(twin_in_body(&for_clippy), "{name}: no twin for clippy");
            assert!(holds_async(for_clippy.to_token_stream()), "{name}: the search finds nothing");
            assert!(twin_is(&block.stmts[0]), "{name}: no twin");
            assert!(!holds_async(block.to_token_stream()), "{name}: the machine is rustc's");
        };
        match syn::parse_str(&text).unwrap() {
            syn::Item::Fn(mut function) => {
                machines += 1;
                machine(
                    &mut function.block,
                    |twin| matches!(twin, syn::Stmt::Item(syn::Item::Fn(twin)) if twin.sig.asyncness.is_none()),
                );
            }
            // The twin of a method stands in an `if false`.
            syn::Item::Impl(block) => {
                for item in block.items {
                    let syn::ImplItem::Fn(mut method) = item else { continue };
                    if !method.sig.output.to_token_stream().to_string().contains("Future") {
                        continue;
                    }
                    machines += 1;
                    machine(&mut method.block, twin_in_body);
                }
            }
            syn::Item::Trait(declaration) => {
                for item in declaration.items {
                    let syn::TraitItem::Fn(method) = item else { continue };
                    assert!(method.sig.asyncness.is_none(), "{name}: a method is left to rustc");
                    let Some(mut body) = method.default.filter(|body| !body.stmts.is_empty()) else { continue };
                    machines += 1;
                    machine(&mut body, twin_in_body);
                }
            }
            _ => panic!("{name}: neither a function, nor an `impl` or a trait"),
        }
    }
    assert!(machines >= 5, "{machines}");
}

fn twin_in_body(twin: &syn::Stmt) -> bool {
    matches!(twin, syn::Stmt::Expr(syn::Expr::If(twin), _) if twin.cond.to_token_stream().to_string() == "false")
}

fn holds_async(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => holds_async(group.stream()),
        TokenTree::Ident(ident) => ident == "async" || ident == "await",
        _ => false,
    })
}

/// The file's only item, expanded and printed.
fn expanded(source: &str) -> String {
    let (attribute, item) = split(source);
    let path: Vec<String> = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    let arguments = match attribute.meta {
        syn::Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    };
    let output = match path.last().map(String::as_str) {
        Some("config") => config::expand(arguments, item),
        Some("main") => entry::expand(Entry::Main, arguments, item),
        Some("async_fn") => async_fn::expand(arguments, item),
        Some("task") => task::expand(arguments, item),
        Some("test") => entry::expand(Entry::Test, arguments, item),
        _ => panic!("the file must begin with one of the attributes"),
    };
    prettyplease::unparse(&syn::parse2(output).unwrap())
}

/// The first attribute of a source text, and the rest.
fn split(source: &str) -> (syn::Attribute, TokenStream) {
    let mut trees: Vec<TokenTree> = source.parse::<TokenStream>().unwrap().into_iter().collect();
    let item = trees.split_off(2).into_iter().collect();
    let mut attributes = syn::Attribute::parse_outer.parse2(trees.into_iter().collect()).unwrap();
    (attributes.remove(0), item)
}

/// The files to expand.
fn cases() -> Vec<PathBuf> {
    files().into_iter().filter(|file| !file.to_str().unwrap().ends_with(".expanded.rs")).collect()
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
