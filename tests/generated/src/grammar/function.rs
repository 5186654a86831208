//! A function: its signature, and the functions that it calls.

use super::scope::Scope;
use super::types::Ty;
use super::values::HOST;
use super::{Callee, Writer};
use crate::random::Random;
use crate::rows::{Counts, Row};
use crate::tree::{Block, Stmt};

/// A function's text.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What stands before the attribute.
    pub before: String,
    /// The trait whose method it is, if that has the attribute, too.
    pub declared: String,
    /// What stands between the attribute and its body.
    pub head: String,
    /// Its body.
    pub body: Block,
    /// What it stands in: after it.
    pub after: String,
}

/// Where a function stands, and what the attribute is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    /// Nowhere; on the function.
    Free,
    /// In an `impl`; on the method.
    Alone,
    /// In an `impl`; on the whole of it.
    Impl,
    /// In the `impl` of a trait; on the whole of it.
    Trait,
    /// The same, and on the trait.
    Declared,
}

/// A generated function, with those that it calls.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name of the one that is run.
    pub name: String,
    /// The functions; the one that is run is the last.
    pub items: Vec<Item>,
    /// What stands before its call: the values that it borrows.
    pub before: String,
    /// The arguments of its call.
    pub arguments: String,
    /// What it is made of.
    pub rows: Counts,
}

const ARGUMENTS: &[Ty] = &[
    Ty::D,
    Ty::D,
    Ty::D,
    Ty::Num,
    Ty::Num,
    Ty::Bool,
    Ty::Opt,
    Ty::List,
    Ty::Two,
    Ty::Pair,
    Ty::Boxed,
    Ty::Arr,
    Ty::Res,
    Ty::Buf(64),
];

const OUTPUTS: &[Ty] = &[Ty::Num, Ty::Num, Ty::D, Ty::Opt, Ty::Checked, Ty::Checked, Ty::Unit, Ty::Two];

impl Function {
    /// The function of that number, in a run with that seed.
    pub fn generate(seed: u64, index: u64) -> Function {
        let mut writer = Writer {
            random: Random::of(seed, index),
            scope: Scope::default(),
            around: Vec::new(),
            callees: Vec::new(),
            rows: Counts::default(),
            output: Ty::Unit,
            ids: 0,
            names: 0,
            awaits: 0,
            left: 0,
            depth: 0,
            ended: false,
            held: false,
            native: 0,
            outermost: false,
            beside: false,
        };
        let name = format!("f{index}");
        let mut items = Vec::new();
        for n in 0..[0, 0, 1, 1, 2][writer.random.below(5)] {
            let (item, arguments) = writer.item(format!("{name}_{n}"), 6);
            items.push(item);
            let output = writer.output.clone();
            writer.callees.push(Callee { name: format!("{name}_{n}"), arguments, output });
        }
        let size = 8 + writer.random.below(22);
        let long = writer.random.chance(2);
        writer.outermost = true;
        let (mut item, types) = writer.item(name.clone(), size);
        let name = match types.first().filter(|ty| *ty.seen() == Ty::Host) {
            Some(_) if item.before.contains("pub trait") || !item.declared.is_empty() => format!("Does::{name}"),
            Some(_) => format!("Host::{name}"),
            None => name,
        };
        if long {
            let mut stmts: Vec<Stmt> = (0..70).map(|_| writer.sibling()).collect();
            stmts.append(&mut item.body.stmts);
            item.body.stmts = stmts;
        }
        items.push(item);
        let (mut before, mut arguments) = (String::new(), Vec::new());
        for (n, ty) in types.iter().enumerate() {
            let (Ty::Ref(inner) | Ty::Mut(inner)) = ty else {
                arguments.push(writer.fresh(ty));
                continue;
            };
            let mutability = if matches!(ty, Ty::Mut(_)) { "mut " } else { "" };
            let shown = if **inner == Ty::Host { Some(HOST.into()) } else { inner.name() };
            let (shown, value) = (shown.unwrap_or_default(), writer.fresh(inner));
            before.push_str(&format!("let {mutability}a{n}: {shown} = {value}; "));
            arguments.push(format!("&{mutability}a{n}"));
        }
        Function { name, items, before, arguments: arguments.join(", "), rows: writer.rows }
    }

    /// How long its text is.
    pub fn size(&self) -> usize {
        self.text().len()
    }

    /// Its text, with the functions that it calls.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for item in &self.items {
            item.render("", &mut text);
        }
        text
    }
}

impl Item {
    /// Its text, under an attribute.
    pub fn render(&self, attribute: &str, text: &mut String) {
        text.push_str(&self.before);
        if !self.declared.is_empty() {
            text.push_str(attribute);
            text.push_str(&self.declared);
        }
        text.push_str(attribute);
        text.push_str(&self.head);
        self.body.render(0, text);
        text.push_str(&self.after);
        text.push('\n');
    }
}

impl Writer {
    fn item(&mut self, name: String, size: usize) -> (Item, Vec<Ty>) {
        self.scope = Scope::default();
        self.awaits = 0;
        self.left = size;
        self.ended = false;
        self.output = self.random.pick(OUTPUTS).clone();
        let (mut arguments, mut params, mut generics) = (Vec::new(), Vec::new(), Vec::new());
        let home = if self.outermost && self.random.chance(64) { self.home() } else { Home::Free };
        self.beside = matches!(home, Home::Impl | Home::Trait | Home::Declared);
        let lifetime = if self.random.chance(25) { "'a " } else { "" };
        if home != Home::Free {
            self.rows.add(Row::Method);
            let how = self.random.below(4);
            let (ty, shown) = match how {
                0 => (Ty::Ref(Box::new(Ty::Host)), format!("&{lifetime}self")),
                1 => (Ty::Mut(Box::new(Ty::Host)), format!("&{lifetime}mut self")),
                2 => (Ty::Host, "mut self".into()),
                _ => (Ty::Host, "self".into()),
            };
            self.declare("self".into(), ty.clone(), how == 2);
            arguments.push(ty);
            params.push(shown);
        }
        for _ in 0..self.random.below(5) {
            let ty = self.random.pick(ARGUMENTS).clone();
            // The method of a trait without the attribute has one lifetime, and no types of its own.
            let free = home != Home::Trait;
            let lends = free || !lifetime.is_empty();
            let ty = match self.random.below(8) {
                0 if ty != Ty::Num && lends => Ty::Ref(Box::new(ty)),
                1 if !ty.is_copy() && lends => Ty::Mut(Box::new(ty)),
                2 if generics.is_empty() && free => {
                    self.rows.add(Row::Generic);
                    generics.push("G: core::fmt::Debug");
                    Ty::Gen
                }
                _ => ty,
            };
            if ty.is_borrow() {
                self.rows.add(Row::ArgumentByReference);
            }
            let (argument, mutable) = (self.name(), self.random.chance(40) && !ty.is_borrow());
            let shown = ty.name().unwrap_or_default();
            let shown = shown.strip_prefix('&').map(|rest| format!("&{lifetime}{rest}")).unwrap_or(shown);
            params.push(format!("{}{argument}: {shown}", if mutable { "mut " } else { "" }));
            self.declare(argument, ty.clone(), mutable);
            arguments.push(ty);
        }
        if !lifetime.is_empty() && arguments.iter().any(Ty::is_borrow) {
            self.rows.add(Row::Lifetime);
            generics.insert(0, "'a");
        }
        let generics = if generics.is_empty() { String::new() } else { format!("<{}>", generics.join(", ")) };
        let output = self.output.clone();
        let arrow = match output.name() {
            Some(name) if output != Ty::Unit => format!(" -> {name}"),
            _ => String::new(),
        };
        let body = self.block(size, &output);
        let declared: Vec<&str> = params.iter().map(|param| param.strip_prefix("mut ").unwrap_or(param)).collect();
        let declared = format!("async fn {name}{generics}({}){arrow}", declared.join(", "));
        let (before, declared, around) = self.stands_in(home, &declared);
        let visible = if matches!(home, Home::Trait | Home::Declared) { "" } else { "pub " };
        let head = format!("{around}{visible}async fn {name}{generics}({}){arrow} ", params.join(", "));
        let after = if home == Home::Free { String::new() } else { "\n}".into() };
        (Item { before, declared, head, body, after }, arguments)
    }

    /// Where a method stands.
    fn home(&mut self) -> Home {
        let home = *self.random.pick(&[Home::Alone, Home::Impl, Home::Trait, Home::Declared]);
        match home {
            Home::Impl => self.rows.add(Row::MethodOfAnImpl),
            Home::Trait => self.rows.add(Row::MethodOfATrait),
            Home::Declared => self.rows.add(Row::MethodOfADeclaredTrait),
            _ => {}
        }
        home
    }

    /// What stands before a function: before its attribute, a trait that has the attribute, too, and after it.
    fn stands_in(&mut self, home: Home, declared: &str) -> (String, String, String) {
        const STRUCT: &str = "pub struct Host(pub D, pub usize);\n";
        const OTHER: &str = "async fn other(&self, n: usize) -> usize";
        let other = format!("{OTHER} {{ let y = self.0.touch(); wait({}, 1, n).await + y + self.1 }}\n", self.id());
        let methods = format!("pub trait Does {{\n{OTHER};\n{declared};\n}}\n");
        match home {
            Home::Free => Default::default(),
            Home::Alone => (format!("{STRUCT}impl Host {{\n"), String::new(), String::new()),
            Home::Impl => (STRUCT.into(), String::new(), format!("impl Host {{\n{other}")),
            Home::Trait => (format!("{STRUCT}{methods}"), String::new(), format!("impl Does for Host {{\n{other}")),
            Home::Declared => (STRUCT.into(), methods, format!("impl Does for Host {{\n{other}")),
        }
    }

    /// A statement that waits in the frame for its turn, beside many of its kind.
    fn sibling(&mut self) -> Stmt {
        self.awaits += 1;
        self.rows.add(Row::Await);
        self.rows.add(Row::Siblings);
        Stmt::text(match self.random.below(3) {
            0 => format!("wait({}, 0, ()).await;", self.id()),
            1 => format!("{{ let y = d({}); wait({}, 0, ()).await; y.touch(); }}", self.id(), self.id()),
            _ => format!("drop(wait({}, 0, d({})).await);", self.id(), self.id()),
        })
    }
}
