//! After the macros: methods that consume a local, by their names.
//!
//! Whether `x.unwrap()` consumes `x` or borrows it is for its type to say, which nobody knows here. A local in a place may not
//! be moved out of it as a receiver, so the source would have to say `{ x }.unwrap()`. For some names this stage says it: where
//! such a method is called on a local's last use, the receiver becomes `consumed(x)`, in the twin and in the machine.
//!
//! # Invariants
//! 1. After the call nobody uses the local: it is in a `return`, or each later use in the source is in another branch of the same
//!    `if` or `match`, and the call is in no loop or guard that the local is declared outside of; and it is in no closure. Where
//!    the order of uses depends on types (the left of `+=`) nothing is marked. Who would still borrow the local, rustc
//!    finds in the twin, and who would use it, unless it is `Copy`. So if the method borrows after all, the destructor alone
//!    would come too early: inv. 2.
//! 2. The method does consume its receiver, or that has no destructor: the machine asks rustc ([`proof`]).

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprMethodCall, Macro, Pat};

use super::awaits::awaits;
use super::emit;
use super::known::Known;
use super::lower::quoted;
use super::rename::names_of;
use super::walk::{self, Use, Visitor};

/// Methods without arguments.
const BARE: &[&str] = &["err", "ok", "unwrap", "unwrap_err", "unwrap_or_default", "unwrap_unchecked"];
/// Methods with one argument.
const WITH_ONE: &[&str] = &["expect", "expect_err", "ok_or", "unwrap_or"];

/// Whether the name is that of a method which consumes. Not `into_array`, whose length would be asked for twice.
pub(super) fn is_known(name: &str) -> bool {
    name != "into_array" && name.starts_with("into_") || BARE.contains(&name) || WITH_ONE.contains(&name)
}

/// What the receiver is called in.
const CONSUMED: &str = concat!("__", "bespoke_consumed");

/// The import that a twin with such calls needs.
pub(super) fn import(room: &TokenStream) -> TokenStream {
    let name = Ident::new(CONSUMED, Span::call_site());
    quote::quote!(use #room::consumed as #name;)
}

/// The local that a receiver consumes, if this stage put it there.
pub(super) fn consumed(receiver: &mut Expr) -> Option<&mut Expr> {
    match receiver {
        receiver if !is_consumed(receiver) => None,
        Expr::Call(call) => call.args.first_mut(),
        _ => None,
    }
}

/// Whether a receiver is one that this stage made.
pub(super) fn is_consumed(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident(CONSUMED)))
}

/// Marks the receivers of such calls in a body. Whether there are any.
pub(super) fn mark<'a>(body: &mut Block, arguments: impl IntoIterator<Item = &'a Ident>) -> bool {
    let mut last = LastUses::default();
    last.scopes.push(Vec::new());
    arguments.into_iter().for_each(|name| last.declare(name));
    walk::block(&mut last, body);
    last.scope(false);
    if !last.marked.contains(&true) {
        return false;
    }
    walk::block(&mut Mark(last.marked.into_iter()), body);
    true
}

/// A call of such a method on what may be a local.
fn candidate(expr: &mut Expr) -> Option<&mut ExprMethodCall> {
    let Expr::MethodCall(call) = expr else { return None };
    let name = call.method.unraw().to_string();
    let fits = match call.args.len() {
        0 => is_known(&name) && !WITH_ONE.contains(&&*name),
        1 if name.starts_with("expect") => is_message(&call.args[0]),
        1 => WITH_ONE.contains(&&*name),
        _ => false,
    };
    let of_local = matches!(&*call.receiver, Expr::Path(path) if path.path.get_ident().is_some());
    (fits && of_local && !call.args.iter().any(awaits)).then_some(call)
}

/// `"…"`, `&format!(…)`: what `expect` of the standard library is given, and that of a parser is not.
fn is_message(arg: &Expr) -> bool {
    match arg {
        Expr::Lit(literal) => matches!(literal.lit, syn::Lit::Str(_)),
        Expr::Reference(inner) => {
            matches!(&*inner.expr, Expr::Macro(call) if call.mac.path.segments.last().is_some_and(|last| last.ident == "format"))
        }
        _ => false,
    }
}

/// The arguments of `vec![…]`, `format!(…)` and their like. An `assert!(…)` without a message prints its own.
fn arguments(call: &Macro) -> Option<Known> {
    Known::parse(call).filter(|known| !known.prints_source())
}

/// Which branches are around: of each `if` and `match` its number, and which of its branches it is.
type Branches = Vec<(usize, usize)>;

/// Whether of two pieces of code at most one is run.
fn exclude(a: &Branches, b: &Branches) -> bool {
    let differ = a.iter().zip(b).find(|(a, b)| a != b);
    differ.is_some_and(|(a, b)| a.0 == b.0)
}

struct Local {
    name: String,
    /// How many loops and guards are around its declaration.
    again: usize,
    /// How many `.await`s came before it.
    awaits: usize,
    /// Candidates after which it was not used.
    last: Vec<Last>,
}

/// A candidate.
struct Last {
    number: usize,
    around: Branches,
    /// The `return` that it is in; 0: none.
    leaves: usize,
}

/// An `if` or a `match` that is around.
struct Choice {
    number: usize,
    branch: usize,
    /// How many branches of whatever are around it.
    depth: usize,
}

/// Finds the candidates that are last uses (inv. 1), of locals whose scope awaits: others are rustc's.
#[derive(Default)]
struct LastUses {
    scopes: Vec<Vec<Local>>,
    choices: Vec<Choice>,
    numbered: usize,
    depth: usize,
    again: usize,
    awaits: usize,
    /// The `return` that is walked, by its number; 0: none.
    leaves: usize,
    returns: usize,
    /// Of each candidate, in order.
    marked: Vec<bool>,
}

impl LastUses {
    fn declare(&mut self, name: &Ident) {
        let local = Local { name: name.unraw().to_string(), again: self.again, awaits: self.awaits, last: Vec::new() };
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(local);
        }
    }

    fn used(&mut self, name: &str, by: Option<usize>) {
        let known = self.scopes.iter_mut().rev().find_map(|scope| scope.iter_mut().rfind(|local| local.name == name));
        let Some(local) = known else { return };
        let around: Branches = self.choices.iter().map(|choice| (choice.number, choice.branch)).collect();
        let leaves = self.leaves;
        local.last.retain(|last| (last.leaves != 0 && last.leaves != leaves) || exclude(&last.around, &around));
        if let Some(number) = by.filter(|_| leaves != 0 || local.again == self.again) {
            local.last.push(Last { number, around, leaves });
        }
    }

    /// What a macro may name, also inside of strings.
    fn mentioned(&mut self, tokens: TokenStream) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => self.mentioned(group.stream()),
                TokenTree::Ident(ident) => self.used(&ident.unraw().to_string(), None),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if text.contains("\\u") || text.contains("\\x") {
                        // It may spell any name.
                        self.scopes.iter_mut().flatten().for_each(|local| local.last.clear());
                    }
                    text.split(|c: char| c != '_' && !c.is_alphanumeric()).for_each(|word| self.used(word, None));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl Visitor for LastUses {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        if let Some(call) = candidate(expr) {
            let number = self.marked.len();
            self.marked.push(false);
            if let Expr::Path(path) = &*call.receiver
                && let Some(name) = path.path.get_ident()
            {
                self.used(&name.unraw().to_string(), Some(number));
            }
            call.args.iter_mut().for_each(|arg| walk::value(self, arg));
            return true;
        }
        match expr {
            Expr::Path(path) => {
                if let Some(name) = path.path.get_ident() {
                    self.used(&name.unraw().to_string(), None);
                }
                true
            }
            Expr::Macro(call) => {
                match arguments(&call.mac) {
                    Some(mut known) => {
                        known.args.iter_mut().for_each(|arg| walk::value(self, &mut arg.expr));
                        let texts = known.args.iter().filter(|arg| matches!(arg.expr, Expr::Lit(_)));
                        texts.for_each(|text| self.mentioned(text.expr.to_token_stream()));
                    }
                    None => self.mentioned(call.mac.tokens.clone()),
                }
                true
            }
            // It may be run again, and what is in it is rustc's.
            Expr::Async(_) => {
                self.mentioned(expr.to_token_stream());
                true
            }
            Expr::Closure(inner) => {
                self.scope(true);
                inner.inputs.iter_mut().for_each(|input| self.pattern(input));
                self.mentioned(inner.body.to_token_stream());
                self.scope(false);
                true
            }
            Expr::Await(_) => {
                self.awaits += 1;
                false
            }
            Expr::Return(inner) => {
                self.returns += 1;
                let outer = core::mem::replace(&mut self.leaves, self.returns);
                inner.expr.as_deref_mut().into_iter().for_each(|expr| walk::value(self, expr));
                self.leaves = outer;
                true
            }
            _ => false,
        }
    }

    fn pattern(&mut self, pat: &mut Pat) {
        names_of(pat).iter().for_each(|name| self.declare(name));
    }

    fn scope(&mut self, begins: bool) {
        if begins {
            return self.scopes.push(Vec::new());
        }
        for local in self.scopes.pop().into_iter().flatten() {
            if self.awaits > local.awaits {
                local.last.iter().for_each(|last| self.marked[last.number] = true);
            }
        }
    }

    fn choice(&mut self, begins: bool) {
        if begins {
            self.numbered += 1;
            self.choices.push(Choice { number: self.numbered, branch: 0, depth: self.depth });
        } else {
            self.choices.pop();
        }
    }

    fn branch(&mut self, begins: bool) {
        if begins {
            if let Some(choice) = self.choices.last_mut().filter(|choice| choice.depth == self.depth) {
                choice.branch += 1;
            }
            self.depth += 1;
        } else {
            self.depth -= 1;
        }
    }

    fn again(&mut self, begins: bool) {
        self.again = if begins { self.again + 1 } else { self.again - 1 };
    }

    // A later walk refuses it.
    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}

/// Puts `consumed` around the receivers of those candidates.
struct Mark(std::vec::IntoIter<bool>);

impl Visitor for Mark {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        if let Expr::Macro(call) = expr {
            if let Some(mut known) = arguments(&call.mac) {
                known.args.iter_mut().for_each(|arg| walk::value(self, &mut arg.expr));
                call.mac.tokens = known.tokens();
            }
            return true;
        }
        let Some(call) = candidate(expr) else { return matches!(expr, Expr::Async(_) | Expr::Closure(_)) };
        if self.0.next() == Some(true) {
            let span = call.receiver.span();
            let path = Ident::new(CONSUMED, span).into();
            let local = core::mem::replace(&mut *call.receiver, walk::taken());
            *call.receiver = Expr::Call(syn::ExprCall {
                attrs: Vec::new(),
                func: Box::new(Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path })),
                paren_token: syn::token::Paren(span),
                args: core::iter::once(local).collect(),
            });
        }
        call.args.iter_mut().for_each(|arg| walk::value(self, arg));
        true
    }

    fn refuse(&mut self, _: &dyn ToTokens, _: &'static str) {}
}

/// Asks rustc whether the method consumes a receiver that has a destructor (inv. 2). A closure that calls it on a local of its
/// surroundings captures that by value if it does, and a reference to it if not; only the first has a destructor, too.
/// `pointer` is one to the receiver.
pub(super) fn proof(call: &ExprMethodCall, pointer: TokenStream) -> TokenStream {
    let (method, turbofish) = (&call.method, &call.turbofish);
    let span = method.span().resolved_at(Span::mixed_site());
    let args = call.args.iter().map(|arg| match arg {
        Expr::Lit(_) => arg.to_token_stream(),
        _ => quoted!(loop {}),
    });
    let room = emit::runtime_room(span);
    quote_spanned! {span=>
        if false {
            let mut __bespoke_receiver = #room::absent(#pointer);
            #room::consumes(#pointer, &|| { let _ = __bespoke_receiver.#method #turbofish(#(#args),*); });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(body: &str) -> String {
        let mut body: Block = syn::parse_str(body).unwrap();
        let argument = Ident::new("x", Span::call_site());
        let any = mark(&mut body, [&argument]);
        let text = body.to_token_stream().to_string();
        assert_eq!(any, text.contains(CONSUMED), "{text}");
        text.replace(CONSUMED, "consumed").replace(' ', "")
    }

    #[test]
    fn the_last_use_of_a_local_is_consumed_by_methods_that_are_called_so() {
        for (body, expected) in [
            ("{ a.await; x.unwrap() }", "{a.await;consumed(x).unwrap()}"),
            ("{ a.await; x.unwrap().b(x.c()) }", "{a.await;x.unwrap().b(x.c())}"),
            ("{ a.await; x.c(); x.into_y()?.d().await }", "{a.await;x.c();consumed(x).into_y()?.d().await}"),
            ("{ a.await; x.expect(\"why\") }", "{a.await;consumed(x).expect(\"why\")}"),
            ("{ a.await; x.expect(&format!(\"{b}\")) }", "{a.await;consumed(x).expect(&format!(\"{b}\"))}"),
            ("{ a.await; x.expect(b) }", "{a.await;x.expect(b)}"),
            ("{ a.await; x.unwrap_or(b.await) }", "{a.await;x.unwrap_or(b.await)}"),
            ("{ a.await; x.into_y(1); }", "{a.await;x.into_y(1);}"),
            ("{ a.await; x.into_array::<2>() }", "{a.await;x.into_array::<2>()}"),
            ("{ a.await; x.push(1); (x).ok() }", "{a.await;x.push(1);(x).ok()}"),
            // Not last.
            ("{ a.await; x.unwrap(); x = b; }", "{a.await;x.unwrap();x=b;}"),
            ("{ a.await; x.unwrap(); m!(x) }", "{a.await;x.unwrap();m!(x)}"),
            ("{ a.await; x.unwrap(); m!(\"{x}\") }", "{a.await;x.unwrap();m!(\"{x}\")}"),
            // Arguments of known macros; what others do is theirs.
            ("{ a.await; vec![x.c(), x.ok()]; }", "{a.await;vec![x.c(),consumed(x).ok()];}"),
            ("{ a.await; f!(x.ok()); }", "{a.await;f!(x.ok());}"),
            ("{ a.await; assert!(x.ok()); }", "{a.await;assert!(x.ok());}"),
            ("{ a.await; assert!(x.ok(), \"x\"); }", "{a.await;assert!(x.ok(),\"x\");}"),
            ("{ a.await; assert_eq!(x.ok(), b); }", "{a.await;assert_eq!(consumed(x).ok(),b);}"),
            ("{ a.await; format!(\"{}\", x.ok()); }", "{a.await;format!(\"{}\",consumed(x).ok());}"),
            ("{ a.await; format!(\"{}{x}\", x.ok()); }", "{a.await;format!(\"{}{x}\",x.ok());}"),
            // rustc's own: nothing is awaited while it is there.
            ("{ a.await; { let y = b; y.unwrap(); } }", "{a.await;{lety=b;y.unwrap();}}"),
            ("{ { let y = b; y.unwrap(); a.await } }", "{{lety=b;consumed(y).unwrap();a.await}}"),
            ("{ a.await; x.unwrap(); m!(\"{\\u{78}}\") }", "{a.await;x.unwrap();m!(\"{\\u{78}}\")}"),
            ("{ a.await; b += x.ok(); }", "{a.await;b+=consumed(x).ok();}"),
            ("{ a.await; x.b += x.ok(); }", "{a.await;x.b+=x.ok();}"),
            ("{ a.await; b[x.ok()] += x.c; }", "{a.await;b[x.ok()]+=x.c;}"),
            ("{ a.await; x.ok(); f(|x| x.c()); }", "{a.await;consumed(x).ok();f(|x|x.c());}"),
            // Not locals.
            ("{ a.await; s.x.unwrap(); S::x.unwrap(); z.unwrap() }", "{a.await;s.x.unwrap();S::x.unwrap();z.unwrap()}"),
        ] {
            assert_eq!(marked(body), expected);
        }
    }

    #[test]
    fn another_branch_does_not_come_after_it() {
        for (body, expected) in [
            (
                "{ a.await; if x.c() { x.unwrap() } else { x.ok() } }",
                "{a.await;ifx.c(){consumed(x).unwrap()}else{consumed(x).ok()}}",
            ),
            (
                "{ a.await; if b { x.unwrap() } else if x.c() { d } else { x.ok() } }",
                "{a.await;ifb{consumed(x).unwrap()}elseifx.c(){d}else{consumed(x).ok()}}",
            ),
            ("{ a.await; if b { x.unwrap(); } x.ok() }", "{a.await;ifb{x.unwrap();}consumed(x).ok()}"),
            (
                "{ a.await; if b { x.unwrap(); x.c() } else { x.ok() } }",
                "{a.await;ifb{x.unwrap();x.c()}else{consumed(x).ok()}}",
            ),
            (
                "{ a.await; match b { 1 => x.unwrap(), 2 => x.c(), _ => x.ok() } }",
                "{a.await;matchb{1=>consumed(x).unwrap(),2=>x.c(),_=>consumed(x).ok()}}",
            ),
            // The same arms of two choices one after the other.
            (
                "{ a.await; if b { x.unwrap(); } if b { } else { x.ok(); } }",
                "{a.await;ifb{x.unwrap();}ifb{}else{consumed(x).ok();}}",
            ),
            // A condition comes before its branches.
            ("{ a.await; if b && x.ok() { x.c() } }", "{a.await;ifb&&x.ok(){x.c()}}"),
            // A guard comes before the other arms.
            ("{ a.await; match b { _ if x.ok() => 1, _ => x.c() } }", "{a.await;matchb{_ifx.ok()=>1,_=>x.c()}}"),
        ] {
            assert_eq!(marked(body), expected);
        }
    }

    #[test]
    fn nothing_comes_after_a_return() {
        for (body, expected) in [
            (
                "{ a.await; if b { return x.unwrap(); } x.ok() }",
                "{a.await;ifb{returnconsumed(x).unwrap();}consumed(x).ok()}",
            ),
            (
                "{ a.await; loop { x.c(); if b { return x.ok()?; } } }",
                "{a.await;loop{x.c();ifb{returnconsumed(x).ok()?;}}}",
            ),
            ("{ a.await; return f(x.ok(), x.c()); }", "{a.await;returnf(x.ok(),x.c());}"),
            ("{ a.await; return f(|| x.ok()); }", "{a.await;returnf(||x.ok());}"),
        ] {
            assert_eq!(marked(body), expected);
        }
    }

    #[test]
    fn what_is_run_again_is_no_last_use() {
        for (body, expected) in [
            ("{ a.await; loop { x.unwrap(); } }", "{a.await;loop{x.unwrap();}}"),
            ("{ a.await; while x.ok() { } }", "{a.await;whilex.ok(){}}"),
            ("{ a.await; for y in x.into_iter() { } }", "{a.await;foryinconsumed(x).into_iter(){}}"),
            ("{ a.await; for y in z { x.ok(); } }", "{a.await;foryinz{x.ok();}}"),
            ("{ a.await; f(|| x.ok()) }", "{a.await;f(||x.ok())}"),
            ("{ a.await; f(async { x.ok() }) }", "{a.await;f(async{x.ok()})}"),
            ("{ a.await; f(|x| x.ok()) }", "{a.await;f(|x|x.ok())}"),
            ("{ x.ok(); f(move || x, a.await) }", "{x.ok();f(move||x,a.await)}"),
            ("{ f(async { let y = b; a.await; y.ok() }).await }", "{f(async{lety=b;a.await;y.ok()}).await}"),
            ("{ loop { let y = a.await; b.await; y.ok(); } }", "{loop{lety=a.await;b.await;consumed(y).ok();}}"),
        ] {
            assert_eq!(marked(body), expected);
        }
    }

    #[test]
    fn names_are_those_of_their_scope() {
        for (body, expected) in [
            ("{ let x = x.unwrap(); a.await; x.ok() }", "{letx=consumed(x).unwrap();a.await;consumed(x).ok()}"),
            ("{ a.await; { let x = b; x.c(); } x.ok() }", "{a.await;{letx=b;x.c();}consumed(x).ok()}"),
            ("{ a.await; if let Some(x) = x { x.ok(); } x.ok() }", "{a.await;ifletSome(x)=x{x.ok();}consumed(x).ok()}"),
            ("{ a.await; x.ok(); { let x = b; x.c(); } }", "{a.await;consumed(x).ok();{letx=b;x.c();}}"),
        ] {
            assert_eq!(marked(body), expected);
        }
    }
}
