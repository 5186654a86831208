//! What stands in a block.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;
use crate::tree::Stmt;

impl Writer {
    pub(super) fn statement(&mut self, stmts: &mut Vec<Stmt>) {
        let nests = self.depth < 5;
        match self.random.below(132) {
            0..=17 => self.let_native(stmts),
            18..=29 => self.let_await(stmts),
            30..=34 => self.only_await(stmts),
            35..=42 => self.let_reference(stmts),
            43..=49 => self.let_parts(stmts),
            50..=58 => self.assignment(stmts),
            59..=67 => self.use_of_something(stmts),
            68..=70 => self.retire(),
            71..=76 => self.early_exit(stmts),
            77..=78 => self.macros(stmts),
            79..=80 => self.native_loop(stmts),
            81..=86 => self.let_call(stmts),
            87..=101 if nests => self.branches(stmts),
            102..=112 if nests => self.loops_(stmts),
            113..=115 if nests => self.inner_block(stmts),
            116..=118 => self.let_exclusive(stmts),
            119..=123 => self.let_operands(stmts),
            124..=131 if nests => self.several(stmts),
            _ => self.use_of_something(stmts),
        }
    }

    /// The value of a block, or of the function.
    pub(super) fn tail(&mut self, ty: &Ty) -> Option<Stmt> {
        if *ty == Ty::Unit {
            return self.random.chance(20).then(|| Stmt::text(self.awaited(&Ty::Unit)));
        }
        let outermost = self.depth <= 1;
        if self.random.chance(if outermost { 40 } else { 15 }) && self.depth < 5 && ty.name().is_some() {
            if outermost {
                self.rows.add(Row::BranchTail);
                self.left += 3;
            }
            return Some(self.branch_value(ty));
        }
        Some(Stmt::text(if self.random.chance(35) { self.awaited_value(ty) } else { self.value(ty) }))
    }

    pub(super) fn only_await(&mut self, stmts: &mut Vec<Stmt>) {
        if self.random.chance(15) {
            let condition = self.lazy_await();
            self.statement_ends();
            stmts.push(Stmt::text(match self.random.below(4) {
                0 => format!("{condition};"),
                1 => format!("let _ = {condition};"),
                how => {
                    self.rows.add(Row::LazyOperand);
                    if how == 2 {
                        format!("let _ = usize::from({condition});")
                    } else {
                        format!("let _ = !({condition});")
                    }
                }
            }));
            return;
        }
        let ty = self.random.pick(&[Ty::Unit, Ty::Unit, Ty::D, Ty::Num]).clone();
        let value = self.awaited_value(&ty);
        stmts.push(Stmt::text(match self.random.below(4) {
            0 => {
                self.rows.add(Row::Ignored);
                format!("let _ = {value};")
            }
            1 => {
                self.rows.add(Row::Ignored);
                format!("_ = {value};")
            }
            _ if ty == Ty::Num => format!("let _ = {value};"),
            _ => format!("{value};"),
        }));
    }

    /// `let x = f(…).await;`, of another generated function.
    fn let_call(&mut self, stmts: &mut Vec<Stmt>) {
        if self.callees.is_empty() {
            return self.let_await(stmts);
        }
        let at = self.random.below(self.callees.len());
        let output = self.callees[at].output.clone();
        if let Some(call) = self.call(at) {
            self.rows.add(Row::Await);
            self.awaits += 1;
            self.bind(stmts, output, &call);
        }
    }

    /// `let x = f(…, e.await);`, with a local moved or lent to an operand that waits; or a call of the method beside this one.
    fn let_operands(&mut self, stmts: &mut Vec<Stmt>) {
        if self.beside
            && self.random.chance(50)
            && let Some(call) = self.other_method()
        {
            self.rows.add(Row::Await);
            self.awaits += 1;
            return self.bind(stmts, Ty::Num, &call);
        }
        let var = self.old(stmts, Ty::D);
        let name = self.name_of(var);
        let value = if self.random.chance(50) {
            self.rows.add(Row::ParkedBorrow);
            self.cover(Row::Borrow, var);
            self.scope.busy.push((var, false));
            format!("tell(&{name}, {})", self.awaited_operand(&Ty::Num))
        } else {
            match self.taken(&Ty::D) {
                Some(taken) => {
                    self.rows.add(Row::ParkedMove);
                    format!("both({taken}, {})", self.awaited_operand(&Ty::D))
                }
                None => self.awaited(&Ty::Num),
            }
        };
        self.bind(stmts, Ty::Num, &value);
    }

    fn use_of_something(&mut self, stmts: &mut Vec<Stmt>) {
        match self.random.below(12) {
            10 => {
                if let Some(taken) = self.taken(&Ty::Gen) {
                    self.rows.add(Row::Generic);
                    stmts.push(Stmt::text(format!("drop({taken});")));
                }
            }
            11 => self.use_of_host(stmts),
            0 | 1 => {
                if let Some(taken) = self.taken(&Ty::D) {
                    stmts.push(Stmt::text(format!("drop({taken});")));
                }
            }
            2 => {
                let ty =
                    self.random.pick(&[Ty::Two, Ty::List, Ty::Res, Ty::Boxed, Ty::Pair, Ty::Fun, Ty::Task]).clone();
                if let Some(taken) = self.taken(&ty) {
                    stmts.push(Stmt::text(format!("drop({taken});")));
                }
            }
            3 => {
                let mutable = |ty: &Ty| *ty == Ty::Mut(Box::new(Ty::D));
                if let Some(var) = self.find(|scope, var| scope.free(var) && mutable(&scope.vars[var].ty)) {
                    self.cover(Row::Receiver, var);
                    stmts.push(Stmt::text(format!("{}.change();", self.name_of(var))));
                }
            }
            4 => {
                if let Some(var) = self.changeable(|ty| *ty == Ty::List) {
                    let value = self.value(&Ty::D);
                    self.cover(Row::Receiver, var);
                    if !self.scope.vars[var].gone && self.scope.free(var) {
                        stmts.push(Stmt::text(format!("{}.push({value});", self.name_of(var))));
                    } else {
                        stmts.push(Stmt::text(format!("let _ = {value};")));
                    }
                }
            }
            5 => {
                if let Some(var) = self.readable(|ty| *ty == Ty::Any) {
                    self.cover(Row::ScalarByValue, var);
                    stmts.push(Stmt::text(format!("show({});", self.name_of(var))));
                }
            }
            6 => {
                if let Some(var) = self.readable(|ty| *ty == Ty::D) {
                    self.rows.add(Row::Unsafe);
                    self.cover(Row::Borrow, var);
                    let name = self.name_of(var);
                    stmts.push(Stmt::text(format!("{{ let p = &raw const {name}; unsafe {{ (*p).touch() }} }};")));
                }
            }
            _ => {
                let value = self.seen();
                stmts.push(Stmt::text(format!("let _ = {value};")));
            }
        }
    }

    /// `self`, changed or moved away.
    fn use_of_host(&mut self, stmts: &mut Vec<Stmt>) {
        let host = |ty: &Ty| *ty.seen() == Ty::Host;
        let found = self.find(|scope, var| {
            let local = &scope.vars[var];
            host(&local.ty) && scope.free(var) && (local.mutable || matches!(local.ty, Ty::Mut(_)))
        });
        if let Some(var) = found {
            self.cover(Row::Method, var);
            let (name, id) = (self.name_of(var), self.id());
            stmts.push(Stmt::text(match self.random.below(3) {
                0 => format!("{name}.0 = d({id});"),
                1 => format!("{name}.0.change();"),
                _ => format!("{name}.1 += {};", self.random.below(4)),
            }));
        } else if let Some(taken) = self.taken(&Ty::Host) {
            self.rows.add(Row::Method);
            stmts.push(Stmt::text(format!("drop({taken});")));
        }
    }

    /// A reference is used no more, and what it borrowed is free.
    fn retire(&mut self) {
        let loops = self.loops();
        let refs = |ty: &Ty| ty.is_borrow();
        let found = self.find(|scope, var| {
            let local = &scope.vars[var];
            refs(&local.ty) && !local.retired && local.loops == loops && !local.name.is_empty()
        });
        if let Some(var) = found {
            self.scope.vars[var].retired = true;
        }
    }

    /// A way out, as an expression, with what must be put back before it.
    pub(super) fn exit(&mut self) -> String {
        self.statement_ends();
        let text = match self.random.below(10) {
            0 if self.native == 0 => format!("panic!(\"own {{}}\", {})", self.atom()),
            1..=7 if !self.around.is_empty() => self.leave(),
            _ => {
                self.rows.add(Row::Return);
                let output = self.output.clone();
                match output {
                    Ty::Unit => "return".into(),
                    output => format!("return {}", self.value(&output)),
                }
            }
        };
        self.statement_ends();
        self.ended = true;
        text
    }

    /// `return e.await`.
    fn return_of_an_await(&mut self) -> String {
        self.rows.add(Row::ReturnAwait);
        let output = self.output.clone();
        let value = self.awaited_value(&output);
        self.statement_ends();
        self.ended = true;
        format!("return {value}")
    }

    /// `if … { return …; }` and the like.
    fn early_exit(&mut self, stmts: &mut Vec<Stmt>) {
        let id = self.id();
        let condition = match self.random.below(4) {
            0 => self.condition(1),
            _ => format!("rare({id})"),
        };
        self.statement_ends();
        let vars = self.scope.vars.len();
        let before = self.scope.snapshot(vars);
        let mut stmt = Stmt::text(format!("if {condition} "));
        // Sometimes with an await in it, so that the branch is a state of its own.
        let mut inner = Vec::new();
        if self.random.chance(40) {
            inner = self.scoped_stmts(2);
        }
        let mut tail = None;
        if !self.ended {
            let exit = if self.random.chance(20) { self.return_of_an_await() } else { self.exit() };
            tail = Some(Stmt::text(format!("{exit};")));
        }
        stmt.block(crate::tree::Block { stmts: inner, tail });
        stmts.push(stmt);
        self.scope.vars.truncate(vars);
        self.scope.restore(&before);
        self.ended = false;
    }

    /// Statements whose locals the caller ends.
    fn scoped_stmts(&mut self, most: usize) -> Vec<Stmt> {
        self.depth += 1;
        let stmts = self.stmts(most);
        self.depth -= 1;
        stmts
    }

    fn macros(&mut self, stmts: &mut Vec<Stmt>) {
        match self.random.below(5) {
            0 => {
                let (a, b) = (self.num(1), self.num(1));
                stmts.push(Stmt::text(format!("assert!({a} + {b} < 100_000, \"never\");")));
            }
            1 => {
                let condition = self.compared_cast();
                stmts.push(Stmt::text(format!("assert!({condition});")));
            }
            2 => {
                if let Some(var) = self.readable(|ty| *ty == Ty::Num) {
                    self.cover(Row::Format, var);
                    let name = self.name_of(var);
                    stmts.push(Stmt::text(format!("assert_eq!({name}, {name} + 0, \"{{}}\", {name});")));
                }
            }
            3 => {
                if let Some(var) = self.readable(|ty| matches!(ty, Ty::D | Ty::List | Ty::Two)) {
                    self.cover(Row::Format, var);
                    let (name, id) = (self.name_of(var), self.id());
                    stmts.push(Stmt::text(format!("if rare({id}) {{ panic!(\"own {{{name}:?}} {{}}\", 3); }}")));
                }
            }
            _ => {
                let inner = self.num(2);
                stmts.push(Stmt::text(format!("text(&format!(\"{{:?}}\", vec![{inner}, 2]));")));
            }
        }
    }

    /// A comparison after `as`, which means something else without its parentheses.
    fn compared_cast(&mut self) -> String {
        match self.readable(|ty| *ty == Ty::Num) {
            Some(var) => {
                self.cover(Row::Cast, var);
                format!("({} as u8) < 200 || true", self.name_of(var))
            }
            None => "(3usize as u8) < 4".into(),
        }
    }
}
