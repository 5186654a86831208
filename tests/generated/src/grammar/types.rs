//! The types of generated programs.

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ty {
    Unit,
    Num,
    Bool,
    D,
    Two,
    Pair,
    Opt,
    OptNum,
    List,
    Boxed,
    Arr,
    Buf(usize),
    /// `Result<D, E>`.
    Res,
    /// `Result<usize, Failure>`.
    Checked,
    /// `Wait<T>`.
    Later(Box<Ty>),
    /// A `move` closure over values.
    Fun,
    /// `Box<dyn Fn(usize) -> usize>`.
    FunBox,
    /// An `async move` block whose value is a number.
    Task,
    Ref(Box<Ty>),
    Mut(Box<Ty>),
    Slice,
    Any,
    /// What a method belongs to.
    Host,
    /// A type parameter, `G: Debug`.
    Gen,
}

impl Ty {
    /// Its name; `None` if it has none.
    pub(super) fn name(&self) -> Option<String> {
        Some(match self {
            Ty::Unit => "()".into(),
            Ty::Num => "usize".into(),
            Ty::Bool => "bool".into(),
            Ty::D => "D".into(),
            Ty::Two => "(D, D)".into(),
            Ty::Pair => "Pair".into(),
            Ty::Opt => "Option<D>".into(),
            Ty::OptNum => "Option<usize>".into(),
            Ty::List => "Vec<D>".into(),
            Ty::Boxed => "Box<D>".into(),
            Ty::Arr => "[D; 2]".into(),
            Ty::Buf(n) => format!("[u8; {n}]"),
            Ty::Res => "Result<D, E>".into(),
            Ty::Checked => "Result<usize, Failure>".into(),
            Ty::Later(inner) => format!("Wait<{}>", inner.name()?),
            Ty::FunBox => "Box<dyn Fn(usize) -> usize>".into(),
            Ty::Fun | Ty::Task => return None,
            Ty::Ref(inner) => format!("&{}", inner.name()?),
            Ty::Mut(inner) => format!("&mut {}", inner.name()?),
            Ty::Slice => "&[D]".into(),
            Ty::Any => "&dyn core::fmt::Debug".into(),
            Ty::Host => "Host".into(),
            Ty::Gen => "G".into(),
        })
    }

    /// Whether a value is copied, and not moved.
    pub(super) fn is_copy(&self) -> bool {
        matches!(self, Ty::Unit | Ty::Num | Ty::Bool | Ty::OptNum | Ty::Buf(_) | Ty::Ref(_) | Ty::Slice | Ty::Any)
    }

    /// Whether a fresh value of it can be made without any local.
    pub(super) fn is_plain(&self) -> bool {
        !matches!(
            self,
            Ty::Ref(_)
                | Ty::Mut(_)
                | Ty::Slice
                | Ty::Any
                | Ty::Fun
                | Ty::Task
                | Ty::Later(_)
                | Ty::FunBox
                | Ty::Checked
                | Ty::Host
                | Ty::Gen
        )
    }

    pub(super) fn is_borrow(&self) -> bool {
        matches!(self, Ty::Ref(_) | Ty::Mut(_) | Ty::Slice | Ty::Any)
    }

    /// What a reference leads to, or the type itself.
    pub(super) fn seen(&self) -> &Ty {
        match self {
            Ty::Ref(inner) | Ty::Mut(inner) => inner.seen(),
            other => other,
        }
    }
}
