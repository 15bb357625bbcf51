use vineyard_core::Object;

#[derive(Object)]
#[object(typname = "t::X")]
struct X {
    a: u64,
}

fn main() {}
