//! What can be typed after `paddock serve` and `paddock stop`.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;

#[derive(Debug, Args)]
pub struct ServeOptions {
    /// GGUF file to load at once [default: the model used last, loaded at the first request].
    #[arg(short, long, env = "MODEL_PATH", value_name = "FILE", hide_env_values = true)]
    pub model: Option<PathBuf>,
    /// Context length in tokens, for all answers that are written at once [default: the model's own, at most 4096].
    #[arg(short, long, env = "CTX", value_name = "TOKENS", hide_env_values = true, requires = "model")]
    pub ctx: Option<u32>,
    /// Layers on the GPU, counted from the output layer [default: as many as fit].
    #[arg(long, env = "GPU_LAYERS", value_name = "N", hide_env_values = true, requires = "model")]
    pub gpu_layers: Option<u32>,
    /// Address to listen on; 0.0.0.0 for all of the network [default: this computer alone].
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<IpAddr>,
    /// Port; 0 for any that is free.
    #[arg(long, value_name = "PORT", default_value_t = paddock_core::view::DEFAULT_PORT)]
    pub port: u16,
    /// Key that programs have to show [default: the one that Paddock made and keeps in the keychain]. Other users of this
    /// computer can read it here, as everything that is typed after a command; set PADDOCK_API_KEY instead.
    #[arg(long, env = "PADDOCK_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// Web page that may use the server, e.g. https://app.example; can be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Print one JSON object when it is ready: url, api_key and pid.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct StopOptions {
    /// Print one JSON object for each server that was stopped.
    #[arg(long)]
    pub json: bool,
}
