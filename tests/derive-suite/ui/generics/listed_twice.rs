use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::G", register(<u64>, <u64>))]
struct G<V: vineyard_core::Element> {
    a: Array<V>,
}

fn main() {}
