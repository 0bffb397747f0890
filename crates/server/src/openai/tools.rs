//! What the model may ask the client to do.

use paddock_core::{Tool, ToolChoice};
use serde_json::{Value, json};

use crate::{fault::Fault, fields::Fields};

/// The most tools that can be offered at once.
pub const MAX_TOOLS: usize = 128;

/// Tools, and whether they are to be used. `nested`: a function has an object of its own, as in chat completions.
pub fn tools(fields: &Fields<'_>, nested: bool) -> Result<(Vec<Tool>, ToolChoice), Fault> {
    let mut tools = Vec::new();
    for tool in fields.objects("tools")? {
        if tool.text("type")? != Some("function") {
            return Err(tool.fault("type", "has to be function: no other tools are here."));
        }
        let function = if nested { tool.needed("function", tool.object("function")?)? } else { tool };
        tools.push(Tool {
            name: check_name(&function, "name")?,
            description: function.text("description")?.unwrap_or_default().into(),
            parameters: match function.object("parameters")? {
                Some(_) => function.get("parameters").cloned().unwrap_or_default(),
                None => no_parameters(),
            },
        });
    }
    if tools.len() > MAX_TOOLS {
        return Err(fields.fault("tools", format!("can hold at most {MAX_TOOLS}.")));
    }
    let choice = choice(fields, nested)?;
    check_choice(fields, &tools, &choice)?;
    Ok((tools, choice))
}

/// The schema of a tool that takes nothing.
pub fn no_parameters() -> Value {
    json!({ "type": "object", "properties": {} })
}

/// A name as engines and clients take it.
pub fn check_name(fields: &Fields<'_>, name: &str) -> Result<String, Fault> {
    let given = fields.needed(name, fields.text(name)?)?;
    let is_right = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if given.is_empty() || given.len() > 64 || !given.chars().all(is_right) {
        return Err(fields.fault(name, "has to be 1 to 64 letters, digits, _ or -."));
    }
    Ok(given.into())
}

fn choice(fields: &Fields<'_>, nested: bool) -> Result<ToolChoice, Fault> {
    match fields.get("tool_choice") {
        None => Ok(ToolChoice::Auto),
        Some(Value::String(choice)) => match choice.as_str() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => Err(fields.fault("tool_choice", "has to be auto, none, required, or name a function.")),
        },
        Some(_) => {
            let choice = fields.needed("tool_choice", fields.object("tool_choice")?)?;
            if choice.text("type")? != Some("function") {
                return Err(choice.fault("type", "has to be function."));
            }
            let function = if nested { choice.needed("function", choice.object("function")?)? } else { choice };
            Ok(ToolChoice::Named { name: check_name(&function, "name")? })
        }
    }
}

/// Refuse a choice that no tool can satisfy.
pub fn check_choice(fields: &Fields<'_>, tools: &[Tool], choice: &ToolChoice) -> Result<(), Fault> {
    match choice {
        ToolChoice::Named { name } if !tools.iter().any(|tool| tool.name == *name) => {
            Err(fields.fault("tool_choice", format!("names {name}, which is not among `tools`.")))
        }
        ToolChoice::Required if tools.is_empty() => Err(fields.fault("tool_choice", "needs `tools` to choose from.")),
        _ => Ok(()),
    }
}
