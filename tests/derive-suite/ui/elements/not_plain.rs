use vineyard_core::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
#[object(typename = "t::E")]
struct E {
    a: u32,
}

fn main() {}
