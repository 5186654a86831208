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

    /// The place's first token.
    pub(crate) fn first(self) -> Span {
        self.first
    }

    /// The place's last token.
    pub(crate) fn last(self) -> Span {
        self.last
    }

    /// The same tokens, laid over the place: all on its first token, except the last one, which goes on its last token.
    pub(crate) fn cover(self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
        let tail = trees.pop().map(|tail| moved_tree(tail, self.last));
        trees.into_iter().map(|tree| moved_tree(tree, self.first)).chain(tail).collect()
    }

    /// `inside`, which stands at the place and stays as it is, with `before` on its first token and `after` on its last.
    pub(crate) fn enclose(self, before: TokenStream, inside: &TokenStream, after: TokenStream) -> TokenStream {
        let before = before.into_iter().map(|tree| moved_tree(tree, self.first));
        let after = after.into_iter().map(|tree| moved_tree(tree, self.last));
        before.chain(inside.clone()).chain(after).collect()
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

    /// Each token with its column; a group's delimiters count as one.
    fn columns(tokens: TokenStream) -> Vec<(String, usize)> {
        let mut columns = Vec::new();
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => {
                    columns.push(("group".to_string(), group.span().start().column));
                    columns.extend(self::columns(group.stream()));
                }
                tree => columns.push((tree.to_string(), tree.span().start().column)),
            }
        }
        columns
    }

    fn place(text: &str) -> Ends {
        Ends::of(&text.parse::<TokenStream>().unwrap())
    }

    #[test]
    fn covering_moves_every_token_and_the_last_one_to_the_end() {
        let tokens = quote!(check::item::<App<{ N }>>("LOCAL_QUEUE", [1]));
        let covered = place("    10 * 1000").cover(tokens.clone());
        assert_eq!(covered.to_string(), tokens.to_string());
        let columns = columns(covered);
        let call = columns.iter().rposition(|(token, _)| token == ">").unwrap() + 1;
        for (index, (token, column)) in columns.into_iter().enumerate() {
            assert_eq!(column, if index < call { 4 } else { 9 }, "{token}");
        }
    }

    #[test]
    fn the_ends_of_a_group_are_its_delimiters() {
        let columns = columns(place("  { 1 }").cover(quote!(a b)));
        assert_eq!(columns, [("a".to_string(), 2), ("b".to_string(), 6)]);
    }

    #[test]
    fn covering_with_nothing_is_nothing() {
        assert!(place("a").cover(TokenStream::new()).is_empty());
    }

    #[test]
    fn an_empty_place_is_the_attribute() {
        assert_eq!(Ends::of(&TokenStream::new()).cover(quote!(a b)).to_string(), "a b");
    }

    #[test]
    fn what_is_enclosed_stays_where_it_is() {
        let inside: TokenStream = "  preset::Server".parse().unwrap();
        let enclosed = Ends::of(&inside).enclose(quote!(run::<), &inside, quote!(, _>));
        assert_eq!(enclosed.to_string(), quote!(run::<preset::Server, _>).to_string());
        let columns: Vec<usize> = columns(enclosed).into_iter().map(|(_, column)| column).collect();
        assert_eq!(columns, [2, 2, 2, 2, 2, 8, 9, 10, 10, 10, 10]);
    }

    #[test]
    fn parentheses_lie_at_the_end_and_leave_their_contents() {
        let contents: TokenStream = "       main".parse().unwrap();
        let columns = columns(place("a + b").parenthesize(contents).into());
        assert_eq!(columns, [("group".to_string(), 4), ("main".to_string(), 7)]);
    }
}
