//! A function's text as a tree of statements: what can be removed while a failing function is made smaller.

/// A part of a statement.
#[derive(Clone, Debug)]
pub enum Part {
    /// Tokens.
    Text(String),
    /// The statements between braces, with the value at their end.
    Block(Block),
}

/// Statements, and the value after them.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// In order.
    pub stmts: Vec<Stmt>,
    /// Written after the statements, as it is.
    pub tail: Option<Stmt>,
}

/// A statement, or an expression.
#[derive(Clone, Debug, Default)]
pub struct Stmt(pub Vec<Part>);

impl Stmt {
    /// One without blocks.
    pub fn text(text: impl Into<String>) -> Stmt {
        Stmt(vec![Part::Text(text.into())])
    }

    /// Goes on.
    pub fn push(&mut self, text: impl Into<String>) {
        self.0.push(Part::Text(text.into()));
    }

    /// Goes on with another one's parts.
    pub fn append(&mut self, other: Stmt) {
        self.0.extend(other.0);
    }

    /// Goes on with `{ … }`.
    pub fn block(&mut self, block: Block) {
        self.0.push(Part::Block(block));
    }

    /// The text, a line for each statement.
    pub fn render(&self, indent: usize, out: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Block(block) => block.render(indent, out),
            }
        }
    }

    fn blocks(&mut self) -> impl Iterator<Item = &mut Block> {
        self.0.iter_mut().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            Part::Text(_) => None,
        })
    }
}

impl Block {
    /// With its braces.
    pub fn render(&self, indent: usize, out: &mut String) {
        out.push_str("{\n");
        for stmt in self.stmts.iter().chain(&self.tail) {
            out.extend(core::iter::repeat_n("    ", indent + 1));
            stmt.render(indent + 1, out);
            out.push('\n');
        }
        out.extend(core::iter::repeat_n("    ", indent));
        out.push('}');
    }

    /// How many statements there are, with those within others.
    pub fn count(&mut self) -> usize {
        let mut count = 0;
        self.each(&mut |_, _| {
            count += 1;
            false
        });
        count
    }

    /// Removes the statement of that number, in the order of the text. `false` if there is none.
    pub fn remove(&mut self, number: usize) -> bool {
        let mut left = number;
        self.each(&mut |stmts, at| {
            if left == 0 {
                stmts.remove(at);
                return true;
            }
            left -= 1;
            false
        })
    }

    /// Puts what the blocks of a statement hold in its place. `false` if there is no such statement, or it has no blocks.
    pub fn unwrap(&mut self, number: usize) -> bool {
        let (mut left, mut done) = (number, false);
        self.each(&mut |stmts, at| {
            if left == 0 {
                let inner: Vec<Stmt> = stmts[at].blocks().flat_map(|block| core::mem::take(&mut block.stmts)).collect();
                done = !inner.is_empty();
                stmts.splice(at..=at, inner);
                return true;
            }
            left -= 1;
            false
        });
        done
    }

    /// Calls `f` with each list of statements and a position in it, until it says `true`.
    fn each(&mut self, f: &mut dyn FnMut(&mut Vec<Stmt>, usize) -> bool) -> bool {
        let mut at = 0;
        while at < self.stmts.len() {
            if f(&mut self.stmts, at) {
                return true;
            }
            if self.stmts[at].blocks().any(|block| block.each(f)) {
                return true;
            }
            at += 1;
        }
        self.tail.as_mut().is_some_and(|tail| tail.blocks().any(|block| block.each(f)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Block {
        let mut inner = Stmt::text("if c ");
        inner.block(Block { stmts: vec![Stmt::text("b;"), Stmt::text("c;")], tail: None });
        Block { stmts: vec![Stmt::text("a;"), inner, Stmt::text("d;")], tail: Some(Stmt::text("e")) }
    }

    fn words(block: &Block) -> String {
        let mut text = String::new();
        block.render(0, &mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn statements_are_removed_by_their_order_in_the_text() {
        assert_eq!(words(&sample()), "{ a; if c { b; c; } d; e }");
        assert_eq!(sample().count(), 5);
        let expected = ["{ if c { b; c; } d; e }", "{ a; d; e }", "{ a; if c { c; } d; e }", "{ a; if c { b; } d; e }"];
        for (number, expected) in expected.iter().enumerate() {
            let mut block = sample();
            assert!(block.remove(number));
            assert_eq!(words(&block), *expected);
        }
        assert!(!sample().remove(5));
        let mut block = sample();
        assert!(block.unwrap(1));
        assert_eq!(words(&block), "{ a; b; c; d; e }");
        assert!(!sample().unwrap(0));
    }
}
