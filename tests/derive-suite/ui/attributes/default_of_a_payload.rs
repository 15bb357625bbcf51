use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    n: u64,
    #[object(len = n, default)]
    a: Array<u8>,
}

fn main() {}
