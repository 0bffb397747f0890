//! A smaller copy of a model: what can be made of it, and making it.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
};

use paddock_engine_api::{
    EngineHost,
    quantizing::{QuantizeParams, QuantizeProgress},
};
use paddock_gguf::Header;
use paddock_planner::{quant, smaller};

use crate::{ApiError, ErrorCode, app::path_text};

/// A copy to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The model; of a split one any part.
    pub input: PathBuf,
    /// The file to write.
    pub output: PathBuf,
    /// The quantization, as in file names.
    pub quant: String,
    /// Which weights matter more, if that is known.
    pub imatrix: Option<PathBuf>,
    /// Also from a model that is quantized already.
    pub allow_requantize: bool,
}

/// A copy that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    params: QuantizeParams,
    output: PathBuf,
    /// How large it will be, in bytes, as far as the rules tell.
    pub predicted_bytes: u64,
    /// The model is quantized already, and loses once more.
    pub again: bool,
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its file.
    pub path: PathBuf,
    /// How large it is.
    pub size_bytes: u64,
}

/// Free space that is left on a drive whatever is written, in bytes: 1 GB.
const ROOM_LEFT_BYTES: u64 = 1_000_000_000;

/// Look whether a copy can be made, before anything is written.
///
/// # Errors
/// When the model cannot be read or is quantized already, the name is taken, or the drive is too full.
pub fn plan_copy(copy: &Copy) -> Result<Planned, ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadInput, message);
    let opened = paddock_hub::open_model(&copy.input)?;
    let headers = opened.model.parts();
    let row = quant::find(&copy.quant).filter(|row| row.loadable());
    let quant = row.map(|row| row.name.clone()).unwrap_or_else(|| copy.quant.to_ascii_uppercase());
    let predicted_bytes = smaller::copy_bytes(headers, &quant).ok_or_else(|| {
        bad(format!("“{}” is not a quantization that can be written.", copy.quant))
            .hint(format!("Take one of {}.", names().join(", ")))
    })?;
    let again = !smaller::is_full(headers);
    if again && !copy.allow_requantize {
        return Err(bad("This model is quantized already, and what was lost then is lost again on top.".into())
            .hint("Start from the F16 or BF16 file, or allow it with --allow-requantize."));
    }
    let output = std::path::absolute(&copy.output).unwrap_or_else(|_| copy.output.clone());
    path_text(&output)?;
    if output.symlink_metadata().is_ok() {
        return Err(bad(format!("“{}” is there already.", output.display())).hint("Choose another name, or remove it."));
    }
    let folder = output.parent().filter(|folder| folder.is_dir()).ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("The folder of “{}” is not there.", output.display()))
    })?;
    room(folder, predicted_bytes)?;
    Ok(Planned {
        params: QuantizeParams {
            input: opened.parts.first().cloned().unwrap_or_else(|| copy.input.clone()),
            output: part_of(&output),
            quant,
            imatrix: copy.imatrix.clone(),
            allow_requantize: copy.allow_requantize,
            n_threads: None,
        },
        output,
        predicted_bytes,
        again,
    })
}

/// The quantizations that can be written, the smallest first.
pub fn names() -> Vec<String> {
    quant::all().iter().filter(|row| row.loadable()).map(|row| row.name.clone()).collect()
}

/// Write a copy. It gets its name when it is whole and on the disk. When the future is dropped, the engine's process is
/// still to be stopped and [`Planned::forget`] called.
///
/// # Errors
/// What the engine or the disk says; nothing is left then.
pub async fn make_copy(
    host: &EngineHost,
    planned: &Planned,
    on_progress: impl FnMut(QuantizeProgress),
) -> Result<Made, ApiError> {
    let written = host.quantize(planned.params.clone(), on_progress).await;
    if let Err(error) = written {
        planned.forget();
        return Err(error.into());
    }
    let (part, output) = (planned.params.output.clone(), planned.output.clone());
    let kept = tokio::task::spawn_blocking(move || keep(&part, &output)).await?;
    kept.inspect_err(|_| planned.forget())
}

impl Planned {
    /// Where the copy will be.
    pub fn path(&self) -> &Path {
        &self.output
    }

    /// Delete what was written so far.
    pub fn forget(&self) {
        // There may be nothing yet.
        let _nothing = std::fs::remove_file(&self.params.output);
    }
}

fn keep(part: &Path, output: &Path) -> Result<Made, ApiError> {
    let cannot =
        |error: std::io::Error| ApiError::new(ErrorCode::Storage, format!("The copy could not be kept: {error}."));
    // What cannot be read is not kept.
    let model = paddock_hub::open_model(part)?;
    let file = File::options().write(true).open(part).map_err(cannot)?;
    file.sync_all().map_err(cannot)?;
    if output.symlink_metadata().is_ok() {
        return Err(cannot(std::io::ErrorKind::AlreadyExists.into()));
    }
    std::fs::rename(part, output).map_err(cannot)?;
    #[cfg(unix)]
    if let Some(folder) = output.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
    }
    Ok(Made { path: output.to_owned(), size_bytes: model.size_bytes })
}

fn room(folder: &Path, needed_bytes: u64) -> Result<(), ApiError> {
    // A drive that does not say how full it is may still have room.
    let Ok(free) = paddock_hub::free_bytes(folder) else { return Ok(()) };
    if free >= needed_bytes.saturating_add(ROOM_LEFT_BYTES) {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
    let gb = |bytes: u64| bytes as f64 / 1e9;
    Err(ApiError::new(
        ErrorCode::Storage,
        format!("The copy takes {:.1} GB, and {:.1} GB are free there.", gb(needed_bytes), gb(free)),
    )
    .hint("Free some space, or choose another drive."))
}

/// Where the copy is while it is written; not the name of an unfinished download.
fn part_of(output: &Path) -> PathBuf {
    let mut name = OsString::from(output);
    name.push(".copy.part");
    PathBuf::from(name)
}

/// What a copy is called beside its model: `Name-F16.gguf` becomes `Name-Q4_K_M.gguf`.
pub fn name_of_copy(input: &Path, headers: &[Header], quant: &str) -> PathBuf {
    let stem = input.file_stem().unwrap_or_default().to_string_lossy();
    // Of a split model, the first part stands for all.
    let stem = stem.split("-00001-of-").next().unwrap_or(&stem).to_owned();
    let known = headers.first().and_then(Header::quantization).unwrap_or_default();
    let ending = ["-", "."].iter().find_map(|mark| strip_ending(&stem, &format!("{mark}{known}")));
    let base = ending.filter(|_| !known.is_empty()).unwrap_or(&stem);
    input.with_file_name(format!("{base}-{quant}.gguf"))
}

fn strip_ending<'a>(text: &'a str, ending: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(ending.len())?;
    let tail = text.get(at..)?;
    tail.eq_ignore_ascii_case(ending).then(|| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_called_like_its_model_with_the_new_quantization() {
        let name = |input: &str| name_of_copy(Path::new(input), &[], "Q4_K_M");
        assert_eq!(name("/models/a.gguf"), Path::new("/models/a-Q4_K_M.gguf"));
        assert_eq!(name("/models/a-00001-of-00002.gguf"), Path::new("/models/a-Q4_K_M.gguf"));
        assert_eq!(strip_ending("model-f16", "-F16"), Some("model"));
        assert_eq!(strip_ending("é", "--F16"), None);
    }
}
