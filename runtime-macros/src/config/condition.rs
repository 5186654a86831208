//! The condition under which an item exists: its `#[cfg]` attributes as one predicate.
//!
//! An item that is written for some builds only is forwarded from the base in the others, so the macro needs the
//! negation of what the attributes say.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Attribute;

/// A predicate that may stand in `#[cfg(…)]`.
#[derive(Clone)]
pub(crate) struct Condition(TokenStream);

impl Condition {
    /// The condition that `attributes` put on their item. `None` = always there.
    pub(crate) fn of(attributes: &[Attribute]) -> Option<Condition> {
        all(attributes.iter().filter_map(|attribute| predicate(attribute.meta.to_token_stream())).collect())
    }

    /// True when none of `conditions` is.
    pub(crate) fn none_of<'a>(conditions: impl Iterator<Item = &'a Condition>) -> Condition {
        let predicates = conditions.map(|condition| &condition.0);
        Condition(quote!(not(any(#(#predicates),*))))
    }
}

/// Prints as the attribute.
impl ToTokens for Condition {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let predicate = &self.0;
        tokens.extend(quote!(#[cfg(#predicate)]));
    }
}

/// What one attribute asks for: `cfg(p)` asks for p, `cfg_attr(p, cfg(q))` for q if p. Others ask for nothing.
fn predicate(meta: TokenStream) -> Option<TokenStream> {
    let mut trees = meta.into_iter();
    let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(group)), None) =
        (trees.next(), trees.next(), trees.next())
    else {
        return None;
    };
    if group.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let mut parts = at_commas(group.stream()).into_iter();
    let first = parts.next()?;
    if name == "cfg" {
        Some(first)
    } else if name == "cfg_attr" {
        let Condition(then) = all(parts.filter_map(predicate).collect())?;
        Some(quote!(any(not(#first), #then)))
    } else {
        None
    }
}

/// All of `predicates` at once. `None` if there are none.
fn all(mut predicates: Vec<TokenStream>) -> Option<Condition> {
    match predicates.len() {
        0 => None,
        1 => predicates.pop().map(Condition),
        _ => Some(Condition(quote!(all(#(#predicates),*)))),
    }
}

/// The parts between the commas; a comma at the end adds none.
fn at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for tree in tokens {
        match &tree {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.extend([tree.clone()])),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse::Parser;

    /// The condition in `attributes`, printed; and what is expected, printed the same way.
    fn compare(attributes: &str, expected: &str) {
        let parsed = Attribute::parse_outer.parse_str(attributes).unwrap();
        let found = Condition::of(&parsed).to_token_stream().to_string();
        assert_eq!(found, expected.parse::<TokenStream>().unwrap().to_string(), "{attributes}");
    }

    #[test]
    fn other_attributes_are_no_condition() {
        compare("", "");
        compare(r#"#[doc = "cfg(a)"] #[allow(dead_code)] #[cfg_attr(a, inline)]"#, "");
    }

    #[test]
    fn one_cfg_is_its_predicate() {
        compare(r#"#[inline] #[cfg(feature = "a")]"#, r#"#[cfg(feature = "a")]"#);
        compare("#[cfg(any(a, b),)]", "#[cfg(any(a, b))]");
        compare("#[cfg(true)]", "#[cfg(true)]");
    }

    #[test]
    fn several_cfgs_must_all_hold() {
        compare("#[cfg(a)] #[cfg(not(b))]", "#[cfg(all(a, not(b)))]");
    }

    #[test]
    fn a_conditional_cfg_holds_where_it_is_absent() {
        compare("#[cfg_attr(a, cfg(b))]", "#[cfg(any(not(a), b))]");
        compare("#[cfg_attr(a, inline, cfg(b), cfg_attr(c, cfg(d)))]", "#[cfg(any(not(a), all(b, any(not(c), d))))]");
    }

    #[test]
    fn malformed_ones_are_left_to_rustc() {
        compare(r#"#[cfg] #[cfg()] #[cfg = "a"] #[cfg[a]]"#, "");
    }

    #[test]
    fn negation_is_over_all_items() {
        let conditions = [Condition(quote!(a)), Condition(quote!(all(b, c)))];
        assert_eq!(
            Condition::none_of(conditions.iter()).to_token_stream().to_string(),
            quote!(#[cfg(not(any(a, all(b, c))))]).to_string()
        );
    }
}
