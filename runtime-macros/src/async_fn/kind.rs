//! What a type or a value says of a local, by its looks: types are not known to a macro.

use proc_macro2::Ident;
use syn::{BinOp, Expr, Lit, Type, UnOp};

use super::walk::is_comparison;

/// What can be told of a local without types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    /// It has no destructor. The expansion checks that, where it follows from a name.
    Scalar,
    /// And it has at most four bytes.
    Small,
    /// And it is an array.
    Array,
}

/// Types of at most four bytes.
const SMALL: &[&str] = &["u8", "u16", "u32", "i8", "i16", "i32", "bool", "char", "f32"];

impl Kind {
    pub(super) fn of_type(ty: &Type) -> Kind {
        match ty {
            _ if !is_scalar_type(ty) => Kind::Any,
            Type::Path(path) if primitive(path).is_some_and(|name| SMALL.iter().any(|known| name == known)) => {
                Kind::Small
            }
            Type::Array(_) => Kind::Array,
            // What a macro was given as a type.
            Type::Group(group) => Kind::of_type(&group.elem),
            _ => Kind::Scalar,
        }
    }

    pub(super) fn of_value(expr: &Expr) -> Kind {
        match expr {
            _ if !is_scalar(expr) => Kind::Any,
            // A whole number is an `i32`, unless something else is known of it.
            Expr::Lit(literal) => match &literal.lit {
                Lit::Bool(_) | Lit::Char(_) | Lit::Byte(_) => Kind::Small,
                Lit::Int(int) if SMALL.contains(&int.suffix()) || int.suffix().is_empty() => Kind::Small,
                _ => Kind::Scalar,
            },
            Expr::Binary(_) => Kind::Small,
            _ => Kind::Scalar,
        }
    }
}

/// Whether a type, by its name, has no destructor.
fn is_scalar_type(ty: &Type) -> bool {
    const NAMES: &[&str] = &[
        "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool", "char", "f32",
        "f64",
    ];
    match ty {
        Type::Reference(_) | Type::Ptr(_) | Type::BareFn(_) => true,
        Type::Path(path) => primitive(path).is_some_and(|name| NAMES.iter().any(|known| name == known)),
        Type::Array(array) => is_scalar_type(&array.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_scalar_type),
        Type::Paren(paren) => is_scalar_type(&paren.elem),
        Type::Group(group) => is_scalar_type(&group.elem),
        _ => false,
    }
}

/// The name of a type by its name alone, or by `::core::primitive::name`.
fn primitive(path: &syn::TypePath) -> Option<&Ident> {
    let path = &path.path;
    let mut segments = path.segments.iter().map(|segment| &segment.ident);
    match (&path.leading_colon, segments.next(), segments.next(), segments.next(), segments.next()) {
        (Some(_), Some(core), Some(primitive), Some(name), None) if core == "core" && primitive == "primitive" => {
            Some(name)
        }
        _ => path.get_ident(),
    }
}

/// Whether a value has no destructor, whatever the types of its parts.
fn is_scalar(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Reference(_) => true,
        Expr::Cast(_) => true,
        Expr::Paren(inner) => is_scalar(&inner.expr),
        Expr::Repeat(repeat) => is_scalar(&repeat.expr),
        Expr::Array(array) => array.elems.iter().all(is_scalar),
        Expr::Unary(inner) => matches!(inner.op, UnOp::Neg(_)) && matches!(&*inner.expr, Expr::Lit(_)),
        Expr::Binary(binary) => is_comparison(&binary.op) || matches!(binary.op, BinOp::And(_) | BinOp::Or(_)),
        _ => false,
    }
}
