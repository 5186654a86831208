//! The argument lists of the attributes: `key = value, …`, read with recovery.
//!
//! A wrong argument is recorded and skipped up to the next comma, so that one typo neither hides a second one nor keeps
//! the attribute from expanding.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token, Type, TypePath};

use crate::errors::Errors;

/// Reads `tokens` as a list with commas: `one` reads one element.
pub(crate) fn each(tokens: TokenStream, errors: &mut Errors, mut one: impl FnMut(ParseStream<'_>) -> syn::Result<()>) {
    let list = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let read = one(input).and_then(|()| {
                if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(input.error("expected `,`")) }
            });
            if let Err(error) = read {
                errors.push(error);
                skip(input)?;
            }
            let _: Option<Token![,]> = input.parse()?;
        }
        Ok(())
    };
    if let Err(error) = list.parse2(tokens) {
        errors.push(error);
    }
}

/// Fills `slot` for the argument `key`, once.
pub(crate) fn set<T>(slot: &mut Option<T>, key: &Ident, value: T) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new(key.span(), format_args!("the argument `{key}` is given twice")));
    }
    *slot = Some(value);
    Ok(())
}

/// Reads the type of a config. `Default` alone is refused: in every module that says nothing else it names a trait, and the
/// compiler's advice would be to write `dyn` before it.
pub(crate) fn config(input: ParseStream<'_>) -> syn::Result<Type> {
    let config: Type = input.parse()?;
    match &config {
        Type::Path(TypePath { qself: None, path }) if path.is_ident("Default") => {
            Err(syn::Error::new_spanned(&config, DEFAULT_IS_A_TRAIT))
        }
        _ => Ok(config),
    }
}

/// Reads the value of `crate = path`; `key` and `=` are read already.
pub(crate) fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.call(Path::parse_mod_style)
}

/// Goes to the next comma that is not between angle brackets.
fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    let mut depth = 0usize;
    while !input.is_empty() {
        if depth == 0 && input.peek(Token![,]) {
            break;
        }
        if let TokenTree::Punct(punct) = input.parse()? {
            match punct.as_char() {
                '<' => depth += 1,
                '>' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    Ok(())
}

const DEFAULT_IS_A_TRAIT: &str = "`Default` alone is the trait of the standard library; name the preset by its path, \
                                  `bespoke::preset::Default`";

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn numbers(tokens: TokenStream) -> (Vec<u32>, String) {
        let (mut read, mut errors) = (Vec::new(), Errors::new());
        each(tokens, &mut errors, |input| {
            read.push(input.parse::<syn::LitInt>()?.base10_parse()?);
            Ok(())
        });
        (read, errors.into_tokens().to_string())
    }

    #[test]
    fn a_list_may_end_in_a_comma() {
        assert_eq!(numbers(quote!()), (vec![], String::new()));
        assert_eq!(numbers(quote!(1, 2,)), (vec![1, 2], String::new()));
    }

    #[test]
    fn a_wrong_element_is_skipped_with_its_angle_brackets() {
        let (read, errors) = numbers(quote!(1, wrong = Foo<A, B>, 2, also, 3));
        assert_eq!(read, [1, 2, 3]);
        assert_eq!(errors.matches("compile_error").count(), 2, "{errors}");
    }

    #[test]
    fn the_trait_is_no_config_and_what_has_a_path_may_be() {
        let read = |tokens: TokenStream| config.parse2(tokens).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(read(quote!(Default)), Err(DEFAULT_IS_A_TRAIT.to_string()));
        for config in
            [quote!(preset::Default), quote!(self::Default), quote!(::Default), quote!(Default<4>), quote!(App)]
        {
            assert_eq!(read(config), Ok(()));
        }
    }

    #[test]
    fn a_missing_comma_is_named() {
        let (read, errors) = numbers(quote!(1 2, 3));
        assert_eq!(read, [1, 3]);
        assert!(errors.contains("expected `,`"), "{errors}");
    }
}
