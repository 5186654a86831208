//! `let`, in all its forms, and assignments.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;
use crate::tree::Stmt;

const VALUES: &[Ty] = &[
    Ty::Num,
    Ty::Num,
    Ty::Num,
    Ty::D,
    Ty::D,
    Ty::D,
    Ty::D,
    Ty::Two,
    Ty::Pair,
    Ty::Opt,
    Ty::OptNum,
    Ty::OptNum,
    Ty::List,
    Ty::Boxed,
    Ty::Arr,
    Ty::Res,
    Ty::Bool,
];

impl Writer {
    /// A type that a local may have.
    pub(super) fn some_type(&mut self) -> Ty {
        match self.random.below(24) {
            0 => Ty::Buf(8 << self.random.below(6)),
            _ => self.random.pick(VALUES).clone(),
        }
    }

    /// `let x = value;`, without an await.
    pub(super) fn let_native(&mut self, stmts: &mut Vec<Stmt>) {
        let ty = match self.random.below(15) {
            0 | 4 => Ty::Fun,
            1 | 5 => Ty::FunBox,
            2 => Ty::Task,
            3 => Ty::Later(Box::new(self.random.pick(&[Ty::D, Ty::Num, Ty::Opt]).clone())),
            _ => self.some_type(),
        };
        let value = if self.random.chance(25)
            && let Some(questioned) = self.questioned_here(&ty)
        {
            questioned
        } else {
            self.value(&ty)
        };
        self.bind(stmts, ty, &value);
    }

    /// `let x = value;`.
    pub(super) fn bind(&mut self, stmts: &mut Vec<Stmt>, ty: Ty, value: &str) {
        let (name, mutable) = (self.name_for_let(), self.random.chance(60));
        let must = matches!(ty, Ty::FunBox | Ty::Res | Ty::Opt | Ty::OptNum | Ty::List | Ty::Buf(_));
        let typed = must || self.random.chance(30);
        let annotation = ty.name().filter(|_| typed).map_or_else(String::new, |name| format!(": {name}"));
        let mutability = if mutable { "mut " } else { "" };
        stmts.push(Stmt::text(format!("let {mutability}{name}{annotation} = {value};")));
        self.statement_ends();
        self.declare(name, ty, mutable);
    }

    /// `let x = e.await;`.
    pub(super) fn let_await(&mut self, stmts: &mut Vec<Stmt>) {
        self.rows.add(Row::AwaitInLet);
        match self.random.below(10) {
            0 => {
                let value = self.awaited(&Ty::Two);
                self.two_names(stmts, &value);
            }
            1 => {
                let (name, value) = (self.name_for_let(), self.awaited(&Ty::Pair));
                stmts.push(Stmt::text(format!("let Pair {{ a: {name}, .. }} = {value};")));
                self.declare(name, Ty::D, false);
            }
            2 => {
                self.rows.add(Row::ExtendedAwait);
                let ty = self.random.pick(&[Ty::D, Ty::Num, Ty::List]).clone();
                let (name, value) = (self.name_for_let(), self.awaited(&ty));
                stmts.push(Stmt::text(format!("let {name} = &{value};")));
                self.declare(name, Ty::Ref(Box::new(ty)), false);
            }
            3 => self.let_else(stmts, true),
            4 => {
                let condition = self.lazy_await();
                self.bind(stmts, Ty::Bool, &condition);
            }
            _ => {
                let ty = self.some_type();
                let value = self.awaited_value(&ty);
                self.bind(stmts, ty, &value);
            }
        }
    }

    fn two_names(&mut self, stmts: &mut Vec<Stmt>, value: &str) {
        let (a, b) = (self.name(), self.name());
        match self.random.below(4) {
            0 => {
                stmts.push(Stmt::text(format!("let ({a}, _) = {value};")));
                self.declare(a, Ty::D, false);
            }
            1 => {
                stmts.push(Stmt::text(format!("let ({a}, mut {b}) = {value};")));
                self.declare(a, Ty::D, false);
                self.declare(b, Ty::D, true);
            }
            _ => {
                stmts.push(Stmt::text(format!("let ({a}, {b}): (D, D) = {value};")));
                self.declare(a, Ty::D, false);
                self.declare(b, Ty::D, false);
            }
        }
    }

    /// A value taken apart.
    pub(super) fn let_parts(&mut self, stmts: &mut Vec<Stmt>) {
        match self.random.below(8) {
            0 => {
                self.old(stmts, Ty::Two);
                if let Some(taken) = self.consumed(&Ty::Two, Row::ConsumeMatch) {
                    self.two_names(stmts, &taken);
                }
            }
            1 => {
                self.old(stmts, Ty::Pair);
                if let Some(taken) = self.consumed(&Ty::Pair, Row::ConsumeMatch) {
                    let (a, b) = (self.name(), self.name());
                    stmts.push(Stmt::text(format!("let Pair {{ a: mut {a}, b: {b} }} = {taken};")));
                    self.declare(a, Ty::D, true);
                    self.declare(b, Ty::Num, false);
                }
            }
            2 => {
                let var = self.old(stmts, Ty::Two);
                self.cover(Row::Destructure, var);
                let (a, of) = (self.name(), self.name_of(var));
                stmts.push(Stmt::text(format!("let (ref {a}, _) = {of};")));
                self.declare_ref(a, Ty::Ref(Box::new(Ty::D)), var);
            }
            3 => {
                let var = self.old(stmts, Ty::Pair);
                self.cover(Row::Destructure, var);
                let (a, b, of) = (self.name(), self.name(), self.name_of(var));
                stmts.push(Stmt::text(format!("let Pair {{ a: {a}, b: {b} }} = &{of};")));
                self.declare_ref(a, Ty::Ref(Box::new(Ty::D)), var);
                self.declare_ref(b, Ty::Ref(Box::new(Ty::Num)), var);
            }
            4 => {
                let var = self.old(stmts, Ty::Arr);
                self.cover(Row::Destructure, var);
                let (a, of) = (self.name(), self.name_of(var));
                stmts.push(Stmt::text(format!("let [.., {a}] = &{of};")));
                self.declare_ref(a, Ty::Ref(Box::new(Ty::D)), var);
            }
            5 => {
                let (var, at) = (self.old(stmts, Ty::Arr), self.old(stmts, Ty::Num));
                self.cover(Row::Index, var);
                self.cover(Row::IndexOperand, at);
                let (name, of) = (self.name(), self.name_of(var));
                stmts.push(Stmt::text(format!("let {name} = &{of}[{} % 2];", self.name_of(at))));
                self.declare_ref(name, Ty::Ref(Box::new(Ty::D)), var);
            }
            6 => {
                let var = self.old(stmts, Ty::List);
                let name = self.name();
                stmts.push(Stmt::text(format!("let {name} = &{};", self.name_of(var))));
                let list = self.declare_ref(name.clone(), Ty::Ref(Box::new(Ty::List)), var);
                let awaited = self.awaited(&Ty::Unit);
                stmts.push(Stmt::text(format!("{awaited};")));
                self.cover(Row::Coerced, list);
                stmts.push(Stmt::text(format!("all({name});")));
            }
            _ => self.let_else(stmts, false),
        }
    }

    /// `let Some(x) = … else { … };`.
    fn let_else(&mut self, stmts: &mut Vec<Stmt>, awaits: bool) {
        let value = if awaits {
            self.awaited(&Ty::Opt)
        } else {
            match self.consumed(&Ty::Opt, Row::ConsumeMatch) {
                // In parentheses: a brace may not stand before `else`.
                Some(taken) => format!("({taken})"),
                None => return,
            }
        };
        self.rows.add(Row::LetElse);
        self.statement_ends();
        let vars = self.scope.vars.len();
        let before = self.scope.snapshot(vars);
        let exit = self.exit();
        self.scope.restore(&before);
        self.ended = false;
        let name = self.name();
        stmts.push(Stmt::text(format!("let Some({name}) = {value} else {{ {exit} }};")));
        self.declare(name, Ty::D, false);
    }

    /// References that stay.
    pub(super) fn let_reference(&mut self, stmts: &mut Vec<Stmt>) {
        let owned =
            |ty: &Ty| matches!(ty, Ty::D | Ty::Num | Ty::Two | Ty::Pair | Ty::Opt | Ty::List | Ty::Boxed | Ty::Arr);
        let name = self.name_for_let();
        match self.random.below(10) {
            0 | 1 => {
                self.rows.add(Row::Extended);
                let ty = self.random.pick(&[Ty::D, Ty::List, Ty::Two]).clone();
                let (mutable, value) = (self.random.chance(40), self.made_or_fresh(&ty));
                if mutable {
                    stmts.push(Stmt::text(format!("let {name} = &mut {value};")));
                    self.declare(name, Ty::Mut(Box::new(ty)), false);
                } else {
                    stmts.push(Stmt::text(format!("let {name} = &{value};")));
                    self.declare(name, Ty::Ref(Box::new(ty)), false);
                }
            }
            2 => {
                if let Some(var) = self.readable(|ty| matches!(ty, Ty::List | Ty::Arr)) {
                    self.cover(Row::Borrow, var);
                    stmts.push(Stmt::text(format!("let {name}: &[D] = &{};", self.name_of(var))));
                    self.declare_ref(name, Ty::Slice, var);
                }
            }
            3 => {
                if let Some(var) = self.readable(owned) {
                    self.cover(Row::Borrow, var);
                    stmts.push(Stmt::text(format!("let {name}: &dyn core::fmt::Debug = &{};", self.name_of(var))));
                    self.declare_ref(name, Ty::Any, var);
                }
            }
            4 | 5 => {
                if let Some(var) = self.changeable(|ty| owned(ty) && !matches!(ty, Ty::Num)) {
                    self.cover(Row::Borrow, var);
                    stmts.push(Stmt::text(format!("let {name} = &mut {};", self.name_of(var))));
                    let ty = Ty::Mut(Box::new(self.ty(var)));
                    self.declare_ref(name, ty, var);
                }
            }
            6 => {
                if let Some(var) = self.readable(|ty| matches!(ty, Ty::Ref(_))) {
                    self.cover(Row::ScalarByValue, var);
                    stmts.push(Stmt::text(format!("let {name} = {};", self.name_of(var))));
                    let ty = self.ty(var);
                    self.declare_ref(name, ty, var);
                }
            }
            _ => {
                if let Some(var) = self.readable(owned) {
                    self.cover(Row::Borrow, var);
                    stmts.push(Stmt::text(format!("let {name} = &{};", self.name_of(var))));
                    let ty = Ty::Ref(Box::new(self.ty(var)));
                    self.declare_ref(name, ty, var);
                }
            }
        }
    }

    /// A local that is written through a reference on both sides of an await. A reference to the whole frame, made in between,
    /// would end the first; nothing shows it but Miri.
    pub(super) fn let_exclusive(&mut self, stmts: &mut Vec<Stmt>) {
        let (local, reference, value) = (self.name(), self.name(), self.fresh(&Ty::D));
        stmts.push(Stmt::text(format!("let mut {local} = {value};")));
        let var = self.declare(local.clone(), Ty::D, true);
        stmts.push(Stmt::text(format!("let {reference} = &mut {local}; {reference}.change();")));
        let var = self.declare_ref(reference.clone(), Ty::Mut(Box::new(Ty::D)), var);
        self.only_await(stmts);
        if !self.scope.vars[var].gone && self.scope.free(var) {
            self.cover(Row::Exclusive, var);
            stmts.push(Stmt::text(format!("{reference}.change();")));
        }
    }

    fn made_or_fresh(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Two => format!("({}, {})", self.value(&Ty::D), self.value(&Ty::D)),
            _ => self.fresh(ty),
        }
    }

    /// `x = value;`, in all its forms.
    pub(super) fn assignment(&mut self, stmts: &mut Vec<Stmt>) {
        match self.random.below(10) {
            0..=4 => {
                let Some(var) = self.find(|scope, var| scope.assignable(var) && scope.vars[var].ty.is_plain()) else {
                    return;
                };
                let ty = self.ty(var);
                let awaits = self.random.chance(40);
                let value = if awaits { self.awaited_value(&ty) } else { self.value(&ty) };
                if awaits {
                    self.rows.add(Row::AwaitInAssign);
                }
                self.cover(if self.scope.vars[var].gone { Row::AssignGone } else { Row::Assign }, var);
                // What is made of the old value is moved out of it first; nobody may look at it.
                if self.scope.assignable(var) {
                    stmts.push(Stmt::text(format!("{} = {value};", self.name_of(var))));
                    self.scope.vars[var].gone = false;
                } else {
                    stmts.push(Stmt::text(format!("let _ = {value};")));
                }
            }
            5 | 6 => {
                if let Some(var) = self.changeable(|ty| *ty == Ty::Num) {
                    let name = self.name_of(var);
                    self.cover(Row::AssignPart, var);
                    if self.random.chance(50) {
                        self.rows.add(Row::AwaitInAssign);
                        let value = self.awaited_num();
                        stmts.push(Stmt::text(format!("{name} += {value};")));
                    } else {
                        let value = self.num(2);
                        stmts.push(Stmt::text(format!("{name} += {value};")));
                    }
                }
            }
            7 => {
                let var = self.old(stmts, Ty::Two);
                let value = self.value(&Ty::D);
                let name = self.name_of(var);
                // The value may have taken the local itself.
                if self.scope.vars[var].gone {
                    stmts.push(Stmt::text(format!("let _ = {value};")));
                } else {
                    self.cover(Row::AssignPart, var);
                    stmts.push(Stmt::text(format!("{name}.{} = {value};", self.random.below(2))));
                }
            }
            8 => {
                let mutable = |ty: &Ty| *ty == Ty::Mut(Box::new(Ty::D));
                if let Some(var) = self.find(|scope, var| scope.free(var) && mutable(&scope.vars[var].ty)) {
                    let value = self.value(&Ty::D);
                    self.cover(Row::Deref, var);
                    self.cover(Row::AssignPart, var);
                    stmts.push(Stmt::text(format!("*{} = {value};", self.name_of(var))));
                }
            }
            _ => {
                let var = self.old(stmts, Ty::Pair);
                self.cover(Row::AssignPart, var);
                let value = if self.random.chance(50) { self.awaited_num() } else { self.atom() };
                if self.scope.vars[var].gone {
                    stmts.push(Stmt::text(format!("let _ = {value};")));
                } else {
                    stmts.push(Stmt::text(format!("{}.b += {value};", self.name_of(var))));
                }
            }
        }
    }
}
