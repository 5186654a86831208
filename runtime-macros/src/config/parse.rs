//! Stage 1 of `config`: the arguments, and the block under the attribute.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, ItemImpl, Path, Token, Type, Visibility};

use crate::arguments;
use crate::errors::Errors;

/// What stands under the attribute.
pub(crate) enum Parsed {
    /// An `impl Config for …`.
    Config(Box<Config>),
    /// Anything else, unchanged; the mistake is recorded.
    Other(TokenStream),
}

/// A well-formed use of the attribute.
pub(crate) struct Config {
    pub(crate) arguments: Arguments,
    pub(crate) block: ItemImpl,
    /// The trait, as the user names it.
    pub(crate) trait_path: TokenStream,
}

/// `base = …, module = …, crate = …`.
#[derive(Default)]
pub(crate) struct Arguments {
    /// Where missing items come from. `None` = the default preset.
    pub(crate) base: Option<Type>,
    /// The module of names to make. `None` = none.
    pub(crate) module: Option<Module>,
    /// Where the runtime's crate is found. `None` = under its own name.
    pub(crate) krate: Option<Path>,
}

/// `pub app`.
pub(crate) struct Module {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
}

pub(crate) fn parse(arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> Parsed {
    let arguments = parse_arguments(arguments, errors);
    let Ok(block) = syn::parse2::<ItemImpl>(item.clone()) else {
        return not_a_config(item, errors);
    };
    match &block.trait_ {
        Some((None, path, _)) if path.segments.last().is_some_and(|last| last.ident == "Config") => {
            let trait_path = path.to_token_stream();
            Parsed::Config(Box::new(Config { arguments, block, trait_path }))
        }
        _ => not_a_config(item, errors),
    }
}

fn parse_arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut found = Arguments::default();
    arguments::each(tokens, errors, |input| parse_argument(&mut found, input));
    found
}

fn parse_argument(found: &mut Arguments, input: ParseStream<'_>) -> syn::Result<()> {
    let place = input.span();
    let unknown = || syn::Error::new(place, UNKNOWN_ARGUMENT);
    let key = input.call(Ident::parse_any).map_err(|_| unknown())?;
    match key.to_string().as_str() {
        "base" => {
            input.parse::<Token![=]>()?;
            arguments::set(&mut found.base, &key, arguments::config(input)?)
        }
        "module" => {
            input.parse::<Token![=]>()?;
            arguments::set(&mut found.module, &key, Module { vis: input.parse()?, ident: input.parse()? })
        }
        "crate" => {
            input.parse::<Token![=]>()?;
            arguments::set(&mut found.krate, &key, arguments::crate_path(input)?)
        }
        _ => Err(unknown()),
    }
}

/// Records the mistake under the head of the item and hands the item back.
fn not_a_config(item: TokenStream, errors: &mut Errors) -> Parsed {
    let head = match syn::parse2::<ItemImpl>(item.clone()) {
        Ok(block) => match &block.trait_ {
            Some((_, path, _)) => path.to_token_stream(),
            None => block.self_ty.to_token_stream(),
        },
        // Not an `impl`, or not Rust; in the second case rustc adds its own message.
        Err(_) => TokenStream::new(),
    };
    errors.under(head, NOT_A_CONFIG);
    Parsed::Other(item)
}

const UNKNOWN_ARGUMENT: &str = "unknown argument; `#[bespoke::config]` knows `base = …`, `module = …` and `crate = …`";
const NOT_A_CONFIG: &str = "`#[bespoke::config]` goes on `impl Config for …`";

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn parsed(arguments: TokenStream, item: TokenStream) -> (Parsed, String) {
        let mut errors = Errors::new();
        let parsed = parse(arguments, item, &mut errors);
        (parsed, errors.into_tokens().to_string())
    }

    fn arguments(tokens: TokenStream) -> (Arguments, String) {
        let mut errors = Errors::new();
        let found = parse_arguments(tokens, &mut errors);
        (found, errors.into_tokens().to_string())
    }

    #[test]
    fn all_arguments_in_any_order() {
        let (found, errors) = arguments(quote!(crate = a::b, module = pub(crate) app, base = P<Q, 4>));
        assert_eq!(errors, "");
        assert_eq!(found.base.to_token_stream().to_string(), "P < Q , 4 >");
        assert_eq!(found.krate.to_token_stream().to_string(), "a :: b");
        let module = found.module.unwrap();
        assert_eq!(module.ident, "app");
        assert_eq!(module.vis.to_token_stream().to_string(), "pub (crate)");
    }

    #[test]
    fn an_unknown_argument_does_not_hide_the_others() {
        let (found, errors) = arguments(quote!(bse = preset::Server, module = app, 3));
        assert_eq!(errors.matches(UNKNOWN_ARGUMENT).count(), 2, "{errors}");
        assert!(found.module.is_some());
    }

    #[test]
    fn an_argument_given_twice_is_a_mistake_and_the_first_counts() {
        let (found, errors) = arguments(quote!(base = A, base = B));
        assert!(errors.contains("the argument `base` is given twice"), "{errors}");
        assert_eq!(found.base.to_token_stream().to_string(), "A");
    }

    #[test]
    fn the_trait_is_known_by_its_last_segment() {
        for item in ["impl Config for App {}", "impl<D> my::bespoke::Config for App<D> where D: X {}"] {
            let (parsed, errors) = parsed(quote!(), item.parse().unwrap());
            assert!(matches!(parsed, Parsed::Config(_)), "{item}");
            assert_eq!(errors, "");
        }
    }

    #[test]
    fn anything_else_is_handed_back_with_the_message() {
        let others =
            ["struct App;", "impl App {}", "impl Clone for App {}", "impl !Config for App {}", "impl Config App"];
        for item in others {
            let item: TokenStream = item.parse().unwrap();
            let (parsed, errors) = parsed(quote!(), item.clone());
            assert!(errors.contains(NOT_A_CONFIG), "{errors}");
            match parsed {
                Parsed::Other(back) => assert_eq!(back.to_string(), item.to_string()),
                Parsed::Config(_) => panic!("accepted: {item}"),
            }
        }
    }
}
