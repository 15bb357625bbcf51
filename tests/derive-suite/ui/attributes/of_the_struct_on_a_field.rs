use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X {
    #[object(typename = "t::Y")]
    a: u64,
}

fn main() {}
