use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X", rename_all = "x")]
struct X {
    a: u64,
}

fn main() {}
