//~ UNDER Default: `Default` alone is the trait of the standard library; name the preset by its path, `bespoke::preset::Default`
#[bespoke::main(Default)]
async fn main() {}
