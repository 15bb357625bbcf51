use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(none = "null")]
    a: Option<Array<u8>>,
}

fn main() {}
