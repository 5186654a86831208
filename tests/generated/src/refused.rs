//! The rows of the lowering table that the macro refuses today, each with a program and the words that it says. When the
//! macro begins to take one, the test over this list fails: then the row belongs in the generator.

use crate::grammar::{Function, Item};
use crate::rows::Counts;
use crate::tree::{Block, Stmt};

/// A row that is refused.
#[derive(Debug)]
pub struct Refused {
    /// The row, as the specification has it.
    pub row: &'static str,
    /// The signature.
    pub head: &'static str,
    /// The body.
    pub body: &'static str,
    /// The arguments of the call.
    pub arguments: &'static str,
    /// A part of what is said.
    pub says: &'static str,
}

macro_rules! refused {
    ($($row:literal: $head:literal ($arguments:literal) $body:literal => $says:literal,)*) => {
        /// All of them.
        pub const REFUSED: &[Refused] = &[$(Refused { row: $row, head: $head, body: $body, arguments: $arguments, says: $says },)*];
    };
}

refused! {
    "`x.m()` that consumes": "pub async fn f()" ("")
        "let x = d(1); wait(2, 1, ()).await; x.eat(); wait(3, 1, ()).await;" => "E0507",
    "a by-move match of `x`": "pub async fn f()" ("")
        "let x = Some(d(1)); wait(2, 1, ()).await; match x { Some(y) => { wait(3, 1, y).await; } None => {} }" => "E0507",
    "non-`move` closure with a slot by value": "pub async fn f()" ("")
        "let x = d(1); wait(2, 1, ()).await; let f = || drop(x); f(); wait(3, 1, ()).await;" => "E0507",
    "`async {}` naming a slot": "pub async fn f()" ("")
        "let x = d(1); wait(2, 1, ()).await; let f = async { x.touch() }; f.await; x.touch();" => "an `async` block that borrows",
    "`move` closure over a part": "pub async fn f()" ("")
        "let x = (d(1), d(2)); wait(2, 1, ()).await; let f = move || x.0.touch(); wait(3, 1, ()).await; f();"
        => "over a part of a local",
    "`f(&rvalue).await`, the rvalue with a destructor": "pub async fn f() -> usize" ("")
        "wait(2, 1, d(1).touch()).await" => "temporary::<",
    "`f(&rvalue).await`, the reference kept": "pub async fn f() -> usize" ("")
        "*wait(2, 1, &number(1)).await" => "E0716",
    "an rvalue receiver of an awaited call, with a destructor": "pub async fn f()" ("")
        "Some(d(1)).as_mut().map(|x| wait(2, 1, x.touch())).unwrap().await;" => "temporary::<",
    "a `match` over a part of a value with a destructor": "pub async fn f()" ("")
        "match (d(1), flip(2)) { (_, true) => { wait(3, 1, ()).await; } _ => {} }" => "matched::<",
    "`f(&rvalue, b.await)`": "pub async fn f() -> usize" ("")
        "tell(&d(1), wait(2, 1, 3).await)" => "E0716",
    "`x.m(b.await)`": "pub async fn f() -> usize" ("")
        "let x = number(1); x.max(wait(2, 1, 3).await)" => "what is evaluated before this `.await`",
    "`format!(\"{}\", b.await)`": "pub async fn f() -> String" ("")
        "format!(\"{}\", wait(2, 1, 3).await)" => "an `.await` inside a macro",
    "a let-chain over an await": "pub async fn f()" ("")
        "if let Some(x) = wait(1, 1, Some(3)).await && x > 2 { wait(2, 1, ()).await; }" => "a chain of `let`s",
    "an await in a guard": "pub async fn f()" ("")
        "match number(1) { 2 if wait(2, 1, true).await => {} _ => {} }" => "in the guard of an arm",
    "an await in the else of `let … else`": "pub async fn f()" ("")
        "let Some(x) = half(number(1)) else { return wait(2, 1, ()).await }; text(&x.to_string());" => "in the `else` of a `let`",
    "`a[i()] += b.await`": "pub async fn f()" ("")
        "let mut a = [1usize; 5]; a[number(1)] += wait(2, 1, 3).await; text(&a[0].to_string());" => "before the `.await` or after it",
    "`let x;` that lives across an await": "pub async fn f()" ("")
        "let x; if flip(1) { x = d(2); } else { x = d(3); } wait(4, 1, ()).await; x.touch();" => "begins with its value",
    "`let x = Some(&rvalue)`": "pub async fn f()" ("")
        "let x = Some(&d(1)); wait(2, 1, ()).await; text(&format!(\"{x:?}\"));" => "lives as long as the `let`",
    "patterns as arguments": "pub async fn f((a, _): (D, D))" ("(d(1), d(2))")
        "wait(3, 1, ()).await; a.touch();" => "an argument of an `#[async_fn]` is a name",
    "`-> impl Trait`": "pub async fn f() -> impl core::fmt::Debug" ("")
        "wait(3, 1, ()).await" => "impl",
    "an unsafe block with an await": "pub async fn f()" ("")
        "unsafe { wait(1, 1, ()).await };" => "what is evaluated before this `.await`",
    "destructuring assignment": "pub async fn f()" ("")
        "let (mut a, mut b) = (1, 2); wait(1, 1, ()).await; (a, b) = (b, a); text(&format!(\"{a}{b}\"));" => "by assignment",
}

impl Refused {
    /// As a function that can be checked.
    pub fn function(&self) -> Function {
        let body = Block { stmts: Vec::new(), tail: Some(Stmt::text(self.body)) };
        let item = Item { head: format!("{} ", self.head), body, ..Item::default() };
        Function {
            name: "f".into(),
            items: vec![item],
            before: String::new(),
            arguments: self.arguments.into(),
            rows: Counts::default(),
        }
    }
}
