//! Stage 3 of `config`: what the expansion consists of, still without a path of the runtime.
//!
//! - *Forwards*: an item is taken from the base in every build in which the user wrote none.
//! - *Checks*: rules on one item are evaluated under its value, rules across items under the config's name, each once.
//!   A generic config has no value before it is used, so none can be evaluated here; the runtime checks it when built.
//! - *Module*: lies two modules further in than the config, so the path to the config is rewritten.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, ItemImpl, Path, Type, Visibility};

use super::analyze::{Analyzed, Written};
use super::condition::Condition;
use super::parse;
use crate::errors::Errors;
use crate::items::{ITEMS, Item};

/// The expansion.
pub(crate) struct Plan {
    /// As the user wrote it.
    pub(crate) block: ItemImpl,
    pub(crate) trait_path: TokenStream,
    /// What `NAME` says where the user says nothing.
    pub(crate) name: String,
    pub(crate) base: Option<Type>,
    pub(crate) krate: Option<Path>,
    /// When all of it exists. `None` = always.
    pub(crate) condition: Option<Condition>,
    pub(crate) forwards: Vec<Forward>,
    /// One rule check per item. `None` = the config is generic, nothing can be evaluated.
    pub(crate) checks: Option<Vec<Written>>,
    pub(crate) module: Option<Module>,
}

/// An item to be made up.
pub(crate) struct Forward {
    pub(crate) item: &'static Item,
    /// When: in the builds without the user's own. `None` = always.
    pub(crate) condition: Option<Condition>,
}

/// The module of names.
pub(crate) struct Module {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    /// The config, as seen from two modules further in.
    pub(crate) config: TokenStream,
    /// A name to be given to the config beside it, for `config` to go through.
    pub(crate) alias: Option<Ident>,
}

pub(crate) fn lower(analyzed: Analyzed, errors: &mut Errors) -> Plan {
    let Analyzed { arguments, block, trait_path, condition, written } = analyzed;
    let parse::Arguments { base, module, krate } = arguments;
    let own_base = base.as_ref().is_some_and(|base| same(base, &block.self_ty));
    if own_base {
        errors.under(&base, OWN_BASE);
    }
    let base = base.filter(|_| !own_base);
    let forwards = ITEMS.iter().filter_map(|item| forward(item, &written)).collect();
    let generic = !block.generics.params.is_empty();
    let module = module.and_then(|module| {
        if generic {
            errors.under(&module.ident, GENERIC_MODULE);
            return None;
        }
        Some(lower_module(module, &block.self_ty))
    });
    let name = as_written(block.self_ty.to_token_stream());
    let checks = (!generic).then_some(written);
    Plan { block, trait_path, name, base, krate, condition, forwards, checks, module }
}

/// Whether two types are written alike.
fn same(a: &Type, b: &Type) -> bool {
    a.to_token_stream().to_string() == b.to_token_stream().to_string()
}

/// How `item` is made up next to what the user wrote. `None` = it is written for every build.
fn forward(item: &'static Item, written: &[Written]) -> Option<Forward> {
    let own: Vec<_> = written.iter().filter(|written| written.item == item).map(|written| &written.condition).collect();
    if own.is_empty() {
        return Some(Forward { item, condition: None });
    }
    let conditions: Option<Vec<&Condition>> = own.into_iter().map(Option::as_ref).collect();
    conditions.map(|own| Forward { item, condition: Some(Condition::none_of(own.into_iter())) })
}

fn lower_module(module: parse::Module, config: &Type) -> Module {
    let parse::Module { vis, ident } = module;
    match from_inside(config) {
        Some(config) => Module { vis, ident, config, alias: None },
        None => {
            let alias = format_ident!("__bespoke_config_of_{}", ident, span = Span::call_site());
            Module { vis, ident, config: quote!(super::super::#alias), alias: Some(alias) }
        }
    }
}

/// The path of `config` as seen from two modules further in. `None` = it is no plain path: what the names in a
/// generic argument mean (a type here, or one of the language's) cannot be told from outside.
fn from_inside(config: &Type) -> Option<TokenStream> {
    let config = match config {
        Type::Group(group) => return from_inside(&group.elem),
        Type::Paren(paren) => return from_inside(&paren.elem),
        Type::Path(config) if config.qself.is_none() => &config.path,
        _ => return None,
    };
    if config.segments.iter().any(|segment| !segment.arguments.is_none()) {
        return None;
    }
    let first = config.segments.first()?;
    if config.leading_colon.is_some() || first.ident == "crate" || first.ident == "$crate" {
        Some(config.to_token_stream())
    } else if first.ident == "self" {
        let rest = config.segments.iter().skip(1);
        Some(quote!(super::super::#(#rest)::*))
    } else {
        Some(quote!(super::super::#config))
    }
}

/// The text of a type with the spaces that people put: `stringify!` on generated tokens says `Many < D >`.
fn as_written(tokens: TokenStream) -> String {
    let (mut text, mut word_before) = (String::new(), false);
    for tree in tokens {
        let word = matches!(tree, TokenTree::Ident(_) | TokenTree::Literal(_));
        if word && word_before {
            text.push(' ');
        }
        word_before = word;
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.extend([open, &as_written(group.stream()), close]);
            }
            TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';') => text.extend([punct.as_char(), ' ']),
            tree => text.push_str(&tree.to_string()),
        }
    }
    text
}

const OWN_BASE: &str = "a config cannot be its own base";
const GENERIC_MODULE: &str = "`module = …` makes the names of one config, and this one has generic parameters";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{analyze::analyze, parse::Parsed};

    fn lowered(arguments: TokenStream, item: TokenStream) -> (Plan, String) {
        let mut errors = Errors::new();
        let Parsed::Config(config) = parse::parse(arguments, item, &mut errors) else { panic!("not a config") };
        let analyzed = analyze(config, &mut errors);
        (lower(analyzed, &mut errors), errors.into_tokens().to_string())
    }

    fn condition(plan: &Plan, name: &str) -> Option<String> {
        let forward = plan.forwards.iter().find(|forward| forward.item.name == name)?;
        Some(forward.condition.to_token_stream().to_string())
    }

    #[test]
    fn what_is_not_written_is_forwarded() {
        let (plan, _) = lowered(quote!(), quote!(impl Config for App { type Driver = Mio; const NAME: &str = "x"; }));
        assert_eq!(plan.forwards.len(), ITEMS.len() - 2);
        assert_eq!(condition(&plan, "Driver"), None);
        assert_eq!(condition(&plan, "NAME"), None);
        assert_eq!(condition(&plan, "Clock"), Some(String::new()));
    }

    #[test]
    fn what_is_written_for_some_builds_is_forwarded_in_the_others() {
        let (plan, _) = lowered(
            quote!(),
            quote!(impl Config for App {
                #[cfg(a)] #[cfg(b)] type Clock = X;
                #[cfg(c)] type Clock = Y;
                #[cfg(a)] type Driver = X;
                type Driver = Y;
            }),
        );
        assert_eq!(condition(&plan, "Clock"), Some(quote!(#[cfg(not(any(all(a, b), c)))]).to_string()));
        assert_eq!(condition(&plan, "Driver"), None, "rustc reports the second one, nothing is added");
    }

    #[test]
    fn only_configs_without_parameters_are_checked_and_named() {
        let (plan, errors) = lowered(quote!(module = app), quote!(impl Config for App { type Driver = Mio; }));
        assert_eq!((plan.checks.unwrap().len(), plan.module.is_some(), errors), (1, true, String::new()));
        let (plan, errors) = lowered(
            quote!(module = app),
            quote!(
                impl<D> Config for App<D> {
                    type Driver = D;
                }
            ),
        );
        assert!(plan.checks.is_none() && plan.module.is_none());
        assert!(errors.contains(GENERIC_MODULE), "{errors}");
    }

    #[test]
    fn a_config_is_not_its_own_base() {
        let (plan, errors) = lowered(quote!(base = configs::App), quote!(impl Config for configs::App {}));
        assert!(errors.contains(OWN_BASE), "{errors}");
        assert!(plan.base.is_none(), "the default one stands in");
        let (plan, errors) = lowered(quote!(base = other::App), quote!(impl Config for configs::App {}));
        assert_eq!((plan.base.is_some(), errors), (true, String::new()));
    }

    #[test]
    fn the_config_is_found_from_inside() {
        for (config, inside) in [
            ("App", "super::super::App"),
            ("configs::App", "super::super::configs::App"),
            ("self::App", "super::super::App"),
            ("super::App", "super::super::super::App"),
            ("crate::App", "crate::App"),
            ("::other::App", "::other::App"),
            ("(App)", "super::super::App"),
        ] {
            let inside: TokenStream = inside.parse().unwrap();
            let found = from_inside(&syn::parse_str(config).unwrap()).unwrap();
            assert_eq!(found.to_string(), inside.to_string(), "{config}");
        }
    }

    #[test]
    fn the_name_is_the_type_as_written() {
        for name in ["App", "crate::configs::App", "Many<D, { N }>", "Of<(A, [u8; 4])>", "<A as B>::C"] {
            let tokens: TokenStream = name.parse().unwrap();
            assert_eq!(as_written(tokens), name);
        }
    }

    #[test]
    fn other_configs_go_through_an_alias() {
        for config in ["Of<Part>", "<X as Y>::Z", "(A, B)", "crate::Of<u8>"] {
            let config: Type = syn::parse_str(config).unwrap();
            assert!(from_inside(&config).is_none());
            let (plan, _) = lowered(quote!(module = app), quote!(impl Config for #config {}));
            let module = plan.module.unwrap();
            assert_eq!(module.alias.unwrap(), "__bespoke_config_of_app");
            assert_eq!(module.config.to_string(), "super :: super :: __bespoke_config_of_app");
        }
    }
}
