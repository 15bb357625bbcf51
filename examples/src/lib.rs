//! Examples of Vineyard. This library is empty: see `airports/` (the main one) and `hello.rs`.
