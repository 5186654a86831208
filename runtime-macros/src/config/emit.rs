//! Stage 4 of `config`: the tokens. The only file of this macro that knows a path of the runtime.
//!
//! # Invariants
//! 1. Paths begin with the runtime's crate (`::bespoke`, or what `crate = …` says) or with `::core`, so a
//!    `#![no_std]` crate compiles, and no import of the user's can shadow them. Primitive types are named bare.
//! 2. A check lies under the value it checks, a forwarded item under the base it comes from (see `span`).

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ImplItem, ItemImpl};

use super::analyze::Written;
use super::condition::Condition;
use super::lower::{Forward, Module, Plan};
use crate::items::{Kind, Value};
use crate::span::Ends;

pub(crate) fn emit(plan: Plan) -> TokenStream {
    let krate = plan.krate.as_ref().map_or_else(|| quote!(::bespoke), ToTokens::to_token_stream);
    let base = plan.base.as_ref().map_or_else(|| quote!(#krate::preset::Default), ToTokens::to_token_stream);
    let config = plan.block.self_ty.to_token_stream();
    let Plan { block, trait_path, name, condition, forwards, checks, module, .. } = plan;
    let emitter = Emitter { krate, base, config, name, trait_path, condition };
    let checks = checks.map(|written| emitter.checks(&written));
    let ambient = emitter.ambient(&block);
    let module = module.map(|module| emitter.module(&module));
    let block = emitter.block(block, &forwards);
    quote!(#block #checks #ambient #module)
}

/// The names that the parts of the expansion share.
struct Emitter {
    /// The runtime's crate.
    krate: TokenStream,
    /// Where missing items come from.
    base: TokenStream,
    /// The user's type.
    config: TokenStream,
    /// The text of `NAME`.
    name: String,
    /// `Config`, as the user names it.
    trait_path: TokenStream,
    /// When all of it exists. `None` = always.
    condition: Option<Condition>,
}

impl Emitter {
    /// The user's block and, after the user's items, the missing ones.
    fn block(&self, mut block: ItemImpl, forwards: &[Forward]) -> TokenStream {
        let krate = &self.krate;
        if block.generics.params.is_empty() {
            // "Is not a runtime configuration" goes without a list of those that are. A generic config stays in sight:
            // what is wrong there may be its parameter.
            block.attrs.push(syn::parse_quote!(#[diagnostic::do_not_recommend]));
        }
        block.items.extend(forwards.iter().map(|forward| ImplItem::Verbatim(self.forward(forward))));
        block.items.push(ImplItem::Verbatim(quote! {
            #[doc(hidden)]
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: #krate::__private::Sealed =
                #krate::__private::Sealed::BY_MACRO;
        }));
        block.into_token_stream()
    }

    fn forward(&self, forward: &Forward) -> TokenStream {
        let (krate, base, trait_path) = (&self.krate, &self.base, &self.trait_path);
        let condition = &forward.condition;
        let name = Ident::new(forward.item.name, Span::call_site());
        let place = Ends::of(base);
        // Marked as the user's, not as ours: rustc meets the base both alone and in the projection, and says the same
        // about it twice if the two are of different origin.
        let (open, path) = (quote_spanned!(place.first()=> <), place.cover(trait_path.clone()));
        let projected = Ident::new(forward.item.name, place.last());
        let value = quote_spanned!(place.last()=> #open #base as #path>::#projected);
        let item = match forward.item.kind {
            Kind::Type => place.cover(quote!(type #name =)),
            Kind::Const(of) => {
                let of = match of {
                    Value::Usize => quote!(usize),
                    Value::U32 => quote!(u32),
                    Value::Bool => quote!(bool),
                    Value::Duration => quote!(::core::time::Duration),
                    Value::PanicPolicy => quote!(#krate::PanicPolicy),
                };
                place.cover(quote!(const #name: #of =))
            }
            Kind::Name => {
                let text = &self.name;
                return quote!(#condition const #name: &'static str = #text;);
            }
        };
        quote!(#condition #item #value;)
    }

    /// One rule check per item, then the rules across items.
    fn checks(&self, written: &[Written]) -> TokenStream {
        let (krate, config, outer) = (&self.krate, &self.config, &self.condition);
        let items = written.iter().map(|written| {
            let (name, own) = (Literal::string(written.item.name), &written.condition);
            let check = written.value.cover(quote!(#krate::__private::check::item::<#config>(#name)));
            let head = written.value.cover(quote!(const _: () =));
            quote!(#outer #own #head #check;)
        });
        // A check that was left out of this build was not done.
        let done = written.iter().map(|written| {
            let (name, own) = (Literal::string(written.item.name), &written.condition);
            quote!(#own #name)
        });
        let place = Ends::of(config);
        let head = place.cover(quote!(const _: () =));
        let rest = place.cover(quote!(#krate::__private::check::rest::<#config>(&[#(#done),*])));
        quote!(#(#items)* #outer #head #rest;)
    }

    /// The inherent functions of the config.
    fn ambient(&self, block: &ItemImpl) -> TokenStream {
        let (krate, config, outer) = (&self.krate, &self.config, &self.condition);
        let parameters = &block.generics.params;
        let predicates = block.generics.where_clause.as_ref().map(|clause| &clause.predicates);
        quote!(#outer #krate::__ambient! { [#parameters] #config, [#predicates] })
    }

    /// The module of names.
    fn module(&self, module: &Module) -> TokenStream {
        let (krate, config, outer) = (&self.krate, &self.config, &self.condition);
        let Module { vis, ident, config: inside, alias } = module;
        let alias = alias.as_ref().map(|alias| {
            quote! {
                #outer
                #[doc(hidden)]
                type #alias = #config;
            }
        });
        quote!(#alias #outer #krate::__module! { #vis #ident [#inside] })
    }
}

#[cfg(test)]
mod tests {
    use core::mem;

    use crate::config::expand;
    use proc_macro2::{Delimiter, TokenStream, TokenTree};
    use quote::quote;

    // Whole expansions are kept, readable, in `tests/expand`. They do not show where the tokens lie; the tests here do.

    const BLOCK: &str = "impl Config for App {
        type Driver = IoUring<100>;
        const LOCAL_QUEUE: usize = 10 * 10;
    }";

    /// Lines and columns of the first and last token of the items that begin with `head`.
    fn places(arguments: &str, head: &str) -> Vec<[(usize, usize); 2]> {
        let output = expand(arguments.parse().unwrap(), BLOCK.parse().unwrap());
        let mut places = Vec::new();
        for item in items(output) {
            let text: TokenStream = item.iter().cloned().collect();
            if text.to_string().starts_with(head) {
                places.push(
                    [&item[0], &item[item.len() - 1]]
                        .map(|tree| (tree.span().start().line, tree.span().start().column)),
                );
            }
        }
        places
    }

    /// The tokens between the semicolons, at any depth.
    fn items(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
        let (mut all, mut item) = (Vec::new(), Vec::new());
        for tree in tokens {
            match tree {
                TokenTree::Punct(punct) if punct.as_char() == ';' => all.push(mem::take(&mut item)),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    all.extend(items(group.stream()));
                    item.clear();
                }
                tree => item.push(tree),
            }
        }
        all
    }

    #[test]
    fn a_check_covers_the_value_it_checks() {
        let checks = places("", "const _");
        let (driver, queue) = ([(2, 22), (2, 33)], [(3, 35), (3, 40)]);
        let config = [(1, 16), (1, 16)];
        assert_eq!(checks, [driver, queue, config]);
    }

    #[test]
    fn a_forwarded_item_covers_the_base() {
        for head in ["type Scheduler", "const POLL_BUDGET", "const PANIC", "const TIMER_SLACK"] {
            assert_eq!(places("  base = preset::Server", head), [[(1, 9), (1, 17)]], "{head}");
        }
    }

    #[test]
    fn another_crate_path_replaces_every_path() {
        let output = expand(quote!(crate = my::rt, module = app), quote!(impl Config for App {})).to_string();
        assert!(!output.contains("bespoke ::"), "{output}");
        for part in ["my :: rt :: preset :: Default", "my :: rt :: __ambient !", "my :: rt :: __module !"] {
            assert!(output.contains(part), "{part} in {output}");
        }
    }

    #[test]
    fn a_wrong_argument_still_yields_the_config() {
        let output = expand(quote!(bse = X), quote!(impl Config for App {})).to_string();
        assert!(output.contains("compile_error"), "{output}");
        assert!(output.contains("impl Config for App") && output.contains("type Driver ="), "{output}");
    }
}
