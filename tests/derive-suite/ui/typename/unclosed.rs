use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X<a")]
struct X {
    a: u64,
}

fn main() {}
