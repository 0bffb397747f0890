//! Access tokens as the environment and Hugging Face's own programs keep them.

use std::path::Path;

/// The longest token file read, in bytes. Tokens have about 40.
const MAX_TOKEN_FILE_BYTES: u64 = 4_096;

/// A variable without spaces around it; `None` for an empty one.
pub(crate) fn set(var: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    var(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The token that variables hold, or name a file of.
pub(crate) fn token_of_vars(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let of_file = || token_file(Path::new(&set(&var, "HF_TOKEN_PATH")?));
    set(&var, "HF_TOKEN").or_else(|| set(&var, "HUGGING_FACE_HUB_TOKEN")).or_else(of_file)
}

/// The token that `hf auth login` has written down.
pub(crate) fn token_of_login(var: impl Fn(&str) -> Option<String>) -> Option<String> {
    let forbidden = set(&var, "HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|value| value != "0");
    // `hf_hub` gives up without a home folder, and takes an empty `HF_HOME` for the working folder.
    let has_place = match var("HF_HOME") {
        Some(home) => !home.trim().is_empty(),
        None => std::env::home_dir().is_some_and(|home| !home.as_os_str().is_empty()),
    };
    if forbidden || !has_place {
        return None;
    }
    token_file(&hf_hub::Cache::from_env().token_path())
}

/// Only a small regular file: a pipe would be waited for, and a long file is no token.
fn token_file(path: &Path) -> Option<String> {
    let is_small_file = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MAX_TOKEN_FILE_BYTES);
    let text = if is_small_file { std::fs::read_to_string(path).ok()? } else { return None };
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}
