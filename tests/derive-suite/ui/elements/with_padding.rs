use vineyard_core::Element;

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable, Element)]
#[repr(C)]
#[object(typename = "t::E")]
struct E {
    a: u8,
    b: u32,
}

fn main() {}
