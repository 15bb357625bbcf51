use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", version = 2, accepts(2))]
struct X {
    a: u64,
}

fn main() {}
