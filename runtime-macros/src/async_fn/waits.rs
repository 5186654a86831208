//! The body of the twin: the source, but a call waits where it has an `.await`.
//!
//! Of an `async fn` rustc makes states, too, and their layout, called or not. Of borrows, moves and types it says of such a call
//! what it says of an `.await`: both take what is awaited, and let go of it before the value is used. `e.await` is printed as
//!
//! ```text
//! match wait(e) { returned => { let Waited::Value(value) = returned else { loop {} }; value.0 } }
//! ```
//!
//! - Around an argument rustc would call the parentheses of `(e).await` and the braces of `{ e }.await` unneeded. There is one
//!   more pair around them, which lies as if it were the macro's, and of such it does not speak.
//! - The call returns a type of which there are values, whatever the output is. What follows a call of an empty output rustc
//!   takes for unreachable: it would say so, and it would not judge it. Of an `.await` it does neither.
//! - A `match` keeps the temporaries of `e` until the end of the statement, as an `.await` does. It binds what the call
//!   returned as a whole: of what is moved out of in part, rustc drops what is left, and a temporary at the end of the
//!   statement.
//! - By `let … else` the type of the value has nothing to do with that of a `loop`, which rustc might take for it where it
//!   knows no other.
//!
//! All of it lies where the source has the `.await`, so what rustc says of it, and what it would insert, is of the source.

use std::collections::VecDeque;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Arm, Block, Expr, ExprAwait, ExprCall, ExprMatch, ExprParen, ExprPath, Pat, Token, token};

use super::walk::{self, Use, Visitor};

/// The inside of a body that waits, with the path of the room that holds what it calls; `None` if it awaits nothing.
///
/// In the body stand the calls while this prints it, and its `.await`s again afterwards.
pub(super) fn waiting(body: &mut Block, room: &TokenStream) -> Option<TokenStream> {
    let mut waits = Waits { back: false, any: false, ours: VecDeque::new() };
    walk::block(&mut waits, body);
    let (wait, waited) = (Ident::new(WAIT, Span::call_site()), Ident::new(WAITED, Span::call_site()));
    let inside = waits.any.then(|| {
        let stmts = &body.stmts;
        quote!(use #room::{wait as #wait, Waited::Value as #waited}; #(#stmts)*)
    });
    waits.back = true;
    walk::block(&mut waits, body);
    inside
}

/// The function that waits, as the twin calls it.
const WAIT: &str = concat!("__", "bespoke_wait");
/// What that function returned, of which this is the variant
const RETURNED: &str = concat!("__", "bespoke_returned");
const WAITED: &str = concat!("__", "bespoke_waited");
/// with the value.
const VALUE: &str = concat!("__", "bespoke_value");

struct Waits {
    /// Calls are made `.await`s again.
    back: bool,
    any: bool,
    /// Of each `.await` in parentheses at the left of an operator, in order: whether this put them there.
    ours: VecDeque<bool>,
}

impl Visitor for Waits {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        if let Some(left) = left_of_operator(expr) {
            self.parenthesize(left);
        }
        match core::mem::replace(expr, walk::taken()) {
            Expr::Await(mut inner) if !self.back => {
                self.any = true;
                walk::value(self, &mut inner.base);
                *expr = Expr::Match(wait(inner));
                true
            }
            Expr::Match(mut inner) if self.back => match awaited(&mut inner) {
                Some(mut inner) => {
                    walk::value(self, &mut inner.base);
                    *expr = Expr::Await(inner);
                    true
                }
                None => {
                    *expr = Expr::Match(inner);
                    false
                }
            },
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

impl Waits {
    /// Puts an `.await` at the left of an operator in parentheses, or takes them away again: at the front of a statement a
    /// `match` would be all of it. (syn knows that, too, but its parentheses lie on the attribute.)
    fn parenthesize(&mut self, left: &mut Expr) {
        match left {
            Expr::Await(inner) if !self.back => {
                let paren_token = token::Paren(begins(&inner.base));
                let inner = core::mem::replace(left, walk::taken());
                *left = Expr::Paren(ExprParen { attrs: Vec::new(), paren_token, expr: Box::new(inner) });
                self.ours.push_back(true);
            }
            Expr::Paren(inner) if !self.back && matches!(*inner.expr, Expr::Await(_)) => self.ours.push_back(false),
            Expr::Paren(inner) if self.back && matches!(&*inner.expr, Expr::Match(inner) if waits(inner)) => {
                let ours = self.ours.pop_front();
                if ours == Some(true) {
                    *left = core::mem::replace(&mut *inner.expr, walk::taken());
                }
            }
            _ => {}
        }
    }
}

/// What an operator that is no part of a chain of calls has at its left.
fn left_of_operator(expr: &mut Expr) -> Option<&mut Expr> {
    match expr {
        Expr::Assign(inner) => Some(&mut inner.left),
        Expr::Binary(inner) => Some(&mut inner.left),
        Expr::Call(inner) => Some(&mut inner.func),
        Expr::Cast(inner) => Some(&mut inner.expr),
        Expr::Index(inner) => Some(&mut inner.expr),
        Expr::Range(inner) => inner.start.as_deref_mut(),
        _ => None,
    }
}

/// The call for an `.await`. Its tokens are where the source says `await`, and as if they were the source's. The whole begins
/// where the awaited expression does, and so does the value: for what rustc says of them, and would put around them.
fn wait(inner: ExprAwait) -> ExprMatch {
    let (begin, span) = (begins(&inner.base), inner.await_token.span);
    // As if they were the macro's own: rustc would say of parentheses that nothing needs them, and of an output without values
    // that the pattern matches none.
    let ours = Span::call_site().located_at(span);
    let (returned, waited, dot) = (Ident::new(RETURNED, span), Ident::new(WAITED, ours), &inner.dot_token);
    // The binding lies elsewhere: rustc would take a move of what is awaited for one into it.
    let (value, bound) = (Ident::new(VALUE, begin), Ident::new(VALUE, begin.located_at(span)));
    let pat = quote_spanned!(ours=> #waited(#bound));
    let value = quote_spanned!(span=> { let #pat = #returned else { loop {} }; #value #dot 0 });
    let arm = Arm {
        attrs: Vec::new(),
        pat: Pat::Verbatim(returned.into_token_stream()),
        guard: None,
        fat_arrow_token: Token![=>](dot.span),
        body: Box::new(Expr::Verbatim(value)),
        comma: None,
    };
    let awaited = match *inner.base {
        delimited @ (Expr::Paren(_) | Expr::Block(_) | Expr::Group(_)) => {
            Expr::Paren(ExprParen { attrs: Vec::new(), paren_token: token::Paren(ours), expr: Box::new(delimited) })
        }
        base => base,
    };
    let function = ExprPath { attrs: Vec::new(), qself: None, path: Ident::new(WAIT, span).into() };
    let call = ExprCall {
        attrs: Vec::new(),
        func: Box::new(Expr::Path(function)),
        paren_token: token::Paren(span),
        args: core::iter::once(awaited).collect(),
    };
    ExprMatch {
        attrs: inner.attrs,
        match_token: Token![match](begin),
        expr: Box::new(Expr::Call(call)),
        brace_token: token::Brace(span),
        arms: vec![arm],
    }
}

/// Whether a `match` is such a call.
fn waits(inner: &ExprMatch) -> bool {
    let Expr::Call(call) = &*inner.expr else { return false };
    matches!(&*call.func, Expr::Path(path) if path.path.is_ident(WAIT))
}

/// The `.await` that such a call stands for.
fn awaited(inner: &mut ExprMatch) -> Option<ExprAwait> {
    if !waits(inner) {
        return None;
    }
    let Expr::Call(call) = &mut *inner.expr else { return None };
    let base = match call.args.pop()?.into_value() {
        Expr::Paren(inner) => inner.expr,
        base => Box::new(base),
    };
    let dot_token = Token![.](inner.arms.first()?.fat_arrow_token.spans[0]);
    let await_token = Token![await](call.paren_token.span.join());
    Some(ExprAwait { attrs: core::mem::take(&mut inner.attrs), base, dot_token, await_token })
}

/// Where an expression begins.
fn begins(expr: &Expr) -> Span {
    match expr {
        Expr::Await(inner) => begins(&inner.base),
        Expr::Call(inner) => begins(&inner.func),
        Expr::Field(inner) => begins(&inner.base),
        Expr::Index(inner) => begins(&inner.expr),
        Expr::Match(inner) => inner.match_token.span,
        Expr::MethodCall(inner) => begins(&inner.receiver),
        Expr::Paren(inner) => inner.paren_token.span.open(),
        Expr::Path(ExprPath { qself: None, path, .. }) if path.leading_colon.is_none() => {
            path.segments.first().map_or_else(Span::call_site, |first| first.ident.span())
        }
        Expr::Try(inner) => begins(&inner.expr),
        other => other.span(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_wait_where_the_function_awaits() {
        let waits = |awaited: TokenStream| {
            quote!(match __bespoke_wait(#awaited) {
                __bespoke_returned => {
                    let __bespoke_waited(__bespoke_value) = __bespoke_returned else { loop {} };
                    __bespoke_value.0
                }
            })
        };
        let (a, b, x) = (waits(quote!(a)), waits(quote!(b)), waits(quote!(x)));
        // rustfmt would take one of two away.
        let a_in_parens = quote!((a));
        let (paren, block) = (waits(quote!((#a_in_parens))), waits(quote!(({ a }))));
        let chain = waits(quote!(c?.d));
        let nested = waits(quote!(f(#a)));
        for (source, expected) in [
            (quote!(a.await.b(x, c?.d.await)), Some(quote!(#a.b(x, #chain)))),
            (quote!((a).await + { a }.await), Some(quote!((#paren) + #block))),
            (quote!(f(a.await).await), Some(nested)),
            // The awaits of an inner block are its own.
            (quote!(f(async { a.await }, async move { a.await })), None),
            (quote!(f(async { a.await }, b.await)), Some(quote!(f(async { a.await }, #b)))),
            (
                quote!(if let Some(x) = a.await {
                    m! { x.await }
                } else {
                    r#await(x.awaits)
                }),
                Some(quote!(if let Some(x) = #a {
                    m! { x.await }
                } else {
                    r#await(x.awaits)
                })),
            ),
            // At the front of a statement, where a `match` would be all of it.
            (quote!(a.await == b.await), Some(quote!((#a) == #b))),
            (quote!(a.await as u8), Some(quote!((#a) as u8))),
            (quote!(a.await[b.await]), Some(quote!((#a)[#b]))),
            (quote!(a.await(x.await)), Some(quote!((#a)(#x)))),
            (quote!(a.await..b.await), Some(quote!((#a)..#b))),
            (quote!(a.await = 1), Some(quote!((#a) = 1))),
            (quote!(a.await?.len() == 1), Some(quote!(#a?.len() == 1))),
            // The source's own parentheses stay.
            (quote!((a.await) + (b.await == x.await)), Some(quote!((#a) + ((#b) == #x)))),
            (quote!(let Some(x) = a.await else { return };), Some(quote!(let Some(x) = (#a) else { return };))),
            (quote!(a.await;), Some(quote!(#a;))),
        ] {
            let mut body: Block = syn::parse_quote!({ #source });
            let before = body.to_token_stream().to_string();
            let printed = waiting(&mut body, &quote!(room)).map(|tokens| tokens.to_string());
            let named = quote!(
                use room::{wait as __bespoke_wait, Waited::Value as __bespoke_waited};
            );
            assert_eq!(printed, expected.map(|tokens| quote!(#named #tokens).to_string()));
            assert_eq!(body.to_token_stream().to_string(), before);
        }
    }

    /// An inserted `Some(` or `&` stands before the awaited expression, and not before the word `await`.
    #[test]
    fn the_whole_and_its_value_lie_on_the_awaited_expression_and_the_await() {
        let mut body: Block =
            syn::parse_str("{ a::b(1)?.c[2].d().await; (x).await; n.await.len() + m.await }").unwrap();
        let printed = waiting(&mut body, &quote!(room)).unwrap();
        let mut found = Vec::new();
        each_match(printed, &mut found);
        // The columns at which each begins and ends, and the value in it.
        assert_eq!(found, [(2, 25), (27, 36), (38, 45), (54, 61)].map(|columns| (columns, columns)));
    }

    type Columns = (usize, usize);

    fn each_match(tokens: TokenStream, found: &mut Vec<(Columns, Columns)>) {
        use proc_macro2::TokenTree::{self, Group, Ident};
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for at in 0..trees.len() {
            if let [Ident(word), Ident(_), Group(_), Group(arms)] = &trees[at..trees.len().min(at + 4)]
                && word == "match"
            {
                let inner: Vec<TokenTree> = arms.stream().into_iter().collect();
                let [.., Group(inner)] = &*inner else { panic!("{arms}") };
                let inner: Vec<TokenTree> = inner.stream().into_iter().collect();
                let [.., value, _, index] = &*inner else { panic!("{arms}") };
                assert_eq!(value.to_string(), VALUE);
                let columns = |from: Span, to: Span| (from.start().column, to.end().column);
                found.push((columns(word.span(), arms.span_close()), columns(value.span(), index.span())));
            }
        }
        for tree in trees {
            if let Group(group) = tree {
                each_match(group.stream(), found);
            }
        }
    }
}
