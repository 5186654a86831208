//! Stage 5 of `async_fn`: how each shape is said in states, and how its locals come to their places.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Expr, Label, Pat, Type};

use super::emit;
use super::lower::{Awaits, Dest, Lower, Target, label, number, quoted};
use super::parse::RESERVED;
use super::places::holding;
use super::rename::{binds, each_name, names_of};
use super::rewrite;
use super::says;
use super::shape::{Arm, Await, Block, Head, Loop, Step, Stmt, Test, Value};
use super::tokens::{Part, put};

/// What a pattern bound to passing names: the locals, and those names.
#[derive(Default)]
struct Spilled {
    names: Vec<(Ident, Ident)>,
    /// Of the value of an `.await`. Its type is known, but for types that the function itself makes (a closure's).
    awaited: bool,
}

impl Lower<'_> {
    // ---- bindings

    /// A pattern as it is emitted, and what [`spill`](Self::spill) has to do: locals with a place are bound under a passing
    /// name. Those after them stay as they are, and are declared again, so that they are dropped before them.
    fn bind(&self, pat: &mut Pat, awaited: bool) -> (TokenStream, Spilled) {
        let mut names = Vec::<(Ident, Ident)>::new();
        each_name(pat, &mut |found| {
            if !binds(found) {
                return;
            }
            let place = self.has_place(&found.ident);
            if !place && names.is_empty() {
                return;
            }
            let mut passing = found.ident.clone();
            if place {
                passing = format_ident!("{}bound_{}", RESERVED, found.ident, span = found.ident.span());
            }
            if !names.iter().any(|(name, _)| *name == found.ident) {
                names.push((found.ident.clone(), passing.clone()));
            }
            found.ident = passing;
            if place && found.by_ref.is_none() {
                found.mutability = None;
            }
        });
        (self.names.restore(pat.to_token_stream()), Spilled { names, awaited })
    }

    fn has_place(&self, name: &Ident) -> bool {
        self.locals.get(name).is_some_and(|local| local.place)
    }

    fn is_unused(&self, name: &Ident) -> bool {
        self.locals.get(name).is_some_and(|local| local.unused)
    }

    /// Moves what a pattern bound to its places.
    fn spill(&mut self, Spilled { names, awaited }: &Spilled) {
        for (name, passing) in names {
            if !self.has_place(name) {
                let name = self.names.restored(name);
                self.emit(quoted!(let mut #name = #name;));
                continue;
            }
            let place = self.open_local(name);
            let pointer = self.pointer(place);
            if *awaited && self.is_unused(name) {
                self.places[place].unused = true;
                // Under the user's name: rustc says there that it does not know the type yet.
                let span = name.span().resolved_at(Span::mixed_site());
                let kept = quote_spanned!(span=> __bespoke_rt::Unused(#passing).__bespoke_bind_it_again_with_a_let());
                self.emit(quoted!(__bespoke_rt::write(#pointer, #kept);));
            } else {
                self.emit(quoted!(__bespoke_rt::write(#pointer, #passing);));
            }
            self.arm(place);
        }
    }

    /// State 0 begins: the arguments in order, as locals or as guards of their places.
    pub(super) fn arguments_begin(&mut self, arguments: &[emit::Argument], names: &[Ident]) {
        let unplaced: Vec<Ident> =
            (0..arguments.len()).filter(|n| arguments[*n].place.is_none()).map(emit::passing).collect();
        if !unplaced.is_empty() {
            let pointer = emit::rest_pointer();
            self.emit(quoted!(let (#(#unplaced,)*) = #pointer.read();));
        }
        for (n, (argument, name)) in arguments.iter().zip(names).enumerate() {
            match argument.place {
                Some(place) => self.arm(place),
                None => {
                    let (passing, mutable, name) = (emit::passing(n), &argument.mutability, self.names.restored(name));
                    self.emit(quoted!(let #mutable #name = #passing;));
                }
            }
        }
    }

    fn is_scalar(&self, name: &Ident) -> bool {
        self.locals.get(name).is_some_and(|local| local.scalar)
    }

    // ---- the shapes

    pub(super) fn body(&mut self, body: &mut Block) {
        self.block(body, Dest::Return);
    }

    /// A block up to its value; whoever called it jumps.
    fn block(&mut self, block: &mut Block, dest: Dest) {
        for stmt in &mut block.stmts {
            match stmt {
                Stmt::Do(value) => self.into(value, Dest::Discard),
                Stmt::Let { pat, ty, value, otherwise } => self.let_(pat, ty.as_ref(), value, otherwise.as_mut()),
                Stmt::Declare(local) => {
                    if !self.bind(&mut local.pat, false).1.names.is_empty() {
                        self.errors.under(self.names.restore(local.to_token_stream()), says::DECLARED);
                    }
                    self.emit(self.names.restore(local.to_token_stream()));
                }
            }
        }
        match &mut block.tail {
            Some(tail) => match &mut **tail {
                // In braces: temporaries of a block's value end with it, before what it was made of. In parentheses: a value
                // that begins with a brace would be a statement.
                Value::Native(head) => {
                    let value = self.head(head, rewrite::value);
                    self.deliver(quoted!({ (#value) }), dest);
                }
                shaped => self.into(shaped, dest),
            },
            None if matches!(dest, Dest::Discard) => {}
            None => self.deliver(quoted!(()), dest),
        }
    }

    fn let_(&mut self, pat: &mut Pat, ty: Option<&Type>, value: &mut Value, otherwise: Option<&mut Expr>) {
        let depth = self.live.len();
        let awaited = matches!(value, Value::Native(head) if head.is_awaited());
        let how = if super::walk::takes_all(pat) { rewrite::value } else { rewrite::place };
        let value = match value {
            Value::Native(head) => self.head(head, how),
            shaped => {
                let place = self.passing();
                let pointer = self.pointer(place);
                if let Some(ty) = ty {
                    self.emit(quoted!(let _: *mut #ty = #pointer;));
                }
                self.into(shaped, Dest::Place(place));
                self.live.truncate(depth);
                quoted!({ __bespoke_rt::read(#pointer) })
            }
        };
        let (value, otherwise) = match otherwise {
            None => (value, None),
            Some(otherwise) => {
                let code = rewrite::value(self, otherwise);
                (quoted!((#value)), Some(quoted!(else #code)))
            }
        };
        if let Some(ty) = ty.filter(|_| names_of(pat).iter().any(|name| self.is_scalar(name))) {
            self.emit(quoted!(__bespoke_rt::scalar::<#ty>(::core::ptr::null_mut());));
        }
        let ty = ty.map(|ty| quoted!(: #ty));
        let (pat, spilled) = self.bind(pat, awaited);
        self.emit(quoted!(let #pat #ty = #value #otherwise;));
        self.spill(&spilled);
    }

    /// The steps of a head, then its value: what was parked ends with it.
    fn head(&mut self, head: &mut Head, how: impl FnOnce(&mut Self, &mut Expr) -> TokenStream) -> TokenStream {
        let depth = self.live.len();
        for step in &mut head.steps {
            match step {
                Step::Await(one) => self.await_(one),
                Step::Park { value, local } => {
                    let value = rewrite::value(self, value);
                    let place = self.open_local(local);
                    let pointer = self.pointer(place);
                    self.emit(quoted!(__bespoke_rt::write(#pointer, #value);));
                    self.arm(place);
                }
                Step::Choose { value, hole } => {
                    let place = self.passing();
                    let pointer = self.pointer(place);
                    self.emit(quoted!(let _: *mut ::core::primitive::bool = #pointer;));
                    self.into(value, Dest::Place(place));
                    self.emit(quoted!(let #hole = __bespoke_rt::read(#pointer);));
                }
            }
        }
        let value = how(self, &mut head.rest);
        self.live.truncate(depth);
        value
    }

    fn await_(&mut self, one: &mut Await) {
        let operand = rewrite::value(self, &mut one.operand);
        let depth = self.live.len();
        let future = self.open_future();
        let pointer = self.pointer(future);
        let span = one.span.resolved_at(Span::mixed_site());
        let made = quote_spanned!(span=> __bespoke_rt::into_future(#operand));
        // A method of the program that is found instead has no such thing to return.
        let begun =
            quote_spanned!(span=> let _: __bespoke_rt::Begun = #made.__bespoke_begin(#pointer, __bespoke_inner););
        self.emit(begun);
        let state = self.state();
        // Written, and not armed: the state's own guard is.
        let mut text = core::mem::take(self.text());
        self.leave(depth, &mut text);
        let target = label(state);
        put!(&mut text => break #target;);
        *self.text() = text;
        self.begin(state);
        self.states[state].entry = true;
        let (text, by_macro) = (core::mem::take(&mut one.text), one.by_macro);
        self.states[state].awaits = Some(Awaits { span: one.span, text, by_macro });
        let (number, hole) = (number(state), &one.hole);
        let polled = if cfg!(bespoke_planted = "5") {
            let (guard, holding) = (self.fresh("late"), holding(&pointer));
            self.emit(quoted!(let mut #guard = #holding;));
            let polled =
                quoted!(__bespoke_rt::parts::Awaited::poll(#pointer, __bespoke_inner.cast(), __bespoke_context));
            quoted!((match #polled {
                ::core::task::Poll::Pending => { #guard.holds = 0; ::core::task::Poll::Pending }
                __bespoke_ready => __bespoke_ready,
            }))
        } else {
            quoted!(__bespoke_rt::poll(#pointer, __bespoke_inner, __bespoke_context))
        };
        let mut text = core::mem::take(self.text());
        let leave = Part(|to| self.leave(depth, to));
        put!(&mut text => let __bespoke_rt::Ready(#hole) = #polled else { #leave break '__bespoke_suspended #number; };);
        *self.text() = text;
        self.live.truncate(depth);
    }

    fn into(&mut self, value: &mut Value, dest: Dest) {
        match value {
            Value::Native(head) => {
                let value = self.head(head, rewrite::value);
                self.deliver(value, dest);
            }
            Value::If { test, then, otherwise } => self.conditional(test, then, otherwise.as_mut(), dest),
            Value::Match { head, arms } => self.match_(head, arms, dest),
            Value::Loop { label, kind, body } => self.loop_(label.as_ref(), kind, body, dest),
            Value::Block { label, block } => {
                let (after, depth) = (self.state(), self.live.len());
                self.targets.push(Target {
                    label: label.as_ref().map(|label| label.name.clone()),
                    head: None,
                    after,
                    head_depth: depth,
                    after_depth: depth,
                    dest,
                });
                self.block(block, dest);
                self.targets.pop();
                self.join(after, depth);
            }
        }
    }

    /// Ends a block: jumps to `after`, and goes on there.
    fn join(&mut self, after: usize, depth: usize) {
        self.end(after, depth);
        self.live.truncate(depth);
        self.begin(after);
    }

    /// A branch: `block`, whose value goes to `dest`, and the jump to `after`.
    fn arm_code(&mut self, spilled: &Spilled, block: &mut Block, dest: Dest, after: usize) -> TokenStream {
        let depth = self.live.len();
        self.branch(|s| {
            s.spill(spilled);
            s.block(block, dest);
            s.end(after, depth);
        })
    }

    fn conditional(&mut self, test: &mut Test, then: &mut Block, otherwise: Option<&mut Block>, dest: Dest) {
        let (after, depth) = (self.state(), self.live.len());
        let keeps = cfg!(bespoke_planted = "2") && matches!(test, Test::Bool(_));
        let (test, spilled) = self.test(test);
        let then = self.arm_code(&spilled, then, dest, after);
        let mut none = Block::default();
        let otherwise = self.arm_code(&Spilled::default(), otherwise.unwrap_or(&mut none), dest, after);
        self.emit(if keeps {
            quoted!(match #test { true => { #then } _ => { #otherwise } })
        } else {
            quoted!(if #test { #then } else { #otherwise })
        });
        self.live.truncate(depth);
        self.begin(after);
    }

    /// A condition, and what it binds.
    fn test(&mut self, test: &mut Test) -> (TokenStream, Spilled) {
        match test {
            Test::Bool(head) => (self.head(head, rewrite::value), Spilled::default()),
            Test::Let(pat, head) => {
                let awaited = head.is_awaited();
                let value = self.head(head, rewrite::place);
                let (pat, spilled) = self.bind(pat, awaited);
                (quoted!(let #pat = #value), spilled)
            }
        }
    }

    fn match_(&mut self, head: &mut Head, arms: &mut [Arm], dest: Dest) {
        let (after, depth) = (self.state(), self.live.len());
        let awaited = head.is_awaited();
        let value = self.head(head, rewrite::place);
        let mut code = TokenStream::new();
        for arm in arms {
            let (pat, spilled) = self.bind(&mut arm.pat, awaited);
            // In the guard the locals of the pattern are still the pattern's.
            let guard = arm.guard.as_mut().map(|guard| {
                let guard = rewrite::guard(self, guard, &spilled.names);
                quoted!(if #guard)
            });
            let body = self.arm_code(&spilled, &mut arm.body, dest, after);
            code.extend(quoted!(#pat #guard => { #body }));
        }
        self.emit(quoted!(match #value { #code }));
        self.live.truncate(depth);
        self.begin(after);
    }

    fn loop_(&mut self, name: Option<&Label>, kind: &mut Loop, body: &mut Block, dest: Dest) {
        let forever = matches!(kind, Loop::Forever);
        let after_depth = self.live.len();
        let mut iterator = None;
        if let Loop::For(_, head) = kind {
            let value = self.head(head, rewrite::value);
            let place = self.open_hidden(true);
            let pointer = self.pointer(place);
            self.emit(quoted!(
                __bespoke_rt::write(#pointer, ::core::iter::IntoIterator::into_iter(#value));
            ));
            self.arm(place);
            iterator = Some(pointer);
        }
        let (head, head_depth) = (self.state(), self.live.len());
        self.states[head].entry = true;
        self.end(head, head_depth);
        self.begin(head);
        let after = self.state();
        // Only `loop` has a value; the others deliver `()` where they end.
        self.targets.push(Target {
            label: name.map(|label| label.name.clone()),
            head: Some(head),
            after,
            head_depth,
            after_depth,
            dest: if forever { dest } else { Dest::Discard },
        });
        match (kind, iterator) {
            (Loop::While(test), _) => {
                let (test, spilled) = self.test(test);
                let body = self.arm_code(&spilled, body, Dest::Discard, head);
                let end = self.jump(after, after_depth);
                self.emit(quoted!(if #test { #body } else #end));
            }
            (Loop::For(pat, _), Some(iterator)) => {
                let (pat, spilled) = self.bind(pat, false);
                let body = self.arm_code(&spilled, body, Dest::Discard, head);
                let end = self.jump(after, after_depth);
                self.emit(quoted!(
                    match ::core::iter::Iterator::next(&mut *#iterator) {
                        ::core::option::Option::Some(#pat) => { #body }
                        ::core::option::Option::None => #end
                    }
                ));
            }
            _ => {
                self.block(body, Dest::Discard);
                self.end(head, head_depth);
            }
        }
        self.targets.pop();
        self.live.truncate(after_depth);
        self.begin(after);
        if !forever && !matches!(dest, Dest::Discard) {
            self.deliver(quoted!(()), dest);
        }
    }
}
