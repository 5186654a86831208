//! Numbers and conditions: what looks at locals.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;

impl Writer {
    /// A number without any use of a local but by its name.
    pub(super) fn atom(&mut self) -> String {
        if self.random.chance(60)
            && let Some(taken) = self.taken(&Ty::Num)
        {
            return taken;
        }
        self.random.below(9).to_string()
    }

    /// A number.
    pub(super) fn num(&mut self, depth: usize) -> String {
        let id = self.id();
        match self.random.below(if depth == 0 { 5 } else { 15 }) {
            0 => self.atom(),
            1 => format!("number({id})"),
            2..=4 => self.seen(),
            5 => format!("({} + {})", self.num(depth - 1), self.num(depth - 1)),
            6 => format!("({} + {} % 7)", self.num(depth - 1), self.num(depth - 1)),
            7 => format!("usize::from({})", self.condition(depth - 1)),
            8 => self.cast(),
            9 => self.lent(depth - 1),
            10 if !self.held => format!("d({id}).touch()"),
            11 if !self.held => self.formatted(),
            12 => self.eaten().unwrap_or_else(|| self.seen()),
            13 | 14 => self.borrowing_closure(),
            _ => self.seen(),
        }
    }

    fn cast(&mut self) -> String {
        match self.readable(|ty| *ty == Ty::Num) {
            Some(var) => {
                self.cover(Row::Cast, var);
                format!("({} as u8 as usize)", self.name_of(var))
            }
            None => format!("({} as u8 as usize)", self.random.below(200)),
        }
    }

    /// A value that ends here.
    fn eaten(&mut self) -> Option<String> {
        match self.random.below(5) {
            3 => Some(format!("{}.into_number()", self.consumed_by_name(&Ty::D)?)),
            0 => Some(format!("{}.eat()", self.consumed(&Ty::D, Row::Consume).filter(|_| !self.held)?)),
            1 if !self.held => Some(format!("{}.sum()", self.consumed(&Ty::Pair, Row::Consume)?)),
            2 if !self.held => {
                let taken = self.consumed(&Ty::Opt, Row::Consume)?;
                Some(format!("{taken}.map_or(2, D::eat)"))
            }
            _ => Some(format!("D::eat({})", self.taken(&Ty::D)?)),
        }
    }

    /// A call that borrows locals.
    fn lent(&mut self, depth: usize) -> String {
        let how = self.random.below(6);
        if how < 2
            && let Some(var) = self.readable(|ty| *ty == Ty::D)
        {
            self.cover(Row::Borrow, var);
            self.scope.busy.push((var, false));
            return format!("tell(&{}, {})", self.name_of(var), self.num(depth.min(1)));
        }
        if how == 2
            && self.native == 0
            && let Some(var) = self.changeable(|ty| *ty == Ty::D)
        {
            self.cover(Row::Borrow, var);
            self.scope.busy.push((var, true));
            return format!("alter(&mut {}, {})", self.name_of(var), self.atom());
        }
        if how == 3
            && let Some(var) = self.readable(|ty| matches!(ty, Ty::List | Ty::Arr))
        {
            self.cover(Row::Borrow, var);
            self.scope.busy.push((var, false));
            return format!("all(&{})", self.name_of(var));
        }
        if how == 4
            && let Some(var) =
                self.readable(|ty| matches!(ty, Ty::Ref(inner) if matches!(**inner, Ty::List | Ty::Arr | Ty::Boxed)))
        {
            // A reference to a list or a box becomes one to what is in it.
            self.cover(Row::Coerced, var);
            let name = self.name_of(var);
            return match self.ty(var).seen() {
                Ty::Boxed => format!("tell({name}, {})", self.atom()),
                _ => format!("all({name})"),
            };
        }
        match self.readable(|ty| *ty == Ty::Ref(Box::new(Ty::D))) {
            Some(var) if how == 5 => {
                self.cover(Row::Coerced, var);
                format!("show({})", self.name_of(var))
            }
            Some(var) => {
                self.cover(Row::ScalarByValue, var);
                format!("tell({}, {})", self.name_of(var), self.num(depth.min(1)))
            }
            None => self.seen(),
        }
    }

    /// A macro that formats.
    fn formatted(&mut self) -> String {
        let first =
            self.readable(|ty| matches!(ty.seen(), Ty::D | Ty::Two | Ty::Opt | Ty::List | Ty::Pair | Ty::OptNum));
        let second = self.readable(|ty| *ty == Ty::Num);
        let first = first.map_or_else(
            || "4".to_owned(),
            |var| {
                self.cover(Row::Format, var);
                self.scope.busy.push((var, false));
                self.name_of(var)
            },
        );
        let second = second.map(|var| {
            self.cover(Row::Format, var);
            self.name_of(var)
        });
        // By a method: a borrowed temporary as an argument is refused where nothing uses the local, as `text` might be a tuple struct.
        match second {
            Some(second) if self.random.chance(50) => {
                format!("text(format!(\"{{{second}}} {{:?}} {{:>1$}}\", {first}, {second} % 8).as_str())")
            }
            Some(second) => format!("text(format!(\"{{:?}} {{}}\", {first}, ({second} as u8) < 3).as_str())"),
            None => format!("text(format!(\"{{:?}}\", {first}).as_str())"),
        }
    }

    /// A number that is seen in a local, without moving or keeping it.
    pub(super) fn seen(&mut self) -> String {
        let Some(var) = self.readable(|ty| !matches!(ty, Ty::Unit | Ty::Bool | Ty::Later(_) | Ty::Task | Ty::Any))
        else {
            return self.random.below(9).to_string();
        };
        let (name, ty) = (self.name_of(var), self.ty(var));
        let how = self.random.below(4);
        let owner = !ty.is_borrow();
        let (row, text) = match ty.seen() {
            Ty::Num if owner => (Row::ScalarByValue, name),
            Ty::Num => (Row::Deref, format!("*{name}")),
            Ty::D if !owner && how == 0 => (Row::Deref, format!("(*{name}).touch()")),
            Ty::D => (Row::Receiver, format!("{name}.touch()")),
            Ty::List | Ty::Arr if matches!(ty, Ty::Ref(_)) && how < 2 => (Row::Coerced, format!("all({name})")),
            Ty::Boxed if matches!(ty, Ty::Ref(_)) && how < 2 => (Row::Coerced, format!("tell({name}, 1)")),
            Ty::Two => (Row::Field, if how < 2 { format!("{name}.0.touch()") } else { format!("{name}.1.touch()") }),
            Ty::Pair if how == 0 => (Row::Field, format!("{name}.b")),
            Ty::Pair => (Row::Field, format!("{name}.a.touch()")),
            Ty::Opt => match how {
                0 => (Row::Receiver, format!("usize::from({name}.is_some())")),
                1 if !self.held => {
                    let place = if owner { format!("&{name}") } else { name };
                    (Row::Borrow, format!("(if let Some(y) = {place} {{ y.touch() }} else {{ 1 }})"))
                }
                2 if !self.held && owner => {
                    (Row::Scrutinee, format!("(match {name} {{ Some(ref y) => y.touch(), None => 1 }})"))
                }
                _ => (Row::Receiver, format!("{name}.as_ref().map_or(0, |y| y.touch())")),
            },
            Ty::OptNum if how < 2 && !self.held && owner => {
                (Row::Scrutinee, format!("(match {name} {{ Some(y) if y > 1 => y, Some(_) => 1, None => 3 }})"))
            }
            Ty::OptNum => (Row::Receiver, format!("{name}.map_or(1, |y| y)")),
            Ty::List => match how {
                0 => (Row::Receiver, format!("{name}.len()")),
                1 => (Row::Receiver, format!("{name}.iter().map(|y| y.touch()).sum::<usize>()")),
                2 | 3 if !self.held && owner => return self.sliced(var),
                _ => (Row::Receiver, format!("{name}.first().map_or(0, |y| y.touch())")),
            },
            Ty::Slice => (Row::Receiver, format!("{name}.first().map_or(0, |y| y.touch())")),
            Ty::Boxed if how < 2 => (Row::Deref, format!("(*{name}).touch()")),
            Ty::Boxed => (Row::Receiver, format!("{name}.touch()")),
            Ty::Arr => match (how, self.readable(|ty| *ty == Ty::Num)) {
                (0..=2, Some(at)) => {
                    self.cover(Row::IndexOperand, at);
                    (Row::Index, format!("{name}[{} % 2].touch()", self.name_of(at)))
                }
                _ => (Row::Index, format!("{name}[1].touch()")),
            },
            Ty::Buf(n) => (Row::Index, format!("usize::from({name}[{}])", how % n)),
            Ty::Res if !self.held && owner => {
                (Row::Scrutinee, format!("(match {name} {{ Ok(ref y) => y.touch(), Err(E(ref y)) => y.touch() + 1 }})"))
            }
            Ty::Res => (Row::Receiver, format!("usize::from({name}.is_ok())")),
            Ty::Host if how < 2 => (Row::Method, format!("{name}.1")),
            Ty::Host => (Row::Method, format!("{name}.0.touch()")),
            Ty::Gen => (Row::Generic, format!("show(&{name})")),
            Ty::Fun | Ty::FunBox => {
                let argument = self.random.below(9).to_string();
                (Row::Callee, format!("{name}({argument})"))
            }
            _ => (Row::ScalarByValue, self.random.below(9).to_string()),
        };
        self.cover(row, var);
        text
    }

    /// A part of a list.
    fn sliced(&mut self, list: usize) -> String {
        let name = self.name_of(list);
        self.cover(Row::Index, list);
        match self.readable(|ty| *ty == Ty::Num) {
            Some(at) => {
                self.cover(Row::IndexOperand, at);
                format!("all(&{name}[{} % 2 % ({name}.len() + 1)..])", self.name_of(at))
            }
            None => format!("all(&{name}[..])"),
        }
    }

    /// A condition.
    pub(super) fn condition(&mut self, depth: usize) -> String {
        let id = self.id();
        match self.random.below(if depth == 0 { 4 } else { 7 }) {
            0 | 1 => format!("flip({id})"),
            2 => self.compared(),
            3 => match self.taken(&Ty::Bool) {
                Some(taken) => taken,
                None => format!("!flip({id})"),
            },
            4 => format!("({} && {})", self.condition(depth - 1), self.condition(depth - 1)),
            5 => format!("({} || {})", self.condition(depth - 1), self.condition(depth - 1)),
            _ => {
                let (a, b) = (self.num(depth - 1), self.num(depth - 1));
                format!("(({a}) % 3 == ({b}) % 3)")
            }
        }
    }

    fn compared(&mut self) -> String {
        let Some(var) = self.readable(|ty| *ty == Ty::Num) else { return format!("number({}) > 1", self.id()) };
        self.cover(Row::Comparison, var);
        let name = self.name_of(var);
        match (self.random.below(4), self.readable(|ty| *ty == Ty::Num)) {
            (0, Some(other)) => format!("{name} <= {}", self.name_of(other)),
            (1, Some(other)) => {
                self.cover(Row::Cast, other);
                format!("({name} as u8) < {} as u8", self.name_of(other))
            }
            (2, _) => format!("{name} % 2 == 1"),
            _ => format!("{} < {name}", self.random.below(5)),
        }
    }

    /// A condition of which parts may be left out, with values in it that have destructors.
    pub(super) fn lazy(&mut self) -> String {
        let (a, b) = (self.id(), self.id());
        let op = self.random.pick(&["&&", "||"]);
        let first = if self.random.chance(50) { format!("d({a}).touch() % 2 == 0") } else { self.condition(1) };
        match self.random.below(3) {
            0 => format!("{first} {op} d({b}).touch() > 2"),
            1 => format!("{first} {op} d({b}).touch() > 2 {op} {}", self.condition(0)),
            _ => format!("{first} {op} !(d({b}).touch() > {})", self.atom()),
        }
    }
}
