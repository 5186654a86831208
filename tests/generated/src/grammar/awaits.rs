//! Expressions that begin with an `.await`.

use super::Writer;
use super::types::Ty;
use crate::rows::Row;

impl Writer {
    /// A value for an awaited operand: none of its temporaries has a destructor.
    pub(super) fn held(&mut self, ty: &Ty) -> String {
        let held = core::mem::replace(&mut self.held, true);
        let value = self.value(ty);
        self.held = held;
        value
    }

    /// `wait(…)`, over an operand.
    pub(super) fn waiting(&mut self, ty: &Ty) -> String {
        let (id, pending) = (self.id(), [0, 1, 1, 1, 2][self.random.below(5)]);
        if self.random.chance(12) && matches!(ty, Ty::Num) {
            self.rows.add(Row::Lasting);
            let at = self.id();
            return match self.random.below(3) {
                0 => format!("wait({id}, {pending}, TABLE.len() + number({at}))"),
                1 => format!("wait({id}, {pending}, show(&LOCKED) + FEW[1])"),
                _ => format!("wait({id}, {pending}, usize::from(number({at}) < LEAST) + FEW.len())"),
            };
        }
        if self.random.chance(25) && matches!(ty, Ty::Num) {
            self.rows.add(Row::HeldTemporary);
            let at = self.id();
            return match self.random.below(3) {
                0 => format!("wait({id}, {pending}, show(&number({at})))"),
                1 => format!("wait({id}, {pending}, show(&[{}, 2]))", self.atom()),
                _ => format!("wait({id}, {pending}, half(number({at})).map_or({}, |n| n))", self.atom()),
            };
        }
        if self.random.chance(8) && matches!(ty, Ty::Num) {
            // In braces, temporaries end before the machine suspends.
            return format!("wait({id}, {pending}, {{ {} }})", self.num(2));
        }
        format!("wait({id}, {pending}, {})", self.held(ty))
    }

    /// `….await`, of that type.
    pub(super) fn awaited(&mut self, ty: &Ty) -> String {
        self.rows.add(Row::Await);
        let text = match self.random.below(12) {
            0 => {
                self.rows.add(Row::AwaitOfAwait);
                let inner = self.waiting(ty);
                let (id, then) = (self.id(), self.random.below(2));
                if self.random.chance(50) {
                    format!("wait({id}, {then}, {inner}.await).await")
                } else {
                    format!("wait({id}, {then}, {inner}).await.await")
                }
            }
            1 | 2 => self.called(ty).unwrap_or_else(|| format!("{}.await", self.waiting(ty))),
            3 => match self.taken(&Ty::Later(Box::new(ty.clone()))) {
                Some(local) => format!("{local}.await"),
                None => format!("{}.await", self.waiting(ty)),
            },
            6 | 7 if *ty == Ty::Num && self.beside => match self.other_method() {
                Some(text) => text,
                None => format!("{}.await", self.waiting(ty)),
            },
            4 if *ty == Ty::Num => match self.taken(&Ty::Task) {
                Some(local) => format!("{local}.await"),
                None => format!("{}.await", self.move_block()),
            },
            5 if *ty == Ty::Opt => match self.changeable(|ty| *ty == Ty::List) {
                Some(list) => {
                    self.cover(Row::Borrow, list);
                    format!("next(&mut {}, {}).await", self.name_of(list), self.id())
                }
                None => format!("{}.await", self.waiting(ty)),
            },
            _ => format!("{}.await", self.waiting(ty)),
        };
        self.awaits += 1;
        self.statement_ends();
        text
    }

    /// A call of the method beside this one.
    pub(super) fn other_method(&mut self) -> Option<String> {
        let host = self.readable(|ty| *ty.seen() == Ty::Host)?;
        self.cover(Row::Receiver, host);
        self.rows.add(Row::Beside);
        self.scope.busy.push((host, false));
        Some(format!("{}.other({}).await", self.name_of(host), self.atom()))
    }

    /// A call of another generated function.
    pub(super) fn called(&mut self, ty: &Ty) -> Option<String> {
        let found: Vec<usize> = (0..self.callees.len()).filter(|n| self.callees[*n].output == *ty).collect();
        if found.is_empty() {
            return None;
        }
        let at = *self.random.pick(&found);
        self.call(at)
    }

    /// A call of that one, if there are arguments for it.
    pub(super) fn call(&mut self, at: usize) -> Option<String> {
        let rows = self.rows.clone();
        let text = self.call_with_arguments(at);
        if text.is_none() {
            self.rows = rows;
        }
        text
    }

    fn call_with_arguments(&mut self, at: usize) -> Option<String> {
        let (name, types) = (self.callees[at].name.clone(), self.callees[at].arguments.clone());
        let (mut arguments, mut lent) = (Vec::new(), false);
        for ty in &types {
            arguments.push(match ty {
                Ty::Ref(inner) => {
                    let var = self.readable(|ty| *ty == **inner)?;
                    self.scope.busy.push((var, false));
                    self.cover(Row::Borrow, var);
                    lent = true;
                    format!("&{}", self.name_of(var))
                }
                ty if !ty.is_borrow() && *ty != Ty::Gen && self.random.chance(if lent { 45 } else { 15 }) => {
                    if !arguments.is_empty() {
                        self.rows.add(if lent { Row::ParkedBorrow } else { Row::Parked });
                    }
                    self.awaited_operand(ty)
                }
                Ty::Mut(inner) => {
                    let var = self.changeable(|ty| *ty == **inner)?;
                    self.scope.busy.push((var, true));
                    self.cover(Row::Borrow, var);
                    format!("&mut {}", self.name_of(var))
                }
                ty => self.held(ty),
            });
        }
        self.rows.add(Row::Call);
        Some(format!("{name}({}).await", arguments.join(", ")))
    }

    /// `….await` as an operand: what was lent to operands before it still is.
    pub(super) fn awaited_operand(&mut self, ty: &Ty) -> String {
        let busy = self.scope.busy.clone();
        let text = self.awaited(ty);
        self.scope.busy = busy;
        text
    }

    /// An operand that waits for the next one: a value, a local, or another awaited value.
    fn parked(&mut self, ty: &Ty) -> String {
        self.rows.add(Row::Parked);
        if self.random.chance(25) {
            self.rows.add(Row::ParkedAwait);
            return self.awaited_operand(ty);
        }
        if !ty.is_copy()
            && self.random.chance(60)
            && let Some(taken) = self.taken(ty)
        {
            self.rows.add(Row::ParkedMove);
            return taken;
        }
        self.held(ty)
    }

    /// A number of which an await is an operand that is not the first one.
    fn num_of_operands(&mut self) -> String {
        match self.random.below(12) {
            0 => format!("({} + {})", self.parked(&Ty::Num), self.awaited_operand(&Ty::Num)),
            1 => format!("usize::max({}, {})", self.parked(&Ty::Num), self.awaited_operand(&Ty::Num)),
            2 => {
                let (a, b) = (self.parked(&Ty::Num), self.parked(&Ty::Num));
                format!("[{a}, {b}, {}, {}][{}]", self.awaited_operand(&Ty::Num), self.atom(), self.random.below(4))
            }
            3 => format!("({}, {}).0.touch()", self.parked(&Ty::D), self.awaited_operand(&Ty::Num)),
            4 => format!("Pair {{ a: {}, b: {} }}.sum()", self.parked(&Ty::D), self.awaited_operand(&Ty::Num)),
            5 => format!("({}, {}).1.touch()", self.parked(&Ty::D), self.awaited_operand(&Ty::D)),
            6 => {
                // What is compared on the left must be seen to be a value.
                self.rows.add(Row::ParkedAwait);
                format!("usize::from({} < {})", self.awaited_operand(&Ty::Num), self.awaited_operand(&Ty::Num))
            }
            7 => format!("({} * 2 + {} % 7)", self.parked(&Ty::Num), self.awaited_operand(&Ty::Num)),
            8 => format!("both({}, {})", self.parked(&Ty::D), self.awaited_operand(&Ty::D)),
            9 => {
                self.rows.add(Row::LazyOperand);
                format!("usize::from({})", self.lazy_await())
            }
            10 => {
                self.rows.add(Row::LazyOperand);
                format!("(usize::from(!({})) + {})", self.lazy_await(), self.awaited_operand(&Ty::Num))
            }
            _ => format!("both({}, {}) + {}", self.parked(&Ty::D), self.awaited_operand(&Ty::D), self.num(1)),
        }
    }

    /// A number of which an await is the first part, and other things follow.
    pub(super) fn awaited_num(&mut self) -> String {
        let how = self.random.below(24);
        if how < 5 {
            return self.awaited(&Ty::Num);
        }
        if how >= 20 {
            let text = self.num_of_operands();
            self.statement_ends();
            return text;
        }
        self.rows.add(Row::Front);
        match how {
            5 | 6 => format!("{}.touch()", self.awaited(&Ty::D)),
            7 => format!("{}.1.touch()", self.awaited(&Ty::Two)),
            8 => format!("{} + {}", self.awaited(&Ty::Num), self.num(2)),
            9 => format!("usize::max({}, {})", self.awaited(&Ty::Num), self.num(1)),
            10 => format!("{}.len() + {}", self.awaited(&Ty::List), self.num(1)),
            // As an operand: see `numbers` of borrowed temporaries.
            11 => format!("(tell(&{}, {}) ^ 0)", self.awaited(&Ty::D), self.num(1)),
            12 => format!("{}[1].touch()", self.awaited(&Ty::Arr)),
            13 => format!("({} as u8 as usize) % 5", self.awaited(&Ty::Num)),
            14 => format!("[{}, {}][0]", self.awaited(&Ty::Num), self.num(1)),
            15 => format!("({}, {}).0.touch()", self.awaited(&Ty::D), self.num(1)),
            16 => format!("Pair {{ a: {}, b: {} }}.sum()", self.awaited(&Ty::D), self.num(1)),
            17 => format!("D::eat({})", self.awaited(&Ty::D)),
            18 => format!("usize::from(({} as u8) < {} as u8)", self.awaited(&Ty::Num), self.atom()),
            _ => format!("{}.map_or({}, D::eat)", self.awaited(&Ty::Opt), self.num(1)),
        }
    }

    /// A value that begins with an await: `….await`, or something made of it.
    pub(super) fn awaited_value(&mut self, ty: &Ty) -> String {
        if *ty == Ty::Num {
            return self.awaited_num();
        }
        if *ty == Ty::Bool {
            return self.awaited_condition();
        }
        if self.random.chance(20)
            && let Some(questioned) = self.questioned(ty)
        {
            return questioned;
        }
        if self.random.chance(40)
            && let Some(text) = self.made_of_operands(ty)
        {
            return text;
        }
        if self.random.chance(20) && *ty == Ty::D {
            self.rows.add(Row::Front);
            let id = self.id();
            return match self.random.below(5) {
                0 => format!("{}.0", self.awaited(&Ty::Two)),
                1 => format!("{}.unwrap_or_else(|| d({id}))", self.awaited(&Ty::Opt)),
                2 => format!("*{}", self.awaited(&Ty::Boxed)),
                3 => format!("{}.a", self.awaited(&Ty::Pair)),
                _ => format!("match {} {{ Ok(y) => y, Err(E(y)) => y }}", self.awaited(&Ty::Res)),
            };
        }
        self.awaited(ty)
    }

    /// A value of which an await is a later part.
    fn made_of_operands(&mut self, ty: &Ty) -> Option<String> {
        let text = match ty {
            Ty::Two => format!("({}, {})", self.parked(&Ty::D), self.awaited_operand(&Ty::D)),
            Ty::Arr => format!("[{}, {}]", self.parked(&Ty::D), self.awaited_operand(&Ty::D)),
            Ty::Pair => format!("Pair {{ a: {}, b: {} }}", self.parked(&Ty::D), self.awaited_operand(&Ty::Num)),
            Ty::Opt => format!("Some({})", self.awaited_operand(&Ty::D)),
            _ => return None,
        };
        self.statement_ends();
        Some(text)
    }

    /// A condition with an await that `&&` or `||` may leave out.
    pub(super) fn lazy_await(&mut self) -> String {
        self.rows.add(Row::LazyAwait);
        let op = *self.random.pick(&["&&", "||"]);
        match self.random.below(5) {
            0 => {
                let first = self.lazy_first();
                format!("{first} {op} {}", self.awaited_operand(&Ty::Bool))
            }
            1 => {
                let first = self.lazy_first();
                format!("{first} {op} !{}", self.awaited_operand(&Ty::Bool))
            }
            2 => format!("{} {op} {}", self.awaited_operand(&Ty::Bool), self.awaited_operand(&Ty::Bool)),
            3 => {
                let (first, inner) = (self.lazy_first(), *self.random.pick(&["&&", "||"]));
                let id = self.id();
                format!("{first} {op} (flip({id}) {inner} {})", self.awaited_operand(&Ty::Bool))
            }
            _ => {
                let first = self.lazy_first();
                format!("{first} {op} ({} + {} > 3)", self.parked(&Ty::Num), self.awaited_operand(&Ty::Num))
            }
        }
    }

    /// What decides whether the rest is left out: its temporaries end with it.
    fn lazy_first(&mut self) -> String {
        let id = self.id();
        let first = match self.random.below(3) {
            0 => format!("d({id}).touch() % 2 == 0"),
            1 => format!("flip({id})"),
            _ => self.condition(0),
        };
        self.statement_ends();
        first
    }

    pub(super) fn awaited_condition(&mut self) -> String {
        match self.random.below(4) {
            0 => self.awaited(&Ty::Bool),
            1 => format!("{} % 2 == {}", self.awaited_num_bare(), self.random.below(2)),
            2 => format!("{} <= {}", self.awaited_num_bare(), self.num(1)),
            _ => format!("!{}", self.awaited(&Ty::Bool)),
        }
    }

    /// A number that binds tighter than any operator.
    fn awaited_num_bare(&mut self) -> String {
        if self.random.chance(60) { self.awaited(&Ty::Num) } else { format!("{}.touch()", self.awaited(&Ty::D)) }
    }

    /// `….await?`, where the function's type allows it.
    pub(super) fn questioned(&mut self, ty: &Ty) -> Option<String> {
        let text = match (&self.output, ty) {
            (Ty::Checked, Ty::D) => format!("{}?", self.awaited(&Ty::Res)),
            (Ty::Opt, Ty::D) => format!("{}?", self.awaited(&Ty::Opt)),
            (Ty::Opt, Ty::Num) => format!("{}?", self.awaited(&Ty::OptNum)),
            _ => return None,
        };
        self.rows.add(Row::Question);
        Some(text)
    }

    /// `…?` without an await.
    pub(super) fn questioned_here(&mut self, ty: &Ty) -> Option<String> {
        let id = self.id();
        let text = match (&self.output, ty) {
            (Ty::Checked, Ty::D) => match self.consumed(&Ty::Res, Row::ConsumeMatch) {
                Some(taken) => format!("{taken}?"),
                None => format!("({})?", self.fresh(&Ty::Res)),
            },
            (Ty::Checked, Ty::Num) => format!("half({}).ok_or_else(|| E(d({id})))?", self.num(1)),
            (Ty::Opt, Ty::Num) => format!("half({})?", self.num(1)),
            (Ty::Opt, Ty::D) => match self.changeable(|ty| *ty == Ty::List) {
                Some(list) => format!("{}.pop()?", self.name_of(list)),
                None => return None,
            },
            _ => return None,
        };
        self.rows.add(Row::Question);
        Some(text)
    }
}
