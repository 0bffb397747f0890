//! `paddock download`: a model from a repository, whole, or a sentence why not.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use paddock_core::{
    ApiError, OneDownload, download_once,
    transfer::{Downloaded, Phase, Progress, Wait},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{arguments::DownloadOptions, terminal};

/// How often a line of JSON tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// `paddock download`.
pub async fn run(options: DownloadOptions) -> Result<(), ApiError> {
    let (repo, wanted) = options.what();
    let one = OneDownload {
        repo,
        wanted,
        endpoint: options.endpoint,
        dir: options.dir,
        limit_bytes_per_s: options.limit,
        connections: options.connections,
    };
    let (stopped, (tell, progress)) = (stop_at_ctrl_c(), watch::channel(Progress::default()));
    let json = options.json;
    let showing = tokio::spawn(async move { if json { show_lines(progress).await } else { show_bar(progress).await } });
    let done = download_once(one, stopped, &tell).await;
    drop(tell);
    // What was told last comes before the end.
    let _ = showing.await;
    match (&done, json) {
        (Ok(done), true) => line(&done_line(done)),
        (Ok(done), false) => terminal::write_answer(&format!("{}\n", done.path.display())),
        (Err(error), true) => line(&json!({
            "event": "error", "code": error.code, "message": error.message, "hint": error.hint,
        })),
        (Err(_), false) => {}
    }
    done.map(drop)
}

/// Becomes true when the user has had enough.
pub fn stop_at_ctrl_c() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        // Where there is no Ctrl+C to be heard, there is none to wait for.
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.send_replace(true);
        } else {
            std::future::pending::<()>().await;
        }
        drop(stop);
    });
    stopped
}

impl DownloadOptions {
    /// The repository, and which of its models; nothing where it has only one.
    fn what(&self) -> (String, String) {
        let (repo, quant) = self.model.rsplit_once(':').unwrap_or((&self.model, ""));
        (repo.to_owned(), self.file.clone().unwrap_or_else(|| quant.to_owned()))
    }
}

fn done_line(done: &Downloaded) -> Value {
    let files: Vec<String> = done.files.iter().map(|file: &PathBuf| file.display().to_string()).collect();
    json!({ "event": "done", "path": done.path, "files": files, "commit": done.commit })
}

/// One JSON object a line.
fn line(value: &Value) {
    terminal::write_answer(&format!("{value}\n"));
}

/// How far it is, in JSON: when something changes, and once a second.
async fn show_lines(mut progress: watch::Receiver<Progress>) {
    let (mut told, mut n_notices) = (None::<(Instant, &'static str)>, 0);
    while progress.changed().await.is_ok() {
        let now = progress.borrow_and_update().clone();
        for notice in now.notices.iter().skip(n_notices) {
            line(&json!({ "event": "notice", "message": notice.to_string() }));
        }
        n_notices = now.notices.len();
        let kind = kind(&now.phase);
        if told.is_some_and(|(at, before)| before == kind && at.elapsed() < TELL_EVERY) {
            continue;
        }
        told = Some((Instant::now(), kind));
        let mut value = json!({
            "event": kind, "done_bytes": now.done_bytes, "total_bytes": now.total_bytes,
            "bytes_per_s": now.bytes_per_s, "eta_s": now.time_left.map(|left| left.as_secs()),
        });
        if let Phase::Waiting(wait) = &now.phase {
            value["reason"] = json!(wait.why.to_string());
            value["retry_in_s"] = json!(in_s(wait));
        }
        line(&value);
    }
}

fn kind(phase: &Phase) -> &'static str {
    match phase {
        Phase::Preparing => "preparing",
        Phase::Downloading { .. } => "progress",
        Phase::Waiting(_) => "waiting",
        Phase::Following => "following",
        Phase::Verifying { .. } => "verifying",
    }
}

fn in_s(wait: &Wait) -> u64 {
    wait.until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)
}

/// How far it is, as a bar on the terminal; what matters as lines where there is none.
pub async fn show_bar(mut progress: watch::Receiver<Progress>) {
    let is_terminal = std::io::stderr().is_terminal();
    let target = if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {bytes} of {total_bytes}  {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    let (mut n_notices, mut said) = (0, None);
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        // A countdown moves without news.
        tokio::select! {
            changed = progress.changed() => if changed.is_err() { break },
            _ = tick.tick() => {}
        }
        let now = progress.borrow_and_update().clone();
        for notice in now.notices.iter().skip(n_notices) {
            bar.suspend(|| eprintln!("{notice}"));
        }
        n_notices = now.notices.len();
        if now.total_bytes > 0 {
            bar.set_length(now.total_bytes);
        }
        bar.set_position(now.done_bytes);
        bar.set_message(words(&now));
        if let Phase::Waiting(wait) = &now.phase
            && !is_terminal
            && said.as_ref() != Some(&wait.why)
        {
            eprintln!("{} It is tried again.", wait.why);
            said = Some(wait.why.clone());
        }
    }
    bar.finish_and_clear();
}

/// What is going on, after the bar.
fn words(now: &Progress) -> String {
    match &now.phase {
        Phase::Preparing => "asking the server …".to_owned(),
        Phase::Downloading { .. } => {
            let left = now.time_left.map_or(String::new(), |left| format!(", about {} left", in_words(left)));
            #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
            let mb_s = now.bytes_per_s as f64 / 1e6;
            format!("{mb_s:.1} MB/s{left}")
        }
        Phase::Waiting(wait) => format!("{} Tried again in {} s.", wait.why, in_s(wait)),
        Phase::Following => "another Paddock downloads this file; waiting for it".to_owned(),
        Phase::Verifying { checked_bytes } => {
            format!("comparing with the checksum: {} %", checked_bytes * 100 / now.total_bytes.max(1))
        }
    }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..=90 => format!("{seconds} s"),
        seconds @ ..=5_400 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_the_unit_that_people_use() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(
            (words(5), words(90), words(91), words(7_300)),
            ("5 s".into(), "90 s".into(), "2 min".into(), "2 h 1 min".into())
        );
    }
}
