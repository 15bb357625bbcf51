use vineyard_core::{Array, Object};

#[derive(Object)]
#[object(typename = "graph::G<{X}>", no_register)]
struct G<V: vineyard_core::Element> {
    a: Array<V>,
}

fn main() {}
