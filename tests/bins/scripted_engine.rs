//! Written next.

fn main() {}
