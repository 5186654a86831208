//! Macros of the standard library, whose arguments are expressions of which the use is known.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Macro, Token};

/// How a macro uses an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// By value.
    Value,
    /// By reference.
    Place,
}

pub(super) struct Argument {
    /// `name = …`.
    pub(super) name: Option<Ident>,
    pub(super) expr: Expr,
    pub(super) context: Context,
}

/// A call of a known macro.
pub(super) struct Known {
    pub(super) args: Vec<Argument>,
    /// `vec![a; n]`.
    repeats: bool,
    /// Where the format string is, if there is one.
    format: Option<usize>,
    /// `assert!(…)` without a message: the text that it prints.
    asserted: Option<TokenStream>,
}

impl Known {
    pub(super) fn parse(call: &Macro) -> Option<Known> {
        let path = &call.path;
        let name = path.segments.last()?.ident.to_string();
        let first = path.segments.first()?.ident.to_string();
        if path.segments.len() > 2 || (path.segments.len() == 2 && !["std", "core", "alloc"].contains(&&*first)) {
            return None;
        }
        let format = match &*name {
            "format" | "print" | "println" | "eprint" | "eprintln" | "panic" | "unreachable" | "todo"
            | "unimplemented" => Some(0),
            "write" | "writeln" | "assert" | "debug_assert" => Some(1),
            "assert_eq" | "assert_ne" | "debug_assert_eq" | "debug_assert_ne" => Some(2),
            "vec" => None,
            _ => return None,
        };
        if let Some((elem, len)) = (name == "vec").then(|| repeated(&call.tokens)).flatten() {
            let args = [elem, len].map(|expr| Argument { name: None, expr, context: Context::Value }).into();
            return Some(Known { args, repeats: true, format: None, asserted: None });
        }
        let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(call.tokens.clone()).ok()?;
        let by_value = |n| name == "vec" || (n == 0 && name.ends_with("assert"));
        let args: Vec<Argument> = list.into_iter().enumerate().map(|(n, expr)| argument(expr, by_value(n))).collect();
        let asserted = (name.ends_with("assert") && args.len() == 1).then(|| args[0].expr.to_token_stream());
        Some(Known { args, repeats: false, format, asserted })
    }

    /// Whether the source of an argument is a part of what it says.
    pub(super) fn prints_source(&self) -> bool {
        self.asserted.is_some()
    }

    /// Makes the locals that a format string names explicit arguments.
    pub(super) fn name_captures(&mut self, is_local: &dyn Fn(&str) -> bool) {
        let Some(Argument { expr: Expr::Lit(literal), .. }) = self.format.and_then(|at| self.args.get(at)) else {
            return;
        };
        let Lit::Str(text) = &literal.lit else { return };
        let span = text.span();
        for name in captures(&text.value()) {
            let given = self.args.iter().any(|arg| arg.name.as_ref().is_some_and(|n| *n == name));
            if !given && is_local(&name) {
                let path = Ident::new(&name, span);
                let expr = Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: path.clone().into() });
                self.args.push(Argument { name: Some(path), expr, context: Context::Place });
            }
        }
    }

    pub(super) fn tokens(&self) -> TokenStream {
        let mut args = self.args.iter().map(|arg| {
            let (name, expr) = (arg.name.iter(), &arg.expr);
            quote!(#(#name =)* #expr)
        });
        if let (true, [elem, len]) = (self.repeats, &*self.args) {
            let (elem, len) = (&elem.expr, &len.expr);
            return quote!(#elem; #len);
        }
        if let Some(text) = &self.asserted {
            // As a format string without arguments, so that the panic carries a `&'static str`, as that of `assert!` does.
            let plain = text.to_string();
            if plain.contains(['{', '}']) {
                let text = format!("assertion failed: {plain}").replace('{', "{{").replace('}', "}}");
                return quote!(#(#args,)* #text);
            }
            return quote!(#(#args,)* ::core::concat!("assertion failed: ", ::core::stringify!(#text)));
        }
        let first = args.next();
        quote!(#first #(, #args)*)
    }
}

fn argument(expr: Expr, by_value: bool) -> Argument {
    let context = if by_value { Context::Value } else { Context::Place };
    match expr {
        Expr::Assign(assign) => {
            let name = match &*assign.left {
                Expr::Path(path) => path.path.get_ident().cloned(),
                _ => None,
            };
            match name {
                Some(name) => Argument { name: Some(name), expr: *assign.right, context },
                None => Argument { name: None, expr: Expr::Assign(assign), context },
            }
        }
        expr => Argument { name: None, expr, context },
    }
}

/// `elem; len`.
fn repeated(tokens: &TokenStream) -> Option<(Expr, Expr)> {
    let parser = |input: syn::parse::ParseStream<'_>| {
        let elem = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok((elem, input.parse()?))
    };
    parser.parse2(tokens.clone()).ok()
}

/// The names that a format string may take from around it: `{name:…}`, `{:width$}`, `{:.precision$}`.
fn captures(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '{' || rest.next_if_eq(&'{').is_some() {
            continue;
        }
        let inside: String = rest.by_ref().take_while(|c| *c != '}').collect();
        let (name, spec) = inside.split_once(':').unwrap_or((&inside, ""));
        let counts = spec.split('$').rev().skip(1).map(|before| {
            let start = before
                .rfind(|c: char| c != '_' && !c.is_alphanumeric())
                .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
            before[start..].trim_start_matches('0')
        });
        for name in counts.chain([name.trim()]) {
            let is_name = name.starts_with(|c: char| c == '_' || c.is_alphabetic());
            if is_name && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_string_captures_names_widths_and_precisions() {
        for (text, names) in [
            ("plain {} {0} {{no}}", &[][..]),
            ("{a} {b:?} {a}", &["a", "b"]),
            ("{:width$}", &["width"]),
            ("{x:>w$.p$}", &["p", "w", "x"]),
            ("{:08.3} {:#?}", &[]),
            ("{:0w$}", &["w"]),
        ] {
            let mut found = captures(text);
            found.sort();
            assert_eq!(found, names, "{text}");
        }
    }

    #[test]
    fn an_assertion_keeps_its_text() {
        let call: Macro = syn::parse_quote!(assert!(a > 3));
        let mut known = Known::parse(&call).unwrap();
        known.args[0].expr = syn::parse_quote!(b > 3);
        assert!(known.tokens().to_string().contains("stringify ! (a > 3)"), "{}", known.tokens());
    }
}
