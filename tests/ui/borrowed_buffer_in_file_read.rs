//~ UNDER &mut bytes: `&mut [{integer}; 64]` is not a buffer that an operation may fill
use bespoke::fs::File;

async fn read(file: &mut File) -> usize {
    let mut bytes = [0; 64];
    file.read(&mut bytes).await.0.unwrap()
}

fn main() {
    let _ = read;
}
