//! `paddock devices`: what ggml sees. The engine process looks, not this one.

use paddock_core::{ApiError, AppConfig, Device, EngineHost, ErrorCode};

use crate::{arguments::DevicesOptions, terminal};

pub async fn run(options: DevicesOptions) -> Result<(), ApiError> {
    let config = AppConfig::usual()?;
    let host = EngineHost::new(config.engine, config.host).map_err(|error| ApiError {
        code: ErrorCode::Internal,
        message: format!("The engine could not be started: {error}."),
        hint: None,
        details: None,
    })?;
    let devices = host.devices().await?;
    host.stop().await;
    if options.json {
        let json = serde_json::to_string_pretty(&devices).unwrap_or_default();
        terminal::write_answer(&format!("{json}\n"));
    } else {
        for device in &devices {
            terminal::write_answer(&format!("{}\n", line_of(device)));
        }
    }
    Ok(())
}

fn line_of(device: &Device) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
    let memory = match device.memory_total_bytes {
        0 => "memory unknown".to_owned(),
        total => format!("{:.1} of {:.1} GiB free", gib(device.memory_free_bytes), gib(total)),
    };
    format!("{:<10} {:<40} {memory}", device.name, device.description)
}
