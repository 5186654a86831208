//~ RUSTC UNDER name: lifetime may not live long enough
use bespoke::task::WorkerLocal;

static NAME: WorkerLocal<String> = WorkerLocal::new(String::new);

fn main() {
    let name: &String = NAME.with(|name| name);
    println!("{name}");
}
