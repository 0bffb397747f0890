//! From a request to the tokens that are to be answered.

use llama_cpp_2::token::LlamaToken;
use paddock_engine_api::{
    output::Tool,
    protocol::{ChatMessage, ChatRole, Failure, FailureCode, GenerateParams},
};

use crate::{failure::failure, llama::Model, prompt::Protected, template::ChatTemplate, tokenizer::Tokenizer, tools};

/// What makes a prompt of a conversation.
pub(crate) struct Prompter<'a> {
    pub(crate) model: &'a Model,
    pub(crate) tokenizer: &'a Tokenizer,
    pub(crate) template: &'a ChatTemplate,
}

impl Prompter<'_> {
    /// The prompt that a generation answers: its messages, or its raw text.
    pub(crate) fn prompt(&self, params: &GenerateParams) -> Result<Vec<LlamaToken>, Failure> {
        let bad = |message: &str| Err(failure(FailureCode::BadRequest, message));
        tools::check(params)?;
        match (&params.prompt, params.messages.is_empty()) {
            (Some(_), false) => bad("Either messages or a prompt can be answered, not both: leave one of them out."),
            (Some(_), true) if params.continue_answer || !params.tools.is_empty() => {
                bad("A prompt is taken as it is: tools and continue_answer need messages.")
            }
            (Some(prompt), true) => self.raw(prompt),
            (None, true) => {
                bad("There is nothing to answer: the conversation is empty, and there is no prompt either.")
            }
            (None, false) => {
                let offered = if tools::are_offered(params) { params.tools.as_slice() } else { &[] };
                self.conversation(&params.messages, offered, params.continue_answer)
            }
        }
    }

    /// A text as it is: control tokens in it are control tokens, and the one that begins every text comes before it.
    fn raw(&self, prompt: &str) -> Result<Vec<LlamaToken>, Failure> {
        let mut tokens = Vec::new();
        self.model.tokenize(prompt, true, &mut tokens).ok_or_else(too_much)?;
        if let (Some(bos), true) = self.model.bos()
            && tokens.first() != Some(&bos)
        {
            tokens.insert(0, bos);
        }
        if tokens.is_empty() {
            return Err(failure(FailureCode::BadRequest, "There is nothing to go on with: the prompt is empty."));
        }
        Ok(tokens)
    }

    /// With `continue_answer` the last message is the beginning of the answer: the template sees only what is before it,
    /// and it follows as it is, since templates trim, close and sometimes cut answers.
    pub(crate) fn conversation(
        &self,
        messages: &[ChatMessage],
        tools: &[Tool],
        continue_answer: bool,
    ) -> Result<Vec<LlamaToken>, Failure> {
        let Protected { mut messages, tools, taken } =
            self.tokenizer.guard().protect(messages, tools).ok_or_else(too_much)?;
        let begun = if continue_answer { Some(begun_answer(&mut messages)?) } else { None };
        let mut rendered = self
            .template
            .render(&messages, &tools)
            .map_err(|error| failure(FailureCode::TemplateRefused, error.to_string()))?;
        rendered.push_str(&begun.unwrap_or_default());
        let mut tokens = self.tokenizer.tokens(&rendered, &taken).ok_or_else(too_much)?;
        // Most templates begin with the token themselves; twice would confuse the model.
        if let (Some(bos), true) = self.model.bos()
            && !rendered.starts_with(self.template.bos_text())
        {
            tokens.insert(0, bos);
        }
        Ok(tokens)
    }
}

/// Takes the answer that is to be gone on with off the end of a conversation.
fn begun_answer(messages: &mut Vec<ChatMessage>) -> Result<String, Failure> {
    match messages.pop() {
        Some(ChatMessage { role: ChatRole::Assistant, content, .. }) if !messages.is_empty() => Ok(content),
        _ => Err(failure(
            FailureCode::BadRequest,
            "There is nothing to go on with: the conversation does not end with an answer to something.",
        )),
    }
}

fn too_much() -> Failure {
    failure(FailureCode::BadRequest, "This conversation holds more control tokens or text than can be handled.")
}
