//! Closures, and blocks with a time of their own.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;

impl Writer {
    /// A closure that borrows locals and is called at once: a number.
    pub(super) fn borrowing_closure(&mut self) -> String {
        self.rows.add(Row::Closure);
        self.native += 1;
        let text = match self.random.below(6) {
            0 => match self.changeable(|ty| *ty == Ty::Num) {
                Some(var) if self.native == 1 => {
                    self.cover(Row::AssignPart, var);
                    let name = self.name_of(var);
                    self.scope.busy.push((var, true));
                    let inner = self.seen();
                    format!(
                        "{{ let mut f = |m: usize| {{ {name} = ({name} + m + {inner}) % 50; {name} }}; f(1) + f(2) }}"
                    )
                }
                _ => self.simple_closure(),
            },
            1 => match self.changeable(|ty| *ty == Ty::D) {
                Some(var) if self.native == 1 => {
                    let (name, id) = (self.name_of(var), self.id());
                    self.cover(Row::Assign, var);
                    format!("{{ let mut f = || {{ {name} = d({id}); }}; f(); {name}.touch() }}")
                }
                _ => self.simple_closure(),
            },
            2 | 3 => {
                self.rows.add(Row::ClosureExit);
                let inner = self.seen();
                format!(
                    "{{ let mut f = |m: usize| -> Option<usize> {{ if m == 1 {{ return Some({inner}); }} Some(half(m)? + 1) }}; \
                     f(1).unwrap_or(0) + f({}).unwrap_or(4) }}",
                    self.random.below(5)
                )
            }
            _ => self.simple_closure(),
        };
        self.native -= 1;
        text
    }

    fn simple_closure(&mut self) -> String {
        let inner = self.num(1);
        // `if let Some(y) = r` borrows for writing where `r` is a `&mut`.
        format!("{{ let mut f = |m: usize| m + {inner}; f(1) + f({}) }}", self.random.below(5))
    }

    /// `move |m: usize| …`, over whole values.
    pub(super) fn move_closure(&mut self) -> String {
        let (captured, text) = self.captured();
        if captured {
            self.rows.add(Row::MoveClosure);
        }
        format!("move |m: usize| m + {text}")
    }

    /// `async move { … }`, whose value is a number.
    pub(super) fn move_block(&mut self) -> String {
        let (captured, text) = self.captured();
        if captured {
            self.rows.add(Row::MoveBlock);
        }
        let (id, pending) = (self.id(), self.random.below(3));
        match self.random.below(3) {
            0 => format!("async move {{ wait({id}, {pending}, 3).await + {text} }}"),
            1 => {
                let made = self.id();
                format!("async move {{ let y = d({made}); wait({id}, {pending}, ()).await; y.touch() + {text} }}")
            }
            _ => format!("async move {{ let n = {text}; wait({id}, {pending}, n).await }}"),
        }
    }

    /// What a `move` closure does with the locals that it takes.
    fn captured(&mut self) -> (bool, String) {
        let mut parts = Vec::new();
        for _ in 0..=self.random.below(2) {
            let wanted = self.random.pick(&[Ty::D, Ty::D, Ty::List, Ty::Boxed, Ty::Opt]).clone();
            let Some(var) = self.movable(|ty| *ty == wanted) else { continue };
            self.scope.vars[var].gone = true;
            self.cover(Row::ByValue, var);
            let name = self.name_of(var);
            parts.push(match wanted {
                Ty::List => format!("{name}.len()"),
                Ty::Opt => format!("{name}.as_ref().map_or(0, |y| y.touch())"),
                _ => format!("{name}.touch()"),
            });
        }
        if let Some(var) = self.readable(|ty| *ty == Ty::Num).filter(|_| self.random.chance(50)) {
            self.cover(Row::ScalarByValue, var);
            parts.push(self.name_of(var));
        }
        if parts.is_empty() {
            return (false, self.random.below(9).to_string());
        }
        (true, parts.join(" + "))
    }
}
