//! How loads are made, what was changed so that one came to a good end, and what there is to know of the loaded model.

use paddock_planner::{Concern, Guardrail, Slower};
use serde::{Deserialize, Serialize};
use specta::Type;

/// How long the engine keeps a model that nobody uses, in seconds, unless somebody says otherwise: five minutes, as
/// Ollama does (`OLLAMA_KEEP_ALIVE`).
pub const USUAL_IDLE_SECONDS: u32 = 300;

/// What holds for all loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(default, rename_all = "camelCase")]
pub struct LoadingSettings {
    /// How carefully loads are held back.
    pub guardrail: Guardrail,
    /// After how many seconds without a request a model is unloaded; 0: at once; none: never.
    pub idle_seconds: Option<u32>,
    /// What the engine may take of main memory, in bytes; none: whatever is free.
    #[specta(type = Option<u32>)]
    pub ram_limit_bytes: Option<u64>,
}

impl Default for LoadingSettings {
    fn default() -> Self {
        Self { guardrail: Guardrail::default(), idle_seconds: Some(USUAL_IDLE_SECONDS), ram_limit_bytes: None }
    }
}

/// What whoever asks for a load insists on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadWish {
    /// Load it, whatever the guardrail says.
    pub anyway: bool,
    /// Try the settings in full, although something smaller worked last time.
    pub in_full: bool,
}

/// Something that was made smaller so that a load finds its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LoadChange {
    /// Fewer layers on the graphics card.
    FewerLayers {
        /// As many as before.
        from: u32,
        /// As many as now.
        to: u32,
    },
    /// Weights are left as they are in the file, so that they need no memory of their own.
    NotRearranged,
    /// A smaller micro-batch, in tokens.
    SmallerMicroBatch {
        /// Before.
        from: u32,
        /// Now.
        to: u32,
    },
    /// The KV cache in 8 instead of 16 bits.
    SmallerKvCache,
    /// A shorter context, in tokens.
    ShorterContext {
        /// Before.
        from: u32,
        /// Now.
        to: u32,
    },
}

/// Which memory a load fell short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ShortOf {
    /// Main memory.
    Ram,
    /// A graphics card's.
    Gpu,
}

/// One step of a load towards settings that fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LoadStep {
    /// What was changed.
    pub change: LoadChange,
    /// What was short before it.
    pub short_of: ShortOf,
    /// What the load would have needed there, where that could be found out.
    #[specta(type = Option<u32>)]
    pub needed_bytes: Option<u64>,
    /// What was free there, where that could be found out.
    #[specta(type = Option<u32>)]
    pub free_bytes: Option<u64>,
}

/// A model that runs although it is larger than the memory it may use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FromDisk {
    /// What each token reads from the disk, at least.
    #[specta(type = u32)]
    pub least_bytes: u64,
    /// And at most.
    #[specta(type = u32)]
    pub most_bytes: u64,
    /// What that takes, in seconds for each token: at least.
    #[specta(type = u32)]
    pub least_s: f64,
    /// And at most.
    #[specta(type = u32)]
    pub most_s: f64,
    /// What the disk reads in one go, in GB/s.
    #[specta(type = u32)]
    pub disk_gb_s: f64,
    /// Whether that was measured on this very file; else it is what such disks usually do.
    pub disk_measured: bool,
    /// What the answer under way, or the last one, has cost so far.
    pub live: Option<DiskUse>,
}

/// What an answer has read from the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DiskUse {
    /// In bytes.
    #[specta(type = u32)]
    pub read_bytes: u64,
    /// Tokens written meanwhile.
    pub n_tokens: u32,
    /// How long that took, in seconds.
    #[specta(type = u32)]
    pub seconds: f64,
}

/// The limit on the engine's main memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RamLimit {
    /// In bytes.
    #[specta(type = u32)]
    pub bytes: u64,
    /// Whether the system enforces it; else it is only planned with.
    pub enforced: bool,
}

/// Why a model runs on the processor alone although there is, or was, a graphics card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum NotOnGpu {
    /// The card is there, and the engine cannot compute on it.
    Unusable {
        /// Its name.
        gpu: String,
    },
    /// When this model was loaded last, a card was used; now there is none.
    Gone,
    /// Layers were asked for on a card, and none went there.
    NotTaken {
        /// How many.
        asked: u32,
    },
}

/// A smaller file of the same model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SmallerModel {
    /// Its file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Its quantization.
    pub quant: Option<String>,
    /// Its bytes.
    #[specta(type = u32)]
    pub size_bytes: u64,
}

/// What there is to know of the load under way, the loaded model, or the one that could not be loaded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct EngineNotes {
    /// The file that they are about.
    pub path: Option<String>,
    /// What was asked for, so that it can be asked for again.
    pub asked: super::LoadSettings,
    /// What was made smaller, in order.
    pub steps: Vec<LoadStep>,
    /// Whether these steps are those of the last time, taken at once.
    pub remembered: bool,
    /// What speaks against it.
    pub concerns: Vec<Concern>,
    /// Whether it was not loaded for these concerns.
    pub held_back: bool,
    /// It is larger than RAM.
    pub from_disk: Option<FromDisk>,
    /// The limit that it was loaded under.
    pub ram_limit: Option<RamLimit>,
    /// Why it is on no graphics card.
    pub not_on_gpu: Option<NotOnGpu>,
    /// Its answers are much slower than they should be.
    pub slower: Option<Slower>,
    /// What to load instead of one that found no memory.
    pub smaller: Option<SmallerModel>,
}
