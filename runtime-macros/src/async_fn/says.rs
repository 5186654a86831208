//! Everything that the macro may refuse, a sentence each, which names the rewrite. `tests/ui` has a program for each.

pub(super) const NOT_A_FUNCTION: &str =
    "`#[async_fn]` goes on an `async fn` with a body, on a whole `impl`, or on a whole trait";
pub(super) const UNKNOWN_ARGUMENT: &str = "unknown argument; `#[async_fn]` knows `rustc` and `crate = …`";
pub(super) const NOT_ASYNC: &str = "`#[async_fn]` needs an `async fn`";
pub(super) const SELF_IN_MACRO: &str =
    "this macro may use `self` as it likes: give it a local of its own, as `let this = &self;`";
pub(super) const ELISION: &str =
    "what this borrows from cannot be seen: name the lifetime, here and in the argument, as `<'a>(…: &'a T) -> &'a T`";
pub(super) const TRAIT_LIFETIMES: &str = "\
    the future of this method may borrow what `Self` holds, so `Self` must outlive a lifetime that the trait knows, too: name \
    one, here and in the trait, as `async fn f<'a>(self) where Self: 'a`, or use `#[async_fn(rustc)]` on this method";
pub(super) const ARGUMENT: &str = "an argument of an `#[async_fn]` is a name: take it apart in the body, with `let`";
pub(super) const RESERVED_NAME: &str = "names that begin with `__bespoke_` are those of the expansion";
pub(super) const MACRO_AWAITS: &str = "an `.await` inside a macro cannot be seen: bind its value before, with `let`";
pub(super) const PARTS: &str = "expected futures, with commas between them: `#[async_fn]` reads what this macro awaits";
pub(super) const BRANCHES: &str = "\
    expected up to sixteen branches, `pattern = future => handler` or `pattern = future, if condition => handler`, with a \
    comma behind a handler that is no block, and perhaps `else => handler` at the end";
pub(super) const PATTERN: &str = "`#[async_fn]` does not know this kind of pattern: move it to a function of its own";
pub(super) const ELSE_OF_LET: &str = "an `.await` in the `else` of a `let`: use `match`";
pub(super) const LET_CHAIN: &str = "a chain of `let`s over an `.await`: nest the `if`s";
pub(super) const ARM_GUARD: &str = "an `.await` or a `let` in the guard of an arm: use an `if` in the arm";
pub(super) const COMPOUND: &str =
    "what this assigns to might be evaluated before the `.await` or after it: bind the awaited value with `let` first";
pub(super) const IN_CLOSURE: &str = "an `.await` inside a closure is not this function's: move it out of the closure";
pub(super) const NESTED_MOVE: &str = "\
    a `move` closure inside a closure, over a local that lives across an `.await`: bind what it takes with `let` \
    outside of both";
pub(super) const MOVES_PART: &str =
    "a `move` closure or block over a part of a local that lives across an `.await`: bind the part with `let` first";
pub(super) const STATES: &str = "an `#[async_fn]` has at most 400 states: split the function";
pub(super) const FLAGS: &str =
    "an `#[async_fn]` has at most 64 locals that are moved and live across an `.await`: split the function";
pub(super) const OPERAND: &str =
    "this might keep a temporary across the `.await`: bind its value with a `let` of its own, before";
pub(super) const MACRO: &str =
    "this macro might keep a temporary across the `.await`: bind its value with a `let` of its own, before";
pub(super) const EXTENDED: &str = "\
    what is borrowed here lives as long as the `let`, and so across an `.await`: bind it with a `let` of its own, \
    before";
pub(super) const MAY_EXTEND: &str = "\
    if this makes a tuple struct, it keeps what is borrowed as long as the `let`, and so across an `.await`: bind what is \
    borrowed with a `let` of its own, before";
pub(super) const LET_MACRO: &str = "\
    this macro might tie a temporary to the `let`, and so across an `.await`: make its value in a function of its \
    own, or without a macro";
pub(super) const DECLARED: &str =
    "a local that lives across an `.await` begins with its value: give it one here, or make it an `Option`";
pub(super) const QUALIFIER: &str =
    "an `#[async_fn]` is neither `const` nor `unsafe` nor `extern`: wrap it in such a function";
pub(super) const TYPE: &str = "\
    an `#[async_fn]` returns a type that has a name, and not `impl Trait`: name it, box it, or use \
    `#[async_fn(rustc)]`";
pub(super) const ATTRIBUTE: &str = "\
    an attribute inside the body of an `#[async_fn]` may change what the machine is made of: put it on the \
    function, or move the code to a function of its own";
pub(super) const BORROWS: &str = "\
    an `async` block that borrows a local which lives across an `.await`: bind `let r = &x;`, and use `async move` \
    with `r`";
pub(super) const OPERANDS: &str = "\
    what is evaluated before this `.await` would have to wait for it, and cannot: bind the awaited value with a `let` \
    of its own, before";
pub(super) const ITEM: &str =
    "an item inside the body of an `#[async_fn]` would exist twice: move it out of the function";
pub(super) const APART: &str =
    "`#[async_fn]` does not take values apart by assignment: bind the parts with `let`, and assign those";
pub(super) const UNKNOWN: &str =
    "`#[async_fn]` does not know this kind of expression: move it to a function of its own";
