//! Debug.
fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<u64>().unwrap());
    let (seed, from, count) = (args.next().unwrap(), args.next().unwrap(), args.next().unwrap());
    let functions: Vec<_> = (from..from + count).map(|n| bespoke_test_generated::grammar::Function::generate(seed, n)).collect();
    print!("{}", bespoke_test_generated::batch::Batch::new(&functions).text);
}
