use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    a: Array<bool>,
}

fn main() {}
