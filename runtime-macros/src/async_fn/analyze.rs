//! Stage 4 of `async_fn`: which locals have a place in the frame.
//!
//! The walk is in the order of the source. It counts *positions*, and notes at which of them a state may end (a
//! *boundary*): at each await, at the head of each loop, and where the branches of something that awaits meet again.
//! [`lower`](super::lower) begins a state in exactly these places.
//!
//! # Invariants
//! 1. A local has a place iff a boundary lies within its scope, unless nobody can tell: it is not used after the first
//!    boundary, and it is a scalar, or it was moved away by then on every path that comes there.
//! 2. A place has a bit in the flags iff it has a guard, and a boundary at which it lives comes after a use of it by value.
//!    Without a bit it holds a value at every boundary that it lives at. (What may be run again is a loop, and after a loop
//!    there is a boundary.)
//! 3. A place ends before its scope does, with the last use of its local, if every path from the declaration comes to that use,
//!    nobody may know its address, and nothing is left that a destructor would be for: it is a scalar, or used by value
//!    there (it is moved away then, or of a type that is copied).

use std::collections::HashMap;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, Pat, Type, UnOp};

use super::consume;
use super::hold;
use super::kind::Kind;
use super::known::{Context, Known};
use super::rename::{Names, local, names_of};
use super::shape::{Block, Head, Loop, Step, Stmt, Test, Value};
use super::walk::{self, Use, Visitor, is_comparison, takes_all};

/// What is known of a local.
#[derive(Default)]
pub(super) struct Local {
    declared: usize,
    ends: usize,
    uses: Vec<Used>,
    /// How deep in branches it is declared.
    depth: usize,
    /// It has no destructor, by its type or its value.
    pub(super) scalar: bool,
    /// It has at most four bytes, by its type or its value.
    pub(super) small: bool,
    /// It is an array of scalars, by its type.
    array: bool,
    /// It has a place in the frame.
    pub(super) place: bool,
    /// It is used by value, and may live at a boundary after that.
    pub(super) moved: bool,
    /// After how many uses its place ends; `None` if that is with its scope.
    pub(super) ends_after: Option<usize>,
    /// Its type, if that is declared.
    ty: Option<TokenStream>,
    /// Its type, if it is a scalar that nobody reads: what is assigned to it goes nowhere.
    pub(super) unread: Option<TokenStream>,
    /// It has a place, nobody uses it, and it may have a destructor.
    pub(super) unused: bool,
    /// A macro that is not known names it.
    pub(super) in_macro: Option<TokenStream>,
    /// Its value, if that may keep a temporary as long as the local, and nothing ever uses the local.
    pub(super) extends: Option<TokenStream>,
    /// The locals whose value is a reference to it.
    named_by: Vec<Ident>,
    /// The last use, if that is what keeps the local out of the frame.
    pub(super) moved_by: Option<Ident>,
}

struct Used {
    at: usize,
    by: Ident,
    by_value: bool,
    /// On every path from the declaration.
    sure: bool,
    /// Its address may be known from then on.
    borrows: bool,
    /// In a closure that borrows, and may be run until the state ends.
    in_closure: bool,
    /// It is assigned as a whole.
    writes: bool,
    /// It is consumed by a method that is called so: if it is copied, it stays lent.
    by_name: bool,
}

pub(super) fn analyze(arguments: &[(Ident, Option<&Type>)], body: &mut Block, names: &Names) -> HashMap<Ident, Local> {
    let mut analysis = Analysis { names, locals: HashMap::new(), at: 0, depth: 0, closures: 0, boundaries: Vec::new() };
    for (name, ty) in arguments {
        analysis.declare(name, ty.map_or(Kind::Any, Kind::of_type));
    }
    analysis.block(body);
    analysis.end(arguments.iter().map(|(name, _)| name.clone()).collect());
    analysis.decide();
    analysis.locals
}

struct Analysis<'a> {
    names: &'a Names,
    locals: HashMap<Ident, Local>,
    at: usize,
    depth: usize,
    /// How many closures are around that borrow what they name.
    closures: usize,
    boundaries: Vec<usize>,
}

impl Analysis<'_> {
    fn step(&mut self) -> usize {
        self.at += 1;
        self.at
    }

    fn boundary(&mut self) {
        let at = self.step();
        self.boundaries.push(at);
    }

    fn declare(&mut self, name: &Ident, kind: Kind) {
        let declared = self.step();
        let (scalar, small, array) = (kind != Kind::Any, kind == Kind::Small, kind == Kind::Array);
        let local = Local { declared, ends: usize::MAX, depth: self.depth, scalar, small, array, ..Local::default() };
        self.locals.insert(name.clone(), local);
    }

    fn end(&mut self, names: Vec<Ident>) {
        let ends = self.step();
        for name in names {
            if let Some(local) = self.locals.get_mut(&name) {
                local.ends = ends;
            }
        }
    }

    fn used(&mut self, name: &Ident, by_value: bool) {
        self.used_as(name, by_value, !by_value);
    }

    fn used_as(&mut self, name: &Ident, by_value: bool, borrows: bool) {
        let at = self.step();
        let depth = self.depth;
        if let Some(local) = self.locals.get_mut(name) {
            let sure = depth == local.depth;
            let by_value = by_value && (!cfg!(bespoke_planted = "1") || sure);
            let in_closure = self.closures > 0;
            local.uses.push(Used {
                at,
                by: name.clone(),
                by_value,
                sure,
                borrows,
                in_closure,
                writes: false,
                by_name: false,
            });
        }
    }

    fn declare_all(&mut self, pat: &mut Pat, kind: Kind) -> Vec<Ident> {
        let names = names_of(pat);
        names.iter().for_each(|name| self.declare(name, kind));
        names
    }

    fn block(&mut self, block: &mut Block) {
        let mut scope = Vec::new();
        for stmt in &mut block.stmts {
            match stmt {
                Stmt::Let { pat, ty, value, otherwise } => {
                    let kind = match (takes_all(pat), &*ty, &*value) {
                        (true, Some(ty), _) => Kind::of_type(ty),
                        (true, None, Value::Native(head)) if head.steps.is_empty() => Kind::of_value(&head.rest),
                        _ => Kind::Any,
                    };
                    let how = if takes_all(pat) { Use::Value } else { Use::Place };
                    self.value(value, how);
                    if let Some(otherwise) = otherwise {
                        self.branched(|s| walk::value(s, otherwise));
                    }
                    let extends = match value {
                        Value::Native(head) if hold::may_extend(&head.rest) => Some(head.rest.to_token_stream()),
                        _ => None,
                    };
                    let names = self.declare_all(pat, kind);
                    if let Value::Native(Head { rest: Expr::Reference(reference), .. }) = value {
                        let lent = local(&reference.expr).and_then(|lent| self.locals.get_mut(lent));
                        lent.into_iter().for_each(|lent| lent.named_by.extend(names.iter().cloned()));
                    }
                    for name in &names {
                        if let Some(local) = self.locals.get_mut(name) {
                            local.extends.clone_from(&extends);
                            local.ty = ty.as_ref().map(ToTokens::to_token_stream);
                        }
                    }
                    scope.extend(names);
                }
                Stmt::Declare(local) => scope.extend(self.declare_all(&mut local.pat, Kind::Any)),
                Stmt::Do(value) => self.value(value, Use::Value),
            }
        }
        if let Some(tail) = &mut block.tail {
            self.value(tail, Use::Value);
        }
        self.end(scope);
    }

    fn branched(&mut self, inside: impl FnOnce(&mut Self)) {
        self.depth += 1;
        inside(self);
        self.depth -= 1;
    }

    fn head(&mut self, head: &mut Head, how: Use) {
        let parked = head.parked();
        for step in &mut head.steps {
            match step {
                Step::Await(one) => {
                    walk::value(self, &mut one.operand);
                    self.boundary();
                }
                Step::Park { value, local } => {
                    let kind = Kind::of_value(value);
                    walk::value(self, value);
                    self.declare(local, kind);
                }
                Step::Choose { value, .. } => self.value(value, Use::Value),
            }
        }
        if how == Use::Value {
            walk::value(self, &mut head.rest);
        } else {
            walk::place(self, &mut head.rest);
        }
        self.end(parked);
    }

    fn value(&mut self, value: &mut Value, how: Use) {
        match value {
            Value::Native(head) => return self.head(head, how),
            Value::If { test, then, otherwise } => {
                let names = self.test(test);
                self.branched(|s| s.block(then));
                self.end(names);
                if let Some(otherwise) = otherwise {
                    self.branched(|s| s.block(otherwise));
                }
            }
            Value::Match { head, arms } => {
                self.head(head, Use::Place);
                for arm in arms {
                    self.branched(|s| {
                        let names = s.declare_all(&mut arm.pat, Kind::Any);
                        if let Some(guard) = &mut arm.guard {
                            walk::value(s, guard);
                        }
                        s.block(&mut arm.body);
                        s.end(names);
                    });
                }
            }
            Value::Loop { kind, body, .. } => {
                if let Loop::For(_, head) = kind {
                    self.head(head, Use::Value);
                }
                self.boundary();
                self.branched(|s| {
                    let names = match kind {
                        Loop::Forever => Vec::new(),
                        Loop::While(test) => s.test(test),
                        Loop::For(pat, _) => s.declare_all(pat, Kind::Any),
                    };
                    // What a test binds is bound in the branch in which it holds.
                    let depth = usize::from(matches!(kind, Loop::While(_)));
                    s.depth += depth;
                    s.block(body);
                    s.depth -= depth;
                    s.end(names);
                });
            }
            Value::Block { block, label } => {
                // What follows a `break 'label` within it may be left out.
                let depth = usize::from(label.is_some());
                self.depth += depth;
                self.block(block);
                self.depth -= depth;
            }
        }
        self.boundary();
    }

    /// The names that a test makes for the branch in which it holds.
    fn test(&mut self, test: &mut Test) -> Vec<Ident> {
        match test {
            Test::Bool(head) => {
                self.head(head, Use::Value);
                Vec::new()
            }
            Test::Let(pat, head) => {
                self.head(head, Use::Place);
                self.depth += 1;
                let names = self.declare_all(pat, Kind::Any);
                self.depth -= 1;
                names
            }
        }
    }

    fn decide(&mut self) {
        let last_use = |local: &Local| local.uses.iter().map(|used| used.at).max();
        let last_uses: HashMap<Ident, Option<usize>> =
            self.locals.iter().map(|(name, local)| (name.clone(), last_use(local))).collect();
        for local in self.locals.values_mut() {
            let extends = local.extends.take();
            let inside = |at: &&usize| **at > local.declared && **at < local.ends;
            let Some(&first) = self.boundaries.iter().find(inside) else { continue };
            let last = local.uses.iter().max_by_key(|used| used.at);
            let lent = local.uses.iter().any(|used| used.borrows);
            let in_closure = local.uses.iter().any(|used| used.in_closure);
            let ends = last.filter(|last| last.sure && !lent && !in_closure && (local.scalar || last.by_value));
            local.ends_after = ends.map(|_| local.uses.len());
            let lives = |at: &&usize| inside(at) && ends.is_none_or(|last| **at < last.at);
            let latest = self.boundaries.iter().rfind(lives).copied();
            local.moved = local.uses.iter().any(|used| used.by_value && Some(used.at) < latest);
            // A use would find the temporary gone, and rustc says so.
            local.extends = extends.filter(|_| last.is_none() && !local.scalar);
            if last.is_none_or(|last| last.at < first) {
                // Who knows its address may look there after the await. (A closure that borrows does not live so long.)
                if local.scalar && !lent {
                    continue;
                }
                // What is copied stays lent: to a reference that is used later, whatever was said of the type.
                let named = |last: &Used| {
                    local.named_by.iter().any(|name| last_uses.get(name).copied().flatten() > Some(last.at))
                };
                let copied = |last: &Used| lent && (local.scalar || last.by_name || named(last));
                if let Some(last) = last.filter(|last| last.by_value && last.sure && !copied(last)) {
                    local.moved_by = Some(last.by.clone());
                    continue;
                }
            }
            local.unread = local
                .ty
                .take()
                .filter(|_| local.scalar && local.uses.iter().all(|used| used.writes && !used.in_closure));
            local.place = local.unread.is_none();
            local.unused = last.is_none() && !local.scalar && local.in_macro.is_none();
        }
    }
}

impl Visitor for Analysis<'_> {
    fn before(&mut self, expr: &mut Expr, how: Use) -> bool {
        if let Some(name) = local(expr).cloned().filter(|_| matches!(expr, Expr::Path(_))) {
            self.used(&name, how == Use::Value);
            return true;
        }
        match expr {
            Expr::Binary(inner) if is_comparison(&inner.op) || walk::is_compound(&inner.op) => {
                let compares = is_comparison(&inner.op);
                if let Some(name) = local(&inner.right).cloned().filter(|_| compares) {
                    self.used_as(&name, false, false);
                } else if compares {
                    walk::place(self, &mut inner.right);
                } else {
                    walk::value(self, &mut inner.right);
                }
                match local(&inner.left).cloned() {
                    Some(name) => self.used_as(&name, false, false),
                    None => walk::place(self, &mut inner.left),
                }
            }
            Expr::MethodCall(inner) if consume::is_consumed(&inner.receiver) => {
                if let Some(name) = consume::consumed(&mut inner.receiver).and_then(|taken| local(taken).cloned()) {
                    self.used(&name, true);
                    let last = self.locals.get_mut(&name).and_then(|local| local.uses.last_mut());
                    last.into_iter().for_each(|used| used.by_name = true);
                }
                inner.args.iter_mut().for_each(|arg| walk::value(self, arg));
            }
            Expr::Assign(inner) if local(&inner.left).is_some() => {
                walk::value(self, &mut inner.right);
                if let Some(name) = local(&inner.left).cloned() {
                    self.used_as(&name, false, false);
                    let last = self.locals.get_mut(&name).and_then(|local| local.uses.last_mut());
                    last.into_iter().for_each(|used| used.writes = true);
                }
            }
            Expr::Path(path) => {
                if let Some((call, named)) = path.path.get_ident().and_then(|name| self.names.macro_of(name)) {
                    for name in named {
                        self.used(name, false);
                        if let Some(local) = self.locals.get_mut(name) {
                            local.in_macro.get_or_insert_with(|| call.path.to_token_stream());
                        }
                    }
                }
            }
            // An element of an array is copied: with a literal, indexing is nobody's function.
            Expr::Index(inner) if how == Use::Value && matches!(&*inner.index, Expr::Lit(_)) => {
                match local(&inner.expr).cloned() {
                    Some(name) => {
                        let array = self.locals.get(&name).is_some_and(|local| local.array);
                        self.used_as(&name, false, !array);
                    }
                    None => walk::place(self, &mut inner.expr),
                }
            }
            Expr::Macro(call) => {
                for arg in Known::parse(&call.mac).map_or_else(Vec::new, |known| known.args) {
                    let mut expr = arg.expr;
                    match arg.context {
                        Context::Value => self.branched(|s| walk::value(s, &mut expr)),
                        Context::Place => self.branched(|s| walk::place(s, &mut expr)),
                    }
                }
            }
            Expr::Closure(inner) if inner.capture.is_some() => {
                let captured = captured(expr);
                self.captures(captured);
            }
            Expr::Async(inner) if inner.capture.is_some() => {
                let captured = captured(expr);
                self.captures(captured);
            }
            Expr::Closure(inner) => self.borrows(|s| walk::value(s, &mut inner.body)),
            Expr::Async(inner) => self.borrows(|s| walk::block(s, &mut inner.block)),
            _ => return false,
        }
        true
    }

    fn branch(&mut self, begins: bool) {
        self.depth = if begins { self.depth + 1 } else { self.depth - 1 };
    }

    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}

impl Analysis<'_> {
    /// What a closure or a block does with what it borrows, whenever it is run.
    fn borrows(&mut self, inside: impl FnOnce(&mut Self)) {
        self.closures += 1;
        self.branched(inside);
        self.closures -= 1;
    }

    fn captures(&mut self, captured: Vec<Captured>) {
        for one in captured {
            self.used(&one.name, one.whole);
        }
    }
}

/// A local that a `move` closure or block names.
pub(super) struct Captured {
    pub(super) name: Ident,
    /// It is captured as a whole, and not by fields.
    pub(super) whole: bool,
}

/// What a closure or a block names, of the locals around it and of its own, each once.
pub(super) fn captured(expr: &mut Expr) -> Vec<Captured> {
    let mut captures = Captures(Vec::new());
    match expr {
        Expr::Closure(inner) => walk::value(&mut captures, &mut inner.body),
        Expr::Async(inner) => walk::block(&mut captures, &mut inner.block),
        _ => {}
    }
    captures.0
}

struct Captures(Vec<Captured>);

impl Captures {
    fn note(&mut self, name: &Ident, whole: bool) {
        match self.0.iter_mut().find(|known| known.name == *name) {
            Some(known) => known.whole &= whole,
            None => self.0.push(Captured { name: name.clone(), whole }),
        }
    }
}

impl Visitor for Captures {
    fn before(&mut self, expr: &mut Expr, how: Use) -> bool {
        let whole: &mut Expr = match expr {
            Expr::Path(_) => {
                if let Some(name) = local(expr) {
                    self.note(name, how == Use::Value);
                }
                return true;
            }
            Expr::Macro(call) => {
                for mut arg in Known::parse(&call.mac).map_or_else(Vec::new, |known| known.args) {
                    // `format!` and its like borrow what they are given, fields as fields.
                    match local(&arg.expr) {
                        Some(name) => self.note(name, true),
                        None => walk::place(self, &mut arg.expr),
                    }
                }
                return true;
            }
            Expr::MethodCall(inner) => {
                inner.args.iter_mut().for_each(|arg| walk::value(self, arg));
                &mut inner.receiver
            }
            Expr::Call(inner) => {
                inner.args.iter_mut().for_each(|arg| walk::value(self, arg));
                &mut inner.func
            }
            Expr::Index(inner) => {
                walk::value(self, &mut inner.index);
                &mut inner.expr
            }
            Expr::Reference(inner) => &mut inner.expr,
            Expr::Unary(inner) if matches!(inner.op, UnOp::Deref(_)) => &mut inner.expr,
            _ => return false,
        };
        match local(whole) {
            Some(name) => self.note(name, true),
            None => walk::place(self, whole),
        }
        true
    }

    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}
