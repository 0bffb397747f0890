//! Names of files that every system takes.

use crate::view::ExportFormat;

/// The longest name without its ending, in characters and bytes: below every system's 255, with room for " (2)".
const MAX_CHARS: usize = 80;
const MAX_BYTES: usize = 180;

/// A file's name for a conversation of this title. It works on Linux, macOS and Windows, and leads to no other folder.
pub fn file_name(title: &str, format: ExportFormat) -> String {
    let mut name = String::new();
    for c in title.chars() {
        let c = match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            c if c.is_control() || c.is_whitespace() => ' ',
            // Marks of direction would show another ending than the file has.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => continue,
            c => c,
        };
        let doubled = c == ' ' && (name.is_empty() || name.ends_with(' '));
        if !doubled && name.len() + c.len_utf8() <= MAX_BYTES && name.chars().count() < MAX_CHARS {
            name.push(c);
        }
    }
    let name = name.trim_matches(|c| c == '.' || c == ' ');
    let name = match name {
        "" => "Conversation".to_owned(),
        name if is_device(name) => format!("{name}_"),
        name => name.to_owned(),
    };
    let ending = match format {
        ExportFormat::Markdown => "md",
        ExportFormat::Json => "json",
        ExportFormat::Html => "html",
    };
    format!("{name}.{ending}")
}

/// Windows opens a device under these names, whatever the ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str())
        || numbered.is_some_and(|number| number.chars().count() == 1 && number.starts_with(|c: char| c.is_numeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_every_system_takes() {
        let names = [
            ("About horses", "About horses.md"),
            ("../../etc/passwd", "-..-etc-passwd.md"),
            ("C:\\con?", "C--con-.md"),
            ("con", "con_.md"),
            ("Com1", "Com1_.md"),
            ("NUL.txt", "NUL.txt_.md"),
            ("Composer", "Composer.md"),
            ("  a \n\t b  ", "a b.md"),
            ("...", "Conversation.md"),
            ("", "Conversation.md"),
            ("fdp\u{202e}exe", "fdpexe.md"),
            ("日本語 🐎", "日本語 🐎.md"),
        ];
        for (title, name) in names {
            assert_eq!(file_name(title, ExportFormat::Markdown), name);
        }
        assert!(file_name(&"ü🐎".repeat(500), ExportFormat::Html).len() <= MAX_BYTES + 5);
    }
}
