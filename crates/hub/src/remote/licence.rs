//! The terms of a model.

use crate::inspect::one_line;

/// The longest link shown, in bytes.
const MAX_LINK_BYTES: usize = 512;

/// Meta's licences. Source: the licence identifiers in Hugging Face's documentation ("Licenses", huggingface.co/docs/hub/
/// repositories-licenses).
const LLAMA: [(&str, &str); 6] = [
    ("llama2", "Llama 2 Community License"),
    ("llama3", "Llama 3 Community License"),
    ("llama3.1", "Llama 3.1 Community License"),
    ("llama3.2", "Llama 3.2 Community License"),
    ("llama3.3", "Llama 3.3 Community License"),
    ("llama4", "Llama 4 Community License"),
];

/// The others that GGUF repositories use most, from the same list.
const OTHERS: [(&str, &str); 8] = [
    ("apache-2.0", "Apache License 2.0"),
    ("mit", "MIT License"),
    ("gemma", "Gemma Terms of Use"),
    ("cc-by-nc-4.0", "Creative Commons Attribution-NonCommercial 4.0"),
    ("cc-by-4.0", "Creative Commons Attribution 4.0"),
    ("cc-by-sa-4.0", "Creative Commons Attribution-ShareAlike 4.0"),
    ("gpl-3.0", "GNU General Public License 3.0"),
    ("bsd-3-clause", "BSD 3-Clause License"),
];

/// The terms of a model, as its repository names them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// Such as `llama3.3`, in small letters; one short line.
    pub id: String,
    /// For people, such as “Llama 3.3 Community License”; one short line.
    pub name: String,
    /// Where the repository says that it can be read: `https://…`. To be shown, never to be opened unasked.
    pub link: Option<String>,
}

impl Licence {
    /// From what the repository says; `None` where that is empty.
    pub(crate) fn new(id: &str, name: Option<String>, link: Option<String>) -> Option<Self> {
        let id = one_line(id).to_ascii_lowercase();
        if id.is_empty() {
            return None;
        }
        let known = LLAMA.iter().chain(&OTHERS).find(|(known, _)| *known == id).map(|(_, name)| (*name).to_owned());
        let own = name.map(|name| one_line(&name)).filter(|name| !name.is_empty());
        let name = known.or(own).unwrap_or_else(|| id.clone());
        Some(Self { name, link: link.filter(|link| is_shown(link)), id })
    }

    /// Whether it is one of Meta's.
    pub fn is_llama(&self) -> bool {
        LLAMA.iter().any(|(id, _)| *id == self.id)
    }
}

/// A link that is what it looks like.
fn is_shown(link: &str) -> bool {
    let url = reqwest::Url::parse(link).ok().filter(|url| url.scheme() == "https" && url.host_str().is_some());
    link.len() <= MAX_LINK_BYTES
        && link.bytes().all(|byte| byte.is_ascii_graphic())
        && url.is_some_and(|url| url.username().is_empty() && url.password().is_none())
}
