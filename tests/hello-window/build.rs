//! What Tauri needs to know at build time.

fn main() {
    tauri_build::build();
}
