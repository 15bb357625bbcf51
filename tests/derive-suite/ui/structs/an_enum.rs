use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
enum X {
    A,
}

fn main() {}
