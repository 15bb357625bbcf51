use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(len = count)]
    a: Array<u8>,
}

fn main() {}
