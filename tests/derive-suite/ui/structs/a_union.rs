use vineyard_core::Object;

#[derive(Object)]
#[object(typename = "t::X")]
union X {
    a: u64,
    b: f64,
}

fn main() {}
