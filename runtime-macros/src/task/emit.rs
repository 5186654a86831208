//! Stage 4: the tokens. The only file of this macro that knows a path of the runtime.
//!
//! # Invariants
//! 1. Paths begin with the runtime's crate (`::bespoke`, or what `crate = …` says) or with `::core`.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;

use super::lower::Plan;

pub(crate) fn emit(plan: Plan) -> TokenStream {
    let krate = plan.krate.as_ref().map_or_else(|| quote!(::bespoke), ToTokens::to_token_stream);
    let Plan { places, outer_attributes, inner_attributes, body_attributes, vis, name, names, types, .. } = plan;
    let Plan { output, inner, body, .. } = plan;
    let (core, private) = (quote!(#krate::__private::core), quote!(#krate::__private));
    let (function, fn_token) = (&inner.ident, &inner.fn_token);
    let text = name.unraw().to_string();
    let statements = quote! {
        #(#inner_attributes)* #inner #body
        const __PLACES: usize = #places;
        struct __Pool;
        impl #private::places::Pool for __Pool {
            type Store = #private::places::Places<
                <#private::places::Align<{ #private::align_of(&#function) }> as #private::places::Aligned>::Unit,
                { #private::bytes_of(&#function) },
                __PLACES,
            >;
            const NAME: &'static str = #text;
            fn store() -> &'static Self::Store {
                static STORE: <__Pool as #private::places::Pool>::Store = #private::places::Places::new();
                &STORE
            }
        }
        #krate::task::StaticTask::<_, __Pool>::new(#function(#(#names),*))
    };
    // With the user's `fn` and braces the function is the user's: rustc says that it is unused, or not documented.
    let mut outer = Group::new(Delimiter::Brace, quote!(#(#body_attributes)* #statements));
    outer.set_span(body.brace_token.span.join());
    quote! {
        #(#outer_attributes)* #vis #fn_token #name(#(#names: #types),*)
            -> #krate::task::StaticTask<
                impl #core::future::Future<Output = #output>,
                impl #private::places::Pool,
            >
        #outer
    }
}

#[cfg(test)]
mod tests {
    use crate::task::expand;

    // Whole expansions are kept, readable, in `tests/expand`.

    #[test]
    fn another_crate_path_replaces_every_path() {
        let output = expand("crate = my::rt".parse().unwrap(), "async fn f() {}".parse().unwrap()).to_string();
        assert!(output.contains("my :: rt :: task :: StaticTask"), "{output}");
        assert!(!output.contains("bespoke"), "{output}");
    }

    #[test]
    fn nothing_is_unsafe() {
        let output = expand("pool = 3".parse().unwrap(), "async fn f(a: u8) -> u8 { a }".parse().unwrap()).to_string();
        assert!(!output.contains("unsafe"), "{output}");
    }
}
