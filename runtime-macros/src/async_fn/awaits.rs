//! Where an `.await` of the function is. One in an inner `async` block is that block's.
//!
//! Asked of every expression on the way down, so it looks at the tree and makes no tokens of it.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Arm, Block, Expr, Stmt};

use super::hold;

/// Whether an expression, or a part of it, is an `.await`.
pub(super) fn awaits(expr: &Expr) -> bool {
    match expr {
        Expr::Await(_) => true,
        Expr::Async(_) | Expr::Continue(_) | Expr::Infer(_) | Expr::Lit(_) | Expr::Path(_) => false,
        Expr::Array(inner) => inner.elems.iter().any(awaits),
        Expr::Assign(inner) => awaits(&inner.left) || awaits(&inner.right),
        Expr::Binary(inner) => awaits(&inner.left) || awaits(&inner.right),
        Expr::Block(inner) => block(&inner.block),
        Expr::Break(inner) => inner.expr.as_deref().is_some_and(awaits),
        Expr::Call(inner) => awaits(&inner.func) || inner.args.iter().any(awaits),
        Expr::Cast(inner) => awaits(&inner.expr),
        Expr::Closure(inner) => awaits(&inner.body),
        Expr::Const(inner) => block(&inner.block),
        Expr::Field(inner) => awaits(&inner.base),
        Expr::ForLoop(inner) => awaits(&inner.expr) || block(&inner.body),
        Expr::Group(inner) => awaits(&inner.expr),
        Expr::If(inner) => {
            let otherwise = || inner.else_branch.as_ref().is_some_and(|(_, otherwise)| awaits(otherwise));
            awaits(&inner.cond) || block(&inner.then_branch) || otherwise()
        }
        Expr::Index(inner) => awaits(&inner.expr) || awaits(&inner.index),
        Expr::Let(inner) => awaits(&inner.expr),
        Expr::Loop(inner) => block(&inner.body),
        Expr::Macro(inner) => tokens(inner.mac.tokens.clone()),
        Expr::Match(inner) => awaits(&inner.expr) || inner.arms.iter().any(arm),
        Expr::MethodCall(inner) => awaits(&inner.receiver) || inner.args.iter().any(awaits),
        Expr::Paren(inner) => awaits(&inner.expr),
        Expr::Range(inner) => [&inner.start, &inner.end].into_iter().flatten().any(|end| awaits(end)),
        Expr::RawAddr(inner) => awaits(&inner.expr),
        Expr::Reference(inner) => awaits(&inner.expr),
        Expr::Repeat(inner) => awaits(&inner.expr),
        Expr::Return(inner) => inner.expr.as_deref().is_some_and(awaits),
        Expr::Struct(inner) => {
            inner.fields.iter().any(|field| awaits(&field.expr)) || inner.rest.as_deref().is_some_and(awaits)
        }
        Expr::Try(inner) => awaits(&inner.expr),
        Expr::Tuple(inner) => inner.elems.iter().any(awaits),
        Expr::Unary(inner) => awaits(&inner.expr),
        Expr::Unsafe(inner) => block(&inner.block),
        Expr::While(inner) => awaits(&inner.cond) || block(&inner.body),
        // Not known to this macro, which refuses it.
        other => tokens(other.to_token_stream()),
    }
}

/// Whether a statement of a block does.
pub(super) fn block(block: &Block) -> bool {
    block.stmts.iter().any(|stmt| match stmt {
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| {
            let otherwise = || init.diverge.as_ref().is_some_and(|(_, otherwise)| awaits(otherwise));
            awaits(&init.expr) || otherwise()
        }),
        Stmt::Expr(expr, _) => awaits(expr),
        Stmt::Item(_) => false,
        Stmt::Macro(call) => tokens(call.mac.tokens.clone()),
    })
}

/// Whether an arm does, or its guard.
pub(super) fn arm(arm: &Arm) -> bool {
    arm.guard.as_ref().is_some_and(|(_, guard)| awaits(guard)) || awaits(&arm.body)
}

/// Whether tokens of which nothing is known do.
pub(super) fn tokens(tokens: TokenStream) -> bool {
    let mut trees = tokens.into_iter().peekable();
    let mut dot = false;
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Ident(ident) if dot && ident == "await" => return true,
            TokenTree::Ident(ident) if ident == "async" => {
                if matches!(trees.peek(), Some(TokenTree::Ident(word)) if word == "move") {
                    trees.next();
                }
                trees.next_if(|next| matches!(next, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace));
            }
            TokenTree::Group(group) if self::tokens(group.stream()) => return true,
            _ => {}
        }
        dot = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.');
    }
    false
}

/// Whether an expression is the awaited value that is called `hole`, or what `?` takes out of it.
pub(super) fn is_value(mut expr: &Expr, hole: &Ident) -> bool {
    loop {
        expr = match expr {
            Expr::Path(path) => return path.path.is_ident(hole),
            Expr::Try(inner) => &inner.expr,
            Expr::Paren(inner) => &inner.expr,
            Expr::Block(inner) => match &*inner.block.stmts {
                [Stmt::Expr(tail, None)] => tail,
                _ => return false,
            },
            // One of the runtime's, through which a temporary passes.
            Expr::Call(inner) if hold::passes(&inner.func) => &inner.args[0],
            _ => return false,
        };
    }
}
