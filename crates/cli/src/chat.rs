//! `paddock chat`: one answer, or a conversation at the prompt.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
};

use paddock_core::{Answer, ApiError, AppConfig, Dialogue, ErrorCode, FinishReason, GenerationEvent, Timings};
use rustyline::{DefaultEditor, error::ReadlineError};
use serde::Serialize;

use crate::{arguments::ChatOptions, terminal};

/// What `--json` prints.
#[derive(Serialize)]
struct JsonAnswer<'a> {
    text: &'a str,
    finish_reason: FinishReason,
    timings: Timings,
    model: JsonModel,
}

#[derive(Serialize)]
struct JsonModel {
    path: PathBuf,
    n_params: u64,
    n_ctx: u32,
    n_gpu_layers: u32,
}

pub async fn run(options: Box<ChatOptions>) -> Result<(), ApiError> {
    let config = AppConfig::usual()?;
    let mut dialogue = Dialogue::open(&config, &options.choice(), options.load_params(), |report| {
        terminal::show_progress(&format!("Loading {:.0} %", report.fraction * 100.0));
    })
    .await?;
    terminal::show_progress("");
    for warning in &dialogue.model().warnings {
        eprintln!("paddock: {warning}");
    }
    dialogue.sampling = options.sampling(&dialogue.sampling);
    dialogue.begin(options.system.clone());
    let done = match options.prompt.clone() {
        Some(prompt) => once(&mut dialogue, &options, prompt).await,
        None => talk(&mut dialogue, &options, &config).await,
    };
    dialogue.close().await;
    done
}

async fn once(dialogue: &mut Dialogue, options: &ChatOptions, prompt: String) -> Result<(), ApiError> {
    let prompt = if prompt == "-" { read_prompt()? } else { prompt };
    if prompt.trim().is_empty() {
        return Err(bad_input("The prompt is empty."));
    }
    let answer = ask(dialogue, options, prompt, !options.json).await?;
    if options.json {
        let model = dialogue.model();
        let json = JsonAnswer {
            text: &answer.text,
            finish_reason: answer.finish_reason,
            timings: answer.timings,
            model: JsonModel {
                path: model.path.clone(),
                n_params: model.n_params,
                n_ctx: model.n_ctx,
                n_gpu_layers: model.n_gpu_layers,
            },
        };
        let json = serde_json::to_string(&json).map_err(|error| bad_input(&error.to_string()))?;
        terminal::write_answer(&format!("{json}\n"));
    } else {
        terminal::write_answer("\n");
        eprintln!("{}", terminal::metrics(&answer.timings));
    }
    Ok(())
}

/// Ask and print as it comes. Ctrl+C stops the answer, not the program.
async fn ask(dialogue: &mut Dialogue, options: &ChatOptions, prompt: String, print: bool) -> Result<Answer, ApiError> {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    dialogue
        .ask(prompt, options.stop.clone(), options.max_tokens, interrupted, |event| match event {
            GenerationEvent::Prompt { processed, total, .. } if processed < total => {
                terminal::show_progress(&format!("Understanding {processed} of {total}"));
            }
            GenerationEvent::Prompt { .. } => terminal::show_progress(""),
            GenerationEvent::Text { text, .. } if print => terminal::write_answer(text),
            GenerationEvent::Text { .. } | GenerationEvent::Done { .. } => {}
        })
        .await
}

async fn talk(dialogue: &mut Dialogue, options: &ChatOptions, config: &AppConfig) -> Result<(), ApiError> {
    let history = config.data.path().join("chat-history.txt");
    let mut editor =
        DefaultEditor::new().map_err(|error| bad_input(&format!("The terminal cannot be used: {error}.")))?;
    // There is none on the first run.
    let _first_run = editor.load_history(&history);
    if io::stdin().is_terminal() {
        eprintln!("{} · Ctrl+C stops an answer, Ctrl+D ends, /new begins again.", dialogue.model().name);
    }
    loop {
        let line = match tokio::task::block_in_place(|| editor.readline("> ")) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(bad_input(&format!("The terminal cannot be read: {error}."))),
        };
        match line.trim() {
            "" => continue,
            "/new" => {
                dialogue.begin(options.system.clone());
                continue;
            }
            _ => {}
        }
        let _unremembered = editor.add_history_entry(&line);
        match ask(dialogue, options, line, true).await {
            Ok(answer) => {
                terminal::write_answer("\n");
                eprintln!("{}", terminal::metrics(&answer.timings));
            }
            // The conversation goes on: the next question starts the engine again where it has to.
            Err(error) => terminal::complain(&error),
        }
    }
    let _not_kept = editor.save_history(&history);
    Ok(())
}

fn read_prompt() -> Result<String, ApiError> {
    let mut prompt = String::new();
    io::stdin()
        .read_to_string(&mut prompt)
        .map_err(|error| bad_input(&format!("The prompt could not be read from standard input: {error}.")))?;
    Ok(prompt)
}

fn bad_input(message: &str) -> ApiError {
    ApiError { code: ErrorCode::BadInput, message: message.to_owned(), hint: None, details: None, what: None }
}
