//! Values that are moved to where they are needed.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;

/// Stands for the path of the type that a method belongs to.
pub(crate) const HOST: &str = "$Host";

impl Writer {
    /// A value made of nothing that is there.
    pub(super) fn fresh(&mut self, ty: &Ty) -> String {
        let id = self.id();
        match ty {
            Ty::Unit => "()".into(),
            Ty::Num => format!("number({id})"),
            Ty::Bool => format!("flip({id})"),
            Ty::D => format!("d({id})"),
            Ty::Two => format!("(d({id}), d({}))", self.id()),
            Ty::Pair => format!("Pair {{ a: d({id}), b: {} }}", id % 9),
            Ty::Opt => format!("Some(d({id}))"),
            Ty::OptNum => format!("half(number({id}))"),
            Ty::List => format!("vec![d({id}), d({})]", self.id()),
            Ty::Boxed => format!("Box::new(d({id}))"),
            Ty::Arr => format!("[d({id}), d({})]", self.id()),
            Ty::Buf(n) => format!("[{}u8; {n}]", id % 200),
            Ty::Res => {
                let error = self.id();
                format!("if flip({id}) {{ Ok::<D, E>(d({id})) }} else {{ Err(E(d({error}))) }}")
            }
            Ty::Checked => format!("Ok(number({id}))"),
            Ty::Later(inner) => {
                let pending = self.random.below(3);
                format!("wait({id}, {pending}, {})", self.fresh(inner))
            }
            Ty::FunBox => format!("Box::new(|m: usize| m + {})", id % 5),
            Ty::Fun => format!("move |m: usize| m + {}", id % 5),
            Ty::Task => format!("async move {{ wait({id}, 1, {}).await }}", id % 9),
            // Where the caller is: it knows the module.
            Ty::Host => format!("{HOST}(d({id}), {})", id % 9),
            Ty::Gen => format!("d({id})"),
            Ty::Ref(_) | Ty::Mut(_) | Ty::Slice | Ty::Any => unreachable!("no fresh value of {ty:?}"),
        }
    }

    /// A local by value.
    pub(super) fn taken(&mut self, wanted: &Ty) -> Option<String> {
        let var = if wanted.is_copy() {
            self.readable(|ty| ty == wanted)?
        } else {
            let var = self.movable(|ty| ty == wanted)?;
            self.scope.vars[var].gone = true;
            var
        };
        self.cover(if wanted.is_copy() { Row::ScalarByValue } else { Row::ByValue }, var);
        Some(self.name_of(var))
    }

    /// A local, consumed where it stands: `{ x }`.
    pub(super) fn consumed(&mut self, wanted: &Ty, row: Row) -> Option<String> {
        let var = self.movable(|ty| ty == wanted)?;
        self.scope.vars[var].gone = true;
        self.cover(row, var);
        Some(format!("{{ {} }}", self.name_of(var)))
    }

    /// A local, consumed by a method that is called so: `x`.
    pub(super) fn consumed_by_name(&mut self, wanted: &Ty) -> Option<String> {
        let loops = self.loops();
        let var = self.movable(|ty| ty == wanted).filter(|var| self.scope.vars[*var].loops == loops)?;
        self.scope.vars[var].gone = true;
        self.scope.vars[var].spent = true;
        self.cover(Row::ConsumeName, var);
        Some(self.name_of(var))
    }

    /// An expression without an await, of that type.
    pub(super) fn value(&mut self, ty: &Ty) -> String {
        if matches!(ty, Ty::Num) {
            return self.num(2);
        }
        if matches!(ty, Ty::Bool) {
            return self.condition(1);
        }
        if self.random.chance(45)
            && let Some(taken) = self.taken(ty)
        {
            return taken;
        }
        if self.random.chance(12) && !self.held && ty.is_plain() {
            let condition = self.condition(0);
            self.statement_ends();
            let values = self.fork(2, |s, _| s.value(ty));
            return format!("if {condition} {{ {} }} else {{ {} }}", values[0], values[1]);
        }
        self.made(ty).unwrap_or_else(|| self.fresh(ty))
    }

    /// A value made of others.
    fn made(&mut self, ty: &Ty) -> Option<String> {
        let how = self.random.below(7);
        let id = self.id();
        match (ty, how) {
            (Ty::D, 0) => Some(format!("{}.0", self.consumed(&Ty::Two, Row::Consume).filter(|_| !self.held)?)),
            (Ty::D, 1) if !self.held => Some(format!("{}.a", self.consumed(&Ty::Pair, Row::Consume)?)),
            (Ty::D, 2) if !self.held => Some(format!("*{}", self.consumed(&Ty::Boxed, Row::Consume)?)),
            (Ty::D, 3) if !self.held => {
                let taken = self.consumed(&Ty::Opt, Row::Consume)?;
                Some(format!("{taken}.unwrap_or_else(|| d({id}))"))
            }
            (Ty::D, 4) => Some(format!("{}.unwrap_or(d({id}))", self.consumed_by_name(&Ty::Opt)?)),
            (Ty::D, 5) => Some(format!("{}.into_part()", self.consumed_by_name(&Ty::Pair)?)),
            (Ty::Two, 0..=3) => Some(format!("({}, {})", self.value(&Ty::D), self.value(&Ty::D))),
            (Ty::Pair, 0..=2) => Some(format!("Pair {{ a: {}, b: {} }}", self.value(&Ty::D), self.num(1))),
            (Ty::Pair, 3) => Some(format!("Pair {{ b: {}, a: {} }}", self.num(1), self.value(&Ty::D))),
            (Ty::Opt, 0) => Some(format!("Some({})", self.value(&Ty::D))),
            (Ty::Opt, 1) => Some(format!("flip({id}).then(|| d({id}))")),
            (Ty::Opt, 2) => {
                let list = self.changeable(|ty| *ty == Ty::List)?;
                self.cover(Row::Receiver, list);
                Some(format!("{}.pop()", self.name_of(list)))
            }
            (Ty::Opt, 3) => {
                let option = self.changeable(|ty| *ty == Ty::Opt)?;
                self.cover(Row::Receiver, option);
                Some(format!("{}.take()", self.name_of(option)))
            }
            (Ty::Opt, 4) => Some("None::<D>".into()),
            (Ty::Opt, 5) => Some(format!("{}.ok()", self.consumed_by_name(&Ty::Res)?)),
            (Ty::OptNum, 0..=2) => Some(format!("half({})", self.num(1))),
            (Ty::OptNum, 3) => Some(format!("Some({})", self.num(1))),
            (Ty::List, 0..=2) => Some(format!("vec![{}, {}]", self.value(&Ty::D), self.value(&Ty::D))),
            (Ty::List, 3) => Some("Vec::<D>::new()".into()),
            (Ty::Boxed, 0..=3) => Some(format!("Box::new({})", self.value(&Ty::D))),
            (Ty::Arr, 0..=3) => Some(format!("[{}, {}]", self.value(&Ty::D), self.value(&Ty::D))),
            (Ty::Buf(n), 0..=1) => Some(format!("[({}) as u8; {n}]", self.atom())),
            (Ty::Res, 0..=1) => Some(format!("Ok::<D, E>({})", self.value(&Ty::D))),
            (Ty::Res, 2) => Some(format!("Err::<D, E>(E({}))", self.value(&Ty::D))),
            (Ty::Checked, 0) => Some(format!("Err(Failure({}))", self.value(&Ty::D))),
            (Ty::Checked, _) => Some(format!("Ok({})", self.num(2))),
            (Ty::Later(inner), _) => {
                let (pending, held) = (self.random.below(3), core::mem::replace(&mut self.held, false));
                let value = self.value(inner);
                self.held = held;
                Some(format!("wait({id}, {pending}, {value})"))
            }
            (Ty::FunBox, _) if self.native == 0 => {
                let closure = self.move_closure();
                Some(format!("Box::new({closure})"))
            }
            (Ty::Fun, _) if self.native == 0 => Some(self.move_closure()),
            (Ty::Task, _) if self.native == 0 => Some(self.move_block()),
            _ => None,
        }
    }
}
