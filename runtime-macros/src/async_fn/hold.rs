//! Temporaries. rustc keeps those of a statement until its end, also over an `.await` in it; the machine drops them
//! before it suspends. Where a value is put into a temporary, the value is passed through a function that refuses
//! destructors, so the difference cannot be seen; a borrow that would outlive it is refused by rustc.
//!
//! # Invariants
//! 1. What is no place, no constant of a literal and no operand by value goes through `temporary`, or is refused.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Expr, Pat, UnOp};

use super::emit;
use super::known::Known;
use super::rename::{Names, has_ref, local};
use super::says;
use super::select;
use super::shape::{Refusal, has_let, refusal};
use super::walk::is_comparison;

type Held = Result<(), Refusal>;

/// Passes `expr` through the function of the runtime `name`.
fn pass(expr: &mut Expr, name: &str) {
    // Under the user's expression: rustc says there that a check failed.
    let span = expr.span().resolved_at(Span::mixed_site());
    let mut path = syn::Path::from(emit::runtime_room(span));
    path.segments.push_punct(syn::token::PathSep { spans: [span; 2] });
    path.segments.push_value(Ident::new(name, span).into());
    let function = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path });
    let inner = core::mem::replace(expr, super::walk::taken());
    *expr = Expr::Call(syn::ExprCall {
        attrs: Vec::new(),
        func: Box::new(function),
        paren_token: syn::token::Paren(span),
        args: core::iter::once(inner).collect(),
    });
}

/// Whether a call passes its one argument through a function of the runtime.
pub(super) fn passes(callee: &Expr) -> bool {
    matches!(callee, Expr::Path(path) if path.path.segments.first().is_some_and(|room| room.ident == emit::RUNTIME_ROOM))
}

/// Lets a value be a temporary, unless it has a destructor.
pub(super) fn keep(expr: &mut Expr) {
    pass(expr, "temporary");
}

/// Makes `(*lasting(&path))` of a path. A constant is a value, a `static` is a place, and their paths look alike: what may be
/// borrowed for ever is a `static`, or a constant of which nobody can tell that it is none.
fn last(expr: &mut Expr) {
    let span = expr.span().resolved_at(Span::mixed_site());
    let room = emit::runtime_room(span);
    *expr = syn::parse_quote_spanned!(span=> (*#room::lasting(&#expr)));
}

/// Whether an expression makes a value, and is not a place.
pub(super) fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => false,
        Expr::Field(inner) => is_value(&inner.base),
        Expr::Index(inner) => is_value(&inner.expr),
        Expr::Paren(inner) => is_value(&inner.expr),
        Expr::Group(inner) => is_value(&inner.expr),
        Expr::Unary(inner) => !matches!(inner.op, UnOp::Deref(_)) || is_value(&inner.expr),
        _ => true,
    }
}

/// Whether an expression makes a value, and is no part of one, or what one refers to: to bind it copies nothing.
pub(super) fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => false,
        Expr::Paren(inner) => is_whole(&inner.expr),
        Expr::Group(inner) => is_whole(&inner.expr),
        Expr::Unary(inner) => !matches!(inner.op, UnOp::Deref(_)),
        _ => true,
    }
}

/// A literal, or a composition of such: without a destructor whatever becomes of it.
pub(super) fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Array(inner) => inner.elems.iter().all(is_literal),
        Expr::Tuple(inner) => inner.elems.iter().all(is_literal),
        Expr::Repeat(inner) => is_literal(&inner.expr),
        Expr::Unary(inner) => matches!(inner.op, UnOp::Neg(_)) && is_literal(&inner.expr),
        Expr::Paren(inner) => is_literal(&inner.expr),
        _ => false,
    }
}

/// What an operand is made of, used by value.
pub(super) fn operand(expr: &mut Expr, names: &Names) -> Held {
    match expr {
        Expr::Path(path) => match path.path.get_ident().and_then(|ident| names.macro_of(ident)) {
            Some((call, _)) => refusal(&call.path, says::MACRO),
            None => Ok(()),
        },
        Expr::Lit(_) | Expr::Closure(_) | Expr::Async(_) => Ok(()),
        // In edition 2024, which the expansion asks for, no temporary of a block outlives it.
        Expr::Block(inner) if inner.label.is_none() => Ok(()),
        Expr::Unsafe(_) => Ok(()),
        Expr::If(inner) if !has_let(&inner.cond) => Ok(()),
        Expr::Array(inner) => inner.elems.iter_mut().try_for_each(|elem| operand(elem, names)),
        Expr::Tuple(inner) => inner.elems.iter_mut().try_for_each(|elem| operand(elem, names)),
        Expr::Repeat(inner) => operand(&mut inner.expr, names),
        Expr::Struct(inner) if inner.rest.is_none() => {
            inner.fields.iter_mut().try_for_each(|field| operand(&mut field.expr, names))
        }
        Expr::Range(inner) => {
            let ends = inner.start.as_deref_mut().into_iter().chain(inner.end.as_deref_mut());
            ends.into_iter().try_for_each(|end| operand(end, names))
        }
        Expr::Call(inner) => {
            place(&mut inner.func, names, true)?;
            inner.args.iter_mut().try_for_each(|arg| operand(arg, names))
        }
        Expr::MethodCall(inner) => {
            // What is consumed is gone before the operand is awaited.
            if !super::consume::is_consumed(&inner.receiver) {
                place(&mut inner.receiver, names, false)?;
            }
            inner.args.iter_mut().try_for_each(|arg| operand(arg, names))
        }
        Expr::Binary(inner) if is_comparison(&inner.op) => {
            place(&mut inner.left, names, false)?;
            place(&mut inner.right, names, false)
        }
        Expr::Binary(inner) if !super::walk::is_compound(&inner.op) => {
            operand(&mut inner.left, names)?;
            operand(&mut inner.right, names)
        }
        Expr::Unary(inner) if !matches!(inner.op, UnOp::Deref(_)) => operand(&mut inner.expr, names),
        Expr::Unary(inner) => place(&mut inner.expr, names, false),
        Expr::Field(inner) => place(&mut inner.base, names, false),
        Expr::Index(inner) => {
            place(&mut inner.expr, names, false)?;
            operand(&mut inner.index, names)
        }
        Expr::Reference(inner) => place(&mut inner.expr, names, false),
        Expr::Cast(inner) => operand(&mut inner.expr, names),
        Expr::Try(inner) => operand(&mut inner.expr, names),
        Expr::Paren(inner) => operand(&mut inner.expr, names),
        Expr::Group(inner) => operand(&mut inner.expr, names),
        Expr::Macro(call) => match Known::parse(&call.mac) {
            // What `format!` and `vec!` borrow ends within them; elements of `vec!` are operands.
            Some(known) if call.mac.path.segments.last().is_some_and(|last| last.ident == "format") => {
                drop(known);
                Ok(())
            }
            Some(mut known) if call.mac.path.segments.last().is_some_and(|last| last.ident == "vec") => {
                known.args.iter_mut().try_for_each(|arg| operand(&mut arg.expr, names))?;
                call.mac.tokens = known.tokens();
                Ok(())
            }
            _ => refusal(&call.mac.path, says::MACRO),
        },
        other => refusal(other, says::OPERAND),
    }
}

/// What a pattern borrows from, which is no value of its own.
pub(super) fn borrowed(expr: &mut Expr, names: &Names) -> Held {
    place(expr, names, false)
}

/// What is borrowed, or taken apart.
fn place(expr: &mut Expr, names: &Names, callee: bool) -> Held {
    match expr {
        Expr::Paren(inner) => place(&mut inner.expr, names, callee),
        Expr::Group(inner) => place(&mut inner.expr, names, callee),
        Expr::Path(_) if local(expr).is_some_and(|name| names.macro_of(name).is_none()) => Ok(()),
        // The function of a call, by its path.
        Expr::Path(path) if callee && path.path.get_ident().is_none_or(|name| names.macro_of(name).is_none()) => Ok(()),
        Expr::Path(path) if path.path.get_ident().is_none_or(|name| names.macro_of(name).is_none()) => {
            last(expr);
            Ok(())
        }
        Expr::Field(inner) => place(&mut inner.base, names, false),
        Expr::Index(inner) => {
            place(&mut inner.expr, names, false)?;
            operand(&mut inner.index, names)
        }
        Expr::Unary(inner) if matches!(inner.op, UnOp::Deref(_)) => place(&mut inner.expr, names, false),
        other if is_literal(other) => Ok(()),
        other => {
            operand(other, names)?;
            keep(other);
            Ok(())
        }
    }
}

/// What `if let` or `match` looks at while a branch awaits.
pub(super) fn scrutinee(expr: &mut Expr, pats: &[&Pat], otherwise_awaits: bool, names: &Names) -> Held {
    let lends = pats.iter().any(|pat| has_ref(pat));
    if !is_value(expr) || (lends && !is_whole(expr)) {
        return place(expr, names, false);
    }
    operand(expr, names)?;
    if pats.iter().all(|pat| select::is_whole(pat)) {
        return Ok(());
    }
    if pats.iter().all(|pat| binds_all(pat)) {
        let some = |pat: &Pat| matches!(pat, Pat::TupleStruct(inner) if inner.path.is_ident("Some"));
        if pats.iter().any(|pat| super::walk::takes_all(pat)) && pats.len() == 1 {
            return Ok(());
        }
        if !otherwise_awaits {
            pass(expr, "whole");
            return Ok(());
        }
        if pats.iter().all(|pat| some(pat)) {
            pass(expr, "option");
            return Ok(());
        }
    }
    pass(expr, "matched");
    Ok(())
}

/// Whether nothing is left of an `Option` or a `Result` that a pattern matched.
fn binds_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(ident) if ident.ident == "None" => true,
        Pat::Paren(inner) => binds_all(&inner.pat),
        Pat::TupleStruct(inner) => {
            let known = ["Some", "Ok", "Err"].iter().any(|name| inner.path.is_ident(name));
            known
                && inner.elems.len() == 1
                && matches!(&inner.elems[0], Pat::Ident(ident)
                if ident.by_ref.is_none() && ident.subpat.is_none() && super::rename::binds(ident))
        }
        Pat::Ident(ident) => ident.by_ref.is_none() && ident.subpat.is_none() && super::rename::binds(ident),
        _ => false,
    }
}

/// Whether a borrow in a `let` makes a temporary that lives as long as the local, of the whole of what it borrows.
pub(super) fn is_made(borrow: &syn::ExprReference) -> bool {
    let expr = &borrow.expr;
    let constant = is_literal(expr) && borrow.mutability.is_none();
    is_whole(expr) && !constant
}

/// The value of a `let`: borrows in it may make temporaries that live as long as the local.
pub(super) fn extended(expr: &mut Expr, names: &Names) -> Held {
    match expr {
        // A literal is a constant of the program, unless it may be written to.
        Expr::Reference(inner) if is_value(&inner.expr) && !(is_literal(&inner.expr) && inner.mutability.is_none()) => {
            refusal(inner, says::EXTENDED)
        }
        Expr::RawAddr(inner) if is_value(&inner.expr) => refusal(inner, says::EXTENDED),
        Expr::Array(inner) => inner.elems.iter_mut().try_for_each(|elem| extended(elem, names)),
        Expr::Tuple(inner) => inner.elems.iter_mut().try_for_each(|elem| extended(elem, names)),
        Expr::Struct(inner) => inner.fields.iter_mut().try_for_each(|field| extended(&mut field.expr, names)),
        // `Some(&f())` keeps what `f` returned, too. Constructors are written in capitals.
        Expr::Call(inner) if constructs(&inner.func) => inner.args.iter_mut().try_for_each(|arg| extended(arg, names)),
        Expr::Cast(inner) => extended(&mut inner.expr, names),
        Expr::Paren(inner) => extended(&mut inner.expr, names),
        Expr::Group(inner) => extended(&mut inner.expr, names),
        Expr::Block(inner) => extended_tail(&mut inner.block, names),
        Expr::Unsafe(inner) => extended_tail(&mut inner.block, names),
        Expr::If(inner) => {
            extended_tail(&mut inner.then_branch, names)?;
            inner.else_branch.as_mut().map_or(Ok(()), |(_, otherwise)| extended(otherwise, names))
        }
        Expr::Match(inner) => inner.arms.iter_mut().try_for_each(|arm| extended(&mut arm.body, names)),
        Expr::Path(path) => match path.path.get_ident().and_then(|ident| names.macro_of(ident)) {
            Some((call, _)) => refusal(&call.path, says::LET_MACRO),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Whether the value of a `let` keeps a temporary as long as the local, should a function that it calls be a tuple struct
/// whose name is in lower case.
pub(super) fn may_extend(expr: &Expr) -> bool {
    match expr {
        Expr::Reference(inner) => is_value(&inner.expr) && !is_literal(&inner.expr),
        Expr::Call(inner) => matches!(&*inner.func, Expr::Path(_)) && inner.args.iter().any(may_extend),
        Expr::Array(inner) => inner.elems.iter().any(may_extend),
        Expr::Tuple(inner) => inner.elems.iter().any(may_extend),
        Expr::Struct(inner) => inner.fields.iter().any(|field| may_extend(&field.expr)),
        Expr::Cast(inner) => may_extend(&inner.expr),
        Expr::Paren(inner) => may_extend(&inner.expr),
        Expr::Group(inner) => may_extend(&inner.expr),
        _ => false,
    }
}

/// Whether what is called looks like a tuple struct or a variant.
fn constructs(callee: &Expr) -> bool {
    let Expr::Path(path) = callee else { return false };
    path.path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}

fn extended_tail(block: &mut syn::Block, names: &Names) -> Held {
    match block.stmts.last_mut() {
        Some(syn::Stmt::Expr(expr, None)) => extended(expr, names),
        _ => Ok(()),
    }
}
