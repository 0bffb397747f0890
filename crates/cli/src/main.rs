//! The `paddock` command.
fn main() {
    if paddock_engine::is_engine_process() {
        paddock_engine::main();
    }
}
