//! Rust without an `.await`, inside a state: uses of locals that have a place, and exits.
//!
//! | source | machine |
//! |---|---|
//! | `x` by value | taken out through its guard; read, if it is a scalar |
//! | `x` borrowed, compared, looked at, called, indexed, a field of it | `(*pointer)` |
//! | `x.unwrap()` that consumes | as by value, with the [`proof`](super::consume::proof) that it does |
//! | `x = v` | `assign`: the old value is dropped if there is one, the guard holds the new one |
//! | `return v`, `e?` | the state is `DONE`, and the value is the poll's |
//! | `break`, `continue` of a loop that awaits | a jump |
//! | `move` closure or block | `x` is taken into a local of its name first |
//!
//! # Invariants
//! 1. A place form never moves: rustc refuses a move out of a raw pointer.
//! 2. Every pointer and guard carries the span of the use (see [`rename`](super::rename)).

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Label, Lifetime, Pat};

use super::analyze::captured;
use super::consume;
use super::known::{Context, Known};
use super::lower::{Lower, quoted};
use super::rename::local;
use super::says;
use super::several;
use super::walk::{self, Use, Visitor};

pub(super) fn value(lower: &mut Lower<'_>, expr: &mut Expr) -> TokenStream {
    rewrite(lower, expr, &[], Use::Value)
}

pub(super) fn place(lower: &mut Lower<'_>, expr: &mut Expr) -> TokenStream {
    rewrite(lower, expr, &[], Use::Place)
}

/// The guard of an arm, in which the locals of the pattern have their passing names.
pub(super) fn guard(lower: &mut Lower<'_>, expr: &mut Expr, passing: &[(Ident, Ident)]) -> TokenStream {
    rewrite(lower, expr, passing, Use::Value)
}

fn rewrite(lower: &mut Lower<'_>, expr: &mut Expr, passing: &[(Ident, Ident)], how: Use) -> TokenStream {
    let names = lower.names;
    let mut visitor = Rewrite { lower, passing, closures: 0, native: Vec::new(), renamed: false };
    match how {
        Use::Value => walk::value(&mut visitor, expr),
        Use::Place => walk::place(&mut visitor, expr),
    }
    let renamed = visitor.renamed;
    let tokens = expr.to_token_stream();
    if renamed { names.restore(tokens) } else { tokens }
}

struct Rewrite<'a, 'b> {
    lower: &'a mut Lower<'b>,
    passing: &'a [(Ident, Ident)],
    /// How many closures and blocks of their own are around: exits in them are theirs.
    closures: usize,
    /// The loops and labelled blocks around that rustc manages: their label, and whether they are loops.
    native: Vec<(Option<String>, bool)>,
    /// A name of [`rename`](super::rename) may be left, of a local that has no place, or of a macro.
    renamed: bool,
}

impl Rewrite<'_, '_> {
    fn set(expr: &mut Expr, tokens: TokenStream) {
        *expr = Expr::Verbatim(tokens);
    }

    fn path(&mut self, expr: &mut Expr, how: Use) {
        let Some(name) = local(expr).cloned() else {
            self.renamed |= !self.lower.names.macros.is_empty();
            return;
        };
        if let Some((_, passing)) = self.passing.iter().find(|(known, _)| *known == name) {
            let mut passing = passing.clone();
            passing.set_span(name.span());
            return Self::set(expr, passing.into_token_stream());
        }
        let Some(place) = self.lower.place_of(expr) else {
            self.renamed = true;
            return;
        };
        if let Some(error) = self.lower.uses(place, expr) {
            return Self::set(expr, error);
        }
        let span = name.span();
        let at = |ident: &Ident| {
            let span = if cfg!(bespoke_planted = "14") { ident.span() } else { span };
            Ident::new(&ident.to_string(), span)
        };
        let pointer = at(&self.lower.places[place].pointer);
        let guard = self.lower.guard_of(place);
        let tokens = match (how, guard) {
            // A closure of its own time: what it uses by value it must copy.
            (Use::Value, _) if self.closures > 0 => quote_spanned!(span=> (*#pointer)),
            (Use::Place, _) => quote_spanned!(span=> (*#pointer)),
            (Use::Value, Some((guard, bit))) => {
                self.lower.takes(place, expr);
                let holds = quoted!(&mut #guard.holds, #bit);
                let gone = match self.lower.places[place].flag {
                    Some(flag) => quoted!(gone_noted(#pointer, #holds, &mut *__bespoke_flags, #flag)),
                    None => quoted!(gone(#pointer, #holds)),
                };
                quote_spanned!(span=> __bespoke_rt::#gone.read())
            }
            (Use::Value, None) if cfg!(bespoke_planted = "11") => quoted!(__bespoke_rt::read(#pointer)),
            (Use::Value, None) => quote_spanned!(span=> #pointer.read()),
        };
        Self::set(expr, tokens);
    }

    /// A call that consumes its receiver. `true`: it is dealt with.
    fn consumes(&mut self, call: &mut syn::ExprMethodCall) -> bool {
        let Some(local) = consume::consumed(&mut call.receiver) else { return false };
        self.renamed = true;
        let mut local = core::mem::replace(local, walk::taken());
        // Without a place it is a local of the poll function, which ends with the state, and not with its scope.
        let pointer = match self.lower.place_of(&local) {
            Some(place) => self.lower.places[place].pointer.to_token_stream(),
            None => quoted!(&raw const #local),
        };
        let proof = consume::proof(call, pointer);
        walk::value(self, &mut local);
        Self::set(&mut call.receiver, quoted!(({ #proof #local })));
        call.args.iter_mut().for_each(|arg| walk::value(self, arg));
        true
    }

    fn assign(&mut self, expr: &mut Expr) -> bool {
        let Expr::Assign(inner) = expr else { return false };
        let known = local(&inner.left).and_then(|name| self.lower.locals.get(name));
        if let Some(ty) = known.and_then(|local| local.unread.clone()) {
            walk::value(self, &mut inner.right);
            let right = &inner.right;
            let tokens = quoted!({ let _: #ty = #right; });
            Self::set(expr, tokens);
            return true;
        }
        let Some(place) = self.lower.place_of(&inner.left).filter(|_| self.closures == 0) else { return false };
        let span = inner.left.span();
        walk::value(self, &mut inner.right);
        if let Some(error) = self.lower.uses(place, &inner.left) {
            Self::set(expr, error);
            return true;
        }
        let right = &inner.right;
        let at = |ident: &Ident| Ident::new(&ident.to_string(), span);
        let pointer = at(&self.lower.places[place].pointer);
        let tokens = match self.lower.guard_of(place) {
            Some((guard, bit)) => {
                let to = quoted!(#pointer, &raw mut #guard.holds, #bit);
                match self.lower.places[place].flag {
                    Some(flag) => {
                        let flags = quoted!(__bespoke_flags, #flag);
                        quoted!(__bespoke_rt::assign_noted(#to, #right, #flags))
                    }
                    None => quoted!(__bespoke_rt::assign(#to, #right)),
                }
            }
            None => quoted!(__bespoke_rt::write(#pointer, #right)),
        };
        Self::set(expr, tokens);
        true
    }

    /// A closure or block with a time of its own. `true`: it is dealt with.
    fn inner(&mut self, expr: &mut Expr, moves: bool) -> bool {
        self.renamed = true;
        let mut taken = TokenStream::new();
        for one in captured(expr) {
            let path: Expr = syn::ExprPath { attrs: Vec::new(), qself: None, path: one.name.clone().into() }.into();
            if self.lower.place_of(&path).is_none() || self.passing.iter().any(|(known, _)| *known == one.name) {
                continue;
            }
            if !moves {
                if matches!(expr, Expr::Async(_)) {
                    self.refuse(expr, says::BORROWS);
                    return true;
                }
                continue;
            }
            if self.closures > 0 {
                self.refuse(expr, says::NESTED_MOVE);
                return true;
            }
            if !one.whole {
                self.refuse(expr, says::MOVES_PART);
                return true;
            }
            let name = &one.name;
            let mut value = path;
            self.path(&mut value, Use::Value);
            taken.extend(quote!(let mut #name = #value;));
        }
        if moves {
            if !taken.is_empty() {
                let tokens = quote!({ #taken #expr });
                Self::set(expr, tokens);
            }
            return true;
        }
        self.closures += 1;
        let native = core::mem::take(&mut self.native);
        match expr {
            Expr::Closure(inner) => walk::value(self, &mut inner.body),
            Expr::Async(inner) => walk::block(self, &mut inner.block),
            _ => {}
        }
        self.native = native;
        self.closures -= 1;
        true
    }

    fn within(&mut self, label: &Option<Label>, is_loop: bool, inside: impl FnOnce(&mut Self)) {
        self.native.push((label.as_ref().map(|label| label.name.ident.to_string()), is_loop));
        inside(self);
        self.native.pop();
    }

    /// Whether a `break` or `continue` stays within what rustc manages.
    fn stays(&self, label: Option<&Lifetime>) -> bool {
        self.closures > 0
            || self.native.iter().any(|(name, is_loop)| match label {
                Some(label) => name.as_deref() == Some(&*label.ident.to_string()),
                None => *is_loop,
            })
    }

    fn exit(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Try(inner) => {
                walk::value(self, &mut inner.expr);
                if self.closures > 0 {
                    return;
                }
                let (value, span) = (&inner.expr, inner.question_token.span.resolved_at(Span::mixed_site()));
                let left = self.lower.return_code(quote_spanned!(span=>
                    __bespoke_rt::question::FromResidual::from_residual(__bespoke_residual)));
                let tokens = quote_spanned!(span=> match __bespoke_rt::question::Branch::branch(#value) {
                    ::core::ops::ControlFlow::Continue(__bespoke_value) => __bespoke_value,
                    ::core::ops::ControlFlow::Break(__bespoke_residual) => #left
                });
                Self::set(expr, quoted!((#tokens)));
            }
            Expr::Return(inner) => {
                if let Some(value) = &mut inner.expr {
                    walk::value(self, value);
                }
                if self.closures == 0 {
                    let value = inner.expr.as_ref().map_or_else(|| quoted!(()), ToTokens::to_token_stream);
                    let tokens = self.lower.return_code(value);
                    Self::set(expr, tokens);
                }
            }
            Expr::Break(inner) => {
                if let Some(value) = &mut inner.expr {
                    walk::value(self, value);
                }
                if !self.stays(inner.label.as_ref()) {
                    let value = inner.expr.as_ref().map(ToTokens::to_token_stream);
                    if let Some(tokens) = self.lower.break_code(inner.label.as_ref(), value) {
                        Self::set(expr, tokens);
                    }
                }
            }
            Expr::Continue(inner) if !self.stays(inner.label.as_ref()) => {
                if let Some(tokens) = self.lower.continue_code(inner.label.as_ref()) {
                    Self::set(expr, tokens);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, expr: &mut Expr) {
        let Expr::Macro(inner) = expr else { return };
        self.renamed = true;
        let Some(mut known) = Known::parse(&inner.mac) else { return };
        for arg in &mut known.args {
            match arg.context {
                Context::Value => walk::value(self, &mut arg.expr),
                Context::Place => walk::place(self, &mut arg.expr),
            }
        }
        inner.mac.tokens = known.tokens();
    }
}

/// Whether it is the value of an await, `{ name }`.
fn is_awaited(block: &syn::ExprBlock) -> bool {
    let [syn::Stmt::Expr(Expr::Path(name), None)] = &*block.block.stmts else { return false };
    let name = name.path.get_ident().map(ToString::to_string).unwrap_or_default();
    name.strip_prefix(super::parse::RESERVED).is_some_and(|rest| rest.starts_with("value_"))
}

impl Visitor for Rewrite<'_, '_> {
    fn pattern(&mut self, _: &mut Pat) {
        self.renamed = true;
    }

    fn before(&mut self, expr: &mut Expr, how: Use) -> bool {
        match expr {
            Expr::Path(_) => self.path(expr, how),
            Expr::Assign(_) => return self.assign(expr),
            Expr::Closure(inner) => {
                let moves = inner.capture.is_some();
                return self.inner(expr, moves);
            }
            Expr::Async(inner) => {
                let moves = inner.capture.is_some();
                return self.inner(expr, moves);
            }
            Expr::MethodCall(inner) => return self.consumes(inner),
            // A part of several futures is told of: see `machine::parts` of the runtime.
            Expr::Call(inner) if several::is_part(&inner.func) => {
                inner.args.iter_mut().for_each(|arg| walk::value(self, arg));
                let (args, span) = (&inner.args, inner.paren_token.span.join().resolved_at(Span::mixed_site()));
                let tokens = quote_spanned!(span=> __bespoke_rt::into_future(#args).__bespoke_part());
                Self::set(expr, tokens);
            }
            Expr::Try(_) | Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.exit(expr),
            Expr::Macro(_) => self.call(expr),
            Expr::Loop(inner) => {
                self.within(&inner.label, true, |s| walk::block(s, &mut inner.body));
            }
            Expr::While(inner) => {
                self.within(&inner.label, true, |s| {
                    walk::value(s, &mut inner.cond);
                    walk::block(s, &mut inner.body);
                });
            }
            Expr::ForLoop(inner) => {
                walk::value(self, &mut inner.expr);
                self.within(&inner.label, true, |s| walk::block(s, &mut inner.body));
            }
            Expr::Block(inner) if inner.label.is_some() => {
                self.within(&inner.label, false, |s| walk::block(s, &mut inner.block));
            }
            Expr::Block(inner) if cfg!(bespoke_planted = "4") && is_awaited(inner) => {
                let name = inner.block.stmts[0].to_token_stream();
                Self::set(expr, name);
            }
            Expr::Paren(inner) if cfg!(bespoke_planted = "3") && matches!(*inner.expr, Expr::Cast(_)) => {
                walk::value(self, &mut inner.expr);
                let tokens = inner.expr.to_token_stream();
                Self::set(expr, tokens);
            }
            // Tokens of this stage.
            Expr::Verbatim(_) => {}
            _ => return false,
        }
        true
    }

    fn refuse(&mut self, tokens: &dyn ToTokens, message: &'static str) {
        self.lower.errors.under(self.lower.names.restore(tokens.to_token_stream()), message);
    }
}
