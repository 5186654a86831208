//! Where rustc points when something that we generated is wrong.
//!
//! rustc underlines an expression from its first token to its last. A const rule that fails in generated code therefore
//! lands under the user's own value only if **every** generated token, delimiters included, carries a span of that value.
//!
//! # Invariants
//! 1. Moving a token changes its location only; the names in it resolve where they resolved before (`resolved_at`).

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The first and the last token of something the user wrote. (Joining the two into one `Span` is not stable.)
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    first: Span,
    last: Span,
}

impl Ends {
    /// The ends of `tokens`; the whole attribute if there are none.
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let mut trees = tokens.to_token_stream().into_iter();
        let Some(head) = trees.next() else {
            return Ends { first: Span::call_site(), last: Span::call_site() };
        };
        let first = match &head {
            TokenTree::Group(group) => group.span_open(),
            tree => tree.span(),
        };
        let last = match trees.last().unwrap_or(head) {
            TokenTree::Group(group) => group.span_close(),
            tree => tree.span(),
        };
        Ends { first, last }
    }

    /// The same tokens, laid over the place: all on its first token, except the last one, which goes on its last token.
    pub(crate) fn cover(self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
        let tail = trees.pop().map(|tail| moved_tree(tail, self.last));
        trees.into_iter().map(|tree| moved_tree(tree, self.first)).chain(tail).collect()
    }

    /// Puts `contents`, untouched, between parentheses that lie on the last token of the place.
    pub(crate) fn parenthesize(self, contents: TokenStream) -> TokenTree {
        let mut group = Group::new(proc_macro2::Delimiter::Parenthesis, contents);
        group.set_span(self.last.resolved_at(Span::call_site()));
        TokenTree::Group(group)
    }
}

/// `tree` at `place`, with everything in it (inv. 1).
fn moved_tree(mut tree: TokenTree, place: Span) -> TokenTree {
    if let TokenTree::Group(group) = &tree {
        let inner = group.stream().into_iter().map(|tree| moved_tree(tree, place)).collect();
        let mut moved = Group::new(group.delimiter(), inner);
        moved.set_span(place.resolved_at(group.span()));
        return TokenTree::Group(moved);
    }
    tree.set_span(place.resolved_at(tree.span()));
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    // Spans made outside a compiler cannot be compared; where they land is shown by the compile-fail tests of the
    // facade. Here: the tokens themselves survive.

    #[test]
    fn moving_keeps_the_tokens() {
        let tokens = quote!(::bespoke::check::item::<App<{ N }>>("LOCAL_QUEUE", [1, (2)]));
        assert_eq!(Ends::of(&quote!(10 * 10)).cover(tokens.clone()).to_string(), tokens.to_string());
    }

    #[test]
    fn covering_with_nothing_is_nothing() {
        assert!(Ends::of(&quote!(a)).cover(TokenStream::new()).is_empty());
    }

    #[test]
    fn an_empty_place_is_the_attribute() {
        assert_eq!(Ends::of(&TokenStream::new()).cover(quote!(a b)).to_string(), "a b");
    }
}
