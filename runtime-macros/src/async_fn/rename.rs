//! Stage 2 of `async_fn`: every local gets a name of its own, so that later stages need no scopes.
//!
//! # Invariants
//! 1. A name is `__bespoke_N_x` for the user's `x`, on the user's token: where tokens of one name and different hygiene
//!    meet, rustc does not find the local instead of taking the wrong one. [`Names::restore`] gives locals that rustc
//!    manages their own names back.
//! 2. A macro that is not known is a path, `__bespoke_macro_N`, until `restore`. Its tokens are the user's.

use std::collections::HashMap;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Block, Expr, Macro, Pat, PatIdent, PathArguments};

use super::awaits;
use super::known::Known;
use super::parse::RESERVED;
use super::says;
use super::walk::{self, Use, Visitor};
use crate::errors::Errors;

/// What the machine calls `self`.
pub(super) const SELF: &str = concat!("__", "bespoke_self");

/// What the new names stand for.
#[derive(Default)]
pub(super) struct Names {
    /// The locals as they were written, by number.
    pub(super) locals: Vec<Ident>,
    /// The macros that are not known, each with the locals that it may name.
    pub(super) macros: Vec<(Macro, Vec<Ident>)>,
}

impl Names {
    /// The macro for which a path stands.
    pub(super) fn macro_of(&self, name: &Ident) -> Option<&(Macro, Vec<Ident>)> {
        self.macro_named(name.to_string().strip_prefix(RESERVED)?)
    }

    fn macro_named(&self, rest: &str) -> Option<&(Macro, Vec<Ident>)> {
        self.macros.get(rest.strip_prefix("macro_")?.parse::<usize>().ok()?)
    }

    /// The local that a name was made for.
    pub(super) fn local_of(&self, name: &Ident) -> Option<&Ident> {
        self.local_named(name.to_string().strip_prefix(RESERVED)?)
    }

    fn local_named(&self, rest: &str) -> Option<&Ident> {
        let (number, _) = rest.split_once('_')?;
        self.locals.get(number.parse::<usize>().ok()?)
    }

    /// A local that the source does not name.
    pub(super) fn hidden(&mut self, span: Span) -> Ident {
        let number = self.locals.len();
        let span = span.resolved_at(Span::mixed_site());
        self.locals.push(Ident::new(&format!("{RESERVED}extended_{number}"), span));
        Ident::new(&format!("{RESERVED}{number}_extended"), span)
    }

    /// The user's name of a local, on the same token (inv. 1).
    pub(super) fn restored(&self, name: &Ident) -> Ident {
        let mut local = self.local_of(name).unwrap_or(name).clone();
        local.set_span(name.span());
        local
    }

    /// The user's names and macros again (inv. 1, 2).
    pub(super) fn restore(&self, tokens: TokenStream) -> TokenStream {
        self.restore_in(tokens.clone()).unwrap_or(tokens)
    }

    /// `None` if there is nothing to restore.
    fn restore_in(&self, tokens: TokenStream) -> Option<TokenStream> {
        let mut any = false;
        let restored: Vec<TokenTree> = tokens
            .into_iter()
            .map(|tree| {
                let new = self.restore_tree(&tree);
                any |= new.is_some();
                new.unwrap_or(tree)
            })
            .collect();
        any.then(|| restored.into_iter().collect())
    }

    fn restore_tree(&self, tree: &TokenTree) -> Option<TokenTree> {
        match tree {
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), self.restore_in(group.stream())?);
                inner.set_span(group.span());
                Some(inner.into())
            }
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                let rest = name.strip_prefix(RESERVED)?;
                if let Some((call, _)) = self.macro_named(rest) {
                    return Some(Group::new(Delimiter::Parenthesis, call.to_token_stream()).into());
                }
                let mut local = self.local_named(rest)?.clone();
                local.set_span(ident.span());
                Some(local.into())
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        }
    }
}

/// Whether a pattern's lone name makes a local, and is not a constant or a variant. The emitted checks say so to rustc.
pub(super) fn binds(pat: &PatIdent) -> bool {
    let marked = pat.by_ref.is_some() || pat.mutability.is_some() || pat.subpat.is_some();
    marked || !pat.ident.unraw().to_string().starts_with(char::is_uppercase)
}

/// The names that a pattern makes, each once.
pub(super) fn names_of(pat: &mut Pat) -> Vec<Ident> {
    let mut names: Vec<Ident> = Vec::new();
    each_name(pat, &mut |found| {
        if !names.contains(&found.ident) {
            names.push(found.ident.clone());
        }
    });
    names
}

/// Calls `f` for each place in a pattern that makes a local. `false` if a part of the pattern is not known.
pub(super) fn each_name(pat: &mut Pat, f: &mut dyn FnMut(&mut PatIdent)) -> bool {
    match pat {
        Pat::Ident(ident) => {
            if binds(ident) {
                f(ident);
            }
            ident.subpat.as_mut().is_none_or(|(_, inner)| each_name(inner, f))
        }
        Pat::Or(or) => or.cases.iter_mut().all(|case| each_name(case, f)),
        Pat::Paren(paren) => each_name(&mut paren.pat, f),
        Pat::Reference(reference) => each_name(&mut reference.pat, f),
        Pat::Slice(slice) => slice.elems.iter_mut().all(|elem| each_name(elem, f)),
        Pat::Struct(inner) => inner.fields.iter_mut().all(|field| {
            field.colon_token.get_or_insert_default();
            each_name(&mut field.pat, f)
        }),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().all(|elem| each_name(elem, f)),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().all(|elem| each_name(elem, f)),
        Pat::Type(typed) => each_name(&mut typed.pat, f),
        Pat::Const(_) | Pat::Lit(_) | Pat::Path(_) | Pat::Range(_) | Pat::Rest(_) | Pat::Wild(_) => true,
        _ => false,
    }
}

/// Whether the value of a `let` lives as long as the names of the pattern, which borrow from it.
pub(super) fn extends(pat: &Pat) -> bool {
    borrows(pat, false)
}

/// Whether a pattern borrows by `ref`.
pub(super) fn has_ref(pat: &Pat) -> bool {
    borrows(pat, true)
}

/// The same; `deep`: also of what a reference refers to, or what has a name by value.
fn borrows(pat: &Pat, deep: bool) -> bool {
    let inner = |pat: &Pat| borrows(pat, deep);
    match pat {
        Pat::Ident(name) => name.by_ref.is_some() || (deep && name.subpat.iter().any(|(_, pat)| inner(pat))),
        Pat::Or(or) => or.cases.iter().any(inner),
        Pat::Paren(paren) => inner(&paren.pat),
        Pat::Reference(reference) => deep && inner(&reference.pat),
        Pat::Slice(slice) => slice.elems.iter().any(inner),
        Pat::Struct(of) => of.fields.iter().any(|field| inner(&field.pat)),
        Pat::Tuple(tuple) => tuple.elems.iter().any(inner),
        Pat::TupleStruct(tuple) => tuple.elems.iter().any(inner),
        Pat::Type(typed) => inner(&typed.pat),
        _ => false,
    }
}

/// Renames the locals of `body`, and `arguments`, which are visible in it.
pub(super) fn rename(arguments: &mut [&mut Ident], body: &mut Block, errors: &mut Errors) -> Names {
    let mut rename = Rename { names: Names::default(), scopes: vec![HashMap::new()], errors };
    for argument in arguments {
        **argument = rename.declare(argument);
    }
    walk::block(&mut rename, body);
    rename.names
}

struct Rename<'a> {
    names: Names,
    scopes: Vec<HashMap<String, Ident>>,
    errors: &'a mut Errors,
}

impl Rename<'_> {
    fn declare(&mut self, local: &Ident) -> Ident {
        let name = format!("{RESERVED}{}_{}", self.names.locals.len(), local.unraw());
        let name = Ident::new(&name, local.span());
        // There is no `self` in the machine, and no local can be called so.
        let known = if local == "self" { Ident::new(SELF, local.span()) } else { local.clone() };
        self.names.locals.push(known);
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(local.unraw().to_string(), name.clone());
        }
        name
    }

    fn look(&self, name: &str) -> Option<&Ident> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    fn path(&mut self, expr: &mut Expr) {
        let Expr::Path(path) = expr else { return };
        let Some(ident) = path.path.get_ident().filter(|_| path.qself.is_none()) else { return };
        if let Some(name) = self.look(&ident.unraw().to_string()) {
            let mut name = name.clone();
            name.set_span(ident.span());
            path.path = name.into();
        }
    }

    fn call(&mut self, expr: &mut Expr) {
        let Expr::Macro(call) = expr else { return };
        if awaits::tokens(call.mac.tokens.clone()) {
            self.errors.under(&call.mac.path, says::MACRO_AWAITS);
            return;
        }
        if let Some(mut known) = Known::parse(&call.mac) {
            known.name_captures(&|name| self.look(name).is_some());
            known.args.iter_mut().for_each(|arg| walk::value(self, &mut arg.expr));
            call.mac.tokens = known.tokens();
            return;
        }
        let mut named = Vec::new();
        self.mentions(call.mac.tokens.clone(), &mut named);
        if self.look("self").is_some_and(|local| named.contains(local)) {
            self.errors.under(&call.mac.path, says::SELF_IN_MACRO);
            return;
        }
        let path = Ident::new(&format!("{RESERVED}macro_{}", self.names.macros.len()), Span::call_site());
        let path = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: path.into() });
        if let Expr::Macro(call) = core::mem::replace(expr, path) {
            self.names.macros.push((call.mac, named));
        }
    }

    /// The locals that the tokens of a macro may name, also inside of strings.
    fn mentions(&self, tokens: TokenStream, named: &mut Vec<Ident>) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => self.mentions(group.stream(), named),
                TokenTree::Ident(ident) => named.extend(self.look(&ident.unraw().to_string()).cloned()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    let words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
                    named.extend(words.filter_map(|word| self.look(word).cloned()));
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

impl Visitor for Rename<'_> {
    fn before(&mut self, expr: &mut Expr, _: Use) -> bool {
        match expr {
            Expr::Path(_) => self.path(expr),
            Expr::Macro(_) => self.call(expr),
            _ => return false,
        }
        true
    }

    fn pattern(&mut self, pat: &mut Pat) {
        // Each alternative of `A(x) | B(x)` makes the same `x`.
        let mut here: HashMap<String, Ident> = HashMap::new();
        let known = each_name(pat, &mut |found| {
            let name = here.entry(found.ident.unraw().to_string()).or_insert_with(|| self.declare(&found.ident));
            let span = found.ident.span();
            found.ident = name.clone();
            found.ident.set_span(span);
        });
        if !known {
            self.refuse(pat, says::PATTERN);
        }
    }

    fn scope(&mut self, begins: bool) {
        if begins {
            self.scopes.push(HashMap::new());
        } else {
            self.scopes.pop();
        }
    }

    fn refuse(&mut self, tokens: &dyn ToTokens, message: &'static str) {
        self.errors.under(tokens.to_token_stream(), message);
    }
}

/// The local that an expression is, under its new name.
pub(super) fn local(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.path.leading_colon.is_none() => {
            let segment = path.path.segments.first().filter(|_| path.path.segments.len() == 1)?;
            let plain = matches!(segment.arguments, PathArguments::None);
            Some(&segment.ident).filter(|ident| plain && is_local(ident))
        }
        Expr::Paren(inner) => local(&inner.expr),
        Expr::Group(inner) => local(&inner.expr),
        _ => None,
    }
}

/// Whether a name is one of inv. 1.
fn is_local(name: &Ident) -> bool {
    let name = name.to_string();
    name.strip_prefix(RESERVED).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
