//! After stage 1 of `async_fn`: `select!`, as what it expands to (see [`several`](super::several)).
//!
//! ```text
//! select! { p = f, if c => h, q = g => i, else => j }
//!
//! match select([{ c }, true], (branch(part(f), |v, m| { match v { p if matched(m) => …, _ => {} } v }), branch(…))).await {
//!     Out2::_0(v) => { let p = { v } else { … }; h }
//!     Out2::_1(v) => { let q = { v } else { … }; i }
//!     Out2::Disabled => j
//! }
//! ```
//!
//! # Invariants
//! 1. The value of the `.await` is one of an enum, of which each variant's only field is bound as a whole: nothing of it is left
//!    when an arm matched. So it is no matter that a machine keeps nothing of what a `match` looks at over an `.await` in an
//!    arm ([`hold`](super::hold)).
//! 2. What a pattern does not bind is dropped before the handler begins.

use proc_macro2::{Ident, Span};
use syn::parse::{Parse, ParseStream};
use syn::{Arm, Block, Expr, Macro, Pat, Stmt, Token};

use super::rename::binds;
use super::says;
use super::several::{awaiting, called, part, reserved};

/// What a `select!` says.
struct Select {
    biased: bool,
    branches: Vec<Branch>,
    otherwise: Option<Expr>,
}

struct Branch {
    pat: Pat,
    future: Expr,
    condition: Option<Expr>,
    handler: Expr,
}

mod word {
    syn::custom_keyword!(biased);
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let biased = input.peek(word::biased) && input.peek2(Token![;]);
        if biased {
            input.parse::<word::biased>()?;
            input.parse::<Token![;]>()?;
        }
        let (mut branches, mut otherwise) = (Vec::new(), None);
        while !input.is_empty() {
            if input.peek(Token![else]) {
                input.parse::<Token![else]>()?;
                otherwise = Some(handler(input)?);
                break;
            }
            let pat = Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            let future = input.parse()?;
            let condition = match input.parse::<Option<Token![,]>>()? {
                Some(_) => {
                    input.parse::<Token![if]>()?;
                    Some(input.parse()?)
                }
                None => None,
            };
            branches.push(Branch { pat, future, condition, handler: handler(input)? });
        }
        if !input.is_empty() {
            return Err(input.error(says::BRANCHES));
        }
        if branches.is_empty() || branches.len() > BRANCHES_MAX {
            return Err(input.error(says::BRANCHES));
        }
        Ok(Select { biased, branches, otherwise })
    }
}

/// `=> handler`, and the comma behind it. After a block it may be left out.
fn handler(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Token![=>]>()?;
    if input.peek(syn::token::Brace) {
        let block = Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: input.parse()? });
        input.parse::<Option<Token![,]>>()?;
        return Ok(block);
    }
    let expr = input.parse()?;
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    // As one expression, also where a block would be a statement and what follows it another one.
    let expr = Box::new(expr);
    Ok(Expr::Group(syn::ExprGroup { attrs: Vec::new(), group_token: syn::token::Group::default(), expr }))
}

/// As many as there are types of outputs.
const BRANCHES_MAX: usize = 16;

/// What a call of `select!` becomes; `None` if it is not understood.
pub(super) fn selected(call: &Macro, span: Span) -> Option<Expr> {
    let select: Select = call.parse_body().ok()?;
    let out = reserved(&format!("Out{}", select.branches.len()), span);
    let name = if select.biased { "select_biased" } else { "select" };
    let mut writing = Writing { span, out, open: Vec::new(), futures: Vec::new(), arms: Vec::new() };
    for (n, branch) in select.branches.into_iter().enumerate() {
        writing.branch(n, branch);
    }
    let disabled = select.otherwise.unwrap_or_else(|| called("disabled", span, []));
    writing.last(disabled);
    let Writing { open, futures, arms, .. } = writing;
    let open = Expr::Array(syn::ExprArray {
        attrs: Vec::new(),
        bracket_token: syn::token::Bracket(span),
        elems: open.into_iter().collect(),
    });
    let futures = Expr::Tuple(syn::ExprTuple {
        attrs: Vec::new(),
        paren_token: syn::token::Paren(span),
        elems: futures.into_iter().collect(),
    });
    Some(Expr::Match(syn::ExprMatch {
        attrs: Vec::new(),
        match_token: Token![match](span),
        expr: Box::new(awaiting(called(name, span, [open, futures]), span)),
        brace_token: syn::token::Brace(span),
        arms,
    }))
}

struct Writing {
    span: Span,
    out: Ident,
    open: Vec<Expr>,
    futures: Vec<Expr>,
    arms: Vec<Arm>,
}

impl Writing {
    fn branch(&mut self, n: usize, branch: Branch) {
        let span = self.span;
        let Branch { pat, future, condition, handler } = branch;
        self.open.push(match condition {
            Some(condition) => in_braces(condition, span),
            None => syn::parse_quote_spanned!(span=> true),
        });
        let matches = if matches_all(&pat) { path("always", span) } else { looking(&pat, span) };
        self.futures.push(called("branch", span, [part(future), matches]));
        let variant = Ident::new(&format!("_{n}"), span);
        let out = &self.out;
        // A name for the whole value needs no second one.
        if super::walk::takes_all(&pat) && matches_all(&pat) {
            self.arm(syn::parse_quote_spanned!(span=> #out::#variant(#pat)), None, handler);
            return;
        }
        // No word of the source: none of rustc's lints are about this `let`.
        let hidden = span.resolved_at(Span::mixed_site());
        let value = reserved("value", hidden);
        let given = in_braces(local(&value), span);
        let diverge = (!matches_all(&pat)).then(|| {
            let unmatched = in_braces(called("unmatched", span, []), span);
            (Token![else](hidden), Box::new(unmatched))
        });
        // Which is what a `let` wants.
        let pat = match pat {
            Pat::Or(_) => {
                let paren_token = syn::token::Paren(span);
                Pat::Paren(syn::PatParen { attrs: Vec::new(), paren_token, pat: Box::new(pat) })
            }
            pat => pat,
        };
        let bound = Stmt::Local(syn::Local {
            attrs: vec![syn::parse_quote!(
                #[allow(irrefutable_let_patterns, reason = "where the pattern matches everything")]
            )],
            let_token: Token![let](hidden),
            pat,
            init: Some(syn::LocalInit { eq_token: Token![=](hidden), expr: Box::new(given), diverge }),
            semi_token: Token![;](hidden),
        });
        self.arm(syn::parse_quote_spanned!(span=> #out::#variant(#value)), Some(bound), handler);
    }

    fn last(&mut self, otherwise: Expr) {
        let (span, out) = (self.span, &self.out);
        let pat = Pat::Path(syn::parse_quote_spanned!(span=> #out::Disabled));
        self.arm(pat, None, otherwise);
    }

    fn arm(&mut self, pat: Pat, bound: Option<Stmt>, handler: Expr) {
        let mut block = match handler {
            // No braces in braces, of which rustc would say that they are too many.
            Expr::Block(handler) => handler.block,
            handler => Block { brace_token: brace(self.span), stmts: vec![Stmt::Expr(handler, None)] },
        };
        block.stmts.splice(..0, bound);
        self.arms.push(Arm {
            attrs: vec![syn::parse_quote!(#[allow(unreachable_patterns, reason = "a future may have no value")])],
            pat,
            guard: None,
            fat_arrow_token: Token![=>](self.span),
            body: Box::new(Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })),
            comma: None,
        });
    }
}

/// Whether this is the pattern of an arm of a `select!` (inv. 1).
pub(super) fn is_whole(pat: &Pat) -> bool {
    let path = match pat {
        Pat::TupleStruct(inner) => &inner.path,
        Pat::Path(inner) => &inner.path,
        _ => return false,
    };
    let first = path.segments.first().map(|first| first.ident.to_string()).unwrap_or_default();
    first.starts_with(OUT)
}

/// What the names of the types of outputs begin with, which no program can write.
const OUT: &str = concat!("__", "bespoke_Out");

/// Whether a pattern matches everything, by its form.
fn matches_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(ident) => binds(ident) && ident.subpat.as_ref().is_none_or(|(_, inner)| matches_all(inner)),
        Pat::Paren(inner) => matches_all(&inner.pat),
        Pat::Reference(inner) => matches_all(&inner.pat),
        Pat::Tuple(tuple) => tuple.elems.iter().all(|elem| matches!(elem, Pat::Rest(_)) || matches_all(elem)),
        Pat::Wild(_) => true,
        _ => false,
    }
}

/// What says whether a pattern matches.
fn looking(pat: &Pat, span: Span) -> Expr {
    let hidden = span.resolved_at(Span::mixed_site());
    let (value, matches) = (reserved("value", hidden), reserved("matches", hidden));
    let guard = called("matched", span, [local(&matches)]);
    let never = called("unmatched", span, []);
    syn::parse_quote_spanned! {hidden=>
        |#value, #matches| {
            #[allow(unused_variables, unused_mut, reason = "the pattern only looks")]
            match #value {
                #pat if #guard => #never,
                _ => {}
            }
            #value
        }
    }
}

fn local(name: &Ident) -> Expr {
    path_of(name.clone())
}

fn path(name: &str, span: Span) -> Expr {
    path_of(reserved(name, span))
}

fn path_of(name: Ident) -> Expr {
    Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: name.into() })
}

/// Braces that the source has not: none of rustc's lints are about them.
pub(super) fn brace(span: Span) -> syn::token::Brace {
    syn::token::Brace(span.resolved_at(Span::mixed_site()))
}

/// `{ expr }`: its temporaries end with it.
fn in_braces(expr: Expr, span: Span) -> Expr {
    let block = Block { brace_token: brace(span), stmts: vec![Stmt::Expr(expr, None)] };
    Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, quote};

    fn written(body: proc_macro2::TokenStream) -> Option<String> {
        let call: Macro = syn::parse_quote!(select! { #body });
        Some(selected(&call, Span::call_site())?.into_token_stream().to_string().replace("__bespoke_", ""))
    }

    #[test]
    fn a_select_awaits_and_then_matches() {
        let expected = quote!(match select(
            [true, { a > 1 }],
            (
                branch(part(f(&x)), always),
                branch(part(g), |value, matches| {
                    #[allow(unused_variables, unused_mut, reason = "the pattern only looks")]
                    match value {
                        Some(y) if matched(matches) => unmatched(),
                        _ => {}
                    }
                    value
                })
            )
        )
        .await
        {
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            Out2::_0(mut n) => {
                n.go()
            }
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            Out2::_1(value) => {
                #[allow(irrefutable_let_patterns, reason = "where the pattern matches everything")]
                let Some(y) = ({ value }) else { unmatched() };
                y
            }
            #[allow(unreachable_patterns, reason = "a future may have no value")]
            Out2::Disabled => {
                disabled()
            }
        });
        let source = quote!(mut n = f(&x) => n.go(), Some(y) = g, if a > 1 => { y });
        assert_eq!(written(source).unwrap(), expected.to_string());
        let biased = written(quote!(biased; (_, _) = f => 1, else => 2)).unwrap();
        assert!(biased.contains("select_biased ([true] , (branch (part (f) , always) ,))"), "{biased}");
        assert!(biased.contains("let (_ , _) = { value } ;"), "{biased}");
        assert!(biased.ends_with("Out1 :: Disabled => { 2 } }"), "{biased}");
    }

    #[test]
    fn what_is_no_select_is_refused() {
        for source in [
            quote!(),
            quote!(else => 1),
            quote!(biased;),
            quote!(x = f),
            quote!(x = f, => 1),
            quote!(x = f => 1 y = g => 2),
            quote!(else => 1, x = f => 2),
            quote!(recv(r) -> message => 1),
        ] {
            assert_eq!(written(source.clone()), None, "{source}");
        }
        let many = |count: usize| (0..count).map(|_| quote!(_ = f => 1,)).collect();
        assert!(written(many(16)).is_some() && written(many(17)).is_none());
    }
}
