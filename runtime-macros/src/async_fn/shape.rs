//! Stage 3 of `async_fn`: the language. What is not one of these shapes is refused, so the later stages are complete.
//!
//! An expression without an `.await` is Rust, passed through. One with an `.await` is a [`Value`].
//!
//! # Invariants
//! 1. What is evaluated before an `.await` within its statement is the awaited operand, and operands by value, which are
//!    *parked* in hidden locals: no temporary and no borrow of the statement waits for its end.
//! 2. The operand, what is parked, and what a `match` with awaits looks at, went through [`hold`](super::hold): none of
//!    their temporaries has a destructor.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, Label, Pat, Stmt as SynStmt, Type, UnOp};

use super::awaits::{self, awaits};
use super::hold;
use super::parse::RESERVED;
use super::rename::{Names, extends, has_ref, local};
use super::says;
use super::several;
use super::text::text;
use super::walk::{is_comparison, is_compound, is_lazy};
use crate::errors::Errors;

/// A block that holds an `.await`, or stands where one may.
#[derive(Default)]
pub(super) struct Block {
    pub(super) stmts: Vec<Stmt>,
    pub(super) tail: Option<Box<Value>>,
}

#[allow(clippy::large_enum_variant, reason = "a few of them live for the time of one expansion")]
pub(super) enum Stmt {
    /// `let pat: ty = value else { otherwise };`
    Let { pat: Pat, ty: Option<Type>, value: Value, otherwise: Option<Expr> },
    /// `let pat;`
    Declare(syn::Local),
    /// `value;`
    Do(Value),
}

pub(super) enum Value {
    /// Steps one after the other, then Rust.
    Native(Head),
    If {
        test: Test,
        then: Block,
        otherwise: Option<Block>,
    },
    Match {
        head: Head,
        arms: Vec<Arm>,
    },
    Loop {
        label: Option<Label>,
        kind: Loop,
        body: Block,
    },
    Block {
        label: Option<Label>,
        block: Block,
    },
}

/// `rest`, whose first evaluated parts are what was parked and the value of the last step, if there are any.
pub(super) struct Head {
    pub(super) steps: Vec<Step>,
    pub(super) rest: Expr,
}

impl Head {
    /// Rust alone.
    fn native(rest: Expr) -> Self {
        Head { steps: Vec::new(), rest }
    }

    /// Whether it is the value of an `.await`, or what `?` takes out of one.
    pub(super) fn is_awaited(&self) -> bool {
        let Some(Step::Await(last)) = self.steps.last() else { return false };
        awaits::is_value(&self.rest, &last.hole)
    }

    /// The hidden locals of what is parked; they end with `rest`.
    pub(super) fn parked(&self) -> Vec<Ident> {
        let parked = self.steps.iter().filter_map(|step| match step {
            Step::Park { local, .. } => Some(local.clone()),
            Step::Await(_) | Step::Choose { .. } => None,
        });
        parked.collect()
    }
}

#[allow(clippy::large_enum_variant, reason = "a few of them live for the time of one expansion")]
pub(super) enum Step {
    Await(Await),
    /// An operand that is evaluated before a later `.await`, by value; `local` has it until then.
    Park {
        value: Expr,
        local: Ident,
    },
    /// `&&` or `||` with an `.await` that may be left out. Its value is called `hole` from then on.
    Choose {
        value: Box<Value>,
        hole: Ident,
    },
}

/// `operand.await`, whose value is called `hole` from then on.
pub(super) struct Await {
    pub(super) operand: Expr,
    pub(super) hole: Ident,
    /// The word `await`.
    pub(super) span: Span,
    /// The operand, for people.
    pub(super) text: String,
    /// The source awaits by a macro, and says all of it there.
    pub(super) by_macro: bool,
}

#[allow(clippy::large_enum_variant, reason = "a few of them live for the time of one expansion")]
pub(super) enum Test {
    Bool(Head),
    Let(Pat, Head),
}

pub(super) struct Arm {
    pub(super) pat: Pat,
    pub(super) guard: Option<Expr>,
    pub(super) body: Block,
}

pub(super) enum Loop {
    Forever,
    While(Test),
    For(Pat, Head),
}

/// Reads the body of a function.
pub(super) fn shape(body: syn::Block, names: &mut Names, errors: &mut Errors) -> Block {
    Shape { names, errors, holes: 0, refusals: 0 }.block(body)
}

struct Shape<'a> {
    names: &'a mut Names,
    errors: &'a mut Errors,
    holes: usize,
    refusals: usize,
}

impl Shape<'_> {
    fn refuse(&mut self, tokens: &dyn ToTokens, message: &'static str) {
        self.refusals += 1;
        // Under the user's names: tokens are only looked at for where they are.
        self.errors.under(self.names.restore(tokens.to_token_stream()), message);
    }

    fn block(&mut self, block: syn::Block) -> Block {
        let mut shaped = Block::default();
        let count = block.stmts.len();
        for (n, stmt) in block.stmts.into_iter().enumerate() {
            match stmt {
                SynStmt::Local(local) => self.local(local, &mut shaped),
                SynStmt::Expr(expr, semi) => {
                    let last = n + 1 == count;
                    // As a tail `return …` fits every type.
                    let ends = matches!(expr, Expr::Return(_) | Expr::Break(_) | Expr::Continue(_)) || panics(&expr);
                    let value = self.value(expr);
                    if last && (semi.is_none() || ends) {
                        shaped.tail = Some(Box::new(value));
                    } else {
                        shaped.stmts.push(Stmt::Do(value));
                    }
                }
                // The first walk refused items, and made expressions of macros.
                SynStmt::Item(_) | SynStmt::Macro(_) => {}
            }
        }
        shaped
    }

    fn local(&mut self, mut local: syn::Local, shaped: &mut Block) {
        let Some(init) = local.init.take() else {
            shaped.stmts.push(Stmt::Declare(local));
            return;
        };
        let mut expr = *init.expr;
        let (pat, mut ty) = match local.pat {
            Pat::Type(typed) => (*typed.pat, Some(*typed.ty)),
            // So that it is known for what it is.
            pat => (pat, lazy(&expr).then(|| syn::parse_quote!(::core::primitive::bool))),
        };
        // `let r = &f();` keeps what `f` returned as long as `r`: in a local of its own, which has a place.
        if let Expr::Reference(inner) = &mut expr
            && hold::is_made(inner)
        {
            let (made, pat) = self.hide(&mut inner.expr);
            let value = self.value(made);
            shaped.stmts.push(Stmt::Let { pat, ty: None, value, otherwise: None });
        }
        if let Err((at, message)) = hold::extended(&mut expr, self.names) {
            self.refuse(&at, message);
        }
        if has_ref(&pat) && hold::is_value(&expr) {
            if !hold::is_whole(&expr) {
                self.borrow(&mut expr);
            } else if init.diverge.is_none() && extends(&pat) {
                // It lives as long as the pattern's names.
                let (made, pat) = self.hide(&mut expr);
                let value = self.value(made);
                shaped.stmts.push(Stmt::Let { pat, ty: ty.take(), value, otherwise: None });
            } else {
                hold::keep(&mut expr);
            }
        }
        let otherwise = init.diverge.map(|(_, otherwise)| *otherwise);
        if let Some(otherwise) = &otherwise
            && awaits(otherwise)
        {
            self.refuse(otherwise, says::ELSE_OF_LET);
        }
        let value = self.value(expr);
        shaped.stmts.push(Stmt::Let { pat, ty, value, otherwise });
    }

    pub(super) fn value(&mut self, expr: Expr) -> Value {
        if !awaits(&expr) {
            return Value::Native(Head::native(expr));
        }
        match expr {
            Expr::Paren(inner) => self.value(*inner.expr),
            Expr::Group(inner) => self.value(*inner.expr),
            Expr::Block(inner) => Value::Block { label: inner.label, block: self.block(inner.block) },
            Expr::Binary(inner) if is_lazy(&inner.op) && awaits(&inner.right) && !has_let_in(&inner) => {
                self.conditional(lazily(inner))
            }
            Expr::If(inner) if self.branches(&inner) && lends(&inner.cond) => self.conditional_that_lends(inner),
            Expr::If(inner) if self.branches(&inner) => self.conditional(inner),
            Expr::Match(mut inner) if inner.arms.iter().any(awaits::arm) => {
                let lends = inner.arms.iter().any(|arm| has_ref(&arm.pat)) && hold::is_whole(&inner.expr);
                let aside = lends.then(|| self.aside(&mut inner.expr));
                let mut head = self.head(*inner.expr);
                let arms: Vec<Arm> = inner.arms.into_iter().map(|arm| self.arm(arm)).collect();
                let pats: Vec<&Pat> = arms.iter().map(|arm| &arm.pat).collect();
                self.matched(&mut head.rest, &pats, false);
                within(aside, Value::Match { head, arms })
            }
            Expr::Loop(inner) => Value::Loop { label: inner.label, kind: Loop::Forever, body: self.block(inner.body) },
            Expr::While(inner) if lends(&inner.cond) => self.loop_that_lends(inner),
            Expr::While(inner) => {
                let kind = Loop::While(self.test(*inner.cond, false));
                Value::Loop { label: inner.label, kind, body: self.block(inner.body) }
            }
            Expr::ForLoop(inner) => {
                let mut head = self.head(*inner.expr);
                self.hold(&mut head.rest);
                Value::Loop { label: inner.label, kind: Loop::For(*inner.pat, head), body: self.block(inner.body) }
            }
            other => Value::Native(self.head(other)),
        }
    }

    /// Whether the awaits of an `if` are not in its condition alone.
    fn branches(&mut self, inner: &syn::ExprIf) -> bool {
        awaits::block(&inner.then_branch) || inner.else_branch.as_ref().is_some_and(|(_, otherwise)| awaits(otherwise))
    }

    fn conditional(&mut self, inner: syn::ExprIf) -> Value {
        let otherwise_awaits = inner.else_branch.as_ref().is_some_and(|(_, otherwise)| awaits(otherwise));
        let test = self.test(*inner.cond, otherwise_awaits);
        let then = self.block(inner.then_branch);
        let otherwise = inner.else_branch.map(|(_, otherwise)| match *otherwise {
            Expr::Block(inner) if inner.label.is_none() => self.block(inner.block),
            other => Block { stmts: Vec::new(), tail: Some(Box::new(self.value(other))) },
        });
        Value::If { test, then, otherwise }
    }

    /// `if let Some(ref x) = f() { … }`: what the pattern borrows from is dropped before the other branch begins.
    fn conditional_that_lends(&mut self, mut inner: syn::ExprIf) -> Value {
        let Expr::Let(test) = &mut *inner.cond else { return self.conditional(inner) };
        let aside = self.aside(&mut test.expr);
        let hidden = local(&test.expr).cloned().map(in_braces);
        let mut value = self.conditional(inner);
        if let (Value::If { otherwise: Some(otherwise), .. }, Some(hidden)) = (&mut value, hidden) {
            otherwise.stmts.insert(0, Stmt::Do(Value::Native(Head::native(hidden))));
        }
        within(Some(aside), value)
    }

    /// `while let Some(ref x) = f() { … }`, as a loop around an `if`.
    fn loop_that_lends(&mut self, inner: syn::ExprWhile) -> Value {
        let span = inner.while_token.span;
        let test = Expr::If(syn::ExprIf {
            attrs: Vec::new(),
            if_token: syn::token::If(span),
            cond: inner.cond,
            then_branch: inner.body,
            else_branch: Some((syn::token::Else(span), syn::parse_quote!({ break }))),
        });
        let body = syn::Block { brace_token: syn::token::Brace(span), stmts: vec![SynStmt::Expr(test, None)] };
        Value::Loop { label: inner.label, kind: Loop::Forever, body: self.block(body) }
    }

    /// Puts a hidden local in the place of a value: the value, and the pattern that binds it.
    fn hide(&mut self, expr: &mut Expr) -> (Expr, Pat) {
        let hidden = self.names.hidden(expr.span());
        let path = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: hidden.clone().into() });
        let mutability = Some(<syn::Token![mut]>::default());
        let pat = syn::PatIdent { attrs: Vec::new(), by_ref: None, mutability, ident: hidden, subpat: None };
        (core::mem::replace(expr, path), Pat::Ident(pat))
    }

    /// Binds what patterns borrow from while branches await.
    fn aside(&mut self, expr: &mut Expr) -> Stmt {
        let (value, pat) = self.hide(expr);
        let mut head = self.head(value);
        self.hold(&mut head.rest);
        Stmt::Let { pat, ty: None, value: Value::Native(head), otherwise: None }
    }

    fn test(&mut self, cond: Expr, otherwise_awaits: bool) -> Test {
        match cond {
            Expr::Let(inner) => {
                let mut head = self.head(*inner.expr);
                self.matched(&mut head.rest, &[&inner.pat], otherwise_awaits);
                Test::Let(*inner.pat, head)
            }
            Expr::Paren(inner) => self.test(*inner.expr, otherwise_awaits),
            cond if has_let(&cond) => {
                self.refuse(&cond, says::LET_CHAIN);
                Test::Bool(Head::native(cond))
            }
            cond => Test::Bool(self.head(cond)),
        }
    }

    fn arm(&mut self, arm: syn::Arm) -> Arm {
        let guard = arm.guard.map(|(_, guard)| *guard);
        if let Some(guard) = &guard
            && (awaits(guard) || has_let(guard))
        {
            self.refuse(guard, says::ARM_GUARD);
        }
        let body = match *arm.body {
            Expr::Block(inner) if inner.label.is_none() => self.block(inner.block),
            other => Block { stmts: Vec::new(), tail: Some(Box::new(self.value(other))) },
        };
        Arm { pat: arm.pat, guard, body }
    }

    /// Splits an expression at its awaits (inv. 1).
    fn head(&mut self, mut rest: Expr) -> Head {
        let mut found = Vec::new();
        self.split_all(&mut rest, &mut found);
        Head { steps: found, rest }
    }

    /// Takes all `.await`s out of `expr`, or refuses it. Whether nothing was refused.
    fn split_all(&mut self, expr: &mut Expr, found: &mut Vec<Step>) -> bool {
        let before = self.refusals;
        self.split(expr, found);
        if awaits(expr) && self.refusals == before {
            self.refuse(expr, says::OPERANDS);
        }
        self.refusals == before
    }

    /// Takes the `.await`s out of `expr`, in order, and parks what is evaluated between them.
    fn split(&mut self, expr: &mut Expr, found: &mut Vec<Step>) {
        if !awaits(expr) {
            return;
        }
        let expr: &mut Expr = match expr {
            Expr::Await(inner) => {
                let span = inner.await_token.span;
                let text = text(inner.base.to_token_stream(), self.names);
                let by_macro = several::is_several(&inner.base);
                let mut operand = core::mem::replace(&mut *inner.base, super::walk::taken());
                if self.split_all(&mut operand, found) {
                    self.hold(&mut operand);
                }
                let hole = self.hole();
                // In braces it is a value, as what it stands for: moved at once, and a temporary where it is borrowed.
                *expr = in_braces(hole.clone());
                found.push(Step::Await(Await { operand, hole, span, text, by_macro }));
                return;
            }
            Expr::Array(inner) => return self.split_operands(&mut inner.elems, found),
            Expr::Tuple(inner) => return self.split_operands(&mut inner.elems, found),
            Expr::Struct(inner) => {
                return self.split_operands(inner.fields.iter_mut().map(|field| &mut field.expr), found);
            }
            Expr::Assign(inner) => &mut inner.right,
            Expr::Binary(inner) if is_compound(&inner.op) => {
                if !simple(&inner.left) {
                    self.refuse(&inner.left, says::COMPOUND);
                }
                &mut inner.right
            }
            Expr::Binary(inner) if is_lazy(&inner.op) && awaits(&inner.right) => {
                if has_let_in(inner) {
                    return self.refuse(expr, says::LET_CHAIN);
                }
                let hole = self.hole();
                if let Expr::Binary(inner) = core::mem::replace(expr, in_braces(hole.clone())) {
                    let value = Box::new(self.conditional(lazily(inner)));
                    found.push(Step::Choose { value, hole });
                }
                return;
            }
            // What is compared is borrowed, or copied if it is a number: before the `.await`, and nobody knows which.
            Expr::Binary(inner) if is_comparison(&inner.op) && awaits(&inner.right) && !hold::is_value(&inner.left) => {
                self.refuse(&inner.left, says::OPERANDS);
                return;
            }
            Expr::Binary(inner) => return self.split_operands([&mut *inner.left, &mut *inner.right], found),
            Expr::Break(inner) => return self.split_option(inner.expr.as_deref_mut(), found),
            Expr::Return(inner) => return self.split_option(inner.expr.as_deref_mut(), found),
            Expr::Call(inner) if awaits(&inner.func) => &mut inner.func,
            Expr::Call(inner) if matches!(&*inner.func, Expr::Path(_)) && local(&inner.func).is_none() => {
                return self.split_operands(&mut inner.args, found);
            }
            Expr::Cast(inner) => &mut inner.expr,
            Expr::Field(inner) => &mut inner.base,
            Expr::Group(inner) => &mut inner.expr,
            Expr::If(inner) if !self.branches(inner) && !has_let(&inner.cond) => &mut inner.cond,
            Expr::If(inner) if !self.branches(inner) => match &mut *inner.cond {
                Expr::Let(inner) => &mut inner.expr,
                other => {
                    return self.refuse(other, says::LET_CHAIN);
                }
            },
            Expr::Index(inner) => &mut inner.expr,
            Expr::Match(inner) if !inner.arms.iter().any(awaits::arm) => &mut inner.expr,
            Expr::MethodCall(inner) => &mut inner.receiver,
            Expr::Paren(inner) => &mut inner.expr,
            Expr::Reference(inner) => &mut inner.expr,
            Expr::Repeat(inner) => &mut inner.expr,
            Expr::Try(inner) => &mut inner.expr,
            Expr::Unary(inner) if matches!(inner.op, UnOp::Neg(_) | UnOp::Not(_) | UnOp::Deref(_)) => &mut inner.expr,
            Expr::Closure(inner) => {
                self.refuse(inner, says::IN_CLOSURE);
                return;
            }
            other => {
                self.refuse(other, says::OPERANDS);
                return;
            }
        };
        self.split(expr, found);
    }

    /// A name for the value of a step.
    fn hole(&mut self) -> Ident {
        self.holes += 1;
        Ident::new(&format!("{RESERVED}value_{}", self.holes - 1), Span::mixed_site())
    }

    /// Operands by value, in the order in which they are evaluated. Literals do nothing that could come too late.
    fn split_operands<'e>(&mut self, operands: impl IntoIterator<Item = &'e mut Expr>, found: &mut Vec<Step>) {
        let mut operands: Vec<&mut Expr> = operands.into_iter().collect();
        let Some(last) = operands.iter().rposition(|operand| awaits(operand)) else { return };
        for operand in &mut operands[..last] {
            if hold::is_literal(operand) {
                continue;
            }
            if !self.split_all(operand, found) {
                return;
            }
            let local = self.names.hidden(operand.span());
            // In braces it is a value where it would be borrowed, too: nothing is left in its place.
            let parked = in_braces(local.clone());
            let mut value = core::mem::replace(*operand, parked);
            self.hold(&mut value);
            found.push(Step::Park { value, local });
        }
        self.split(operands[last], found);
    }

    fn split_option(&mut self, expr: Option<&mut Expr>, found: &mut Vec<Step>) {
        if let Some(expr) = expr {
            self.split(expr, found);
        }
    }

    /// Makes sure of inv. 2 for an operand.
    fn hold(&mut self, operand: &mut Expr) {
        if let Err((at, message)) = hold::operand(operand, self.names) {
            self.refuse(&at, message);
        }
    }

    /// The same, for what is borrowed from.
    fn borrow(&mut self, operand: &mut Expr) {
        if let Err((at, message)) = hold::borrowed(operand, self.names) {
            self.refuse(&at, message);
        }
    }

    /// Makes sure of inv. 2 for what patterns look at while branches await.
    fn matched(&mut self, scrutinee: &mut Expr, pats: &[&Pat], otherwise_awaits: bool) {
        if let Err((at, message)) = hold::scrutinee(scrutinee, pats, otherwise_awaits, self.names) {
            self.refuse(&at, message);
        }
    }
}

/// `{ name }`.
fn in_braces(name: Ident) -> Expr {
    let path = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: name.into() });
    let brace_token = syn::token::Brace(Span::call_site());
    let block = syn::Block { brace_token, stmts: vec![SynStmt::Expr(path, None)] };
    Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block })
}

/// A local, or a field of one: nothing is called to find it.
fn simple(place: &Expr) -> bool {
    match place {
        Expr::Field(field) => simple(&field.base),
        other => local(other).is_some(),
    }
}

/// Whether it is `&&` or `||` with an `.await` that may be left out.
fn lazy(cond: &Expr) -> bool {
    match cond {
        Expr::Binary(inner) => is_lazy(&inner.op) && awaits(&inner.right) && !has_let_in(inner),
        Expr::Paren(inner) => lazy(&inner.expr),
        Expr::Group(inner) => lazy(&inner.expr),
        _ => false,
    }
}

fn has_let_in(binary: &syn::ExprBinary) -> bool {
    has_let(&binary.left) || has_let(&binary.right)
}

/// `a && b` as `if a { b } else { false }`, `a || b` as `if a { true } else { b }`: the same, down to where temporaries end.
fn lazily(binary: syn::ExprBinary) -> syn::ExprIf {
    let span = binary.op.span();
    let block =
        |expr: Expr| syn::Block { brace_token: syn::token::Brace(span), stmts: vec![SynStmt::Expr(expr, None)] };
    let constant = |value: bool| -> Expr { syn::parse_quote_spanned!(span=> #value) };
    let (then, otherwise) = match binary.op {
        syn::BinOp::And(_) => (*binary.right, constant(false)),
        _ => (constant(true), *binary.right),
    };
    let otherwise = Expr::Block(syn::ExprBlock { attrs: Vec::new(), label: None, block: block(otherwise) });
    syn::ExprIf {
        attrs: Vec::new(),
        if_token: syn::token::If(span),
        cond: binary.left,
        then_branch: block(then),
        else_branch: Some((syn::token::Else(span), Box::new(otherwise))),
    }
}

/// Whether a condition has a `let` in it.
pub(super) fn has_let(cond: &Expr) -> bool {
    match cond {
        Expr::Let(_) => true,
        Expr::Binary(binary) if is_lazy(&binary.op) => has_let(&binary.left) || has_let(&binary.right),
        Expr::Paren(inner) => has_let(&inner.expr),
        Expr::Group(inner) => has_let(&inner.expr),
        _ => false,
    }
}

/// Whether a condition is a `let` whose pattern borrows from a value.
fn lends(cond: &Expr) -> bool {
    matches!(cond, Expr::Let(inner) if has_ref(&inner.pat) && hold::is_whole(&inner.expr))
}

/// A value after the statement that it needs, which nothing else sees.
fn within(before: Option<Stmt>, value: Value) -> Value {
    match before {
        Some(stmt) => Value::Block { label: None, block: Block { stmts: vec![stmt], tail: Some(Box::new(value)) } },
        None => value,
    }
}

fn panics(expr: &Expr) -> bool {
    let Expr::Macro(call) = expr else { return false };
    call.mac.path.get_ident().is_some_and(|name| ["panic", "unreachable", "todo"].iter().any(|known| name == known))
}

/// Where to point, and what to say.
pub(super) type Refusal = (TokenStream, &'static str);

pub(super) fn refusal<T>(tokens: &impl ToTokens, message: &'static str) -> Result<T, Refusal> {
    Err((tokens.to_token_stream(), message))
}
