//! The body of the twin: the source, but a call waits where it has an `.await`.
//!
//! Of an `async fn` rustc makes states, too, and their layout, called or not. Of borrows, moves and types it says of such a call
//! what it says of an `.await`: both take what is awaited, and let go of it before the value is used.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Block, Expr, ExprAwait, ExprCall, ExprPath, Token};

use super::parse::RESERVED;
use super::walk::{self, Use, Visitor};

/// The inside of a body that waits, with the path of the function that it calls; `None` if it awaits nothing.
///
/// In the body stand the calls while this prints it, and its `.await`s again afterwards.
pub(super) fn waiting(body: &mut Block, function: &TokenStream) -> Option<TokenStream> {
    let mut waits = Waits { back: false, any: false };
    walk::block(&mut waits, body);
    let name = name(Span::call_site());
    let inside = waits.any.then(|| {
        let stmts = &body.stmts;
        quote::quote!(use #function as #name; #(#stmts)*)
    });
    waits.back = true;
    walk::block(&mut waits, body);
    inside
}

fn name(span: Span) -> Ident {
    Ident::new(&format!("{RESERVED}wait"), span)
}

struct Waits {
    /// Calls are made `.await`s again.
    back: bool,
    any: bool,
}

impl Visitor for Waits {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        match core::mem::replace(expr, walk::taken()) {
            Expr::Await(mut inner) if !self.back => {
                self.any = true;
                walk::value(self, &mut inner.base);
                // Where the source says `await`, and as if it were the source's: for what rustc says of it.
                let span = inner.await_token.span;
                let function = ExprPath { attrs: Vec::new(), qself: None, path: name(span).into() };
                *expr = Expr::Call(ExprCall {
                    attrs: inner.attrs,
                    func: Box::new(Expr::Path(function)),
                    paren_token: syn::token::Paren(span),
                    args: core::iter::once(*inner.base).collect(),
                });
                true
            }
            Expr::Call(mut inner) if self.back && is_wait(&inner.func) => {
                let span = inner.paren_token.span.join();
                if let Some(base) = inner.args.pop() {
                    let (dot_token, await_token) = (Token![.](span), Token![await](span));
                    let mut base = Box::new(base.into_value());
                    walk::value(self, &mut base);
                    *expr = Expr::Await(ExprAwait { attrs: inner.attrs, base, dot_token, await_token });
                }
                true
            }
            // The awaits of an inner block are its own.
            Expr::Async(inner) => {
                *expr = Expr::Async(inner);
                true
            }
            other => {
                *expr = other;
                false
            }
        }
    }

    // A later walk refuses it.
    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}

fn is_wait(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.is_ident(&name(Span::call_site())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn calls_wait_where_the_function_awaits() {
        for (source, waits) in [
            (quote!(a.await.b(x, c?.d.await)), Some(quote!(__bespoke_wait(a).b(x, __bespoke_wait(c?.d))))),
            // The awaits of an inner block are its own.
            (quote!(f(async { a.await }, async move { a.await })), None),
            (quote!(f(async { a.await }).await), Some(quote!(__bespoke_wait(f(async { a.await }))))),
            (
                quote!(if let Some(x) = a.await {
                    m! { x.await }
                } else {
                    r#await(x.awaits)
                }),
                Some(quote!(if let Some(x) = __bespoke_wait(a) {
                    m! { x.await }
                } else {
                    r#await(x.awaits)
                })),
            ),
        ] {
            let mut body: Block = syn::parse_quote!({ #source });
            let before = body.to_token_stream().to_string();
            let printed = waiting(&mut body, &quote!(wait)).map(|tokens| tokens.to_string());
            let expected = waits.map(|waits| quote!(use wait as __bespoke_wait; #waits).to_string());
            assert_eq!(printed, expected);
            assert_eq!(body.to_token_stream().to_string(), before);
        }
    }
}
