//! `paddock hardware`, `quants`, `plan` and `recommend`: the truth before the download.

use paddock_core::{
    ApiError, ErrorCode,
    hardware::Hardware,
    planner::{
        CacheType, Computer, DevicePlan, Machine, Pick, Plan, Preference, Recommendation, Settings, TokS, catalogue,
        plan, quant, recommend,
    },
    survey, survey_and_measure, weights_named,
};
use serde_json::{Value, json};

use crate::{
    arguments::{ComputerOptions, HardwareOptions, PlanOptions, QuantsOptions, RecommendOptions, Wish},
    engine,
    terminal::{self, gib},
};

/// `paddock hardware`.
pub async fn hardware(options: HardwareOptions) -> Result<(), ApiError> {
    let hardware = look(options.measure).await?;
    if options.json {
        return terminal::write_json(&hardware);
    }
    terminal::write_answer(&hardware_lines(&hardware));
    Ok(())
}

/// `paddock quants`.
pub fn quants(options: &QuantsOptions) -> Result<(), ApiError> {
    let model = model(&options.model)?;
    let rows = quant::all().iter().map(|quant| {
        let file_bytes = model.weights(&quant.name).map(|weights| weights.file_bytes);
        (quant, file_bytes)
    });
    if options.json {
        let rows: Vec<Value> = rows
            .map(|(quant, file_bytes)| {
                let note = quant.why.map(|why| why.to_string()).or(quant.note.as_ref().map(ToString::to_string));
                let mut row = json!({
                    "quant": quant.name, "bits": quant.bits, "loadable": quant.loadable(), "file_bytes": file_bytes,
                    "quality": quant.quality().word(), "note": note,
                });
                if let Some(instead) = &quant.replaced_by {
                    row["replaced_by"] = json!(instead);
                }
                row
            })
            .collect();
        return terminal::write_json(&rows);
    }
    terminal::write_answer(&format!("{}\n", model.name));
    for (quant, file_bytes) in rows {
        let size = file_bytes.map_or("–".to_owned(), |bytes| format!("{:.1} GB", gb(bytes)));
        let note = match &quant.replaced_by {
            Some(instead) => format!("no longer loadable; take {instead}"),
            None => quant.note.as_ref().map(ToString::to_string).unwrap_or_default(),
        };
        terminal::write_answer(&format!("{:<9} {size:>9}  {:<10} {note}\n", quant.name, quant.quality().word()));
    }
    Ok(())
}

/// `paddock plan`.
pub async fn plan_model(options: PlanOptions) -> Result<(), ApiError> {
    let weights = weights_named(&options.model).await?;
    let machine = machine(&options.computer).await?;
    let settings = Settings {
        n_gpu_layers: options.gpu_layers,
        ..settings(options.ctx, options.cache_type, weights.shape.n_ctx_train)
    };
    let plan = plan(&machine, &weights, &settings, None)?;
    if options.json {
        return terminal::write_json(&plan_json(&plan));
    }
    let quant = weights.quant.as_deref().unwrap_or("");
    terminal::write_answer(&format!("{} {quant} · {:.1} GB\n", weights.name, gb(weights.file_bytes)));
    terminal::write_answer(&plan_lines(&plan));
    Ok(())
}

/// `paddock recommend`.
pub async fn recommendation(options: RecommendOptions) -> Result<(), ApiError> {
    let model = model(&options.model)?;
    let machine = machine(&options.computer).await?;
    let settings = settings(options.ctx, options.cache_type, model.shape().n_ctx_train);
    let preference = match options.prefer {
        Wish::Faster => Preference::Faster,
        Wish::Balanced => Preference::Balanced,
        Wish::Smarter => Preference::Smarter,
    };
    let recommendation = recommend(&machine, model, &settings, preference)?;
    if options.json {
        return terminal::write_json(&recommendation_json(&recommendation));
    }
    terminal::write_answer(&recommendation_lines(&recommendation));
    Ok(())
}

fn model(name: &str) -> Result<&'static catalogue::Model, ApiError> {
    catalogue::model(name).ok_or_else(|| {
        let known: Vec<&str> = catalogue::models().iter().map(|model| model.id.as_str()).collect();
        ApiError {
            code: ErrorCode::NotFound,
            message: format!("There is no model “{name}” in the list."),
            hint: Some(format!("There are {}.", known.join(", "))),
            details: None,
            what: None,
        }
    })
}

fn settings(ctx: Option<u32>, cache: crate::arguments::Cache, n_ctx_train: u32) -> Settings {
    let usual = Settings::default();
    let cache = CacheType::from(cache);
    Settings { n_ctx: ctx.unwrap_or(usual.n_ctx.min(n_ctx_train)), cache_type_k: cache, cache_type_v: cache, ..usual }
}

/// The computer that was asked about: this one, or one from the table, for which no engine is started.
async fn machine(options: &ComputerOptions) -> Result<Machine, ApiError> {
    let computer = Computer {
        gpu: options.gpu.clone(),
        vram_gib: options.vram,
        ram_gib: options.ram,
        bandwidth_gb_s: options.bandwidth,
    };
    let named = computer.gpu.is_some() && computer.ram_gib.is_some();
    let here = if named { Hardware::default() } else { look(options.measure).await? };
    Ok(Machine::of(&computer.hardware(&here)?))
}

async fn look(measure: bool) -> Result<Hardware, ApiError> {
    let host = engine::host()?;
    let hardware = if measure { survey_and_measure(&host).await? } else { survey(&host).await };
    host.stop().await;
    Ok(hardware)
}

fn tok_s_json(range: &TokS) -> Value {
    json!({ "low": range.low, "high": range.high, "basis": range.basis })
}

fn plan_json(plan: &Plan) -> Value {
    let device = |device: &DevicePlan| {
        json!({
            "name": device.name, "weights_bytes": device.weights_bytes, "kv_bytes": device.kv_bytes,
            "compute_bytes": device.compute_bytes, "overhead_bytes": device.overhead_bytes,
            "total_bytes": device.total_bytes, "free_bytes": device.free_bytes,
        })
    };
    let memory = &plan.memory;
    let devices: Vec<Value> = memory.devices.iter().map(device).collect();
    json!({
        "n_gpu_layers": memory.n_gpu_layers, "n_gpu_layers_max": plan.n_gpu_layers_max, "devices": devices,
        "ram_bytes": memory.ram.total_bytes,
        "ram": {
            "weights_mapped_bytes": memory.ram.mapped_bytes, "weights_repacked_bytes": memory.ram.repacked_bytes,
            "kv_bytes": memory.ram.kv_bytes, "compute_bytes": memory.ram.compute_bytes,
            "overhead_bytes": memory.ram.overhead_bytes, "free_bytes": memory.ram.free_bytes,
        },
        "disk_bytes_per_token": memory.disk_bytes_per_token.1,
        "disk_bytes_per_token_at_best": memory.disk_bytes_per_token.0,
        "verdict": memory.verdict.words(), "tok_s": tok_s_json(&plan.speed.generation),
        "prompt_tok_s": tok_s_json(&plan.speed.prompt),
    })
}

fn recommendation_json(recommendation: &Recommendation) -> Value {
    let pick = |pick: &Option<Pick>| {
        pick.as_ref().map(|pick| {
            let plan = &pick.candidate.plan;
            json!({
                "quant": pick.candidate.quant.name, "file_bytes": pick.candidate.file_bytes,
                "n_gpu_layers": plan.memory.n_gpu_layers, "n_ctx": plan.memory.n_ctx,
                "verdict": plan.memory.verdict.words(), "tok_s": tok_s_json(&plan.speed.generation),
                "quality": pick.candidate.quant.quality().word(), "reasons": in_words(&pick.reasons),
            })
        })
    };
    let instead = recommendation.instead.as_ref().map(|other| {
        json!({
            "model": other.model.name, "repo": other.model.repo, "quant": other.candidate.quant.name,
            "tok_s": tok_s_json(&other.candidate.plan.speed.generation),
        })
    });
    let guide = recommendation.guide.as_ref().map(|guide| {
        json!({
            "gpu": guide.gpu, "quants": guide.quants, "layers_min": guide.layers_min, "layers_max": guide.layers_max,
            "possible": guide.possible, "remarks": in_words(&guide.remarks),
        })
    });
    json!({
        "model": recommendation.model.name,
        "recommended": pick(&recommendation.recommended), "faster": pick(&recommendation.faster),
        "smarter": pick(&recommendation.smarter), "guide": guide, "instead": instead,
        "remarks": in_words(&recommendation.remarks),
    })
}

/// What is said, in English.
fn in_words(said: &[impl ToString]) -> Vec<String> {
    said.iter().map(ToString::to_string).collect()
}

fn gb(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

fn speed(range: &TokS) -> String {
    let digits = |x: f64| if x < 9.95 { format!("{x:.2}") } else { format!("{x:.0}") };
    let basis = if range.basis == paddock_core::planner::Basis::Measured { "measured" } else { "estimated" };
    format!("{}–{} tok/s ({basis})", digits(range.low), digits(range.high))
}

fn plan_lines(plan: &Plan) -> String {
    let memory = &plan.memory;
    let mut lines = vec![
        format!(
            "{}: {} of {} layers on the GPU (at most {})",
            memory.verdict.words(),
            memory.n_gpu_layers,
            memory.n_layers_all,
            plan.n_gpu_layers_max
        ),
        format!("Writing {}, understanding {}", speed(&plan.speed.generation), speed(&plan.speed.prompt)),
    ];
    for device in &memory.devices {
        lines.push(format!(
            "{:<24} weights {:.2} + KV {:.2} + compute {:.2} + driver {:.2} = {:.2} of {:.2} GiB free",
            device.name,
            gib(device.weights_bytes),
            gib(device.kv_bytes),
            gib(device.compute_bytes),
            gib(device.overhead_bytes),
            gib(device.total_bytes),
            gib(device.free_bytes)
        ));
    }
    let ram = &memory.ram;
    let free = ram.free_bytes.map_or("an unknown amount".to_owned(), |bytes| format!("{:.2} GiB", gib(bytes)));
    lines.push(format!(
        "{:<24} weights {:.2} mapped + {:.2} repacked + KV {:.2} + compute {:.2} + app {:.2} = {:.2} of {free} free",
        "Memory",
        gib(ram.mapped_bytes),
        gib(ram.repacked_bytes),
        gib(ram.kv_bytes),
        gib(ram.compute_bytes),
        gib(ram.overhead_bytes),
        gib(ram.total_bytes)
    ));
    let (least, most) = memory.disk_bytes_per_token;
    if most > 0 {
        lines.push(format!("Every token reads {:.1} to {:.1} GB from disk", gb(least), gb(most)));
    }
    lines.join("\n") + "\n"
}

fn recommendation_lines(recommendation: &Recommendation) -> String {
    let mut lines = vec![recommendation.model.name.clone()];
    let picks = [
        ("Recommended", &recommendation.recommended),
        ("Faster", &recommendation.faster),
        ("Smarter", &recommendation.smarter),
    ];
    for (title, pick) in picks {
        let Some(pick) = pick else { continue };
        let plan = &pick.candidate.plan;
        lines.push(format!(
            "\n{title}: {} · {:.1} GB · {} · {}",
            pick.candidate.quant.name,
            gb(pick.candidate.file_bytes),
            plan.memory.verdict.words(),
            speed(&plan.speed.generation)
        ));
        lines.extend(pick.reasons.iter().map(|reason| format!("  {reason}")));
    }
    if let Some(guide) = &recommendation.guide {
        let possible = if guide.possible { "possible" } else { "not possible" };
        let quants = guide.quants.join(", ");
        lines.push(format!(
            "\nThe guide says: {quants} with {} to {} layers: {possible}.",
            guide.layers_min, guide.layers_max
        ));
        lines.extend(guide.remarks.iter().map(|remark| format!("  {remark}")));
    }
    if !recommendation.remarks.is_empty() {
        lines.push(String::new());
        lines.extend(in_words(&recommendation.remarks));
    }
    lines.join("\n") + "\n"
}

fn hardware_lines(hardware: &Hardware) -> String {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
    let cpu = &hardware.cpu;
    let cores = or_unknown(cpu.physical_cores.map(|cores| cores.to_string()));
    let memory = &hardware.memory;
    let amount = |bytes: Option<u64>| or_unknown(bytes.map(|bytes| format!("{:.1} GiB", gib(bytes))));
    let mut lines = vec![
        format!("System     {}", or_unknown(hardware.os_name.clone())),
        format!("Processor  {}, {cores} cores", or_unknown(cpu.name.clone())),
        format!("Memory     {} of {} free", amount(memory.available_bytes), amount(memory.total_bytes)),
    ];
    if let Some(rates) = &memory.rates {
        lines.push(format!(
            "           reads weights at {:.1} (F16), {:.1} (Q8_0), {:.1} (K-quants), {:.1} (I-quants) GB/s",
            rates.f16_gb_s, rates.q8_0_gb_s, rates.k_quants_gb_s, rates.i_quants_gb_s
        ));
    }
    for gpu in &hardware.gpus {
        let usable = if gpu.engine_device.is_some() { "" } else { ", not usable by the engine" };
        lines.push(format!(
            "Graphics   {}, {} of {} free{usable}",
            gpu.name,
            amount(gpu.free_bytes),
            amount(gpu.total_bytes)
        ));
    }
    for disk in &hardware.disks {
        lines.push(format!(
            "Drive      {}, {:.0} of {:.0} GB free",
            disk.mount_point.display(),
            gb(disk.free_bytes),
            gb(disk.total_bytes)
        ));
    }
    lines.extend(hardware.unknowns.iter().map(|unknown| format!("Unknown    {}: {}", unknown.what, unknown.why)));
    lines.join("\n") + "\n"
}
