use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", version = 0)]
struct X {
    a: u64,
}

fn main() {}
