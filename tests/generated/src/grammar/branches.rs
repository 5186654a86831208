//! `if`, `if let`, `match`, blocks.

use super::types::Ty;
use super::{Around, Writer};
use crate::rows::Row;
use crate::tree::{Block, Stmt};

impl Writer {
    /// Branches as a statement, or as the value of a `let`.
    pub(super) fn branches(&mut self, stmts: &mut Vec<Stmt>) {
        if self.random.chance(60) {
            let stmt = self.branching(&Ty::Unit);
            stmts.push(stmt);
            return;
        }
        self.let_branches(stmts);
    }

    fn let_branches(&mut self, stmts: &mut Vec<Stmt>) {
        let name = self.name_for_let();
        if self.random.chance(12)
            && let (Some(a), Some(b)) = (self.readable(|ty| *ty == Ty::D), self.readable(|ty| *ty == Ty::D))
        {
            return self.let_reference_of_branches(stmts, name, a, b);
        }
        if self.random.chance(15) {
            return self.let_coerced(stmts, name);
        }
        self.rows.add(Row::BranchValue);
        let ty = self.some_type();
        let annotation = ty.name().map_or_else(String::new, |name| format!(": {name}"));
        let mutable = self.random.chance(50);
        let value = self.branch_value(&ty);
        let mut stmt = Stmt::text(format!("let {}{name}{annotation} = ", if mutable { "mut " } else { "" }));
        stmt.append(value);
        stmt.push(";");
        stmts.push(stmt);
        if !self.ended {
            self.declare(name, ty, mutable);
        }
    }

    /// A reference to one of two locals.
    fn let_reference_of_branches(&mut self, stmts: &mut Vec<Stmt>, name: String, a: usize, b: usize) {
        self.rows.add(Row::BranchValue);
        self.cover(Row::Borrow, a);
        let (condition, awaited) = (self.condition(0), self.awaited(&Ty::Unit));
        if !self.scope.readable(a) || !self.scope.readable(b) {
            stmts.push(Stmt::text(format!("let _ = {condition};")));
            stmts.push(Stmt::text(format!("{awaited};")));
            return;
        }
        let (of_a, of_b) = (self.name_of(a), self.name_of(b));
        stmts.push(Stmt::text(format!("let {name} = if {condition} {{ {awaited}; &{of_a} }} else {{ &{of_b} }};")));
        let var = self.declare_ref(name, Ty::Ref(Box::new(Ty::D)), a);
        let more = [self.scope.vars[b].targets.clone(), vec![b]].concat();
        self.scope.vars[var].targets.extend(more);
    }

    /// A value that its branches coerce to the declared type.
    fn let_coerced(&mut self, stmts: &mut Vec<Stmt>, name: String) {
        self.rows.add(Row::BranchCoerced);
        let (condition, awaited) = (self.condition(0), self.awaited(&Ty::Unit));
        self.statement_ends();
        let closures = self.fork(2, |s, _| s.value(&Ty::FunBox));
        stmts.push(Stmt::text(format!(
            "let {name}: Box<dyn Fn(usize) -> usize> = if {condition} {{ {awaited}; {} }} else {{ {} }};",
            closures[0], closures[1]
        )));
        self.declare(name, Ty::FunBox, false);
    }

    /// Something with blocks in it, of that type.
    pub(super) fn branch_value(&mut self, ty: &Ty) -> Stmt {
        match self.random.below(10) {
            0 => self.labelled_block(ty),
            1 => self.loop_value(ty),
            2 => {
                let mut stmt = Stmt::default();
                let block = self.block(3, ty);
                stmt.block(block);
                stmt
            }
            _ => self.branching(ty),
        }
    }

    fn branching(&mut self, ty: &Ty) -> Stmt {
        match self.random.below(12) {
            0..=4 => self.if_(ty),
            5..=7 => self.if_let(ty),
            8 => self.native_branches(ty),
            _ => self.match_(ty),
        }
    }

    /// One branch each, of two.
    fn two(&mut self, ty: &Ty, first: impl Fn(&mut Self)) -> Vec<Block> {
        self.fork(2, |s, n| {
            if n == 0 {
                first(s);
            }
            let awaits = s.awaits;
            let mut block = s.block(4, ty);
            if n == 0 && s.awaits == awaits && !s.ended {
                // At least one branch awaits.
                let awaited = s.awaited(&Ty::Unit);
                block.stmts.push(Stmt::text(format!("{awaited};")));
            }
            block
        })
    }

    fn if_(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::If);
        let condition = match self.random.below(10) {
            0 | 1 => {
                self.rows.add(Row::Lazy);
                self.rows.add(Row::ConditionTemporary);
                self.lazy()
            }
            2 => {
                self.rows.add(Row::ConditionTemporary);
                format!("d({}).touch() > 2", self.id())
            }
            3 | 4 => self.awaited_condition(),
            5 | 6 => self.lazy_await(),
            _ => self.condition(2),
        };
        self.statement_ends();
        let blocks = self.two(ty, |_| {});
        let mut stmt = Stmt::text(format!("if {condition} "));
        self.put(&mut stmt, blocks, *ty == Ty::Unit);
        stmt
    }

    fn put(&mut self, stmt: &mut Stmt, blocks: Vec<Block>, may_end: bool) {
        let mut blocks = blocks.into_iter();
        stmt.0.extend(blocks.next().map(crate::tree::Part::Block));
        if let Some(otherwise) =
            blocks.next().filter(|block| !may_end || !block.stmts.is_empty() || block.tail.is_some())
        {
            stmt.push(" else ");
            stmt.block(otherwise);
        }
    }

    fn if_let(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::IfLet);
        let name = self.name();
        // What is looked at, and what the name is then.
        let (value, pat, inner, of) = match self.random.below(7) {
            0 => match self.consumed(&Ty::Opt, Row::ConsumeMatch) {
                Some(taken) => (taken, format!("Some({name})"), Ty::D, None),
                None => (self.awaited(&Ty::Opt), format!("Some(mut {name})"), Ty::D, None),
            },
            1 => match self.readable(|ty| *ty == Ty::Opt) {
                Some(var) => {
                    self.cover(Row::Borrow, var);
                    (format!("&{}", self.name_of(var)), format!("Some({name})"), Ty::Ref(Box::new(Ty::D)), Some(var))
                }
                None => (self.awaited(&Ty::Opt), format!("Some({name})"), Ty::D, None),
            },
            2 => match self.changeable(|ty| *ty == Ty::Opt) {
                Some(var) => {
                    self.cover(Row::Borrow, var);
                    (
                        format!("&mut {}", self.name_of(var)),
                        format!("Some({name})"),
                        Ty::Mut(Box::new(Ty::D)),
                        Some(var),
                    )
                }
                None => (self.awaited(&Ty::OptNum), format!("Some({name})"), Ty::Num, None),
            },
            3 => match self.changeable(|ty| *ty == Ty::List) {
                Some(var) => {
                    self.cover(Row::Receiver, var);
                    (format!("{}.pop()", self.name_of(var)), format!("Some({name})"), Ty::D, None)
                }
                None => (self.awaited(&Ty::Opt), format!("Some({name})"), Ty::D, None),
            },
            4 => match self.readable(|ty| *ty == Ty::OptNum) {
                Some(var) => {
                    self.cover(Row::Scrutinee, var);
                    (self.name_of(var), format!("Some({name})"), Ty::Num, None)
                }
                None => (self.awaited(&Ty::Opt), format!("Some({name})"), Ty::D, None),
            },
            5 => match self.readable(|ty| *ty == Ty::List) {
                Some(var) => {
                    self.cover(Row::Receiver, var);
                    (
                        format!("{}.first()", self.name_of(var)),
                        format!("Some({name})"),
                        Ty::Ref(Box::new(Ty::D)),
                        Some(var),
                    )
                }
                None => (format!("half(number({}))", self.id()), format!("Some({name})"), Ty::Num, None),
            },
            _ if self.random.chance(40) => {
                self.rows.add(Row::RefPattern);
                (self.awaited(&Ty::Opt), format!("Some(ref {name})"), Ty::Ref(Box::new(Ty::D)), None)
            }
            _ => (self.awaited(&Ty::Opt), format!("Some({name})"), Ty::D, None),
        };
        self.statement_ends();
        let mutable = pat.contains("mut");
        let blocks = self.two(ty, |s| match of {
            Some(of) => {
                s.declare_ref(name.clone(), inner.clone(), of);
            }
            None => {
                s.declare(name.clone(), inner.clone(), mutable);
            }
        });
        let mut stmt = Stmt::text(format!("if let {pat} = {value} "));
        self.put(&mut stmt, blocks, *ty == Ty::Unit);
        stmt
    }

    fn match_(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::Match);
        /// A pattern, and what its names are: a name, a type, the local that it borrows.
        type Arm = (String, Vec<(String, Ty, Option<usize>)>);
        let (a, b) = (self.name(), self.name());
        let (value, arms): (String, Vec<Arm>) = match self.random.below(9) {
            0 | 1 => {
                let value =
                    if self.random.chance(30) { self.awaited(&Ty::Num) } else { format!("number({}) % 3", self.id()) };
                let arms = vec![("0".into(), vec![]), ("1 | 4".into(), vec![]), (a.clone(), vec![(a, Ty::Num, None)])];
                (value, arms)
            }
            2 => {
                let value = match self.consumed(&Ty::Opt, Row::ConsumeMatch) {
                    Some(taken) => taken,
                    None => self.awaited(&Ty::Opt),
                };
                (value, vec![(format!("Some({a})"), vec![(a, Ty::D, None)]), ("None".into(), vec![])])
            }
            8 => {
                self.rows.add(Row::RefPattern);
                let (ty, n) = (Ty::Ref(Box::new(Ty::D)), self.id());
                let arms = vec![
                    (format!("(ref {a}, true)"), vec![(a.clone(), ty.clone(), None)]),
                    (format!("(ref {a}, false)"), vec![(a, ty, None)]),
                ];
                (format!("(d({n}), flip({}))", self.id()), arms)
            }
            3 => {
                let value = match self.consumed(&Ty::Res, Row::ConsumeMatch) {
                    Some(taken) => taken,
                    None => self.awaited(&Ty::Res),
                };
                let error = self.name();
                let arms = vec![(format!("Ok(mut {a})"), vec![(a, Ty::D, None)]), (format!("Err({error})"), vec![])];
                (value, arms)
            }
            4 => match self.readable(|ty| *ty == Ty::Opt) {
                Some(var) => {
                    self.cover(Row::Borrow, var);
                    let arms = vec![
                        ("None".into(), vec![]),
                        (format!("Some({a})"), vec![(a, Ty::Ref(Box::new(Ty::D)), Some(var))]),
                    ];
                    (format!("&{}", self.name_of(var)), arms)
                }
                None => (self.awaited(&Ty::Bool), vec![("true".into(), vec![]), ("_".into(), vec![])]),
            },
            5 => match self.readable(|ty| *ty == Ty::Pair) {
                Some(var) => {
                    self.cover(Row::Borrow, var);
                    let names = vec![
                        (a.clone(), Ty::Ref(Box::new(Ty::D)), Some(var)),
                        (b.clone(), Ty::Ref(Box::new(Ty::Num)), Some(var)),
                    ];
                    let arms = vec![
                        (format!("Pair {{ a: {a}, b: {b} @ (0 | 2) }}"), names.clone()),
                        (format!("Pair {{ a: {a}, b: {b} }}"), names),
                    ];
                    (format!("&{}", self.name_of(var)), arms)
                }
                None => (
                    format!("({}, flip({}))", self.atom(), self.id()),
                    vec![("(1, true)".into(), vec![]), (format!("({a}, _)"), vec![(a, Ty::Num, None)])],
                ),
            },
            6 => match self.readable(|ty| *ty == Ty::OptNum) {
                Some(var) => {
                    self.cover(Row::Scrutinee, var);
                    let arms = vec![(format!("Some({a})"), vec![(a, Ty::Num, None)]), ("None".into(), vec![])];
                    (self.name_of(var), arms)
                }
                None => (format!("number({})", self.id()), vec![("2..=4".into(), vec![]), ("_".into(), vec![])]),
            },
            _ => (format!("flip({})", self.id()), vec![("true".into(), vec![]), ("false".into(), vec![])]),
        };
        self.statement_ends();
        let mut stmt = Stmt::text(format!("match {value} {{ "));
        let mut guarded: Vec<(Arm, Option<String>)> = Vec::new();
        for arm in arms {
            if self.random.chance(15) {
                self.rows.add(Row::ArmGuard);
                let with_value = arm.1.first().filter(|(_, ty, _)| *ty == Ty::D).map(|(name, ..)| name.clone());
                let guard = match with_value {
                    Some(name) => format!("{name}.touch() > 3 && {}", self.native_condition()),
                    None => self.native_condition(),
                };
                self.statement_ends();
                guarded.push((arm.clone(), Some(guard)));
            }
            guarded.push((arm, None));
        }
        let awaits = self.awaits;
        let last = guarded.len() - 1;
        let blocks = self.fork(guarded.len(), |s, n| {
            for (name, ty, of) in &guarded[n].0.1 {
                let var = match of {
                    Some(of) => s.declare_ref(name.clone(), ty.clone(), *of),
                    None => s.declare(name.clone(), ty.clone(), guarded[n].0.0.contains("mut")),
                };
                s.scope.vars[var].born = s.awaits;
            }
            let mut block = s.block(3, ty);
            if n == last && s.awaits == awaits && !s.ended {
                let awaited = s.awaited(&Ty::Unit);
                block.stmts.push(Stmt::text(format!("{awaited};")));
            }
            block
        });
        for (((pat, _), guard), block) in guarded.into_iter().zip(blocks) {
            let guard = guard.map_or_else(String::new, |guard| format!(" if {guard}"));
            stmt.push(format!("{pat}{guard} => "));
            stmt.block(block);
            stmt.push(" ");
        }
        stmt.push("}");
        stmt
    }

    /// One that moves nothing.
    fn native_condition(&mut self) -> String {
        self.native += 1;
        let condition = self.condition(1);
        self.native -= 1;
        condition
    }

    /// An await in the condition or the scrutinee, and none in the branches.
    fn native_branches(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::ConditionAwaits);
        let how = self.random.below(3);
        let head = match how {
            0 => format!("if {}", self.awaited_condition()),
            1 => format!("if let Some(y) = {}", self.awaited(&Ty::Opt)),
            _ => format!("match {}", self.awaited(&Ty::Opt)),
        };
        self.statement_ends();
        let values = self.fork(2, |s, _| {
            let value = s.value(ty);
            s.statement_ends();
            value
        });
        Stmt::text(match how {
            0 => format!("{head} {{ {} }} else {{ {} }}", values[0], values[1]),
            1 => format!("{head} {{ y.touch(); {} }} else {{ {} }}", values[0], values[1]),
            _ => format!("{head} {{ Some(y) if y.touch() > 3 => {{ {} }} _ => {{ {} }} }}", values[0], values[1]),
        })
    }

    pub(super) fn inner_block(&mut self, stmts: &mut Vec<Stmt>) {
        if self.random.chance(40) {
            let stmt = self.labelled_block(&Ty::Unit);
            stmts.push(stmt);
            return;
        }
        let mut stmt = Stmt::default();
        let block = self.block(4, &Ty::Unit);
        stmt.block(block);
        stmts.push(stmt);
    }

    /// `'label: { … }`.
    fn labelled_block(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::LabelledBlock);
        let label = format!("'l{}", self.id());
        let vars = self.scope.vars.len();
        let entry = self.scope.snapshot(vars);
        self.around.push(Around {
            label: Some(label.clone()),
            vars,
            entry,
            exits: Vec::new(),
            value: Some(ty.clone()),
            is_loop: false,
        });
        let awaits = self.awaits;
        let mut block = self.block(4, ty);
        if self.awaits == awaits && !self.ended {
            let awaited = self.awaited(&Ty::Unit);
            block.stmts.push(Stmt::text(format!("{awaited};")));
        }
        self.left_at(vars);
        let mut stmt = Stmt::text(format!("{label}: "));
        stmt.block(block);
        stmt
    }

    /// Merges what is known at the end of a loop or block with what is known where it was left.
    pub(super) fn left_at(&mut self, vars: usize) {
        let Some(around) = self.around.pop() else { return };
        let mut exits = around.exits.into_iter();
        let mut merged = if self.ended { exits.next() } else { Some(self.scope.snapshot(vars)) };
        for exit in exits {
            if let Some(merged) = &mut merged {
                merged.merge(&exit);
            }
        }
        self.ended = merged.is_none();
        if let Some(merged) = merged {
            self.scope.restore(&merged);
        }
    }
}
