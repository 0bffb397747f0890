//! Chat templates: the model's own Jinja, or a built-in one where it has none that works.
//!
//! Templates come from model files, that is, from strangers. They are rendered by minijinja, which reaches neither files
//! nor network, with a limit on instructions and recursion.

use minijinja::{Environment, ErrorKind, Value, context, value::Kwargs};
use paddock_engine_api::{
    output::Tool,
    protocol::{ChatMessage, ChatRole, TemplateSource},
};
use serde::Serialize;

use crate::{tools::CallStyle, turns};

/// Instructions one rendering may take. A conversation of a thousand messages takes about 50,000; two million take
/// about 50 ms.
const FUEL: u64 = 2_000_000;
/// How deep macros and includes may go.
const RECURSION: usize = 64;

/// Llama 3's format, for models with its vocabulary. Gives what the template in Llama 3.3's own files gives, which offers
/// tools in the user's first message; beyond it, an answer may hold several calls.
const LLAMA3: &str = include_str!("template/llama3.jinja");

/// Names and colons: better than nothing for a base model or an unknown format.
const PLAIN: &str = r#"
{%- for message in messages %}
    {{- message.role | title ~ ": " ~ message.content | trim ~ "\n\n" }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- "Assistant:" }}
{%- endif %}"#;

/// A template that compiles and renders.
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    bos_token: String,
    eos_token: String,
    /// Whether it renders tools itself.
    knows_tools: bool,
    call_style: CallStyle,
    pub(crate) source: TemplateSource,
    /// Why the model's own template is not used, if it has one.
    pub(crate) warning: Option<String>,
}

/// Why a conversation could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The model's chat template refused this conversation: {0}.")]
pub(crate) struct TemplateError(String);

/// What is known of the vocabulary.
pub(crate) struct Vocabulary<'a> {
    pub(crate) bos_token: String,
    pub(crate) eos_token: String,
    pub(crate) special_texts: &'a [String],
}

impl ChatTemplate {
    /// The model's own template if it works, else the built-in one for its vocabulary.
    pub(crate) fn choose(own: Option<String>, vocabulary: Vocabulary<'_>) -> Self {
        let Vocabulary { bos_token, eos_token, special_texts } = vocabulary;
        let has = |text: &str| special_texts.iter().any(|special| special == text);
        let (builtin, builtin_source) = if has("<|start_header_id|>") && has("<|eot_id|>") {
            (LLAMA3, TemplateSource::Llama3)
        } else {
            (PLAIN, TemplateSource::Plain)
        };
        let build = |text: String, source| {
            let mut template = Self {
                knows_tools: true,
                call_style: CallStyle::of(&text),
                environment: environment(text)?,
                bos_token: bos_token.clone(),
                eos_token: eos_token.clone(),
                source,
                warning: None,
            };
            let probe = [ChatMessage::new(ChatRole::User, "Hello")];
            let rendered = template.render(&probe, &[]).map_err(|TemplateError(reason)| reason)?;
            template.knows_tools = template.shows_tools(&probe);
            if rendered.contains("Hello") { Ok(template) } else { Err("it leaves out what the user says".to_owned()) }
        };
        let fall_back = |warning| {
            #[expect(clippy::expect_used, reason = "a constant, and tested")]
            let template = build(builtin.to_owned(), builtin_source).expect("the built-in templates render");
            Self { warning, ..template }
        };
        match own.map(|own| build(own, TemplateSource::Model)) {
            Some(Ok(template)) => template,
            Some(Err(reason)) => fall_back(Some(format!(
                "The model's own chat template does not work ({reason}); a built-in one is used instead."
            ))),
            None => fall_back((builtin_source == TemplateSource::Plain).then(|| {
                "This model has no chat template. It was probably not trained to chat, and its answers may ramble."
                    .to_owned()
            })),
        }
    }

    /// Whether a tool that is offered is seen in what it renders.
    fn shows_tools(&self, probe: &[ChatMessage]) -> bool {
        let name = "a_tool_to_be_seen";
        let tool = Tool { name: name.into(), description: "x".into(), parameters: serde_json::Value::Null };
        self.render(probe, &[tool]).is_ok_and(|rendered| rendered.contains(name))
    }

    /// The conversation as the model expects it, up to where the answer begins.
    pub(crate) fn render(&self, messages: &[ChatMessage], tools: &[Tool]) -> Result<String, TemplateError> {
        let turns = if self.knows_tools {
            turns::with_calls(messages, self.call_style)
        } else {
            turns::as_text(messages, tools)
        };
        let tools = (self.knows_tools && !tools.is_empty()).then(|| turns::offered(tools));
        self.environment
            .get_template("chat")
            .and_then(|template| {
                template.render(context! {
                    messages => turns,
                    // As in Hugging Face's `apply_chat_template`: none, not undefined.
                    tools => tools,
                    bos_token => self.bos_token,
                    eos_token => self.eos_token,
                    add_generation_prompt => true,
                })
            })
            .map_err(|error| TemplateError(sentence_of(&error)))
    }

    /// The text that begins every conversation, as the vocabulary spells it.
    pub(crate) fn bos_text(&self) -> &str {
        &self.bos_token
    }
}

/// The environment that Hugging Face's `apply_chat_template` gives a template (transformers, utils/chat_template_utils):
/// trimmed blocks, loop controls, Python's string methods, `raise_exception`, `strftime_now`, and a `tojson` that does
/// not escape for HTML.
fn environment(template: String) -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |message: String| -> Result<Value, minijinja::Error> {
        Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
    });
    environment.add_function("strftime_now", |format: String| -> Result<String, minijinja::Error> {
        jiff::fmt::strtime::format(&format, &jiff::Zoned::now())
            .map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
    });
    environment.add_filter("tojson", to_json);
    environment.add_template_owned("chat", template).map_err(|error| sentence_of(&error))?;
    Ok(environment)
}

fn to_json(value: Value, kwargs: Kwargs) -> Result<String, minijinja::Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    // Hugging Face accepts these too; its defaults are what serde_json does.
    let (_, _, _): (Option<bool>, Option<Value>, Option<bool>) =
        (kwargs.get("ensure_ascii")?, kwargs.get("separators")?, kwargs.get("sort_keys")?);
    kwargs.assert_all_used()?;
    let fail = |error: serde_json::Error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string());
    let Some(indent) = indent else {
        // Python's default separators have a space after them.
        return serde_json::to_string(&value).map(|json| space_out(&json)).map_err(fail);
    };
    let spaces = vec![b' '; indent.min(16)];
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(&spaces);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter)).map_err(fail)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Compact JSON with Python's `", "` and `": "`.
fn space_out(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        out.push(c);
        if in_text {
            (in_text, escaped) = (escaped || c != '"', !escaped && c == '\\');
        } else if c == '"' {
            in_text = true;
        } else if matches!(c, ',' | ':') {
            out.push(' ');
        }
    }
    out
}

fn sentence_of(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too long".into(),
        (_, Some(detail)) => detail.trim_end_matches('.').to_owned(),
        (kind, None) => kind.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use paddock_engine_api::output::ToolCall;

    use super::*;

    fn message(role: ChatRole, content: &str) -> ChatMessage {
        ChatMessage::new(role, content)
    }

    fn choose(own: Option<&str>, specials: &[&str]) -> ChatTemplate {
        let special_texts: Vec<String> = specials.iter().map(ToString::to_string).collect();
        ChatTemplate::choose(
            own.map(str::to_owned),
            Vocabulary {
                bos_token: "<|begin_of_text|>".into(),
                eos_token: "<|eot_id|>".into(),
                special_texts: &special_texts,
            },
        )
    }

    const LLAMA3_SPECIALS: [&str; 2] = ["<|start_header_id|>", "<|eot_id|>"];

    #[test]
    fn llama_3_is_built_in_by_name() {
        let template = choose(None, &LLAMA3_SPECIALS);
        assert_eq!((template.source, &template.warning), (TemplateSource::Llama3, &None));
        let rendered = template
            .render(
                &[
                    message(ChatRole::System, "  Be brief. "),
                    message(ChatRole::User, " Hi\n"),
                    message(ChatRole::Assistant, "Hello."),
                    message(ChatRole::User, "Bye"),
                ],
                &[],
            )
            .unwrap();
        assert_eq!(
            rendered,
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday \
             Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>\
             <|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|><|start_header_id|>user<|end_header_id|>\
             \n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        );
    }

    #[test]
    fn without_a_system_message_the_system_block_is_still_there() {
        let rendered = choose(None, &LLAMA3_SPECIALS).render(&[message(ChatRole::User, "Hi")], &[]).unwrap();
        assert!(rendered.contains("26 Jul 2024\n\n<|eot_id|><|start_header_id|>user"), "{rendered}");
    }

    #[test]
    fn the_self_test_models_own_template_gives_the_same_text() {
        let own = include_str!("../../../models/self-test/chat_template.jinja");
        let (own, builtin) = (choose(Some(own), &LLAMA3_SPECIALS), choose(None, &LLAMA3_SPECIALS));
        assert_eq!(own.source, TemplateSource::Model);
        for conversation in [
            vec![message(ChatRole::User, " Hi ")],
            vec![
                message(ChatRole::System, "S"),
                message(ChatRole::User, "a"),
                message(ChatRole::Assistant, "b"),
                message(ChatRole::User, "c"),
            ],
        ] {
            assert_eq!(own.render(&conversation, &[]).unwrap(), builtin.render(&conversation, &[]).unwrap());
        }
    }

    #[test]
    fn a_template_that_does_not_work_gives_way_to_the_built_in_one_and_says_why() {
        let bombs = [
            "{% for m in messages %}",
            "{{ raise_exception('no') }}",
            "{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}",
            "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "no messages at all",
            "{{ messages[0].content.__class__.__mro__ }}{{ open('/etc/passwd') }}",
        ];
        for bomb in bombs {
            let template = choose(Some(bomb), &LLAMA3_SPECIALS);
            assert_eq!(template.source, TemplateSource::Llama3, "{bomb}");
            assert!(template.warning.is_some(), "{bomb}");
        }
    }

    #[test]
    fn a_model_without_template_and_without_llama_3_tokens_gets_names_and_colons() {
        let template = choose(None, &["</s>"]);
        assert_eq!(template.source, TemplateSource::Plain);
        assert!(template.warning.is_some());
        assert_eq!(template.render(&[message(ChatRole::User, "Hi")], &[]).unwrap(), "User: Hi\n\nAssistant:");
    }

    #[test]
    fn a_template_may_refuse_a_conversation_in_its_own_words() {
        let own = "{% if messages | length > 1 %}{{ raise_exception('Roles must alternate.') }}{% endif %}{{ messages[0].content }}";
        let template = choose(Some(own), &[]);
        let error = template.render(&[message(ChatRole::User, "a"), message(ChatRole::User, "b")], &[]).unwrap_err();
        assert_eq!(error.to_string(), "The model's chat template refused this conversation: Roles must alternate.");
    }

    #[test]
    fn what_hugging_face_defines_is_there() {
        let own = r#"{{ messages[0].content.strip().split(' ')[0] }}|{{ strftime_now("%Y") | length }}|{{ {"a": [1, "é<"]} | tojson }}|{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{% endfor %}"#;
        let template = choose(Some(own), &[]);
        assert_eq!(template.warning, None);
        assert_eq!(
            template.render(&[message(ChatRole::User, " Hello you ")], &[]).unwrap(),
            "Hello|4|{\"a\": [1, \"é<\"]}|"
        );
    }

    fn weather() -> Tool {
        let parameters = serde_json::json!({"type": "object", "properties": {"city": {"type": "string"}}});
        Tool { name: "weather".into(), description: "Of a \"city\".".into(), parameters }
    }

    fn talk_with_tools() -> Vec<ChatMessage> {
        let call = ToolCall { id: "call_1".into(), name: "weather".into(), arguments: r#"{"city": "Oslo"}"#.into() };
        vec![
            message(ChatRole::System, "Be brief."),
            message(ChatRole::User, " Rain?\n"),
            ChatMessage { tool_calls: vec![call], ..message(ChatRole::Assistant, "") },
            ChatMessage { tool_call_id: Some("call_1".into()), ..message(ChatRole::Tool, "{\"rain\": true}") },
        ]
    }

    #[test]
    fn llama_3_offers_tools_as_its_own_template_does() {
        let rendered = choose(None, &LLAMA3_SPECIALS).render(&talk_with_tools(), &[weather()]).unwrap();
        assert_eq!(
            rendered,
            r#"<|begin_of_text|><|start_header_id|>system<|end_header_id|>

Environment: ipython
Cutting Knowledge Date: December 2023
Today Date: 26 Jul 2024

Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.

Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.

{
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a \"city\".",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {
                    "type": "string"
                }
            }
        }
    }
}

Rain?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

{"name": "weather", "parameters": {"city": "Oslo"}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

"{\"rain\": true}"<|eot_id|><|start_header_id|>assistant<|end_header_id|>

"#
        );
    }

    #[test]
    fn a_models_own_template_gets_tools_and_calls_in_hugging_faces_shapes() {
        // What the templates of Llama 3.3, Qwen 2.5 and Mistral Nemo ask of them.
        let own = r#"{%- if tools is not none -%}{%- for tool in tools -%}
{{ tool.type }}:{{ tool.function.name }}:{{ tool["function"]["parameters"].properties | tojson }};
{%- endfor -%}{%- endif -%}
{%- for message in messages -%}
{%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) -%}
[{{ message.role }} {{ message.content }}]
{%- elif 'tool_calls' in message -%}
{%- set tool_call = message.tool_calls[0].function -%}
{%- if message.tool_calls[0].id | length != 6 -%}{{ raise_exception("the id was changed") }}{%- endif -%}
[{{ '{"name": "' + tool_call.name + '", "parameters": ' }}{{ tool_call.arguments | tojson }}}]
{%- else -%}
[{{ message.name }} {{ message.tool_call_id }}
{%- if message.content is mapping or message.content is iterable %} {{ message.content | tojson }}{% endif %}]
{%- endif -%}
{%- endfor -%}"#;
        let template = choose(Some(own), &LLAMA3_SPECIALS);
        assert_eq!(template.warning, None);
        assert_eq!(
            template.render(&talk_with_tools(), &[weather()]).unwrap(),
            "function:weather:{\"city\": {\"type\": \"string\"}};[system Be brief.][user  Rain?\n]\
             [{\"name\": \"weather\", \"parameters\": {\"city\": \"Oslo\"}}][weather call_1 \"{\\\"rain\\\": true}\"]"
        );
        assert_eq!(template.render(&[message(ChatRole::User, "Hi")], &[]).unwrap(), "[user Hi]");
    }

    #[test]
    fn mistrals_template_gets_ids_of_the_length_that_it_insists_on() {
        let own = r#"{%- if tools %}[AVAILABLE_TOOLS]{{ tools | tojson }}{% endif -%}
{%- for message in messages -%}
{%- if message.tool_calls is defined -%}[TOOL_CALLS]{% for call in message.tool_calls -%}
{%- if call.id | length != 9 -%}{{ raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}{%- endif -%}{{ call.id }}
{%- endfor -%}
{%- elif message.tool_call_id is defined %}[{{ message.tool_call_id }}]{% else %}{{ message.content }}{% endif -%}
{%- endfor -%}"#;
        let rendered = choose(Some(own), &[]).render(&talk_with_tools(), &[weather()]).unwrap();
        let (call, result) = rendered.split_once("[TOOL_CALLS]").and_then(|(_, rest)| rest.split_once('[')).unwrap();
        assert_eq!(Some(call), result.strip_suffix(']'), "{rendered}");
    }

    #[test]
    fn a_template_that_knows_no_tools_has_them_in_the_users_first_message() {
        let template = choose(None, &[]);
        let rendered = template.render(&talk_with_tools(), &[weather()]).unwrap();
        assert!(rendered.starts_with("System: Be brief.\n\nUser: Given the following functions,"), "{rendered}");
        assert!(
            rendered.contains(r#""name":"weather""#) && rendered.contains("\n\n Rain?\n\nAssistant: "),
            "{rendered}"
        );
        assert!(rendered.contains(r#"{"name":"weather","parameters":{"city":"Oslo"}}"#), "{rendered}");
        // It speaks of tools, but only in a comment.
        let own = include_str!("../../../models/self-test/chat_template.jinja");
        let rendered = choose(Some(own), &LLAMA3_SPECIALS).render(&talk_with_tools(), &[weather()]).unwrap();
        assert!(rendered.contains(r#""name":"weather""#), "{rendered}");
    }
}
