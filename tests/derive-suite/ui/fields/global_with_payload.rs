use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X", global)]
struct X {
    a: Array<u8>,
}

fn main() {}
