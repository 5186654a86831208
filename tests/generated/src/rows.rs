//! The rows of the lowering table that a generated function can contain, and how often they came.

/// Rows, by their text.
macro_rules! rows {
    ($($(#[$attr:meta])* $row:ident = $text:literal,)*) => {
        /// A way to use a local, or a shape that awaits. Uses are counted when an `.await` lies between them and the local's
        /// declaration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Row { $(#[doc = $text] $row,)* }

        impl Row {
            /// All of them, in order.
            pub const ALL: &[(Row, &str)] = &[$((Row::$row, $text),)*];
        }
    };
}

rows! {
    ByValue = "`x` by value: argument, operand, initialiser, returned",
    ScalarByValue = "`x` by value, a number or a reference",
    Coerced = "a reference by value where another type is expected",
    Borrow = "`&x`, `&mut x`",
    Exclusive = "`let r = &mut x`, written through before and after an await",
    Field = "`x.f`",
    Index = "`x[i]`",
    IndexOperand = "`a[x]`, `&a[x..]`",
    Deref = "`*x`",
    Receiver = "`x.m()`",
    Callee = "`x(…)`",
    Comparison = "`x < y`",
    Cast = "`x as u8`",
    Scrutinee = "`match x`, `if let … = x`, as a place",
    Destructure = "`let (ref a, _) = x`, `let Pair { a, .. } = &x`",
    Format = "`format!(\"{x:?} {}\", x)`",
    Assign = "`x = v`",
    AssignGone = "`x = v` after `x` was moved, or may have been",
    AssignPart = "`x.f = v`, `*x = v`, `x.f += v`",
    Consume = "`{ x }.m()`",
    ConsumeName = "`x.into_y()`, `x.unwrap_or(y)`, and the like, as the last use of `x`",
    ConsumeMatch = "`match { x }`, `if let … = { x }`, `let … = { x }`",
    Closure = "closure that borrows",
    ClosureExit = "closure with `return` and `?` of its own",
    MoveClosure = "`move` closure",
    MoveBlock = "`async move` block",
    Await = "`e.await`",
    AwaitOfAwait = "`f(a.await).await`, `a.await.await`",
    HeldTemporary = "`f(&rvalue).await`, the rvalue without a destructor",
    Lasting = "`S.m()`, `&S`, `S[i]`, of a `static` or a constant",
    Front = "`f(a.await, c)`, `a.await + c`, `a.await.m()`, `a.await.f`, …",
    Parked = "`f(x, b.await)`, `x + b.await`, `[x, b.await]`, `S { a: x, b: b.await }`: operands that wait",
    ParkedMove = "a local moved into an operand that waits",
    ParkedAwait = "`a.await + b.await`, `f(a.await, b.await)`: awaited values that wait",
    ParkedBorrow = "`f(&x, b.await)`: a reference that waits",
    Lazy = "`&&` and `||` with temporaries, in a condition of branches that await",
    LazyAwait = "`a && b.await`, `a || b.await`, `a.await && b`",
    LazyOperand = "`f(a && b.await)`, `!(a || b.await)`",
    If = "`if` with awaits in its branches",
    IfLet = "`if let` with awaits in its branches",
    RefPattern = "`match e.await { Some(ref x) => … }`, and in `if let`, `while let`",
    Match = "`match` with awaits in its arms",
    ArmGuard = "an arm's guard that uses locals",
    ConditionAwaits = "an await in a condition or scrutinee alone",
    ConditionTemporary = "a condition with a temporary that has a destructor",
    BranchValue = "the value of branches, a loop or a block",
    BranchCoerced = "the same with a declared type that its branches are coerced to",
    BranchTail = "the same at the end of the function",
    Loop = "`loop` that awaits",
    While = "`while` that awaits",
    WhileLazy = "`while a && b.await`",
    WhileLet = "`while let` that awaits",
    For = "`for` that awaits",
    BreakValue = "`break v`",
    Continue = "`continue`",
    Label = "a jump to a label",
    LabelledBlock = "a labelled block that awaits",
    NativeLoop = "a loop without awaits, with exits of its own and to the loops around",
    Join = "`join!(a, b)`",
    TryJoin = "`try_join!(a, b)?`",
    Select = "`select! { … }`",
    SelectAwait = "`select!` with awaits in its handlers",
    Question = "`?`",
    Return = "`return`",
    ReturnAwait = "`return e.await`",
    LetElse = "`let … else`",
    Extended = "`let r = &rvalue`",
    ExtendedAwait = "`let r = &e.await`",
    Ignored = "`let _ = e.await`, `_ = e.await`",
    AwaitInLet = "`let x = e.await`, with patterns too",
    AwaitInAssign = "`x = e.await`, `x += e.await`",
    ArgumentByReference = "arguments `&T`, `&mut T`",
    Method = "methods, by `self`, `&self`, `&mut self`, and `self` in them",
    MethodOfAnImpl = "methods of a whole `impl`",
    MethodOfATrait = "methods of the `impl` of a trait",
    MethodOfADeclaredTrait = "methods of a trait that is declared under the attribute: several lifetimes, type parameters",
    Beside = "a method that awaits another one of its `impl`",
    Generic = "type parameters, and locals of such a type",
    Lifetime = "named lifetimes",
    Call = "an `#[async_fn]` that awaits another one",
    Unsafe = "`unsafe` block without an await",
    Siblings = "places of which more than sixty follow each other",
}

/// How often each row came.
#[derive(Clone, Debug)]
pub struct Counts(Vec<usize>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(vec![0; Row::ALL.len()])
    }
}

impl Counts {
    /// One more.
    pub fn add(&mut self, row: Row) {
        self.0[row as usize] += 1;
    }

    /// All of another count.
    pub fn add_all(&mut self, other: &Counts) {
        self.0.iter_mut().zip(&other.0).for_each(|(count, more)| *count += more);
    }

    /// How often it came.
    pub fn of(&self, row: Row) -> usize {
        self.0[row as usize]
    }
}
