//! Tokens of the expansion, written where they shall stand.
//!
//! `quote!` makes a stream of its own, and what is put into another `quote!` is copied. In rustc each of these is a call of the
//! compiler with all of the stream's tokens, and costs what ten single tokens cost. So what is written often (guards, ends of
//! states, polls) is appended to the stream that it is for.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};

/// What writes tokens, as a part of other tokens (`#part`), without a stream of its own.
pub(super) struct Part<F: Fn(&mut TokenStream)>(pub(super) F);

impl<F: Fn(&mut TokenStream)> ToTokens for Part<F> {
    fn to_tokens(&self, to: &mut TokenStream) {
        (self.0)(to);
    }
}

/// Appends tokens to a stream: `put!(to => let #name = 1;)`. Their locals and labels nobody else sees, as those of
/// [`quoted`](super::lower::quoted). There are no repetitions, and no operators but those that are needed.
macro_rules! put {
    ($to:expr => $($tokens:tt)*) => {{
        let to: &mut ::proc_macro2::TokenStream = $to;
        let span = ::proc_macro2::Span::mixed_site();
        let _ = span;
        $crate::async_fn::tokens::put!(@ to span $($tokens)*);
    }};
    (@ $to:ident $span:ident) => {};
    (@ $to:ident $span:ident # $part:ident $($rest:tt)*) => {
        ::quote::ToTokens::to_tokens(&$part, $to);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident ($($inside:tt)*) $($rest:tt)*) => {
        $crate::async_fn::tokens::put!(@group $to $span Parenthesis [$($inside)*] $($rest)*);
    };
    (@ $to:ident $span:ident {$($inside:tt)*} $($rest:tt)*) => {
        $crate::async_fn::tokens::put!(@group $to $span Brace [$($inside)*] $($rest)*);
    };
    (@group $to:ident $span:ident $delimiter:ident [$($inside:tt)*] $($rest:tt)*) => {
        $crate::async_fn::tokens::group($to, ::proc_macro2::Delimiter::$delimiter, $span, |to| {
            let _ = &to;
            $crate::async_fn::tokens::put!(@ to $span $($inside)*);
        });
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident :: $($rest:tt)*) => { $crate::async_fn::tokens::put!(@two $to $span ':' ':' $($rest)*); };
    (@ $to:ident $span:ident &= $($rest:tt)*) => { $crate::async_fn::tokens::put!(@two $to $span '&' '=' $($rest)*); };
    (@ $to:ident $span:ident => $($rest:tt)*) => { $crate::async_fn::tokens::put!(@two $to $span '=' '>' $($rest)*); };
    (@two $to:ident $span:ident $first:literal $second:literal $($rest:tt)*) => {
        $crate::async_fn::tokens::punct($to, $first, ::proc_macro2::Spacing::Joint, $span);
        $crate::async_fn::tokens::punct($to, $second, ::proc_macro2::Spacing::Alone, $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident : $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span ':' $($rest)*); };
    (@ $to:ident $span:ident ; $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span ';' $($rest)*); };
    (@ $to:ident $span:ident , $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span ',' $($rest)*); };
    (@ $to:ident $span:ident . $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span '.' $($rest)*); };
    (@ $to:ident $span:ident = $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span '=' $($rest)*); };
    (@ $to:ident $span:ident & $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span '&' $($rest)*); };
    (@ $to:ident $span:ident * $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span '*' $($rest)*); };
    (@ $to:ident $span:ident ! $($rest:tt)*) => { $crate::async_fn::tokens::put!(@one $to $span '!' $($rest)*); };
    (@one $to:ident $span:ident $only:literal $($rest:tt)*) => {
        $crate::async_fn::tokens::punct($to, $only, ::proc_macro2::Spacing::Alone, $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident _ $($rest:tt)*) => {
        $crate::async_fn::tokens::word($to, "_", $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident $word:ident $($rest:tt)*) => {
        $crate::async_fn::tokens::word($to, stringify!($word), $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident $number:literal $($rest:tt)*) => {
        $crate::async_fn::tokens::number($to, $number, $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
    (@ $to:ident $span:ident $label:lifetime $($rest:tt)*) => {
        $crate::async_fn::tokens::label($to, stringify!($label), $span);
        $crate::async_fn::tokens::put!(@ $to $span $($rest)*);
    };
}
pub(super) use put;

pub(super) fn word(to: &mut TokenStream, word: &str, span: Span) {
    to.append(Ident::new(word, span));
}

pub(super) fn punct(to: &mut TokenStream, operator: char, spacing: Spacing, span: Span) {
    let mut punct = Punct::new(operator, spacing);
    punct.set_span(span);
    to.append(punct);
}

pub(super) fn number(to: &mut TokenStream, number: u8, span: Span) {
    let mut literal = Literal::u8_unsuffixed(number);
    literal.set_span(span);
    to.append(literal);
}

pub(super) fn label(to: &mut TokenStream, label: &str, span: Span) {
    punct(to, '\'', Spacing::Joint, span);
    word(to, label.trim_start_matches('\''), span);
}

pub(super) fn group(to: &mut TokenStream, delimiter: Delimiter, span: Span, inside: impl FnOnce(&mut TokenStream)) {
    let mut tokens = TokenStream::new();
    inside(&mut tokens);
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    to.append(group);
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn what_is_put_is_what_is_quoted() {
        let (name, number) = (quote!(n), Literal::u8_unsuffixed(3));
        let inner = Part(|to| put!(to => f(&x, *#name)));
        let mut tokens = quote!(before);
        put!(&mut tokens => let _ = a::b { c: (d,), e: #number }; 'l: { g.h &= 7; break 'l } m!(); 0 => #inner);
        let expected = quote!(before let _ = a::b { c: (d,), e: 3 }; 'l: { g.h &= 7; break 'l } m!(); 0 => f(&x, *n));
        assert_eq!(tokens.to_string(), expected.to_string());
    }
}
