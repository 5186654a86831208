//! Loops, and the jumps out of them.

use super::types::Ty;
use super::{Around, Writer};
use crate::rows::Row;
use crate::tree::{Block, Stmt};

impl Writer {
    pub(super) fn loops_(&mut self, stmts: &mut Vec<Stmt>) {
        let label = self.random.chance(35).then(|| format!("'l{}", self.id()));
        let prefix = label.as_ref().map_or_else(String::new, |label| format!("{label}: "));
        let (name, id) = (self.name(), self.id());
        // Where the body may fill the list again, it is asked whether to go on.
        let asks = || Some(Stmt::text(format!("if !more({id}) {{ break; }}")));
        let (head, pat, first) = match self.random.below(10) {
            0 | 1 => {
                self.rows.add(Row::While);
                let condition = match self.random.below(9) {
                    0 => format!("more({id}) && d({}).touch() != 3", self.id()),
                    1 => match self.readable(|ty| *ty == Ty::Num) {
                        Some(var) => {
                            self.cover(Row::Comparison, var);
                            format!("more({id}) && {} < 90", self.name_of(var))
                        }
                        None => format!("more({id})"),
                    },
                    2 => {
                        self.awaits += 1;
                        self.rows.add(Row::Await);
                        format!("wait({id}, 1, ()).await == () && more({id})")
                    }
                    3..=6 => format!("more({id}) && {}", self.lazy_of_a_loop()),
                    _ => format!("more({id})"),
                };
                (format!("while {condition} "), None, None)
            }
            2 => {
                self.rows.add(Row::WhileLet);
                match self.changeable(|ty| *ty == Ty::List) {
                    Some(var) if self.random.chance(50) => {
                        self.cover(Row::Receiver, var);
                        (format!("while let Some({name}) = {}.pop() ", self.name_of(var)), Some((Ty::D, None)), asks())
                    }
                    Some(var) => {
                        self.cover(Row::Borrow, var);
                        self.awaits += 1;
                        self.rows.add(Row::Await);
                        let list = self.name_of(var);
                        (
                            format!("while let Some({name}) = next(&mut {list}, {id}).await "),
                            Some((Ty::D, None)),
                            asks(),
                        )
                    }
                    None => {
                        self.awaits += 1;
                        self.rows.add(Row::Await);
                        let given = self.id();
                        let head =
                            format!("while let Some({name}) = wait({id}, 1, more({id}).then(|| d({given}))).await ");
                        (head, Some((Ty::D, None)), None)
                    }
                }
            }
            9 => {
                self.rows.add(Row::WhileLet);
                self.rows.add(Row::RefPattern);
                let given = self.id();
                let head = format!("while let (ref {name}, true) = (d({given}), more({id})) ");
                (head, Some((Ty::Ref(Box::new(Ty::D)), None)), None)
            }
            3 => {
                self.rows.add(Row::For);
                (format!("for {name} in 0..{} ", 1 + self.random.below(3)), Some((Ty::Num, None)), None)
            }
            4 => {
                self.rows.add(Row::For);
                let list = self.held(&Ty::List);
                (format!("for {name} in {list} "), Some((Ty::D, None)), None)
            }
            5 => {
                self.rows.add(Row::For);
                match self.readable(|ty| matches!(ty, Ty::List | Ty::Arr)) {
                    Some(var) => {
                        self.cover(Row::Receiver, var);
                        let how = if self.random.chance(50) { "&" } else { "" };
                        let list = self.name_of(var);
                        let list = if how.is_empty() { format!("{list}.iter()") } else { format!("&{list}") };
                        (format!("for {name} in {list} "), Some((Ty::Ref(Box::new(Ty::D)), Some(var))), None)
                    }
                    None => {
                        let value = self.awaited(&Ty::Arr);
                        (format!("for {name} in {value} "), Some((Ty::D, None)), None)
                    }
                }
            }
            6 => {
                self.rows.add(Row::For);
                let value = self.awaited(&Ty::List);
                (format!("for {name} in {value} "), Some((Ty::D, None)), None)
            }
            _ => {
                self.rows.add(Row::Loop);
                ("loop ".into(), None, asks())
            }
        };
        self.statement_ends();
        let block = self.loop_body(label, None, head == "loop ", |s| {
            if let Some((ty, of)) = pat {
                match of {
                    Some(of) => {
                        // What the loop itself borrows until it is over, whatever becomes of its variable.
                        s.declare_ref(String::new(), ty.clone(), of);
                        s.declare_ref(name, ty, of)
                    }
                    None => s.declare(name, ty, false),
                };
            }
            first.into_iter().collect()
        });
        let mut stmt = Stmt::text(format!("{prefix}{head}"));
        stmt.block(block);
        stmts.push(stmt);
    }

    /// What may be left out of a condition that is asked again and again: it moves nothing.
    fn lazy_of_a_loop(&mut self) -> String {
        self.awaits += 1;
        self.rows.add(Row::Await);
        self.rows.add(Row::WhileLazy);
        let (a, b) = (self.id(), self.id());
        match self.random.below(4) {
            0 => format!("wait({a}, 1, flip({b})).await"),
            1 => format!("(d({a}).touch() % 2 == 0 || wait({b}, 1, d({b})).await.touch() > 2)"),
            2 => format!("!(rare({a}) && wait({b}, 1, true).await)"),
            _ => format!("flip({a}) && d({a}).touch() > 2 && !wait({b}, 1, false).await"),
        }
    }

    /// `loop` with a value.
    pub(super) fn loop_value(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::Loop);
        self.rows.add(Row::BreakValue);
        let (label, id) = (self.random.chance(35).then(|| format!("'l{}", self.id())), self.id());
        let prefix = label.as_ref().map_or_else(String::new, |label| format!("{label}: "));
        let output = ty.clone();
        let block = self.loop_body(label, Some(ty.clone()), true, |s| {
            // Written while the loop is around: what it moves is gone after the loop.
            let vars = s.scope.vars.len();
            let before = s.scope.snapshot(vars);
            let value = if output == Ty::Unit { String::new() } else { s.value(&output) };
            s.statement_ends();
            s.note_exit(s.around.len() - 1);
            s.scope.restore(&before);
            vec![Stmt::text(format!("if !more({id}) {{ break {value}; }}"))]
        });
        let mut stmt = Stmt::text(format!("{prefix}loop "));
        stmt.block(block);
        stmt
    }

    /// The body of a loop; `first` begins it. `breaks`: only a `break` ends it.
    fn loop_body(
        &mut self,
        label: Option<String>,
        value: Option<Ty>,
        breaks: bool,
        first: impl FnOnce(&mut Self) -> Vec<Stmt>,
    ) -> Block {
        let vars = self.scope.vars.len();
        let entry = self.scope.snapshot(vars);
        let value = value.or(Some(Ty::Unit));
        self.around.push(Around {
            label,
            vars,
            entry: entry.clone(),
            exits: vec![entry.clone()],
            value,
            is_loop: true,
        });
        self.depth += 1;
        let awaits = self.awaits;
        let mut stmts = first(self);
        let count = 2 + self.random.below(4);
        stmts.extend(self.stmts(count));
        if self.awaits == awaits && !self.ended {
            let awaited = self.awaited(&Ty::Unit);
            stmts.push(Stmt::text(format!("{awaited};")));
        }
        if !self.ended {
            let around = self.around.len() - 1;
            stmts.extend(self.put_back(around).into_iter().map(Stmt::text));
        }
        self.depth -= 1;
        self.scope.vars.truncate(vars);
        // After it: as at its entry, or as where it was left.
        self.scope.restore(&entry);
        self.ended = breaks;
        self.left_at(vars);
        Block { stmts, tail: None }
    }

    /// Assigns again what the body of a loop took from outside of it.
    fn put_back(&mut self, around: usize) -> Vec<String> {
        let (vars, entry) = (self.around[around].vars, self.around[around].entry.clone());
        let taken: Vec<usize> = (0..vars).filter(|var| self.scope.vars[*var].gone && !entry.gone(*var)).collect();
        let mut lines = Vec::new();
        for var in taken {
            let ty = self.ty(var);
            let value = self.fresh(&ty);
            self.cover(Row::AssignGone, var);
            self.scope.vars[var].gone = false;
            lines.push(format!("{} = {value};", self.name_of(var)));
        }
        lines
    }

    fn note_exit(&mut self, around: usize) {
        let snapshot = self.scope.snapshot(self.around[around].vars);
        self.around[around].exits.push(snapshot);
    }

    /// `break` or `continue`, of the loops and blocks around.
    pub(super) fn leave(&mut self) -> String {
        let at = self.random.below(self.around.len());
        // Without a label a jump is for the innermost loop, and may not leave a labelled block.
        let innermost = self.around.iter().rposition(|around| around.is_loop).filter(|at| at + 1 == self.around.len());
        let label = match &self.around[at].label {
            Some(label) if innermost != Some(at) || self.random.chance(60) => {
                self.rows.add(Row::Label);
                format!(" {label}")
            }
            _ if innermost == Some(at) => String::new(),
            _ => return self.return_text(),
        };
        if self.around[at].is_loop && self.random.chance(70) {
            self.rows.add(Row::Continue);
            let mut lines = self.put_back(at);
            lines.push(format!("continue{label}"));
            return lines.join(" ");
        }
        let value = match self.around[at].value.clone() {
            Some(Ty::Unit) | None => String::new(),
            Some(ty) => {
                self.rows.add(Row::BreakValue);
                format!(" {}", self.value(&ty))
            }
        };
        self.note_exit(at);
        format!("break{label}{value}")
    }

    fn return_text(&mut self) -> String {
        self.rows.add(Row::Return);
        match self.output.clone() {
            Ty::Unit => "return".into(),
            output => format!("return {}", self.value(&output)),
        }
    }

    /// A loop without an await in it.
    pub(super) fn native_loop(&mut self, stmts: &mut Vec<Stmt>) {
        self.rows.add(Row::NativeLoop);
        let (id, made) = (self.id(), self.id());
        self.native += 1;
        let inner = self.seen();
        self.native -= 1;
        self.statement_ends();
        let vars = self.scope.vars.len();
        let before = self.scope.snapshot(vars);
        let exit = match self.random.below(3) {
            0 => "continue".into(),
            1 => "break".into(),
            _ => self.exit_of_native_loop(),
        };
        self.scope.restore(&before);
        self.ended = false;
        let head = match self.random.below(3) {
            0 => format!("for i in 0..3usize {{ let y = d({made}); if i == 1 && flip({id}) {{ {exit}; }} y.touch(); "),
            1 => format!("while more({id}) {{ let y = d({made}); if y.touch() > 4 {{ {exit}; }} "),
            _ => {
                format!(
                    "loop {{ let y = d({made}); if !more({id}) {{ break; }} if rare({id}) {{ {exit}; }} y.touch(); "
                )
            }
        };
        stmts.push(Stmt::text(format!("{head}let _ = {inner}; }}")));
    }

    /// Out of the loop, and of one that awaits around it.
    fn exit_of_native_loop(&mut self) -> String {
        let labelled: Vec<usize> = (0..self.around.len()).filter(|at| self.around[*at].label.is_some()).collect();
        if labelled.is_empty() || self.random.chance(40) {
            return self.return_text();
        }
        let at = *self.random.pick(&labelled);
        let label = self.around[at].label.clone().unwrap_or_default();
        self.rows.add(Row::Label);
        if self.around[at].is_loop && self.random.chance(50) {
            self.rows.add(Row::Continue);
            let mut lines = self.put_back(at);
            lines.push(format!("continue {label}"));
            return lines.join(" ");
        }
        let value = match self.around[at].value.clone() {
            Some(Ty::Unit) | None => String::new(),
            Some(ty) => {
                self.rows.add(Row::BreakValue);
                format!(" {}", self.value(&ty))
            }
        };
        self.note_exit(at);
        format!("break {label}{value}")
    }
}
