//! LoRA adapters at a load: what is asked for, and why one cannot be used.

use std::path::Path;

use paddock_engine_api::protocol::{BufferUse, Failure, FailureCode, LoraAdapter};

use crate::{
    failure::failure,
    llama::{self, Context},
    load::file_name,
};

/// Adapters beyond this many are a mistake.
const MOST: usize = 16;

/// Whether they make sense, before anything is loaded.
pub(crate) fn check(adapters: &[LoraAdapter]) -> Result<(), Failure> {
    let bad = |message: String| Err(failure(FailureCode::BadRequest, message));
    if adapters.len() > MOST {
        return bad(format!("{} LoRA adapters cannot be used at once; {MOST} can.", adapters.len()));
    }
    for LoraAdapter { path, scale } in adapters {
        if !(-100.0..=100.0).contains(scale) {
            return bad(format!("The scale {scale} of a LoRA adapter is out of range; -100 to 100 can be used."));
        }
        if !path.is_file() {
            return bad(format!("The LoRA adapter “{}” is not there.", path.display()));
        }
    }
    Ok(())
}

/// Load them, and use them in everything that the context computes.
pub(crate) fn apply(context: &mut Context, adapters: &[LoraAdapter]) -> Result<Vec<BufferUse>, Failure> {
    let log = llama::log_mark();
    let wanted: Vec<(&Path, f32)> = adapters.iter().map(|adapter| (adapter.path.as_path(), adapter.scale)).collect();
    context.use_adapters(&wanted).map_err(|index| {
        let file = wanted.get(index).map(|(path, _)| file_name(path)).unwrap_or_default();
        let details = llama::log_errors_since(log).join("\n");
        Failure {
            message: refusal(&file, &details),
            details: (!details.is_empty()).then_some(details),
            ..failure(FailureCode::ModelRefused, "")
        }
    })
}

/// Messages of llama-adapter.cpp, as vendored by llama-cpp-sys-2 0.1.161.
fn refusal(file: &str, details: &str) -> String {
    let has = |pattern: &str| details.contains(pattern);
    if has("model arch and LoRA arch mismatch") || has("wrong base model") {
        format!("The LoRA adapter “{file}” was made for another model. Choose the model it was trained with.")
    } else if has("expect general.type") || has("expect adapter.type") {
        format!("“{file}” is not a LoRA adapter.")
    } else if has("not within the file bounds") {
        format!("The LoRA adapter “{file}” is incomplete. Download it again.")
    } else if has("failed to allocate") {
        format!("The LoRA adapter “{file}” found no room in memory.")
    } else {
        format!("llama.cpp could not load the LoRA adapter “{file}”.")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

    use super::*;

    #[test]
    fn adapters_that_make_no_sense_are_refused_in_a_sentence() {
        let adapter = |path: &str, scale| LoraAdapter { path: path.into(), scale };
        let here = std::env::current_exe().unwrap().display().to_string();
        assert!(check(&[adapter(&here, 0.5)]).is_ok());
        assert!(check(&[adapter("/nowhere/a.gguf", 1.0)]).unwrap_err().message.contains("/nowhere/a.gguf"));
        assert!(check(&[adapter(&here, f32::NAN)]).unwrap_err().message.contains("NaN"));
        assert!(check(&vec![adapter(&here, 1.0); 17]).unwrap_err().message.contains("17"));
    }
}
