//! Stage 3: the function to call, and the function whose futures the pool holds.
//!
//! The inner function has a name of its own, so that the user's name means the outer one also in the body: a task may spawn
//! its like.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{AttrStyle, Attribute, Block, FnArg, Ident, Pat, Path, ReturnType, Signature, Token, Visibility};

use super::analyze::Task;
use super::parse::Arguments;

/// The expansion.
pub(crate) struct Plan {
    pub(crate) krate: Option<Path>,
    /// How many places, as an expression.
    pub(crate) places: TokenStream,
    /// The attributes of the outer function: docs, lints, `cfg`.
    pub(crate) outer_attributes: Vec<Attribute>,
    /// All others: `#[async_fn]`, and what other macros make of a function.
    pub(crate) inner_attributes: Vec<Attribute>,
    /// The attributes at the top of the body.
    pub(crate) body_attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// The user's name.
    pub(crate) name: Ident,
    /// The arguments of the outer function, each a name.
    pub(crate) names: Vec<Ident>,
    pub(crate) types: Vec<TokenStream>,
    /// What the future yields.
    pub(crate) output: TokenStream,
    /// The user's signature, `async`, with the inner name.
    pub(crate) inner: Signature,
    pub(crate) body: Block,
}

/// Attributes that mean the function to be called.
const OUTER: &[&str] = &["allow", "cfg", "deny", "deprecated", "doc", "expect", "forbid", "warn"];

pub(crate) fn lower(task: Task) -> Plan {
    let Task { arguments: Arguments { pool, krate }, function } = task;
    let (body_attributes, above): (Vec<_>, Vec<_>) =
        function.attrs.into_iter().partition(|attribute| matches!(attribute.style, AttrStyle::Inner(_)));
    let (outer_attributes, inner_attributes) =
        above.into_iter().partition(|attribute| OUTER.iter().any(|name| attribute.path().is_ident(name)));
    let mut inner = function.sig;
    // Traces leave this name out (`machine/trace/names.rs`).
    let name = core::mem::replace(&mut inner.ident, Ident::new("__task", Span::mixed_site()));
    let (names, types) = inner.inputs.iter().enumerate().filter_map(|(index, argument)| named(index, argument)).unzip();
    let output = match &inner.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, output) => quote!(#output),
    };
    // An `async` of ours: "unused async" and the like are not the user's choice here, and lints skip what a macro wrote.
    inner.asyncness = Some(Token![async](inner.fn_token.span.resolved_at(Span::call_site())));
    Plan {
        krate,
        places: pool.map_or_else(|| quote!(1), |places| quote!(#places)),
        outer_attributes,
        inner_attributes,
        body_attributes,
        vis: function.vis,
        name,
        names,
        types,
        output,
        inner,
        body: *function.block,
    }
}

/// An argument of the outer function: by its name, or by a number if it is taken apart in the signature.
fn named(index: usize, argument: &FnArg) -> Option<(Ident, TokenStream)> {
    let FnArg::Typed(typed) = argument else { return None };
    let name = match &*typed.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => pattern.ident.clone(),
        _ => Ident::new(&format!("argument{index}"), Span::mixed_site()),
    };
    Some((name, typed.ty.to_token_stream()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(item: &str) -> Plan {
        lower(Task { arguments: Arguments::default(), function: syn::parse_str(item).unwrap() })
    }

    #[test]
    fn arguments_have_names_outside_and_patterns_inside() {
        let plan = lowered("async fn f(mut a: A, (b, c): (B, C), _: D) -> R { 1 }");
        let names: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a", "argument1", "argument2"]);
        assert_eq!(
            plan.inner.to_token_stream().to_string(),
            "async fn __task (mut a : A , (b , c) : (B , C) , _ : D) -> R"
        );
        assert_eq!((plan.name.to_string(), plan.output.to_string()), ("f".into(), "R".into()));
        assert_eq!(lowered("async fn f() {}").output.to_string(), "()");
    }

    #[test]
    fn attributes_go_where_they_mean_something() {
        let plan = lowered("/// Doc.\n #[bespoke::async_fn] #[allow(x)] #[other] async fn f() { #![allow(y)] }");
        let paths = |attributes: &[Attribute]| -> Vec<String> {
            attributes.iter().map(|attribute| attribute.path().to_token_stream().to_string()).collect()
        };
        assert_eq!(paths(&plan.outer_attributes), ["doc", "allow"]);
        assert_eq!(paths(&plan.inner_attributes), ["bespoke :: async_fn", "other"]);
        assert_eq!(paths(&plan.body_attributes), ["allow"]);
    }
}
