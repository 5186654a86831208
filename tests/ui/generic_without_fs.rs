//~ UNDER read_at: the driver `<C as bespoke::Config>::Driver` has no files
use bespoke::prelude::*;
use bespoke::rt::File;

async fn first_byte<C: Config>(file: &File<C>) -> std::io::Result<u8> {
    let (read, byte) = file.read_at(Box::new([0]), 0).await;
    read.map(|_| byte[0])
}

fn main() {
    let _ = first_byte::<bespoke::preset::Default>;
}
