//! Stage 3 of `main` and `test`: the function to emit.
//!
//! The user's function becomes an inner `async fn`, and the outer one runs it. Wrapping the body in an `async` block
//! instead looks simpler and was rejected: a block has no declared type, so rustc reports a wrong value of the body
//! under the attribute, and refuses `Err(Box::new(error))` where `Box<dyn Error>` is returned.

use proc_macro2::TokenStream;
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
    if inner.asyncness.is_none() {
        inner.asyncness = Some(Token![async](inner.fn_token.span));
    }
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

    /// The signatures, outside and inside.
    fn signatures(item: TokenStream) -> (String, String) {
        let mut errors = Errors::new();
        let parse::Parsed::Function(parsed) = parse::parse(Entry::Main, quote!(), item, &mut errors) else {
            panic!("a function was refused")
        };
        let plan = lower(Entry::Main, analyze(parsed, &mut errors));
        errors.into_tokens();
        (plan.outer.to_string(), plan.inner.to_token_stream().to_string())
    }

    #[test]
    fn the_inner_function_is_the_users() {
        assert_eq!(
            signatures(quote!(
                async fn main() -> R {
                    1
                }
            )),
            (quote!(fn main() -> R).to_string(), quote!(async fn main() -> R).to_string())
        );
    }

    #[test]
    fn a_function_that_is_not_async_becomes_so() {
        assert_eq!(
            signatures(quote!(
                fn main() {}
            ))
            .1,
            quote!(async fn main()).to_string()
        );
    }

    #[test]
    fn the_outer_function_has_no_arguments() {
        let (outer, inner) = signatures(quote!(
            async fn main<T>(a: T) -> T
            where
                T: X,
            {
                a
            }
        ));
        assert_eq!(outer, quote!(fn main()).to_string());
        assert_eq!(inner, quote!(async fn main<T>(a: T) -> T where T: X,).to_string());
    }

    #[test]
    fn qualifiers_stay_outside() {
        let (outer, inner) = signatures(quote!(
            async unsafe extern "C" fn main() {}
        ));
        assert_eq!(outer, quote!(unsafe extern "C" fn main()).to_string());
        assert_eq!(inner, quote!(async fn main()).to_string());
    }

    #[test]
    fn attributes_stay_where_they_were() {
        let mut errors = Errors::new();
        let item = quote!(
            #[should_panic]
            async fn f() {
                #![allow(dead_code)]
            }
        );
        let parse::Parsed::Function(parsed) = parse::parse(Entry::Test, quote!(), item, &mut errors) else {
            panic!("a function was refused")
        };
        let plan = lower(Entry::Test, analyze(parsed, &mut errors));
        assert!(errors.into_tokens().is_empty());
        assert_eq!((plan.outer_attributes.len(), plan.inner_attributes.len()), (1, 1));
    }
}
