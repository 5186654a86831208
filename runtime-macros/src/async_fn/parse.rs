//! Stage 1 of `async_fn`: the arguments and the function, and what of its signature is understood.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{FnArg, Ident, ItemFn, Pat, Path, ReturnType, Token, Type};

use super::says;
use crate::arguments;
use crate::errors::Errors;

/// `rustc, crate = path`.
#[derive(Default)]
pub(super) struct Arguments {
    /// Whether rustc shall make the future.
    pub(super) rustc: Option<Ident>,
    /// Where the runtime's crate is found. `None` = under its own name.
    pub(super) krate: Option<Path>,
}

/// What every name that the expansion brings begins with.
pub(super) const RESERVED: &str = concat!("__", "bespoke_");

/// The function under the attribute; `None` if there is none, with the mistake recorded.
pub(super) fn parse(arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> (Arguments, Option<ItemFn>) {
    let mut found = Arguments::default();
    arguments::each(arguments, errors, |input| argument(&mut found, input));
    let function = syn::parse2::<ItemFn>(item).ok();
    match &function {
        None => errors.under(TokenStream::new(), says::NOT_A_FUNCTION),
        Some(function) if found.rustc.is_none() => signature(function, errors),
        Some(_) => {}
    }
    (found, function)
}

fn argument(found: &mut Arguments, input: ParseStream<'_>) -> syn::Result<()> {
    let key = input.call(Ident::parse_any)?;
    if key == "rustc" {
        return arguments::set(&mut found.rustc, &key, key.clone());
    }
    if key == "crate" {
        input.parse::<Token![=]>()?;
        return arguments::set(&mut found.krate, &key, arguments::crate_path(input)?);
    }
    Err(syn::Error::new(key.span(), says::UNKNOWN_ARGUMENT))
}

fn signature(function: &ItemFn, errors: &mut Errors) {
    let sig = &function.sig;
    if sig.asyncness.is_none() {
        errors.under(&sig.fn_token, says::NOT_ASYNC);
    }
    if let Some(what) = &sig.unsafety {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.constness {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.abi {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.variadic {
        errors.under(what, says::QUALIFIER);
    }
    let (parameters, bounds) = (&sig.generics.params, &sig.generics.where_clause);
    if !parameters.is_empty() || bounds.is_some() {
        errors.under(quote::quote!(#parameters #bounds), says::GENERICS);
    }
    for input in &sig.inputs {
        let FnArg::Typed(input) = input else {
            errors.under(input, says::METHOD);
            continue;
        };
        let plain = matches!(&*input.pat, Pat::Ident(p) if p.by_ref.is_none() && p.subpat.is_none());
        if !plain || !input.attrs.is_empty() {
            errors.under(&input.pat, says::ARGUMENT);
        }
        let ty = match &*input.ty {
            Type::Reference(reference) if reference.lifetime.is_none() => &*reference.elem,
            other => other,
        };
        if borrows(ty.to_token_stream()) {
            errors.under(&input.ty, says::TYPE);
        }
    }
    if let ReturnType::Type(_, ty) = &sig.output
        && borrows(ty.to_token_stream())
    {
        errors.under(ty, says::TYPE);
    }
    for attribute in &function.attrs {
        if matches!(attribute.style, syn::AttrStyle::Inner(_)) {
            errors.under(attribute, says::ATTRIBUTE);
        }
    }
    tokens(function.block.to_token_stream(), errors);
}

/// Whether a type has a lifetime other than `'static`, or is not known.
fn borrows(tokens: TokenStream) -> bool {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let found = match tree {
            TokenTree::Group(group) => borrows(group.stream()),
            TokenTree::Ident(ident) => ident == "impl" || ident == "_",
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                !matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'')
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                !matches!(trees.peek(), Some(TokenTree::Ident(name)) if name == "static")
            }
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// What no body may hold, wherever it stands.
fn tokens(body: TokenStream, errors: &mut Errors) {
    let mut trees = body.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => tokens(group.stream(), errors),
            TokenTree::Ident(ident) if ident.unraw().to_string().starts_with(RESERVED) => {
                errors.under(ident, says::RESERVED_NAME);
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' && matches!(trees.peek(), Some(TokenTree::Group(_))) => {
                errors.under(punct, says::ATTRIBUTE);
            }
            _ => {}
        }
    }
}
