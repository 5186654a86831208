//! The function's signature with the future in it: which lifetimes it has, and which of them is the shortest.
//!
//! What the machine borrows from its own places has regions that rustc infers, and each must come out as one that the
//! signature names. With several lifetimes, none of which is known to be the shortest, or with type parameters, rustc
//! finds none. So one lifetime `'__bespoke_a` is added that every other, and every type parameter, outlives; it is left
//! out where the signature has such a lifetime already.
//!
//! # Invariants
//! 1. Callers of the new signature may do nothing that the source's signature forbids: elided lifetimes are shared only
//!    where nothing but covariant references has them and the output has none of them.
//! 2. In the new signature every lifetime that can be seen has a name: the machine repeats its types.
//! 3. Of a trait's method, what a declaration says and what an `impl` says follow from the method's own arguments alone, so
//!    that both get the same lifetimes, and in the same order: neither sees the other.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{
    FnArg, GenericArgument, GenericParam, Generics, Ident, Lifetime, Pat, Path, PathArguments, Receiver, ReturnType,
    Signature, Token, Type, TypeParamBound,
};

use super::parse::RESERVED;
use super::says;
use crate::errors::Errors;

/// Where a function stands.
pub(super) enum Home<'a> {
    /// Outside of any `impl`.
    Free,
    /// In an `impl` of which nothing is known.
    Unknown,
    /// In an `impl` that declares this.
    Impl(&'a Generics),
    /// In a trait that declares this.
    Trait(&'a Generics),
    /// In the `impl` of a trait.
    ImplOf {
        /// What the `impl` declares.
        generics: &'a Generics,
        /// The trait.
        of: &'a Path,
    },
}

impl Home<'_> {
    /// A trait says what the method is.
    pub(super) fn of_trait(&self) -> bool {
        matches!(self, Home::Trait(_) | Home::ImplOf { .. })
    }
}

/// What becomes of a signature.
pub(super) enum Made<'a> {
    /// An `async fn` gives a future, which is this beside `Future`, unless a trait says what the future is.
    Machine { in_parts: &'a TokenStream },
    /// An `async fn` that a trait declares, without a body.
    Declared,
    /// A function that a trait declares and that returns `impl Future`: all is as written, but the lifetimes.
    Written,
}

/// A signature that was understood.
pub(super) struct Signed {
    /// With the future, without `async`.
    pub(super) signature: Signature,
    /// What the future gives.
    pub(super) output: TokenStream,
    /// It has a lifetime that the source's does not have.
    pub(super) shortest: bool,
}

/// The signature with the future in it; `None` if it has none, with the mistake recorded.
pub(super) fn sign(source: &Signature, home: &Home<'_>, made: &Made<'_>, errors: &mut Errors) -> Option<Signed> {
    // `syn` is built without `Clone`.
    let mut signature: Signature = syn::parse2(source.to_token_stream()).ok()?;
    let mut elided = Elided::default();
    let own = declared(&signature.generics);
    let receiver = name_inputs(&mut signature, &mut elided);
    let mut output = core::mem::replace(&mut signature.output, ReturnType::Default);
    let mut output_elides = false;
    if let ReturnType::Type(_, ty) = &mut output {
        let from = receiver.as_ref().or_else(|| elided.only(&own.lifetimes));
        let mut naming = Output { from, elides: false };
        walk(ty, &mut naming);
        output_elides = naming.elides;
        if output_elides && from.is_none() {
            let ReturnType::Type(_, written) = &source.output else { return None };
            errors.under(written, says::ELISION);
            return None;
        }
    }
    let shared = matches!(home, Home::Free) && !output_elides && elided.nested == 0;
    let bottom = Lifetime::new(&format!("'{RESERVED}a"), Span::mixed_site());
    if shared {
        let of = |lifetime: &mut Lifetime| {
            if elided.names.iter().any(|name| name.ident == lifetime.ident) {
                lifetime.ident = bottom.ident.clone();
            }
        };
        walk_inputs(&mut signature, &mut Renaming(of));
        if !elided.names.is_empty() {
            elided.names.clear();
            elided.names.push(lifetime(&bottom));
        }
    }
    let types = own.types.len() + elided.impls;
    let lifetimes = own.lifetimes.len() + elided.names.len();
    // The lifetime of `&self`: everything in `Self` outlives it.
    let of_self = lifetimes == 1 && (receiver.is_some() || own.lifetimes.iter().any(|a| outlived_by_self(source, a)));
    let around = match home {
        Home::Free => false,
        Home::Unknown => true,
        // Whoever implements the trait may be of any type.
        Home::Trait(_) => matches!(made, Made::Machine { .. }),
        Home::Impl(generics) | Home::ImplOf { generics, .. } => {
            generics.params.iter().any(|param| !matches!(param, GenericParam::Const(_)))
        }
    };
    let by_itself = types > 0 || lifetimes > 1;
    let needed = by_itself || (around && !of_self);
    // By inv. 3 an `impl` says no more than its trait.
    if needed && !by_itself && home.of_trait() {
        errors.under(&source.ident, says::TRAIT_LIFETIMES);
        return None;
    }
    let order = home.of_trait().then(|| elided.in_order(&own.lifetimes));
    let new = core::mem::take(&mut elided.names);
    let has_bottom = shared && !new.is_empty();
    if needed {
        let mut bounds: Vec<TokenStream> =
            new.iter().filter(|_| !has_bottom).map(|name| quote!(#name: #bottom)).collect();
        bounds.extend(bound_own(&mut signature.generics, &bottom));
        if home.of_trait() || matches!(home, Home::Unknown) {
            bounds.push(quote!(Self: #bottom));
        }
        if let Home::Impl(generics) | Home::Trait(generics) | Home::ImplOf { generics, .. } = home {
            let of = declared(generics);
            // What the type has in it is bound with `Self`, so of these only what the trait's own arguments hold.
            let bound = |name: &Ident| match home {
                Home::ImplOf { of, .. } => names(of.to_token_stream(), &name.to_string()),
                _ => true,
            };
            let lifetimes = of.lifetimes.iter().filter(|name| bound(&name.ident));
            bounds.extend(lifetimes.map(|name| quote!(#name: #bottom)));
            bounds.extend(of.types.iter().filter(|name| bound(name)).map(|name| quote!(#name: #bottom)));
        }
        let clause = signature.generics.make_where_clause();
        clause.predicates.extend(bounds.into_iter().filter_map(|bound| syn::parse2::<syn::WherePredicate>(bound).ok()));
        walk_inputs(&mut signature, &mut Bounding(&bottom));
    }
    let shortest = needed && !has_bottom;
    let added = new.into_iter().chain(shortest.then(|| lifetime(&bottom)));
    let mut params: Vec<GenericParam> =
        added.map(|name| GenericParam::Lifetime(syn::LifetimeParam::new(name))).collect();
    params.extend(core::mem::take(&mut signature.generics.params));
    if let Some(order) = order {
        let place = |param: &GenericParam| match param {
            GenericParam::Lifetime(param) if param.lifetime.ident == bottom.ident => 0,
            GenericParam::Lifetime(param) => {
                1 + order.iter().position(|a| *a == param.lifetime.ident).unwrap_or(order.len())
            }
            _ => usize::MAX,
        };
        params.sort_by_key(place);
    }
    if !params.is_empty() {
        signature.generics.lt_token.get_or_insert_default();
        signature.generics.gt_token.get_or_insert_default();
    }
    signature.generics.params = params.into_iter().collect();
    if let Made::Written = made {
        signature.output = output;
        return Some(Signed { signature, output: TokenStream::new(), shortest });
    }
    let beside = match made {
        Made::Machine { in_parts } if !home.of_trait() => quote!(+ #in_parts),
        _ => quote!(),
    };
    let output = future(&mut signature, output, &beside);
    Some(Signed { signature, output, shortest })
}

/// Whether a signature says `Self: 'a`.
fn outlived_by_self(signature: &Signature, lifetime: &Lifetime) -> bool {
    let of_self = |predicate: &syn::WherePredicate| match predicate {
        syn::WherePredicate::Type(of) if matches!(&of.bounded_ty, Type::Path(path) if path.path.is_ident("Self")) => {
            of.bounds.iter().any(|bound| matches!(bound, TypeParamBound::Lifetime(a) if a.ident == lifetime.ident))
        }
        _ => false,
    };
    signature.generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(of_self)
}

/// Whether a function returns `impl Future`.
pub(super) fn returns_future(signature: &Signature) -> bool {
    let ReturnType::Type(_, ty) = &signature.output else { return false };
    let Type::ImplTrait(of) = &**ty else { return false };
    of.bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}

/// Lets what a signature declares outlive `bottom`: beside the bounds that a parameter has where it is declared, for clippy
/// wants all of them in one place. The others, for the `where` clause.
fn bound_own(generics: &mut Generics, bottom: &Lifetime) -> Vec<TokenStream> {
    let mut bounds = Vec::new();
    for param in &mut generics.params {
        match param {
            GenericParam::Lifetime(param) if param.bounds.is_empty() => {
                let name = &param.lifetime;
                bounds.push(quote!(#name: #bottom));
            }
            GenericParam::Lifetime(param) => param.bounds.push(lifetime(bottom)),
            GenericParam::Type(param) if param.bounds.is_empty() => {
                let name = &param.ident;
                bounds.push(quote!(#name: #bottom));
            }
            GenericParam::Type(param) => param.bounds.push(TypeParamBound::Lifetime(lifetime(bottom))),
            GenericParam::Const(_) => {}
        }
    }
    bounds
}

/// Puts the future where the output was. The output, as tokens.
fn future(signature: &mut Signature, output: ReturnType, beside: &TokenStream) -> TokenStream {
    let (arrow, output) = match output {
        ReturnType::Default => (<Token![->]>::default(), quote!(())),
        ReturnType::Type(arrow, ty) => (arrow, ty.to_token_stream()),
    };
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input
            && let Pat::Ident(pat) = &mut *input.pat
        {
            pat.mutability = None;
        }
    }
    let future = Type::Verbatim(quote!(impl ::core::future::Future<Output = #output> #beside));
    signature.output = ReturnType::Type(arrow, Box::new(future));
    signature.asyncness = None;
    output
}

/// Gives every elided lifetime of an argument a name; the lifetime of `&self`, if there is one.
fn name_inputs(signature: &mut Signature, elided: &mut Elided) -> Option<Lifetime> {
    let mut of_self = None;
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => of_self = name_receiver(receiver, elided),
            FnArg::Typed(input) => match &mut *input.ty {
                Type::Reference(reference) => {
                    elided.reference(reference);
                    let before = elided.names.len();
                    walk(&mut reference.elem, elided);
                    elided.nested += elided.names.len() - before;
                }
                ty => {
                    let before = elided.names.len();
                    walk(ty, elided);
                    elided.nested += elided.names.len() - before;
                }
            },
        }
    }
    of_self
}

fn name_receiver(receiver: &mut Receiver, elided: &mut Elided) -> Option<Lifetime> {
    if receiver.colon_token.is_some() {
        let before = elided.names.len();
        walk(&mut receiver.ty, elided);
        return elided.names.get(before).filter(|_| elided.names.len() == before + 1).map(lifetime);
    }
    let (and, of) = receiver.reference.as_mut()?;
    match of {
        Some(of) if of.ident != "_" => elided.written(of),
        _ => *of = Some(elided.fresh(and.span)),
    }
    of.as_ref().map(lifetime)
}

fn lifetime(of: &Lifetime) -> Lifetime {
    Lifetime { apostrophe: of.apostrophe, ident: of.ident.clone() }
}

/// What generics declare.
struct Declared {
    lifetimes: Vec<Lifetime>,
    types: Vec<Ident>,
}

fn declared(generics: &Generics) -> Declared {
    let mut declared = Declared { lifetimes: Vec::new(), types: Vec::new() };
    for param in &generics.params {
        match param {
            GenericParam::Lifetime(param) => declared.lifetimes.push(lifetime(&param.lifetime)),
            GenericParam::Type(param) => declared.types.push(param.ident.clone()),
            GenericParam::Const(_) => {}
        }
    }
    declared
}

/// What a walk over a type does at lifetimes, and at `impl Trait`.
pub(crate) trait Visit {
    fn lifetime(&mut self, lifetime: &mut Lifetime);
    /// A reference without a lifetime.
    fn reference(&mut self, _reference: &mut syn::TypeReference) {}
    fn bounds(&mut self, _bounds: &mut Punctuated<TypeParamBound, Token![+]>) {}
}

/// Gives names to elided lifetimes.
#[derive(Default)]
struct Elided {
    names: Vec<Lifetime>,
    /// How many of them are not those of whole arguments.
    nested: usize,
    /// How many `impl Trait` there are.
    impls: usize,
    /// The lifetimes that were written.
    written: Vec<Lifetime>,
    /// All of them, as they come.
    all: Vec<Ident>,
}

impl Elided {
    fn fresh(&mut self, at: Span) -> Lifetime {
        // Where the elided one is, for what rustc says of it.
        let name = Lifetime::new(&format!("'{RESERVED}{}", self.names.len()), Span::mixed_site().located_at(at));
        self.names.push(lifetime(&name));
        self.all.push(name.ident.clone());
        name
    }

    fn written(&mut self, lifetime: &Lifetime) {
        self.written.push(self::lifetime(lifetime));
        self.all.push(lifetime.ident.clone());
    }

    /// The lifetimes of the signature in the order in which its arguments have them, whether they have names or not.
    fn in_order(&self, declared: &[Lifetime]) -> Vec<Ident> {
        let mut order: Vec<Ident> = Vec::new();
        for ident in self.all.iter().chain(declared.iter().map(|a| &a.ident)) {
            if !order.contains(ident) {
                order.push(ident.clone());
            }
        }
        order
    }

    /// The lifetime that an output without one has: the only one of the arguments.
    fn only(&self, declared: &[Lifetime]) -> Option<&Lifetime> {
        let mut all = self.names.iter().chain(&self.written);
        let only = all.next()?;
        let known = only.ident == "static" || declared.contains(only) || self.names.contains(only);
        all.all(|other| other.ident == only.ident).then_some(only).filter(|_| known)
    }
}

impl Visit for Elided {
    fn lifetime(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.fresh(lifetime.apostrophe);
        } else {
            self.written(lifetime);
        }
    }

    fn reference(&mut self, reference: &mut syn::TypeReference) {
        match &mut reference.lifetime {
            Some(lifetime) => self.lifetime(lifetime),
            None => reference.lifetime = Some(self.fresh(reference.and_token.span)),
        }
    }

    fn bounds(&mut self, _: &mut Punctuated<TypeParamBound, Token![+]>) {
        self.impls += 1;
    }
}

/// Names the elided lifetimes of an output.
struct Output<'a> {
    from: Option<&'a Lifetime>,
    elides: bool,
}

impl Visit for Output<'_> {
    fn lifetime(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            self.elides = true;
            if let Some(from) = self.from {
                *lifetime = self::lifetime(from);
            }
        }
    }

    fn reference(&mut self, reference: &mut syn::TypeReference) {
        match &mut reference.lifetime {
            Some(lifetime) => self.lifetime(lifetime),
            None => {
                self.elides = true;
                reference.lifetime = self.from.map(lifetime);
            }
        }
    }
}

struct Renaming<F>(F);

impl<F: FnMut(&mut Lifetime)> Visit for Renaming<F> {
    fn lifetime(&mut self, lifetime: &mut Lifetime) {
        (self.0)(lifetime);
    }

    fn reference(&mut self, reference: &mut syn::TypeReference) {
        if let Some(lifetime) = &mut reference.lifetime {
            (self.0)(lifetime);
        }
    }
}

/// Lets every `impl Trait` outlive a lifetime.
struct Bounding<'a>(&'a Lifetime);

impl Visit for Bounding<'_> {
    fn lifetime(&mut self, _: &mut Lifetime) {}

    fn bounds(&mut self, bounds: &mut Punctuated<TypeParamBound, Token![+]>) {
        bounds.push(TypeParamBound::Lifetime(lifetime(self.0)));
    }
}

fn walk_inputs(signature: &mut Signature, visit: &mut dyn Visit) {
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input {
            walk(&mut input.ty, visit);
        }
    }
}

/// The lifetimes of a type that are the signature's. Those of `Fn(&T)` and `fn(&T)` are not.
pub(crate) fn walk(ty: &mut Type, visit: &mut dyn Visit) {
    match ty {
        Type::Array(inner) => walk(&mut inner.elem, visit),
        Type::Group(inner) => walk(&mut inner.elem, visit),
        Type::Paren(inner) => walk(&mut inner.elem, visit),
        Type::Ptr(inner) => walk(&mut inner.elem, visit),
        Type::Slice(inner) => walk(&mut inner.elem, visit),
        Type::Tuple(inner) => inner.elems.iter_mut().for_each(|elem| walk(elem, visit)),
        Type::Reference(inner) => {
            visit.reference(inner);
            walk(&mut inner.elem, visit);
            // `&impl A + 'a` is not what is meant.
            if matches!(&*inner.elem, Type::ImplTrait(inner) if inner.bounds.len() > 1) {
                let elem = core::mem::replace(&mut *inner.elem, Type::Verbatim(TokenStream::new()));
                *inner.elem = Type::Paren(syn::TypeParen { paren_token: Default::default(), elem: Box::new(elem) });
            }
        }
        Type::Path(inner) => {
            if let Some(qself) = &mut inner.qself {
                walk(&mut qself.ty, visit);
            }
            arguments(&mut inner.path, visit);
        }
        Type::TraitObject(inner) => bounds(&mut inner.bounds, visit),
        Type::ImplTrait(inner) => {
            bounds(&mut inner.bounds, visit);
            visit.bounds(&mut inner.bounds);
        }
        _ => {}
    }
}

fn bounds(bounds: &mut Punctuated<TypeParamBound, Token![+]>, visit: &mut dyn Visit) {
    for bound in bounds {
        match bound {
            TypeParamBound::Lifetime(lifetime) => visit.lifetime(lifetime),
            TypeParamBound::Trait(bound) => arguments(&mut bound.path, visit),
            _ => {}
        }
    }
}

fn arguments(path: &mut syn::Path, visit: &mut dyn Visit) {
    for segment in &mut path.segments {
        let PathArguments::AngleBracketed(inner) = &mut segment.arguments else { continue };
        for argument in &mut inner.args {
            match argument {
                GenericArgument::Lifetime(lifetime) => visit.lifetime(lifetime),
                GenericArgument::Type(ty) => walk(ty, visit),
                GenericArgument::AssocType(inner) => walk(&mut inner.ty, visit),
                GenericArgument::Constraint(inner) => bounds(&mut inner.bounds, visit),
                _ => {}
            }
        }
    }
}

/// What of a signature is not understood. `declared`: by a trait, without a body.
pub(super) fn check(sig: &Signature, declared: bool, errors: &mut Errors) {
    if sig.asyncness.is_none() {
        errors.under(&sig.fn_token, says::NOT_ASYNC);
    }
    if let Some(what) = &sig.unsafety {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.constness {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.abi {
        errors.under(what, says::QUALIFIER);
    } else if let Some(what) = &sig.variadic {
        errors.under(what, says::QUALIFIER);
    }
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) if receiver.attrs.is_empty() => {}
            FnArg::Receiver(receiver) => errors.under(&receiver.self_token, says::ARGUMENT),
            FnArg::Typed(input) => {
                let plain = match &*input.pat {
                    Pat::Ident(pat) => pat.by_ref.is_none() && pat.subpat.is_none(),
                    Pat::Wild(_) => declared,
                    _ => false,
                };
                if !plain || !input.attrs.is_empty() {
                    errors.under(&input.pat, says::ARGUMENT);
                }
            }
        }
    }
    if let ReturnType::Type(_, ty) = &sig.output
        && names(ty.to_token_stream(), "impl")
    {
        errors.under(ty, says::TYPE);
    }
}

/// Whether tokens hold a word, at any depth.
pub(super) fn names(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => names(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}
