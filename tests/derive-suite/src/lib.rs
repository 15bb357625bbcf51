//! This library is empty: see `tests/` and `ui/`.
