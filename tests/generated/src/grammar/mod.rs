//! A generator of programs that both rustc and `#[async_fn]` accept: typed, and with every borrow and move in order.
//!
//! | file | what |
//! |---|---|
//! | [`types`], [`scope`] | the types, and what is known of the locals while a program is written |
//! | [`values`], [`numbers`] | expressions without an await |
//! | [`awaits`] | expressions that begin with one |
//! | [`statements`], [`bindings`], [`closures`] | what stands in a block |
//! | [`branches`], [`loops`], [`several`] | blocks in it |
//! | [`function`] | a function, and those that it calls |
//!
//! It writes what the language of `#[async_fn]` has today: see [`refused`](crate::refused) for what it has not.

mod awaits;
mod bindings;
mod branches;
mod closures;
mod function;
mod loops;
mod numbers;
mod scope;
mod several;
mod statements;
mod types;
mod values;

pub use function::{Function, Item};
pub(crate) use values::HOST;

use crate::random::Random;
use crate::rows::{Counts, Row};
use crate::tree::{Block, Stmt};
use scope::{Scope, Snapshot, Var};
use types::Ty;

/// A loop or a labelled block that awaits, while its body is written.
struct Around {
    label: Option<String>,
    /// How many locals there were before it.
    vars: usize,
    entry: Snapshot,
    /// What is known where it was left.
    exits: Vec<Snapshot>,
    /// What `break` gives; `None` if it can give nothing but `()`.
    value: Option<Ty>,
    is_loop: bool,
}

/// A function that can be called.
struct Callee {
    name: String,
    arguments: Vec<Ty>,
    output: Ty,
}

struct Writer {
    random: Random,
    scope: Scope,
    around: Vec<Around>,
    callees: Vec<Callee>,
    rows: Counts,
    output: Ty,
    /// The number of the next value, future or question.
    ids: usize,
    names: usize,
    awaits: usize,
    /// How many statements may still be written.
    left: usize,
    depth: usize,
    /// The code that follows is never reached.
    ended: bool,
    /// An awaited operand is written: no temporary may have a destructor.
    held: bool,
    /// The function that is run is written, and not one that it calls.
    outermost: bool,
    /// Code is written in which no `.await` may stand, and nothing moves: loops without awaits, closures.
    native: usize,
    /// There is another method to await.
    beside: bool,
}

impl Writer {
    fn id(&mut self) -> usize {
        self.ids += 1;
        self.ids
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    /// A name for a new local: sometimes that of one which is hidden from then on.
    fn name_for_let(&mut self) -> String {
        let loops = self.loops();
        let old: Vec<usize> = (0..self.scope.vars.len())
            .filter(|var| self.scope.vars[*var].loops == loops && self.scope.vars[*var].name.starts_with('v'))
            .collect();
        if !old.is_empty() && self.random.chance(12) {
            return self.scope.vars[*self.random.pick(&old)].name.clone();
        }
        self.name()
    }

    fn loops(&self) -> usize {
        self.around.iter().filter(|around| around.is_loop).count()
    }

    fn declare(&mut self, name: String, ty: Ty, mutable: bool) -> usize {
        let exclusive = matches!(ty, Ty::Mut(_));
        self.scope.vars.push(Var {
            name,
            ty,
            mutable,
            gone: false,
            retired: false,
            spent: false,
            born: self.awaits,
            loops: self.loops(),
            targets: Vec::new(),
            exclusive,
        });
        self.scope.vars.len() - 1
    }

    fn declare_ref(&mut self, name: String, ty: Ty, of: usize) -> usize {
        let mut targets = self.scope.vars[of].targets.clone();
        targets.push(of);
        let var = self.declare(name, ty, false);
        self.scope.vars[var].targets = targets;
        var
    }

    fn ty(&self, var: usize) -> Ty {
        self.scope.vars[var].ty.clone()
    }

    fn name_of(&self, var: usize) -> String {
        self.scope.vars[var].name.clone()
    }

    /// Counts a use of a local, if it crossed an await.
    fn cover(&mut self, row: Row, var: usize) {
        if self.scope.vars[var].born < self.awaits {
            self.rows.add(row);
        }
    }

    /// A local that can be looked at, of a type that `wanted` likes.
    fn readable(&mut self, wanted: impl Fn(&Ty) -> bool) -> Option<usize> {
        self.find(|scope, var| scope.readable(var) && wanted(&scope.vars[var].ty))
    }

    /// A local that can be changed in its place.
    fn changeable(&mut self, wanted: impl Fn(&Ty) -> bool) -> Option<usize> {
        self.find(|scope, var| scope.vars[var].mutable && scope.free(var) && wanted(&scope.vars[var].ty))
    }

    /// A local that can be moved away here.
    fn movable(&mut self, wanted: impl Fn(&Ty) -> bool) -> Option<usize> {
        if self.native > 0 {
            return None;
        }
        let around: Vec<usize> = self.around.iter().filter(|around| around.is_loop).map(|around| around.vars).collect();
        self.find(|scope, var| {
            let local = &scope.vars[var];
            // A loop must put back what it took from outside.
            let outside = around.iter().any(|vars| var < *vars);
            scope.free(var) && wanted(&local.ty) && (!outside || local.mutable && local.ty.is_plain())
        })
    }

    /// A local that crossed an await and that nobody else uses: one that is there, or a new one.
    fn old(&mut self, stmts: &mut Vec<Stmt>, ty: Ty) -> usize {
        let awaits = self.awaits;
        let found = self.find(|scope, var| {
            let local = &scope.vars[var];
            local.ty == ty && local.mutable && local.born < awaits && scope.free(var)
        });
        found.unwrap_or_else(|| {
            let (name, value) = (self.name(), self.fresh(&ty));
            let shown = ty.name().unwrap_or_default();
            stmts.push(Stmt::text(format!("let mut {name}: {shown} = {value};")));
            let var = self.declare(name, ty, true);
            // One that takes no local.
            self.rows.add(Row::Await);
            self.awaits += 1;
            stmts.push(Stmt::text(format!("wait({}, 1, ()).await;", self.id())));
            var
        })
    }

    fn find(&mut self, wanted: impl Fn(&Scope, usize) -> bool) -> Option<usize> {
        let found: Vec<usize> = (0..self.scope.vars.len()).filter(|var| wanted(&self.scope, *var)).collect();
        if found.is_empty() {
            return None;
        }
        // Rather one that is older: it crossed more.
        let (a, b) = (self.random.below(found.len()), self.random.below(found.len()));
        Some(found[a.min(b)])
    }

    /// Runs paths of which one is taken, and merges what they leave of the locals.
    fn fork<R>(&mut self, paths: usize, mut path: impl FnMut(&mut Self, usize) -> R) -> Vec<R> {
        let vars = self.scope.vars.len();
        let before = self.scope.snapshot(vars);
        let (mut merged, mut results) = (None::<Snapshot>, Vec::new());
        for n in 0..paths {
            self.scope.restore(&before);
            self.ended = false;
            results.push(path(self, n));
            self.scope.vars.truncate(vars);
            if !self.ended {
                let after = self.scope.snapshot(vars);
                match &mut merged {
                    Some(merged) => merged.merge(&after),
                    None => merged = Some(after),
                }
            }
        }
        self.ended = merged.is_none();
        self.scope.restore(&merged.unwrap_or(before));
        results
    }

    /// A scope of locals.
    fn scoped<R>(&mut self, inside: impl FnOnce(&mut Self) -> R) -> R {
        let vars = self.scope.vars.len();
        let result = inside(self);
        self.scope.vars.truncate(vars);
        result
    }

    /// Ends what the current expression borrows.
    fn statement_ends(&mut self) {
        self.scope.busy.clear();
    }

    /// Statements, at most so many.
    fn stmts(&mut self, most: usize) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        for _ in 0..most {
            if self.ended || self.left == 0 {
                break;
            }
            self.left -= 1;
            self.statement(&mut stmts);
            self.statement_ends();
        }
        stmts
    }

    /// A block of its own scope whose value is of type `ty`.
    fn block(&mut self, most: usize, ty: &Ty) -> Block {
        self.depth += 1;
        let block = self.scoped(|s| {
            let stmts = s.stmts(most);
            let tail = (!s.ended).then(|| s.tail(ty)).flatten();
            s.statement_ends();
            Block { stmts, tail }
        });
        self.depth -= 1;
        block
    }
}
