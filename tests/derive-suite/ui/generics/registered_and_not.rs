use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::G", register(<u64>), no_register)]
struct G<V: vineyard_core::Element> {
    a: Array<V>,
}

fn main() {}
