use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X(u64);

fn main() {}
