//! The locals of a program while it is written: which of them hold a value, and which are borrowed.
//!
//! It is stricter than rustc: a reference counts as used until it is *retired*, and a local that is moved in one branch is
//! gone after all of them. What it allows, rustc allows.

use super::types::Ty;

/// A local.
#[derive(Clone, Debug)]
pub(super) struct Var {
    pub(super) name: String,
    pub(super) ty: Ty,
    pub(super) mutable: bool,
    /// It was moved away, or may have been.
    pub(super) gone: bool,
    /// A reference that is never used again.
    pub(super) retired: bool,
    /// A last use was written: nothing that is written after it names the local, whichever way leads there.
    pub(super) spent: bool,
    /// How many awaits were written before it.
    pub(super) born: usize,
    /// How many loops are around it.
    pub(super) loops: usize,
    /// The locals that it borrows.
    pub(super) targets: Vec<usize>,
    pub(super) exclusive: bool,
}

/// What a branch may change of the locals before it.
#[derive(Clone, Debug)]
pub(super) struct Snapshot(Vec<(bool, bool)>);

#[derive(Default)]
pub(super) struct Scope {
    pub(super) vars: Vec<Var>,
    /// What the expression that is written borrows, and whether exclusively.
    pub(super) busy: Vec<(usize, bool)>,
}

impl Scope {
    fn borrowed(&self, var: usize, exclusively: bool) -> bool {
        let by_local = self
            .vars
            .iter()
            .any(|by| !by.gone && !by.retired && by.targets.contains(&var) && (by.exclusive || !exclusively));
        by_local || self.busy.iter().any(|(busy, exclusive)| *busy == var && (*exclusive || !exclusively))
    }

    /// Whether another local took the name.
    pub(super) fn hidden(&self, var: usize) -> bool {
        self.vars[var + 1..].iter().any(|later| later.name == self.vars[var].name)
    }

    fn there(&self, var: usize) -> bool {
        let local = &self.vars[var];
        !local.gone && !local.retired && !local.spent && !local.name.is_empty() && !self.hidden(var)
    }

    /// Whether it can be looked at.
    pub(super) fn readable(&self, var: usize) -> bool {
        self.there(var) && !self.borrowed(var, true)
    }

    /// Whether nobody else looks at it.
    pub(super) fn free(&self, var: usize) -> bool {
        self.there(var) && !self.borrowed(var, false)
    }

    /// Whether it can be assigned, also after it was moved.
    pub(super) fn assignable(&self, var: usize) -> bool {
        let local = &self.vars[var];
        local.mutable
            && !local.retired
            && !local.spent
            && !local.name.is_empty()
            && !self.hidden(var)
            && !self.borrowed(var, false)
    }

    pub(super) fn snapshot(&self, vars: usize) -> Snapshot {
        Snapshot(self.vars[..vars].iter().map(|var| (var.gone, var.retired)).collect())
    }

    pub(super) fn restore(&mut self, snapshot: &Snapshot) {
        for (var, (gone, retired)) in self.vars.iter_mut().zip(&snapshot.0) {
            (var.gone, var.retired) = (*gone, *retired);
        }
    }
}

impl Snapshot {
    /// After two paths: gone and retired are what is so after either.
    pub(super) fn merge(&mut self, other: &Snapshot) {
        for (a, b) in self.0.iter_mut().zip(&other.0) {
            *a = (a.0 || b.0, a.1 || b.1);
        }
    }

    pub(super) fn gone(&self, var: usize) -> bool {
        self.0.get(var).is_some_and(|(gone, _)| *gone)
    }
}
