//~ UNDER (Vec::new(), Vec::new()): `(Vec<_>, Vec<_>)` is not a list of buffers that an operation may fill
use bespoke::fs::File;

async fn read(file: &File) -> (Vec<u8>, Vec<u8>) {
    file.read_vectored_at((Vec::new(), Vec::new()), 0).await.1
}

fn main() {
    let _ = read;
}
