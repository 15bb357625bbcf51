use vineyard_core::MetaValue;

#[derive(MetaValue)]
enum Order {
    Rows,
    #[object(rename = "Rows")]
    Lines,
}

fn main() {}
