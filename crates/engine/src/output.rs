//! From the tokens of an answer to what the caller gets.

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    output::ToolCall,
    protocol::{FinishReason, GenerateParams},
};

use crate::{calls::CallFinder, llama::Model, text::TextStream, tools};

/// One answer on its way out.
pub(crate) struct Output {
    text: TextStream,
    /// Where tools are offered.
    calls: Option<CallFinder>,
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
        let calls = tools::are_offered(params).then(|| CallFinder::new(&params.tools));
        Self { text: TextStream::new(&params.stop), calls, bytes: Vec::new() }
    }

    /// Whether a stop text came up; nothing comes out after that.
    pub(crate) fn stopped(&self) -> bool {
        self.text.stopped()
    }

    /// Take a token; give the text that is certain by now. Control tokens have none.
    pub(crate) fn push(&mut self, token: LlamaToken, model: &Model) -> String {
        self.bytes.clear();
        model.piece(token, false, &mut self.bytes);
        let text = self.text.push(&self.bytes);
        let Some(calls) = &mut self.calls else { return text };
        let mut out = calls.push(&text);
        if self.bytes.is_empty() {
            out.push_str(&calls.push_marker(&model.token_text(token)));
        }
        out
    }

    /// The rest, at the end of the answer.
    pub(crate) fn finish(&mut self) -> Ended {
        let text = self.text.finish();
        let Some(calls) = &mut self.calls else { return Ended { rest: text, tool_calls: Vec::new() } };
        let mut rest = calls.push(&text);
        let (more, tool_calls) = calls.finish();
        rest.push_str(&more);
        Ended { rest, tool_calls }
    }
}

impl Ended {
    /// Why the answer ended, for the caller: calls are to be done, unless the answer was broken off within more of them.
    pub(crate) fn reason(&self, reason: FinishReason) -> FinishReason {
        match reason {
            _ if self.tool_calls.is_empty() => reason,
            FinishReason::Stop | FinishReason::StopString => FinishReason::ToolCalls,
            FinishReason::Length if self.rest.is_empty() => FinishReason::ToolCalls,
            _ => reason,
        }
    }
}
