//! Stage 1: the arguments, and the function under the attribute.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, Ident, ItemFn, Lit, Path, Token};

use super::says;
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

/// `pool = 4, crate = path`.
#[derive(Default)]
pub(crate) struct Arguments {
    /// How many tasks at a time. `None` = one.
    pub(crate) pool: Option<Expr>,
    /// Where the runtime's crate is found. `None` = under its own name.
    pub(crate) krate: Option<Path>,
}

pub(crate) fn parse(arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> Parsed {
    let mut found = Arguments::default();
    arguments::each(arguments, errors, |input| parse_argument(&mut found, input));
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => Parsed::Function(Box::new(Function { arguments: found, function })),
        Err(_) => {
            // If this is no Rust at all, rustc adds its own message when it reads the item again.
            errors.under(TokenStream::new(), says::GOES_ON);
            Parsed::Other(item)
        }
    }
}

fn parse_argument(found: &mut Arguments, input: ParseStream<'_>) -> syn::Result<()> {
    let unknown = |at| Err(syn::Error::new(at, says::UNKNOWN));
    if !(input.peek(Ident::peek_any) && input.peek2(Token![=])) {
        return unknown(input.span());
    }
    let key = input.call(Ident::parse_any)?;
    input.parse::<Token![=]>()?;
    if key == "crate" {
        return arguments::set(&mut found.krate, &key, arguments::crate_path(input)?);
    }
    if key != "pool" {
        return unknown(key.span());
    }
    let places: Expr = input.parse()?;
    if let Expr::Lit(literal) = &places
        && let Lit::Int(number) = &literal.lit
        && number.base10_digits() == "0"
    {
        return Err(syn::Error::new_spanned(places, says::NO_PLACE));
    }
    arguments::set(&mut found.pool, &key, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, quote};

    fn arguments(tokens: TokenStream) -> (String, String, String) {
        let mut errors = Errors::new();
        let Parsed::Function(parsed) = parse(
            tokens,
            quote!(
                async fn f() {}
            ),
            &mut errors,
        ) else {
            panic!("a function was refused")
        };
        let Arguments { pool, krate } = parsed.arguments;
        (pool.to_token_stream().to_string(), krate.to_token_stream().to_string(), errors.into_tokens().to_string())
    }

    #[test]
    fn a_number_and_a_crate_path() {
        let none = String::new;
        assert_eq!(arguments(quote!()), (none(), none(), none()));
        assert_eq!(arguments(quote!(pool = 4)), ("4".into(), none(), none()));
        assert_eq!(arguments(quote!(crate = a::b, pool = 2 * N,)), ("2 * N".into(), "a :: b".into(), none()));
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (tokens, says) in [
            (quote!(size = 4), says::UNKNOWN),
            (quote!(4), says::UNKNOWN),
            (quote!(pool = 0), says::NO_PLACE),
            (quote!(pool = 1, pool = 2), "the argument `pool` is given twice"),
        ] {
            let (_, _, errors) = arguments(tokens);
            assert!(errors.contains(says), "{errors}");
        }
    }

    #[test]
    fn other_items_are_handed_back_with_the_message() {
        let mut errors = Errors::new();
        let item = quote!(
            struct S;
        );
        let Parsed::Other(back) = parse(quote!(), item.clone(), &mut errors) else { panic!("a struct is no function") };
        assert_eq!(back.to_string(), item.to_string());
        assert!(errors.into_tokens().to_string().contains(says::GOES_ON));
    }
}
