//! A window with nothing in it: what Tauri alone takes, in time and memory. `npm run bench -- window` measures Paddock's
//! window by it.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!())
}
