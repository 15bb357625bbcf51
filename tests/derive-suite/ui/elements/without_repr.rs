use vineyard_core::Element;

#[derive(Clone, Copy, Element)]
#[object(typename = "t::E")]
struct E {
    a: u32,
}

fn main() {}
