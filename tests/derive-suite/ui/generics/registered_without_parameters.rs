use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", register(<u64>))]
struct X {
    a: u64,
}

fn main() {}
