use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
struct X<'a> {
    a: &'a [u64],
}

fn main() {}
