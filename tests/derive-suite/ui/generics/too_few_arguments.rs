use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "t::G", register(<u64>))]
struct G<V: vineyard_core::Element, W: vineyard_core::Element> {
    a: Array<V>,
    b: Array<W>,
}

fn main() {}
