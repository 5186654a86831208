//! An expression as people write it, of tokens that have lost their spaces: what a trace calls an awaited expression.
//!
//! *Architecture Invariant:* a text is for people. Nothing is decided by it.

use core::iter::Peekable;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

use super::rename::{Names, SELF};
use super::several;

/// The expression on one line, under the user's names, cut where a line of a trace would be too long.
pub(super) fn text(tokens: TokenStream, names: &Names) -> String {
    let mut text = Text { written: String::new(), last: Last::Open, angles: 0, bars: false, names };
    text.tokens(tokens);
    if text.written.chars().count() > LENGTH_MAX {
        text.written = text.written.chars().take(LENGTH_MAX - 1).chain(['…']).collect();
    }
    text.written
}

/// So long is a text at most.
const LENGTH_MAX: usize = 64;

/// What was written last.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    /// Nothing, or what opens a group: an operator is in front of its operand.
    Open,
    /// A name, a literal, a group: an operator is behind it.
    Value,
    /// A keyword: an operator is in front of its operand, and words want a space.
    Keyword,
    /// An operator in front of its operand, `.`, `::`: nothing wants a space.
    Tight,
    /// An operator between two operands, `,`, `;`: it has its space.
    Spaced,
}

struct Text<'a> {
    written: String,
    last: Last,
    /// How many `<` of type parameters are open.
    angles: usize,
    /// A `|` of a closure's parameters is open.
    bars: bool,
    names: &'a Names,
}

impl Text<'_> {
    fn put(&mut self, text: &str, last: Last) {
        self.written.push_str(text);
        self.last = last;
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            // Cut anyway, of whatever characters it is.
            if self.written.len() > LENGTH_MAX * 4 {
                return;
            }
            match tree {
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
                // What follows it is a `select!`, which matches by itself.
                TokenTree::Ident(ident) if ident == "match" && begins_select(trees.peek()) => {}
                TokenTree::Ident(ident) => match several::source_of(&ident) {
                    Some(name) => self.expanded(name, &mut trees),
                    None => self.name(&ident),
                },
                TokenTree::Literal(literal) => self.word(&literal.to_string()),
                TokenTree::Punct(punct) => {
                    let mut operator = String::from(punct.as_char());
                    let mut joint = punct.spacing() == Spacing::Joint;
                    while joint && let Some(TokenTree::Punct(next)) = trees.peek() {
                        joint = next.spacing() == Spacing::Joint;
                        // `>>` ends two lists of type parameters.
                        if !is_operator(&operator, next.as_char()) || (operator == ">" && self.angles > 0) {
                            break;
                        }
                        operator.push(next.as_char());
                        trees.next();
                    }
                    self.operator(&operator);
                }
            }
        }
    }

    fn name(&mut self, ident: &Ident) {
        if let Some((call, _)) = self.names.macro_of(ident) {
            return self.tokens(call.to_token_stream());
        }
        let word = self.names.local_of(ident).unwrap_or(ident).to_string();
        self.word(if word == SELF { "self" } else { &word });
    }

    /// A call that stands where the source has a macro, or a part of one.
    fn expanded(&mut self, name: &str, trees: &mut Peekable<IntoIter>) {
        if !name.is_empty() {
            self.word(&format!("{name}!"));
        }
        match trees.next() {
            Some(TokenTree::Group(_)) if is_select(name) => self.word("{ … }"),
            Some(TokenTree::Group(group)) => self.tokens(group.stream()),
            _ => {}
        }
        // The macro awaits itself.
        let is_dot = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == '.');
        let is_await = |tree: &TokenTree| matches!(tree, TokenTree::Ident(ident) if ident == "await");
        if !name.is_empty() && trees.next_if(is_dot).is_some() && trees.next_if(is_await).is_none() {
            self.operator(".");
        }
        if is_select(name) {
            trees.next_if(|tree| matches!(tree, TokenTree::Group(_)));
        }
    }

    fn word(&mut self, word: &str) {
        if matches!(self.last, Last::Value | Last::Keyword) {
            self.written.push(' ');
        }
        self.put(word, if KEYWORDS.contains(&word) { Last::Keyword } else { Last::Value });
    }

    fn group(&mut self, delimiter: Delimiter, inside: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::None => ("", ""),
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace if inside.is_empty() => ("{}", ""),
            Delimiter::Brace => ("{ ", " }"),
        };
        if self.last == Last::Keyword || (self.last == Last::Value && delimiter == Delimiter::Brace) {
            self.written.push(' ');
        }
        if open.is_empty() {
            return self.tokens(inside);
        }
        let outer = (core::mem::take(&mut self.angles), core::mem::take(&mut self.bars));
        self.put(open, Last::Open);
        self.tokens(inside);
        (self.angles, self.bars) = outer;
        if self.written.ends_with("; ") || self.written.ends_with(", ") {
            self.written.pop();
        }
        self.put(close, Last::Value);
    }

    fn operator(&mut self, operator: &str) {
        let behind = self.last == Last::Value;
        if self.last == Last::Keyword || (behind && operator == "'") {
            self.written.push(' ');
        }
        match operator {
            "," | ";" | ":" => {
                self.written.push_str(operator);
                self.put(" ", Last::Spaced);
            }
            "?" => self.put("?", Last::Value),
            "." | "::" | ".." | "..=" | "'" | "$" => self.put(operator, Last::Tight),
            // The name of a macro.
            "!" if behind => self.put("!", Last::Tight),
            "<" if !behind || self.angles > 0 || self.written.ends_with("::") => {
                self.angles += 1;
                self.put("<", Last::Open);
            }
            ">" if self.angles > 0 => {
                self.angles -= 1;
                self.put(">", Last::Value);
            }
            "|" if self.bars => {
                self.bars = false;
                self.put("| ", Last::Spaced);
            }
            "|" if !behind => {
                self.bars = true;
                self.put("|", Last::Open);
            }
            "||" if !behind => self.put("|| ", Last::Spaced),
            _ if behind => self.put(&format!(" {operator} "), Last::Spaced),
            _ => self.put(operator, Last::Tight),
        }
    }
}

fn begins_select(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if several::source_of(ident).is_some_and(is_select))
}

fn is_select(name: &str) -> bool {
    name == "select"
}

/// Whether the character goes on an operator that was begun.
fn is_operator(begun: &str, next: char) -> bool {
    let mut whole = String::from(begun);
    whole.push(next);
    OPERATORS.contains(&&*whole)
}

const OPERATORS: &[&str] = &[
    "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=",
    "<<=", ">>=", "..", "..=",
];

/// Words after which an operator is in front of its operand.
const KEYWORDS: &[&str] =
    &["as", "break", "else", "if", "in", "let", "match", "move", "mut", "return", "unsafe", "while"];

#[cfg(test)]
mod tests {
    use super::super::parse::RESERVED;
    use super::{Names, SELF, text};
    use proc_macro2::{Ident, Span, TokenStream};

    fn plain(source: &str) -> String {
        text(source.parse().unwrap(), &Names::default())
    }

    #[test]
    fn tokens_become_what_people_write() {
        for source in [
            "f()",
            "self.stream.read(&mut buffer)",
            "timeout(Duration::from_secs(1), bank.transfer(sum + 1, -2))",
            "list[n + 1].next()",
            "a::b::<Vec<u8>>(&*x)",
            "map(|x| x + 1)",
            "map(move || x)",
            "sum(&[1, 2, 3][1..])",
            "f(a as u64, !b && c == 2)",
            "{ let x = 1; f(x) }",
            "Point { x: 1, y }.far()",
            "<T as Tr>::call(x)",
            "first()?.second(1.5, \"two\")",
            "f(vec![1, 2])",
            "f(x).await",
        ] {
            assert_eq!(plain(source), source);
            // As the later stages have it: with no memory of what stood beside what.
            let spaced: String = source.parse::<TokenStream>().unwrap().to_string();
            assert_eq!(plain(&spaced), source);
        }
    }

    #[test]
    fn what_the_stages_hide_is_shown_as_it_was() {
        let names = Names {
            locals: vec![Ident::new(SELF, Span::call_site()), Ident::new("list", Span::call_site())],
            macros: vec![(syn::parse_quote!(vec![1]), Vec::new())],
        };
        let hidden = format!("{RESERVED}0_self.next({RESERVED}1_list, {RESERVED}macro_0, {RESERVED}macro_7)");
        let shown = format!("self.next(list, vec![1], {RESERVED}macro_7)");
        assert_eq!(text(hidden.parse().unwrap(), &names), shown);
    }

    #[test]
    fn macros_that_were_expanded_are_shown_as_they_were() {
        for (expanded, source) in [
            ("__bespoke_join((__bespoke_part(a(&x)), __bespoke_part(b)))", "join!(a(&x), b)"),
            ("f(__bespoke_race((__bespoke_part(a), __bespoke_part(b))).await, c)", "f(race!(a, b), c)"),
            ("__bespoke_join((__bespoke_part(a), __bespoke_part(b))).await.0.c()", "join!(a, b).0.c()"),
            ("__bespoke_select([true], (__bespoke_branch(__bespoke_part(a), x),))", "select! { … }"),
            ("f(match __bespoke_select_biased([], ()).await { __bespoke_Out1::_0(x) => x }, y)", "f(select! { … }, y)"),
        ] {
            assert_eq!(plain(expanded), source);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = plain("f(aaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbb, cccccccccccccccccccc, dddddddddddddd)");
        assert_eq!(long.chars().count(), 64);
        assert!(long.ends_with('…'), "{long}");
    }
}
