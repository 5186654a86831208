//! After stage 1 of `async_fn`: the runtime's macros that await, as what they expand to.
//!
//! rustc expands a macro after this one, and a machine must know where it awaits. So what these expand to is written here once
//! more, and the later stages, the twin among them, see an `.await` and no macro.
//!
//! | source | becomes |
//! |---|---|
//! | `join!(a, b)` | `join((part(a), part(b),)).await` |
//! | `try_join!(a, b)`, `race!(a, b)` | the same, of the functions of their names |
//! | `select! { … }` | [`select`](super::select) |
//!
//! # Invariants
//! 1. What the name of a macro means is not known here. Each call leaves a [`Named`], with which the expansion asks rustc for
//!    what no macro but the runtime's has.
//! 2. What a call becomes is what the macro of `bespoke_core::future` says, with `part` for `IntoFuture::into_future`: the
//!    same functions of the same operands in the same order.
//! 3. A macro in an `async` block or a closure is not this function's, and stays.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Block, Expr, Macro, MacroDelimiter, Path, Stmt, Token};

use super::parse::RESERVED;
use super::says;
use super::select;
use super::walk::{self, Use, Visitor};
use crate::errors::Errors;

/// The macros that are known: their names, and the types that they are as types.
const KNOWN: &[(&str, &str)] = &[("join", "Join"), ("try_join", "TryJoin"), ("race", "Race"), ("select", "Select")];

/// Whether a macro of this name may be one of them.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// What the source has where the name of a function stands that stages before the twin put there: the name of a macro, or
/// nothing.
pub(super) fn source_of(name: &Ident) -> Option<&'static str> {
    let name = name.to_string();
    let name = name.strip_prefix(RESERVED)?;
    let name = name.strip_suffix("_biased").unwrap_or(name);
    if matches!(name, "part" | "consumed") {
        Some("")
    } else {
        KNOWN.iter().find(|(known, _)| *known == name).map(|(known, _)| *known)
    }
}

/// Whether the function of a call is the one that makes a part of several futures.
pub(super) fn is_part(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.is_ident(concat!("__", "bespoke_part")))
}

/// Whether an `.await` is that of such a macro.
pub(super) fn is_several(awaited: &Expr) -> bool {
    let Expr::Call(call) = awaited else { return false };
    let Expr::Path(function) = &*call.func else { return false };
    function.path.get_ident().and_then(source_of).is_some_and(|name| !name.is_empty())
}

/// A macro that was taken for one of the runtime's, since it is called so.
pub(super) struct Named {
    /// Its path in the source, and the last word of that.
    path: TokenStream,
    span: Span,
    name: &'static str,
    marker: &'static str,
}

impl Named {
    fn of(path: &Path) -> Option<Named> {
        let last = &path.segments.last()?.ident;
        let (name, marker) = KNOWN.iter().find(|(known, _)| last == known)?;
        Some(Named { path: path.to_token_stream(), span: last.span(), name, marker })
    }

    pub(super) fn selects(&self) -> bool {
        self.name == "select"
    }

    /// What does not compile unless it is the runtime's (inv. 1). A macro that takes expressions says of the second word that it
    /// did not expect it, so that word says why.
    pub(super) fn question(&self) -> TokenStream {
        let Named { path, span, name, marker } = self;
        let word = reserved("macro", *span);
        let why = Ident::new(&format!("in_an_async_fn_{name}_is_the_macro_of_bespoke"), *span);
        let marker = reserved(marker, *span);
        quote_spanned!(*span=> let _: #path!(#word #why) = #marker;)
    }
}

/// A name of the runtime's room `future::machines`.
pub(super) fn reserved(name: &str, span: Span) -> Ident {
    Ident::new(&format!("{RESERVED}{name}"), span)
}

/// Expands the runtime's macros in a body. Which there were.
pub(super) fn expand(body: &mut Block, errors: &mut Errors) -> Vec<Named> {
    let mut several = Several { named: Vec::new(), errors };
    walk::block(&mut several, body);
    several.named
}

struct Several<'a> {
    named: Vec<Named>,
    errors: &'a mut Errors,
}

impl Visitor for Several<'_> {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        match expr {
            Expr::Macro(call) => {
                let Some(named) = Named::of(&call.mac.path) else { return true };
                let (made, says) = match named.name {
                    "select" => (select::selected(&call.mac, named.span), says::BRANCHES),
                    _ => (joined(&named, &call.mac), says::PARTS),
                };
                match made {
                    Some(made) => {
                        *expr = made;
                        walk::value(self, expr);
                        self.named.push(named);
                    }
                    None => self.errors.under(&call.mac.path, says),
                }
                true
            }
            // Inv. 3.
            Expr::Async(_) | Expr::Closure(_) => true,
            _ => false,
        }
    }

    // A later walk refuses it.
    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}

/// `name((part(a), part(b),)).await`.
fn joined(named: &Named, call: &Macro) -> Option<Expr> {
    let parts = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(call.tokens.clone()).ok()?;
    if parts.is_empty() {
        return None;
    }
    let elems = parts.into_iter().map(part).collect();
    let tuple = Expr::Tuple(syn::ExprTuple { attrs: Vec::new(), paren_token: syn::token::Paren::default(), elems });
    let awaited = awaiting(called(named.name, named.span, [tuple]), named.span);
    // In braces it may be a statement without a semicolon, whose type rustc wants to be `()`.
    match &call.delimiter {
        MacroDelimiter::Brace(_) => {
            let brace_token = select::brace(named.span);
            let block = Block { brace_token, stmts: vec![Stmt::Expr(awaited, None)] };
            Some(Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block }))
        }
        _ => Some(awaited),
    }
}

/// `part(future)`.
pub(super) fn part(future: Expr) -> Expr {
    let span = future.span();
    called("part", span, [future])
}

/// A call of what is called so in the room `future::machines`.
pub(super) fn called<const N: usize>(name: &str, span: Span, args: [Expr; N]) -> Expr {
    let path = reserved(name, span).into();
    Expr::Call(syn::ExprCall {
        attrs: Vec::new(),
        func: Box::new(Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path })),
        paren_token: syn::token::Paren(span),
        args: args.into_iter().collect(),
    })
}

/// `future.await`, where the source says so by a macro.
pub(super) fn awaiting(future: Expr, span: Span) -> Expr {
    Expr::Await(syn::ExprAwait {
        attrs: Vec::new(),
        base: Box::new(future),
        dot_token: Token![.](span),
        await_token: Token![await](span),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    /// What a body becomes, and how many macros were in it; `None` if one was refused.
    fn expanded(body: TokenStream) -> Option<(String, usize)> {
        let mut body: Block = syn::parse_quote!({ #body });
        let mut errors = Errors::new();
        let named = expand(&mut body, &mut errors);
        let refused = !errors.is_empty();
        drop(errors.into_tokens());
        let stmts = &body.stmts;
        (!refused).then(|| (quote!(#(#stmts)*).to_string(), named.len()))
    }

    #[test]
    fn macros_become_what_they_await() {
        for (source, becomes, count) in [
            (
                quote!(let (a, b) = bespoke::join!(f(&x), y);),
                quote!(let (a, b) = __bespoke_join((__bespoke_part(f(&x)), __bespoke_part(y))).await;),
                1,
            ),
            (quote!(try_join!(a,)?), quote!(__bespoke_try_join((__bespoke_part(a),)).await?), 1),
            (
                quote!(race!(f(join!(a, b)), c)),
                quote!(
                    __bespoke_race((
                        __bespoke_part(f(__bespoke_join((__bespoke_part(a), __bespoke_part(b))).await)),
                        __bespoke_part(c)
                    ))
                    .await
                ),
                2,
            ),
            // A statement whose value nobody may leave lying.
            (quote!(join! { a } b), quote!({ __bespoke_join((__bespoke_part(a),)).await } b), 1),
            // Of others, and of another function.
            (quote!(all!(a, b); join(a)), quote!(all!(a, b); join(a)), 0),
            (quote!(f(async { join!(a) }, |x| race!(b))), quote!(f(async { join!(a) }, |x| race!(b))), 0),
        ] {
            assert_eq!(expanded(source), Some((becomes.to_string(), count)));
        }
    }

    #[test]
    fn what_is_no_list_of_futures_is_refused() {
        for source in [quote!(join!()), quote!(race!(a b)), quote!(try_join!(a; b))] {
            assert_eq!(expanded(source), None);
        }
    }

    #[test]
    fn rustc_is_asked_whose_macro_it_is() {
        let named = Named::of(&syn::parse_quote!(bespoke::try_join)).unwrap();
        assert_eq!(
            named.question().to_string(),
            quote!(
                let _: bespoke::try_join!(__bespoke_macro in_an_async_fn_try_join_is_the_macro_of_bespoke) =
                    __bespoke_TryJoin;
            )
            .to_string()
        );
        assert!(Named::of(&syn::parse_quote!(join_all)).is_none());
    }
}
