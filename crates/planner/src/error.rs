//! What a plan cannot be made of.

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A context of no tokens.
    #[error("A context length of 0 holds nothing. Choose at least {least} tokens.")]
    NoContext {
        /// The shortest that makes sense, in tokens.
        least: u32,
    },
    /// More context than the model was trained for.
    #[error(
        "A context of {asked} tokens is more than {model} was trained for: {most}. Beyond that its answers fall apart. Choose at most {most}."
    )]
    ContextTooLong {
        /// What was asked for, in tokens.
        asked: u32,
        /// What the model was trained for, in tokens.
        most: u32,
        /// Its name.
        model: String,
    },
    /// No card of that name in the table.
    #[error("There is no “{name}” in the table.{}", nearest_sentence(nearest))]
    UnknownGpu {
        /// What was asked for.
        name: String,
        /// The closest names, the closest first.
        nearest: Vec<String>,
    },
    /// A card that exists with different amounts of memory, or an Apple chip, whose memory is the computer's.
    #[error("{name} comes with different amounts of memory{}. Say how much: --{option}.", sizes(choices))]
    WhichMemory {
        /// The card or chip.
        name: String,
        /// In GiB.
        choices: Vec<u32>,
        /// The option that says it.
        option: &'static str,
    },
    /// No quantization of that name.
    #[error("“{name}” is no known quantization.{}", nearest_sentence(nearest))]
    UnknownQuant {
        /// What was asked for.
        name: String,
        /// The closest names.
        nearest: Vec<String>,
    },
    /// A quantization that no engine reads any more.
    #[error("{name} can no longer be loaded: {why} Use {instead} instead.")]
    DeadQuant {
        /// What was asked for.
        name: String,
        /// Why.
        why: String,
        /// What to take.
        instead: String,
    },
    /// An amount that no computer has.
    #[error("{what} of {found} cannot be right. {allowed}")]
    Absurd {
        /// What it is an amount of.
        what: &'static str,
        /// What was said.
        found: String,
        /// What would be.
        allowed: &'static str,
    },
    /// The file's header says nothing usable.
    #[error("{0}")]
    Header(String),
}

impl From<paddock_gguf::Error> for PlanError {
    fn from(error: paddock_gguf::Error) -> Self {
        Self::Header(error.to_string())
    }
}

fn nearest_sentence(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        [one] => format!(" Did you mean {one}?"),
        [others @ .., last] => format!(" Did you mean {} or {last}?", others.join(", ")),
    }
}

fn sizes(choices: &[u32]) -> String {
    if choices.is_empty() {
        return String::new();
    }
    let sizes: Vec<String> = choices.iter().map(|gib| format!("{gib} GiB")).collect();
    format!(" ({})", sizes.join(", "))
}
