//! How the page is drawn on Linux. With no graphics device there, WebKit emulates one on the processor: it translates
//! shaders for a third of a second before the first picture, takes 100 MB for it (both measured with llvmpipe), and
//! scrolls in jerks. Then the page is better drawn by the processor in the first place.

use std::{fs, path::Path};

use tauri::{WebviewWindow, webview::PlatformWebview};
use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt as _};

/// Without a graphics device, let the processor draw without the detour of an emulated one.
pub fn suit(window: &WebviewWindow) -> tauri::Result<()> {
    if has_graphics_device(Path::new("/dev")) { Ok(()) } else { window.with_webview(draw_plainly) }
}

#[expect(clippy::needless_pass_by_value, reason = "Tauri hands it over like this")]
fn draw_plainly(webview: PlatformWebview) {
    if let Some(settings) = webview.inner().settings() {
        settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
    }
}

/// Whether the kernel offers something that renders: a DRM render node, or NVIDIA's own driver without one.
fn has_graphics_device(dev: &Path) -> bool {
    let has = |folder: &Path, start: &str| {
        fs::read_dir(folder).is_ok_and(|entries| {
            entries.filter_map(Result::ok).any(|entry| entry.file_name().to_string_lossy().starts_with(start))
        })
    };
    has(&dev.join("dri"), "renderD") || has(dev, "nvidiactl")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_graphics_device_is_a_render_node_or_nvidias_own() {
        let folder = std::env::temp_dir().join(format!("paddock-dev-{}", std::process::id()));
        let dri = folder.join("dri");
        fs::create_dir_all(&dri).unwrap();
        assert!(!has_graphics_device(&folder));
        // A screen without anything that renders, as virtual machines have.
        fs::write(dri.join("card0"), "").unwrap();
        assert!(!has_graphics_device(&folder));
        fs::write(dri.join("renderD128"), "").unwrap();
        assert!(has_graphics_device(&folder));
        fs::remove_file(dri.join("renderD128")).unwrap();
        fs::write(folder.join("nvidiactl"), "").unwrap();
        assert!(has_graphics_device(&folder));
        fs::remove_dir_all(&folder).unwrap();
        assert!(!has_graphics_device(&folder));
    }
}
