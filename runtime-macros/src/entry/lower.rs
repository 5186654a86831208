//! Stage 3 of `main` and `test`: the function to emit.
//!
//! The user's function becomes an inner `async fn`, and the outer one runs it. Wrapping the body in an `async` block
//! instead looks simpler and was rejected: a block has no declared type, so rustc reports a wrong value of the body
//! under the attribute, and refuses `Err(Box::new(error))` where `Box<dyn Error>` is returned.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{AttrStyle, Attribute, Block, Path, ReturnType, Signature, Token, Type, Visibility};

use super::Entry;
use super::analyze::Analyzed;
use super::parse::Arguments;

/// The expansion.
pub(crate) struct Plan {
    pub(crate) entry: Entry,
    pub(crate) config: Option<Type>,
    pub(crate) krate: Option<Path>,
    /// The attributes above the function.
    pub(crate) outer_attributes: Vec<Attribute>,
    /// The attributes at the top of its body.
    pub(crate) inner_attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// How the function is called: neither `async` nor with arguments.
    pub(crate) outer: TokenStream,
    /// The user's signature, `async`.
    pub(crate) inner: Signature,
    /// The user's body.
    pub(crate) body: Block,
    /// Whether `outer` can run `inner`. If not, it only keeps its name alive beside the error.
    pub(crate) callable: bool,
}

pub(crate) fn lower(entry: Entry, analyzed: Analyzed) -> Plan {
    let Analyzed { arguments: Arguments { config, krate }, function, callable } = analyzed;
    let (inner_attributes, outer_attributes) =
        function.attrs.into_iter().partition(|attribute| matches!(attribute.style, AttrStyle::Inner(_)));
    let mut inner = function.sig;
    let outer = outer(&mut inner);
    // An `async` of ours: "unused async" and the like are not the user's choice here, and lints skip what a macro wrote.
    inner.asyncness = Some(Token![async](inner.fn_token.span.resolved_at(Span::call_site())));
    Plan {
        entry,
        config,
        krate,
        outer_attributes,
        inner_attributes,
        vis: function.vis,
        outer,
        inner,
        body: *function.block,
        callable,
    }
}

/// Takes `const`, `unsafe` and `extern` off the user's signature and makes the outer one of it. Whether they are
/// allowed there is rustc's to say.
fn outer(inner: &mut Signature) -> TokenStream {
    let (constness, unsafety, abi) = (inner.constness.take(), inner.unsafety.take(), inner.abi.take());
    let (fn_token, ident) = (&inner.fn_token, &inner.ident);
    // A type that speaks of a refused parameter would be an error of its own.
    let output = if inner.generics.params.is_empty() { &inner.output } else { &ReturnType::Default };
    quote!(#constness #unsafety #abi #fn_token #ident() #output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{analyze::analyze, parse};
    use crate::errors::Errors;
    use quote::ToTokens;

    fn lowered(item: &str) -> Plan {
        let mut errors = Errors::new();
        let parse::Parsed::Function(parsed) =
            parse::parse(Entry::Main, TokenStream::new(), item.parse().unwrap(), &mut errors)
        else {
            panic!("a function was refused")
        };
        let plan = lower(Entry::Main, analyze(parsed, &mut errors));
        let _messages = errors.into_tokens();
        plan
    }

    /// Compares the signatures of `item`, outside and inside.
    fn compare(item: &str, outer: &str, inner: &str) {
        let plan = lowered(item);
        let printed = |text: &str| text.parse::<TokenStream>().unwrap().to_string();
        assert_eq!(plan.outer.to_string(), printed(outer));
        assert_eq!(plan.inner.to_token_stream().to_string(), printed(inner));
    }

    #[test]
    fn the_inner_function_is_the_users() {
        compare("async fn main() -> R { 1 }", "fn main() -> R", "async fn main() -> R");
    }

    #[test]
    fn a_function_that_is_not_async_becomes_so() {
        compare("fn main() {}", "fn main()", "async fn main()");
    }

    #[test]
    fn the_outer_function_has_no_arguments() {
        let inner = "async fn main<T>(a: T) -> T where T: X,";
        compare(&format!("{inner} {{ a }}"), "fn main()", inner);
        compare("async fn main(a: u8) -> u8 { a }", "fn main() -> u8", "async fn main(a: u8) -> u8");
    }

    #[test]
    fn qualifiers_stay_outside() {
        compare(r#"async unsafe extern "C" fn f() {}"#, r#"unsafe extern "C" fn f()"#, "async fn f()");
    }

    #[test]
    fn attributes_stay_where_they_were() {
        let plan = lowered("#[should_panic] async fn f() { #![allow(dead_code)] }");
        assert_eq!(plan.outer_attributes.len(), 1);
        assert_eq!(plan.inner_attributes.len(), 1);
        assert!(plan.outer_attributes[0].path().is_ident("should_panic"));
    }
}
