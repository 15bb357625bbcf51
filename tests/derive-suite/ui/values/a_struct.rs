use vineyard_core::MetaValue;

#[derive(MetaValue)]
struct Order {
    rows: u64,
}

fn main() {}
