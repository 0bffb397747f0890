//! `--lora FILE[=SCALE]`.

use paddock_core::LoraAdapter;

/// An adapter as it was typed. A name that ends like a scale needs one.
pub fn adapter(text: &str) -> Result<LoraAdapter, String> {
    let (path, scale) = match text.rsplit_once('=') {
        Some((path, scale)) => match scale.parse::<f32>() {
            Ok(scale) => (path, scale),
            Err(_) => (text, 1.0),
        },
        None => (text, 1.0),
    };
    if path.is_empty() {
        return Err("there is no file named".into());
    }
    // The engine may run in another folder.
    let path = std::path::absolute(path).map_err(|error| error.to_string())?;
    Ok(LoraAdapter { path, scale })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn a_scale_is_what_stands_after_the_last_equals_sign_if_it_is_a_number() {
        let read = |text: &str| {
            let LoraAdapter { path, scale } = adapter(text).unwrap();
            (path.display().to_string(), scale.to_string())
        };
        assert_eq!(read("/a.gguf"), ("/a.gguf".into(), "1".into()));
        assert_eq!(read("/a.gguf=0.5"), ("/a.gguf".into(), "0.5".into()));
        assert_eq!(read("/a=b.gguf"), ("/a=b.gguf".into(), "1".into()));
        assert!(adapter("=1").is_err());
    }
}
