//! From the tokens of an answer to what the caller gets.

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{output::ToolCall, protocol::GenerateParams};

use crate::{llama::Model, text::TextStream};

/// One answer on its way out.
pub(crate) struct Output {
    text: TextStream,
    bytes: Vec<u8>,
}

/// What is left at the end of an answer.
pub(crate) struct Ended {
    /// Text that was held back.
    pub(crate) rest: String,
    /// What the model asks to be done.
    pub(crate) tool_calls: Vec<ToolCall>,
}

impl Output {
    pub(crate) fn new(params: &GenerateParams) -> Self {
        Self { text: TextStream::new(&params.stop), bytes: Vec::new() }
    }

    /// Whether a stop text came up; nothing comes out after that.
    pub(crate) fn stopped(&self) -> bool {
        self.text.stopped()
    }

    /// Take a token; give the text that is certain by now.
    pub(crate) fn push(&mut self, token: LlamaToken, model: &Model) -> String {
        self.bytes.clear();
        model.piece(token, false, &mut self.bytes);
        self.text.push(&self.bytes)
    }

    /// The rest, at the end of the answer.
    pub(crate) fn finish(&mut self) -> Ended {
        Ended { rest: self.text.finish(), tool_calls: Vec::new() }
    }
}
