//! `paddock quantize`: a smaller copy of a model.

use paddock_core::{ApiError, Copy, make_copy, plan_copy};
use serde_json::json;

use crate::{arguments::QuantizeOptions, engine, terminal};

pub async fn run(options: QuantizeOptions) -> Result<(), ApiError> {
    let planned = plan_copy(&Copy {
        input: options.input,
        output: options.output,
        quant: options.quant,
        imatrix: options.imatrix,
        allow_requantize: options.allow_requantize,
    })?;
    if planned.again {
        eprintln!("paddock: This model is quantized already; the copy will be worse than one made from the original.");
    }
    eprintln!("About {:.2} GB will be written to {}.", gb(planned.predicted_bytes), planned.path().display());
    let host = engine::host()?;
    let writing = make_copy(&host, &planned, |now| {
        terminal::show_progress(&format!("{} of {} tensors", now.tensors_done, now.tensors));
    });
    let made = tokio::select! {
        made = writing => Some(made),
        _interrupted = tokio::signal::ctrl_c() => None,
    };
    terminal::show_progress("");
    host.stop().await;
    let Some(made) = made else {
        planned.forget();
        eprintln!("paddock: Stopped; nothing was kept.");
        std::process::exit(130);
    };
    let made = made?;
    if options.json {
        return terminal::write_json(&json!({
            "path": made.path, "size_bytes": made.size_bytes, "predicted_bytes": planned.predicted_bytes,
        }));
    }
    terminal::write_answer(&format!("{} · {:.2} GB\n", made.path.display(), gb(made.size_bytes)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
fn gb(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}
