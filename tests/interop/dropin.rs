//! The published Python package launches our server instead of its own.

use std::path::Path;

use crate::{PEER, python};

#[test]
fn python_launches_our_server() {
    let daemon = Path::new(PEER).with_file_name("vineyardd");
    assert_eq!(python("dropin.py", &daemon), "launched 4 times");
}
