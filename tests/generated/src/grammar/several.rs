//! Several futures in one: `join!`, `try_join!`, `select!`.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;
use crate::tree::Stmt;

/// What a branch of a `select!` begins with: `pattern = future, if condition`, and what its pattern binds.
type Head = (String, Vec<(String, Ty)>);

impl Writer {
    pub(super) fn several(&mut self, stmts: &mut Vec<Stmt>) {
        let checked = matches!(self.output, Ty::Checked);
        match self.random.below(10) {
            0..=3 if checked => self.let_tried(stmts),
            0..=4 => self.let_joined(stmts),
            5..=7 => {
                let stmt = self.select(&Ty::Unit);
                stmts.push(stmt);
            }
            _ => self.let_selected(stmts),
        }
    }

    /// A future that is not awaited yet.
    fn future(&mut self, ty: &Ty) -> String {
        if self.random.chance(30)
            && let Some(call) = self.called(ty)
            && let Some(future) = call.strip_suffix(".await")
        {
            return future.to_owned();
        }
        if self.random.chance(30)
            && *ty == Ty::Opt
            && let Some(list) = self.changeable(|ty| *ty == Ty::List)
        {
            self.cover(Row::Borrow, list);
            self.scope.busy.push((list, true));
            return format!("next(&mut {}, {})", self.name_of(list), self.id());
        }
        self.waiting(ty)
    }

    /// `let (a, b) = join!(…, …);`
    fn let_joined(&mut self, stmts: &mut Vec<Stmt>) {
        self.rows.add(Row::Join);
        let types: Vec<Ty> = (0..1 + self.random.below(3)).map(|_| self.some_type()).collect();
        let futures: Vec<String> = types.iter().map(|ty| self.future(ty)).collect();
        self.ends_waiting();
        let (joined, ignored) = (futures.join(", "), self.random.chance(20));
        if ignored {
            return stmts.push(Stmt::text(format!("join!({joined});")));
        }
        let names: Vec<String> = types.iter().map(|_| self.name()).collect();
        let mutable = self.random.chance(50);
        let bound: String = names.iter().map(|name| format!("{}{name}, ", if mutable { "mut " } else { "" })).collect();
        stmts.push(Stmt::text(format!("let ({bound}) = join!({joined});")));
        for (name, ty) in names.into_iter().zip(types) {
            self.declare(name, ty, mutable);
        }
    }

    /// `let (a, b) = try_join!(…, …)?;`
    fn let_tried(&mut self, stmts: &mut Vec<Stmt>) {
        self.rows.add(Row::TryJoin);
        self.rows.add(Row::Question);
        let (a, b) = (self.waiting(&Ty::Res), self.waiting(&Ty::Res));
        self.ends_waiting();
        let names = [self.name(), self.name()];
        stmts.push(Stmt::text(format!("let ({}, {}) = try_join!({a}, {b})?;", names[0], names[1])));
        for name in names {
            self.declare(name, Ty::D, false);
        }
    }

    fn let_selected(&mut self, stmts: &mut Vec<Stmt>) {
        let (name, ty) = (self.name(), self.some_type());
        let annotation = ty.name().map_or_else(String::new, |name| format!(": {name}"));
        let mut stmt = Stmt::text(format!("let {name}{annotation} = "));
        let value = self.select(&ty);
        stmt.append(value);
        stmt.push(";");
        stmts.push(stmt);
        if !self.ended {
            self.declare(name, ty, false);
        }
    }

    /// In the order in which they stand: another order would be another one in each drive.
    fn select(&mut self, ty: &Ty) -> Stmt {
        self.rows.add(Row::Select);
        let heads: Vec<Head> = (0..1 + self.random.below(3)).map(|_| self.head_of_a_branch()).collect();
        self.ends_waiting();
        let awaits = self.awaits;
        let blocks = self.fork(heads.len() + 1, |s, n| {
            for (name, ty) in heads.get(n).map_or(&[][..], |(_, names)| names) {
                let var = s.declare(name.clone(), ty.clone(), false);
                s.scope.vars[var].born = s.awaits;
            }
            s.block(3, ty)
        });
        if self.awaits > awaits {
            self.rows.add(Row::SelectAwait);
        }
        let mut stmt = Stmt::text("select! { biased; ");
        for (head, block) in heads.iter().map(|(head, _)| &**head).chain(["else"]).zip(blocks) {
            stmt.push(format!("{head} => "));
            stmt.block(block);
            stmt.push(" ");
        }
        stmt.push("}");
        stmt
    }

    fn head_of_a_branch(&mut self) -> Head {
        let name = self.name();
        let (pat, ty, bound) = match self.random.below(8) {
            0 => (name.clone(), Ty::Num, Some(Ty::Num)),
            1 | 2 => (format!("Some({name})"), Ty::Opt, Some(Ty::D)),
            3 => (String::from("_"), Ty::D, None),
            4 => (format!("({name}, _)"), Ty::Two, Some(Ty::D)),
            5 => (format!("{name} @ 1..=3"), Ty::Num, Some(Ty::Num)),
            6 => (format!("Pair {{ a: {name}, .. }}"), Ty::Pair, Some(Ty::D)),
            _ => (name.clone(), Ty::D, Some(Ty::D)),
        };
        let future = self.future(&ty);
        let condition = if self.random.chance(35) {
            self.native += 1;
            let condition = self.condition(1);
            self.native -= 1;
            format!(", if {condition}")
        } else {
            String::new()
        };
        (format!("{pat} = {future}{condition}"), bound.map(|ty| (name, ty)).into_iter().collect())
    }

    fn ends_waiting(&mut self) {
        self.rows.add(Row::Await);
        self.awaits += 1;
        self.statement_ends();
    }
}
