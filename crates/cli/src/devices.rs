//! `paddock devices`: what ggml sees. The engine process looks, not this one.

use paddock_core::{ApiError, Device};

use crate::{arguments::DevicesOptions, engine, terminal};

pub async fn run(options: DevicesOptions) -> Result<(), ApiError> {
    let host = engine::host()?;
    let devices = host.devices().await?;
    host.stop().await;
    if options.json {
        terminal::write_json(&devices)?;
    } else {
        for device in &devices {
            terminal::write_answer(&format!("{}\n", line_of(device)));
        }
    }
    Ok(())
}

fn line_of(device: &Device) -> String {
    let memory = match device.memory_total_bytes {
        0 => "memory unknown".to_owned(),
        total => format!("{:.1} of {:.1} GiB free", terminal::gib(device.memory_free_bytes), terminal::gib(total)),
    };
    format!("{:<10} {:<40} {memory}", device.name, device.description)
}
