//! Stage 2 of `config`: which items the block contains, and when.
//!
//! A type or constant that `Config` does not have is answered with the list of those that it has, and leaves the block, so that
//! rustc does not say a second time that it is not there.

use proc_macro2::TokenStream;
use syn::{Ident, ImplItem, ItemImpl};

use super::condition::Condition;
use super::parse::{Arguments, Config};
use crate::errors::Errors;
use crate::items::{self, Item};
use crate::span::Ends;

/// A block whose items are known.
pub(crate) struct Analyzed {
    pub(crate) arguments: Arguments,
    pub(crate) block: ItemImpl,
    pub(crate) trait_path: TokenStream,
    /// When the block itself exists. `None` = always.
    pub(crate) condition: Option<Condition>,
    /// The items of `Config` that the user wrote, in the user's order.
    pub(crate) written: Vec<Written>,
}

/// An item that the user wrote. One name may occur several times, under conditions that exclude each other.
pub(crate) struct Written {
    pub(crate) item: &'static Item,
    /// Where the value stands: `100` in `const LOCAL_QUEUE: usize = 100;`.
    pub(crate) value: Ends,
    /// When it exists. `None` = always.
    pub(crate) condition: Option<Condition>,
}

pub(crate) fn analyze(config: Box<Config>, errors: &mut Errors) -> Analyzed {
    let Config { arguments, mut block, trait_path } = *config;
    let written = block.items.iter().filter_map(written).collect();
    block.items.retain(|item| match item {
        ImplItem::Macro(call) => {
            errors.under(call, MACRO_IN_THE_BLOCK);
            false
        }
        ImplItem::Type(item) => known(&item.ident, errors, items::no_role),
        ImplItem::Const(item) => known(&item.ident, errors, items::no_knob),
        _ => true,
    });
    let condition = Condition::of(&block.attrs);
    Analyzed { arguments, block, trait_path, condition, written }
}

/// Does the trait have it? If not, `say` says what it has.
fn known(ident: &Ident, errors: &mut Errors, say: fn(&str) -> String) -> bool {
    let name = ident.to_string();
    let known = items::find(&name).is_some();
    if !known {
        errors.under(ident, say(&name));
    }
    known
}

fn written(item: &ImplItem) -> Option<Written> {
    let (ident, value, attributes) = match item {
        ImplItem::Type(item) => (&item.ident, Ends::of(&item.ty), &item.attrs),
        ImplItem::Const(item) => (&item.ident, Ends::of(&item.expr), &item.attrs),
        _ => return None,
    };
    let item = items::find(&ident.to_string())?;
    Some(Written { item, value, condition: Condition::of(attributes) })
}

/// Whatever the call expands to, the forwarded item of the same name would clash with it.
const MACRO_IN_THE_BLOCK: &str =
    "`#[bespoke::config]` must see every item, and cannot look into a macro call; write the items out";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse::{Parsed, parse};
    use quote::{ToTokens, quote};

    fn analyzed(item: TokenStream) -> (Analyzed, String) {
        let mut errors = Errors::new();
        let Parsed::Config(config) = parse(quote!(), item, &mut errors) else { panic!("not a config") };
        (analyze(config, &mut errors), errors.into_tokens().to_string())
    }

    #[test]
    fn written_items_keep_their_order_and_condition() {
        let (analyzed, errors) = analyzed(quote! {
            #[cfg(unix)]
            impl Config for App {
                const LOCAL_QUEUE: usize = 100;
                #[cfg(sim)] type Clock = Manual;
                fn help() {}
            }
        });
        assert_eq!(errors, "");
        assert!(analyzed.condition.is_some());
        let written: Vec<_> = analyzed.written.iter().map(|w| (w.item.name, w.condition.is_some())).collect();
        assert_eq!(written, [("LOCAL_QUEUE", false), ("Clock", true)]);
        assert_eq!(analyzed.block.items.len(), 3, "nothing is taken out of the block");
    }

    #[test]
    fn what_the_trait_does_not_have_is_answered_with_what_it_has() {
        let (analyzed, errors) = analyzed(quote! {
            impl Config for App {
                type Drivr = Mio;
                const WORKERS: usize = 4;
                type Driver = Mio;
            }
        });
        assert!(errors.contains("`Config` has no role `Drivr`; its roles are `Scheduler`, `Driver`, "), "{errors}");
        assert!(errors.contains("`Config` has no knob `WORKERS`; its knobs are `LOCAL_QUEUE`, "), "{errors}");
        assert_eq!(analyzed.block.items.len(), 1);
    }

    #[test]
    fn a_macro_call_is_a_mistake_and_leaves_the_block() {
        let (analyzed, errors) = analyzed(quote!(impl Config for App { parts! {} type Driver = Mio; }));
        assert!(errors.contains(MACRO_IN_THE_BLOCK), "{errors}");
        assert_eq!(analyzed.block.items.len(), 1);
        assert_eq!(analyzed.block.self_ty.to_token_stream().to_string(), "App");
    }
}
