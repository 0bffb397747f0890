//! Names the commands that the window may be allowed to call. What is not named here (and granted in capabilities/) is
//! refused by Tauri, whatever the page tries. A test keeps this list and the one in src/commands.rs in step.

fn main() {
    let commands = include!("commands.in.rs");
    tauri_build::try_build(
        tauri_build::Attributes::new().app_manifest(tauri_build::AppManifest::new().commands(commands)),
    )
    .expect("tauri.conf.json and capabilities/ are sound");
}
