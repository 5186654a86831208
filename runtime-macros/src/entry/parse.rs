//! Stage 1 of `main` and `test`: the arguments, and the function under the attribute.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, ItemFn, Path, Token, Type};

use super::Entry;
use crate::arguments;
use crate::errors::Errors;

/// What stands under the attribute.
pub(crate) enum Parsed {
    /// A function.
    Function(Box<Function>),
    /// Anything else, unchanged; the mistake is recorded.
    Other(TokenStream),
}

/// A function with the attribute's arguments.
pub(crate) struct Function {
    pub(crate) arguments: Arguments,
    pub(crate) function: ItemFn,
}

/// `App, crate = path`.
#[derive(Default)]
pub(crate) struct Arguments {
    /// The config to run on. `None` = the default preset.
    pub(crate) config: Option<Type>,
    /// Where the runtime's crate is found. `None` = under its own name.
    pub(crate) krate: Option<Path>,
}

pub(crate) fn parse(entry: Entry, arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> Parsed {
    let mut found = Arguments::default();
    arguments::each(arguments, errors, |input| parse_argument(entry, &mut found, input));
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => Parsed::Function(Box::new(Function { arguments: found, function })),
        Err(_) => {
            // If this is no Rust at all, rustc adds its own message when it reads the item again.
            errors.under(TokenStream::new(), format_args!("`{}` goes on an `async fn`", entry.attribute()));
            Parsed::Other(item)
        }
    }
}

fn parse_argument(entry: Entry, found: &mut Arguments, input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        if key == "crate" {
            return arguments::set(&mut found.krate, &key, arguments::crate_path(input)?);
        }
        let attribute = entry.attribute();
        let message = format_args!("unknown argument; `{attribute}` knows a config and `crate = …`");
        return Err(syn::Error::new(key.span(), message));
    }
    let config = arguments::config(input)?;
    if found.config.is_some() {
        return Err(syn::Error::new_spanned(config, "the function runs on one config, and it is given already"));
    }
    found.config = Some(config);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, quote};

    fn parsed(arguments: TokenStream, item: TokenStream) -> (Parsed, String) {
        let mut errors = Errors::new();
        let parsed = parse(Entry::Test, arguments, item, &mut errors);
        (parsed, errors.into_tokens().to_string())
    }

    fn arguments(tokens: TokenStream) -> (String, String, String) {
        let (parsed, errors) = parsed(
            tokens,
            quote!(
                async fn f() {}
            ),
        );
        let Parsed::Function(parsed) = parsed else { panic!("a function was refused") };
        let Arguments { config, krate } = parsed.arguments;
        (config.to_token_stream().to_string(), krate.to_token_stream().to_string(), errors)
    }

    #[test]
    fn a_config_and_a_crate_path() {
        let none = String::new;
        assert_eq!(arguments(quote!()), (none(), none(), none()));
        assert_eq!(arguments(quote!(App)), ("App".into(), none(), none()));
        assert_eq!(arguments(quote!(crate::App)), ("crate :: App".into(), none(), none()));
        assert_eq!(arguments(quote!(crate = a::b)), (none(), "a :: b".into(), none()));
        assert_eq!(arguments(quote!(Many<Mio, 4>, crate = b,)), ("Many < Mio , 4 >".into(), "b".into(), none()));
    }

    #[test]
    fn wrong_arguments_are_named() {
        let (_, _, errors) = arguments(quote!(workers = 4));
        assert!(errors.contains("unknown argument; `#[bespoke::test]` knows a config and `crate = …`"), "{errors}");
        let (config, _, errors) = arguments(quote!(A, B));
        assert_eq!(config, "A");
        assert!(errors.contains("one config"), "{errors}");
        let (_, krate, errors) = arguments(quote!(crate = a, crate = b));
        assert_eq!(krate, "a");
        assert!(errors.contains("given twice"), "{errors}");
    }

    #[test]
    fn other_items_are_handed_back_with_the_message() {
        for item in [
            quote!(
                struct S;
            ),
            quote!(
                mod m {}
            ),
            quote!(fn),
        ] {
            let (parsed, errors) = parsed(quote!(), item.clone());
            assert!(errors.contains("`#[bespoke::test]` goes on an `async fn`"), "{errors}");
            assert!(matches!(parsed, Parsed::Other(back) if back.to_string() == item.to_string()));
        }
    }
}
