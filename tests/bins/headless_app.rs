//! The app without its window: sends one message and writes a line for every event that a window would have got, the
//! moment it would have got it. Made to be killed in the middle.
//!
//! `headless-app DATA_DIR ENGINE MESSAGE [CYCLES]`. Lines: `started <conversation>`, `text <bytes shown so far>`,
//! `done <reason>`. With CYCLES, the self-test model is loaded and unloaded so often before, each time with a line
//! `unloaded <memory of this process in kB>`.

use std::{
    env,
    error::Error,
    io::{Write, stdout},
};

use paddock_core::{
    App, AppConfig, DataDir, EngineCommand, HostConfig,
    view::{ChatEvent, ChatRequest, LoadSettings},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(data), Some(engine), Some(message)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: headless-app DATA_DIR ENGINE MESSAGE".into());
    };
    let app = App::open(AppConfig {
        data: DataDir::at(data),
        engine: EngineCommand { program: engine.into(), args: vec!["engine".into()] },
        host: HostConfig::default(),
    })?;
    if let Some(cycles) = arguments.next() {
        load_and_unload(&app, cycles.to_string_lossy().parse()?).await?;
    }
    let request = ChatRequest {
        conversation_id: None,
        parent_id: None,
        content: message.into_string().map_err(|_| "the message is not text")?,
        attachments: Vec::new(),
        setup: None,
    };
    let mut shown = 0;
    app.chat_send(request, |event| {
        let line = match event {
            ChatEvent::Started { conversation, .. } => format!("started {}", conversation.id),
            ChatEvent::Text { delta, .. } => {
                shown += delta.len();
                format!("text {shown}")
            }
            ChatEvent::Queued { .. } | ChatEvent::Progress { .. } => return,
            ChatEvent::Done { message } => format!("done {:?}", message.finish_reason),
        };
        // Whoever reads this may be gone.
        let _unread = writeln!(stdout(), "{line}").and_then(|()| stdout().flush());
    })
    .await?;
    app.shut_down().await;
    Ok(())
}

async fn load_and_unload(app: &App, cycles: u32) -> Result<(), Box<dyn Error>> {
    let models = app.list_models().await?;
    let own = models.first().ok_or("there is no self-test model")?;
    for _ in 0..cycles {
        app.load_model(own.path.clone(), LoadSettings::default()).await?;
        app.unload_model().await;
        if app.engine_pid().is_some() {
            return Err("the engine is still there".into());
        }
        let status = std::fs::read_to_string("/proc/self/status")?;
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the kernel does not say")?;
        writeln!(stdout(), "unloaded {}", memory.trim().trim_end_matches(" kB"))?;
    }
    Ok(())
}
