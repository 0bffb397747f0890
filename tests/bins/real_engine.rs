//! The engine alone.

fn main() {
    paddock_engine::main();
}
