//! Stage 2: whether one `static` can hold the tasks of this function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{FnArg, ItemFn, Lifetime, ReturnType, Signature, Token, Type, TypeParamBound, TypeReference};

use super::parse::{Arguments, Function};
use super::says;
use crate::async_fn::signature::{Visit, walk};
use crate::errors::Errors;

/// More than these the run-time cannot name (`machine::size::Makes`).
const ARGUMENTS_MAX: usize = 12;

/// A function whose tasks have one size.
pub(crate) struct Task {
    pub(crate) arguments: Arguments,
    pub(crate) function: ItemFn,
}

/// `Err`: the function as it was written; its mistakes are recorded.
pub(crate) fn analyze(function: Function, errors: &mut Errors) -> Result<Task, TokenStream> {
    let Function { arguments, mut function } = function;
    if check(&mut function.sig, errors) { Ok(Task { arguments, function }) } else { Err(function.into_token_stream()) }
}

fn check(signature: &mut Signature, errors: &mut Errors) -> bool {
    let mut right = true;
    let mut refuse = |tokens: TokenStream, says: &str| {
        errors.under(tokens, says);
        right = false;
    };
    if signature.asyncness.is_none() {
        // Of a function that `#[async_fn]` has made, the rest would be about what nobody wrote.
        refuse(signature.fn_token.to_token_stream(), says::NOT_ASYNC);
        return false;
    }
    let (constness, unsafety, abi) = (&signature.constness, &signature.unsafety, &signature.abi);
    let (variadic, generics) = (&signature.variadic, &signature.generics);
    let qualifiers = quote!(#constness #unsafety #abi #variadic);
    if !qualifiers.is_empty() {
        refuse(qualifiers, says::QUALIFIED);
    }
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        let (parameters, bounds) = (&generics.params, &generics.where_clause);
        refuse(quote!(#parameters #bounds), says::GENERIC);
    }
    for argument in &mut signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => refuse(receiver.to_token_stream(), says::METHOD),
            FnArg::Typed(typed) => {
                if let Some(condition) = typed.attrs.iter().find(|attribute| attribute.path().is_ident("cfg")) {
                    refuse(condition.to_token_stream(), says::CONDITION);
                }
                let found = Found::of(&mut typed.ty);
                if let Some(opaque) = found.opaque {
                    refuse(opaque, says::GENERIC);
                }
                // With parameters of its own a lifetime is one of them, and is refused there.
                if let Some(borrow) = found.borrow
                    && generics.params.is_empty()
                {
                    refuse(borrow, says::BORROWS);
                }
            }
        }
    }
    if signature.inputs.len() > ARGUMENTS_MAX {
        let inputs = &signature.inputs;
        refuse(quote!(#inputs), says::MANY);
    }
    if let ReturnType::Type(_, output) = &mut signature.output {
        if matches!(**output, Type::Never(_)) {
            refuse(output.to_token_stream(), says::NEVER);
        } else if let Some(opaque) = Found::of(output).opaque {
            refuse(opaque, says::OPAQUE);
        }
    }
    right
}

/// What of a type a task cannot have: the first of each.
#[derive(Default)]
struct Found {
    opaque: Option<TokenStream>,
    borrow: Option<TokenStream>,
}

impl Found {
    fn of(ty: &mut Type) -> Self {
        let mut found = Found::default();
        walk(ty, &mut found);
        found
    }
}

impl Visit for Found {
    fn lifetime(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            self.borrow.get_or_insert_with(|| lifetime.to_token_stream());
        }
    }

    fn reference(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static") {
            self.borrow.get_or_insert_with(|| reference.to_token_stream());
        }
    }

    fn bounds(&mut self, bounds: &mut Punctuated<TypeParamBound, Token![+]>) {
        self.opaque.get_or_insert_with(|| quote!(#bounds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors_of(item: &str) -> String {
        let mut errors = Errors::new();
        let function = syn::parse_str(item).unwrap();
        let _task = analyze(Function { arguments: Arguments::default(), function }, &mut errors);
        errors.into_tokens().to_string()
    }

    #[test]
    fn what_has_one_size_is_a_task() {
        for item in [
            "async fn f() {}",
            "async fn f(a: u8, (b, c): (B, C)) -> Result<(), E> {}",
            "async fn f(a: &'static str, b: Cow<'static, str>, c: fn(&u8) -> &u8, d: Box<dyn Fn(&u8)>) {}",
            "async fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8) {}",
        ] {
            assert_eq!(errors_of(item), "", "{item}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_rewrite() {
        for (item, says) in [
            ("fn f() {}", says::NOT_ASYNC),
            ("async unsafe fn f() {}", says::QUALIFIED),
            ("async extern \"C\" fn f() {}", says::QUALIFIED),
            ("async fn f<T>() {}", says::GENERIC),
            ("async fn f() where u8: Copy {}", says::GENERIC),
            ("async fn f(a: impl Copy) {}", says::GENERIC),
            ("async fn f(a: Vec<impl Copy>) {}", says::GENERIC),
            ("async fn f<'a>(a: &'a u8) {}", says::GENERIC),
            ("async fn f(&self) {}", says::METHOD),
            ("async fn f(#[cfg(unix)] a: u8) {}", says::CONDITION),
            ("async fn f(a: &u8) {}", says::BORROWS),
            ("async fn f(a: Vec<&u8>) {}", says::BORROWS),
            ("async fn f(a: Cow<'_, str>) {}", says::BORROWS),
            ("async fn f(a: A, b: A, c: A, d: A, e: A, f: A, g: A, h: A, i: A, j: A, k: A, l: A, m: A) {}", says::MANY),
            ("async fn f() -> ! {}", says::NEVER),
            ("async fn f() -> impl Copy {}", says::OPAQUE),
        ] {
            let errors = errors_of(item);
            assert!(errors.contains(says), "{item}: {errors}");
            assert_eq!(errors.matches("compile_error").count(), 1, "{item}: {errors}");
        }
    }
}
