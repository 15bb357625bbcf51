use vineyard_core::Element;

#[derive(Clone, Copy, Element)]
#[repr(C)]
#[object(typename = "t::E")]
struct E {
    a: usize,
    b: bool,
    c: *const u8,
}

fn main() {}
