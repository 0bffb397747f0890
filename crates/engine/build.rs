//! Compiles the one C++ function that llama.cpp has no C form of.

fn main() {
    println!("cargo:rerun-if-changed=native/memory.cpp");
    cc::Build::new().cpp(true).std("c++17").file("native/memory.cpp").compile("paddock_memory");
}
