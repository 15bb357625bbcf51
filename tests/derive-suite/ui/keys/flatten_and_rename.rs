use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(flatten, rename = "b")]
    a: Y,
}

#[derive(Object)]
#[object(typename = "t::Y")]
struct Y {
    b: u8,
}

fn main() {}
