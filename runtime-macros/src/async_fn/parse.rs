//! Stage 1 of `async_fn`: the arguments, and the function, the `impl` block or the trait under the attribute.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Block, Expr, Ident, ImplItem, ItemFn, ItemImpl, ItemTrait, Path, Stmt, Token, TraitItemFn};

use super::consume;
use super::says;
use super::several;
use super::signature;
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

/// What the attribute is on.
pub(super) enum Item {
    Function(Box<ItemFn>),
    Impl(Box<ItemImpl>),
    Trait(Box<ItemTrait>),
}

/// What is under the attribute; `None` if it is none of these, with the mistake recorded, or if rustc shall have it anyway.
pub(super) fn parse(arguments: TokenStream, item: TokenStream, errors: &mut Errors) -> (Arguments, Option<Item>) {
    let mut found = Arguments::default();
    arguments::each(arguments, errors, |input| argument(&mut found, input));
    if let Ok(function) = syn::parse2::<ItemFn>(item.clone()) {
        return (found, Some(Item::Function(Box::new(function))));
    }
    if let Ok(block) = syn::parse2::<ItemImpl>(item.clone()) {
        return (found, Some(Item::Impl(Box::new(block))));
    }
    if let Ok(declaration) = syn::parse2::<ItemTrait>(item.clone()) {
        return (found, Some(Item::Trait(Box::new(declaration))));
    }
    // One of a trait.
    if found.rustc.is_some() && syn::parse2::<TraitItemFn>(item).is_ok() {
        return (found, None);
    }
    errors.under(TokenStream::new(), says::NOT_A_FUNCTION);
    (found, None)
}

/// The methods of an `impl` that the attribute on the whole of it means: those that are `async`, and have none of their
/// own.
pub(super) fn method(item: ImplItem) -> Result<ItemFn, Box<ImplItem>> {
    match item {
        ImplItem::Fn(method)
            if method.sig.asyncness.is_some() && method.defaultness.is_none() && !has_own(&method.attrs) =>
        {
            Ok(ItemFn { attrs: method.attrs, vis: method.vis, sig: method.sig, block: Box::new(method.block) })
        }
        other => Err(Box::new(other)),
    }
}

/// Whether the attribute is on a method itself.
pub(super) fn has_own(attrs: &[Attribute]) -> bool {
    let mut last = attrs.iter().filter_map(|attribute| attribute.path().segments.last());
    last.any(|last| last.ident == "async_fn")
}

/// Takes the body of a function, to be made a machine of. In its place stay the tokens that it was read from.
pub(super) fn body(function: &mut ItemFn) -> Block {
    let inside = function.block.to_token_stream().into_iter().map(|tree| match tree {
        TokenTree::Group(group) => group.stream(),
        other => other.into(),
    });
    let source = Stmt::Expr(Expr::Verbatim(inside.collect()), None);
    let source =
        Block { brace_token: syn::token::Brace { span: function.block.brace_token.span }, stmts: vec![source] };
    core::mem::replace(&mut *function.block, source)
}

/// What the tokens of a body mention, so that stages which nothing is there for are left out.
#[derive(Clone, Copy, Default)]
pub(super) struct Mentions {
    /// A macro that is called as one of the [`several`].
    pub(super) several: bool,
    /// A method that is called as one that [consumes](consume).
    pub(super) consumes: bool,
    /// The type of an `impl`.
    pub(super) of_impl: bool,
}

/// What of a function is not understood, before its body is read. What its body mentions.
pub(super) fn check(function: &ItemFn, errors: &mut Errors) -> Mentions {
    signature::check(&function.sig, false, errors);
    for attribute in &function.attrs {
        if matches!(attribute.style, syn::AttrStyle::Inner(_)) {
            errors.under(attribute, says::ATTRIBUTE);
        }
    }
    let mut mentions = Mentions::default();
    tokens(function.block.to_token_stream(), &mut mentions, errors);
    mentions
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

/// What no body may hold, wherever it stands.
fn tokens(body: TokenStream, mentions: &mut Mentions, errors: &mut Errors) {
    let mut trees = body.into_iter().peekable();
    let mut after_dot = false;
    while let Some(tree) = trees.next() {
        let is_dot = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.');
        match tree {
            TokenTree::Group(group) => tokens(group.stream(), mentions, errors),
            TokenTree::Ident(ident) => {
                let name = ident.unraw().to_string();
                if name.starts_with(RESERVED) {
                    errors.under(ident, says::RESERVED_NAME);
                } else if name == "Self" {
                    mentions.of_impl = true;
                } else if after_dot {
                    mentions.consumes |= consume::is_known(&name);
                } else if several::is_known(&name) {
                    mentions.several |= matches!(trees.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!');
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' && matches!(trees.peek(), Some(TokenTree::Group(_))) => {
                errors.under(punct, says::ATTRIBUTE);
            }
            _ => {}
        }
        after_dot = is_dot;
    }
}
