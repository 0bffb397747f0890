//! What a server sends of an answer: OpenAI's chunks, with what vLLM, llama-server and others add to them.

use serde::Deserialize;
use serde_json::Value;

/// A piece of an answer, or a whole one.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    #[serde(default)]
    pub(crate) choices: Vec<Choice>,
    pub(crate) usage: Option<Usage>,
    /// llama-server's own.
    pub(crate) timings: Option<ServerTimings>,
    /// What went wrong after the answer had begun.
    pub(crate) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    /// In a stream.
    pub(crate) delta: Option<Delta>,
    /// In a whole answer.
    pub(crate) message: Option<Delta>,
    pub(crate) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Delta {
    pub(crate) content: Option<String>,
    /// What a model thinks before it answers: DeepSeek's name for it, which vLLM and llama-server took over.
    pub(crate) reasoning_content: Option<String>,
    /// The same at Ollama and OpenRouter.
    pub(crate) reasoning: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u32,
    #[serde(default)]
    pub(crate) completion_tokens: u32,
    pub(crate) prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PromptDetails {
    pub(crate) cached_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ServerTimings {
    #[serde(default)]
    pub(crate) cache_n: u32,
    pub(crate) prompt_n: u32,
    pub(crate) prompt_ms: f64,
    pub(crate) predicted_n: u32,
    pub(crate) predicted_ms: f64,
}

impl Delta {
    pub(crate) fn thinking(&self) -> Option<&str> {
        self.reasoning_content.as_deref().or(self.reasoning.as_deref()).filter(|text| !text.is_empty())
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.content.as_deref().filter(|text| !text.is_empty())
    }
}
