//! `paddock models`: what is on this computer, whether it is whole, and removing it.

use std::path::Path;

use paddock_core::{
    ApiError, App, AppConfig, ErrorCode,
    transfer::Progress,
    view::{LibraryModelView, LibraryView, ModelSource, VerifiedView},
};
use tokio::sync::watch;

use crate::{
    arguments::{ModelsCommand, ModelsOptions},
    download::{show_bar, stop_at_ctrl_c},
    terminal,
};

pub async fn run(options: ModelsOptions) -> Result<(), ApiError> {
    let app = App::open_for_command(AppConfig::usual()?)?;
    match options.command {
        ModelsCommand::List { json } => list(&app, json).await,
        ModelsCommand::Verify { model, repair, json } => verify(&app, &model, repair, json).await,
        ModelsCommand::Remove { model, json } => remove(&app, &model, json).await,
    }
}

async fn list(app: &App, json: bool) -> Result<(), ApiError> {
    let library = app.library().await?;
    if json {
        return terminal::write_json(&library);
    }
    for model in &library.models {
        terminal::write_answer(&lines_of(model));
    }
    if library.duplicate_bytes > 0 {
        let wasted = terminal::gib(library.duplicate_bytes);
        terminal::write_answer(&format!("{wasted:.1} GiB are there more than once.\n"));
    }
    for (place, problem) in library.places.iter().filter_map(|place| Some((place, place.problem.as_ref()?))) {
        eprintln!("{}: {problem}", place.path);
    }
    Ok(())
}

/// Fails if a byte is wrong, so that scripts can rely on it.
async fn verify(app: &App, wanted: &str, repair: bool, json: bool) -> Result<(), ApiError> {
    let model = find(&app.library().await?, wanted)?;
    let (mut changes, path) = (app.library_changes(), model.path.clone());
    let progress = async {
        while changes.changed().await.is_ok() {
            let library = changes.borrow_and_update();
            let here = library.models.iter().find(|model| model.path == path);
            if let Some(LibraryModelView { verified: VerifiedView::Checking { checked_bytes }, size_bytes, .. }) = here
            {
                let percent = checked_bytes.saturating_mul(100) / (*size_bytes).max(1);
                terminal::show_progress(&format!("Verifying {}: {percent} %", model.name));
            }
        }
    };
    let verified = tokio::select! {
        done = app.verify_model(model.path.clone()) => done,
        () = progress => Err(failure(ErrorCode::Internal, "The list of models was closed.".into())),
    };
    terminal::show_progress("");
    let mut verified = verified?;
    if repair && matches!(verified.verified, VerifiedView::Broken { .. }) {
        eprintln!("{} The damaged part is fetched again.", sentence(&verified));
        verified = repaired(app, verified).await?;
    }
    if json {
        terminal::write_json(&verified)?;
    } else {
        terminal::write_answer(&lines_of(&verified));
    }
    match verified.verified {
        VerifiedView::Verified => Ok(()),
        VerifiedView::Broken { repair_bytes: Some(_), .. } => Err(ApiError {
            hint: Some(format!("`paddock models verify --repair {}` fetches that again.", verified.name)),
            ..failure(ErrorCode::ModelRefused, sentence(&verified))
        }),
        _ => Err(failure(ErrorCode::ModelRefused, sentence(&verified))),
    }
}

/// The model after what is damaged of it was fetched again.
async fn repaired(app: &App, model: LibraryModelView) -> Result<LibraryModelView, ApiError> {
    let (tell, progress) = watch::channel(Progress::default());
    let showing = tokio::spawn(show_bar(progress));
    let done = app.repair_once(&model.path, stop_at_ctrl_c(), &tell).await;
    drop(tell);
    // What was told last comes before the end.
    let _ = showing.await;
    if let Err(error) = done {
        // What is here of it has no final name now, and no place in the list.
        let hint = model.repo.map(|repo| format!("`paddock download {repo}` with --file goes on with it."));
        return Err(ApiError { hint: error.hint.clone().or(hint), ..error });
    }
    find(&app.scan_library().await?, &model.path)
}

/// What is known of its bytes, in words.
fn sentence(model: &LibraryModelView) -> String {
    match &model.verified {
        VerifiedView::Broken { sentence, .. } => sentence.clone(),
        other => format!("{} is {}.", model.path, state(other)),
    }
}

/// For good: a command has nobody who could change their mind before the next one.
async fn remove(app: &App, wanted: &str, json: bool) -> Result<(), ApiError> {
    let before = app.library().await?;
    let model = find(&before, wanted)?;
    let after = app.delete_model(model.path.clone()).await?;
    let new = after.deleted.iter().find(|deleted| !before.deleted.contains(deleted));
    if let Some(deleted) = new {
        app.discard_deleted(deleted.id.clone()).await?;
    }
    if json {
        return terminal::write_json(&model);
    }
    terminal::write_answer(&format!("Removed {}: {:.1} GiB are free.\n", model.path, terminal::gib(model.size_bytes)));
    Ok(())
}

/// The model of this path or name.
fn find(library: &LibraryView, wanted: &str) -> Result<LibraryModelView, ApiError> {
    let absolute = std::path::absolute(wanted).unwrap_or_default();
    let by_path = library.models.iter().find(|model| Path::new(&model.path) == absolute);
    let named = || library.models.iter().filter(|model| is_called(model, wanted));
    match (by_path, named().count()) {
        (Some(model), _) => Ok(model.clone()),
        (None, 1) => named().next().cloned().ok_or_else(|| none(wanted)),
        (None, 0) => Err(none(wanted)),
        (None, _) => {
            let paths: Vec<&str> = named().map(|model| model.path.as_str()).collect();
            let message = format!("Several models are called “{wanted}”:\n{}", paths.join("\n"));
            Err(ApiError { hint: Some("Give the path of one.".into()), ..failure(ErrorCode::BadInput, message) })
        }
    }
}

/// By its own name, or by that of its file, which also tells the quantization.
fn is_called(model: &LibraryModelView, wanted: &str) -> bool {
    let path = Path::new(&model.path);
    let names = [Some(model.name.as_ref()), path.file_name(), path.file_stem()];
    names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(wanted))
}

fn none(wanted: &str) -> ApiError {
    let hint = Some("`paddock models list` shows those that are here.".into());
    ApiError { hint, ..failure(ErrorCode::NotFound, format!("There is no model “{wanted}” on this computer.")) }
}

fn failure(code: ErrorCode, message: String) -> ApiError {
    ApiError { code, message, hint: None, details: None, what: None }
}

fn lines_of(model: &LibraryModelView) -> String {
    let quant = model.quant.as_deref().unwrap_or("–");
    let size = terminal::gib(model.size_bytes);
    let (source, state) = (program(model.source), state(&model.verified));
    let mut lines = format!("{:<40} {quant:<10} {size:>6.1} GiB  {source:<12} {state}\n  {}\n", model.name, model.path);
    if let Some(problem) = &model.problem {
        lines.push_str(&format!("  {problem}\n"));
    }
    lines
}

fn program(source: ModelSource) -> &'static str {
    match source {
        ModelSource::Paddock => "Paddock",
        ModelSource::HuggingFace => "Hugging Face",
        ModelSource::LmStudio => "LM Studio",
        ModelSource::Ollama => "Ollama",
        ModelSource::Jan => "Jan",
        ModelSource::LlamaCpp => "llama.cpp",
        ModelSource::Folder => "added folder",
    }
}

fn state(verified: &VerifiedView) -> &'static str {
    match verified {
        VerifiedView::Verified => "verified",
        VerifiedView::Unverified => "not verified yet",
        VerifiedView::NoChecksum => "without a checksum",
        VerifiedView::Changed => "changed since it was verified",
        VerifiedView::Checking { .. } => "being verified",
        VerifiedView::Broken { .. } => "damaged",
    }
}
