//! What a file is: by what it begins with, and between text and code by its name.

use serde::{Deserialize, Serialize};

use crate::Error;

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Plain text.
    Text,
    /// Source code, and what is written like it.
    Code,
    /// A PDF.
    Pdf,
    /// A Word document.
    Docx,
}

/// How far a PDF's first words may be from its first byte, as Acrobat has it.
const PDF_HEADER_WITHIN: usize = 1024;

/// The longest name that is kept, in characters.
const MAX_NAME_CHARS: usize = 200;

/// Endings of source code, and of what has a syntax and no prose.
const CODE: &[&str] = &[
    "adb",
    "ads",
    "asm",
    "astro",
    "awk",
    "bash",
    "bat",
    "bib",
    "c",
    "cc",
    "cfg",
    "cjs",
    "clj",
    "cljs",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "cu",
    "cxx",
    "d",
    "dart",
    "diff",
    "dockerfile",
    "el",
    "elm",
    "env",
    "erl",
    "ex",
    "exs",
    "f",
    "f90",
    "fish",
    "fs",
    "fsx",
    "gd",
    "glsl",
    "go",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "hcl",
    "hh",
    "hpp",
    "hs",
    "htm",
    "html",
    "hxx",
    "ini",
    "ipynb",
    "java",
    "jinja",
    "jl",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonl",
    "jsx",
    "kt",
    "kts",
    "less",
    "lisp",
    "lock",
    "lua",
    "m",
    "make",
    "mjs",
    "mk",
    "ml",
    "mli",
    "mm",
    "nim",
    "nix",
    "patch",
    "php",
    "pl",
    "pm",
    "properties",
    "proto",
    "ps1",
    "psm1",
    "pxd",
    "py",
    "pyi",
    "pyx",
    "r",
    "rb",
    "rkt",
    "rs",
    "s",
    "sass",
    "scala",
    "scm",
    "scss",
    "sh",
    "sol",
    "sql",
    "sv",
    "svelte",
    "svg",
    "swift",
    "tcl",
    "tex",
    "tf",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "v",
    "vala",
    "vb",
    "vhd",
    "vim",
    "vue",
    "wat",
    "wgsl",
    "xml",
    "xsd",
    "xsl",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// Whole names of source code that have no ending.
const CODE_NAMES: &[&str] = &["cmakelists.txt", "dockerfile", "gemfile", "justfile", "makefile", "rakefile"];

/// What files without text begin with, and what to say of them.
const SIGNS: &[(usize, &[u8], Error)] = &[
    (0, b"\x89PNG\r\n\x1a\n", Error::Image),
    (0, b"\xff\xd8\xff", Error::Image),
    (0, b"GIF87a", Error::Image),
    (0, b"GIF89a", Error::Image),
    (0, b"II*\0", Error::Image),
    (0, b"MM\0*", Error::Image),
    (0, b"\0\0\x01\0", Error::Image),
    (8, b"WEBP", Error::Image),
    (4, b"ftypheic", Error::Image),
    (4, b"ftypmif1", Error::Image),
    (4, b"ftypavif", Error::Image),
    (0, b"\0\0\0\x0cjP  ", Error::Image),
    (0, b"\xff\x0a", Error::Image),
    (0, b"\0\0\0\x0cJXL ", Error::Image),
    (4, b"ftyp", Error::Recording),
    (8, b"WAVE", Error::Recording),
    (8, b"AVI ", Error::Recording),
    (0, b"ID3", Error::Recording),
    (0, b"fLaC", Error::Recording),
    (0, b"OggS", Error::Recording),
    (0, b"\x1a\x45\xdf\xa3", Error::Recording),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Error::OldWord),
    (0, b"\x1f\x8b", Error::Archive),
    (0, b"BZh", Error::Archive),
    (0, b"\xfd7zXZ\0", Error::Archive),
    (0, b"7z\xbc\xaf\x27\x1c", Error::Archive),
    (0, b"Rar!\x1a\x07", Error::Archive),
    (0, b"\x28\xb5\x2f\xfd", Error::Archive),
];

/// Tells what a file is, or why it has no text.
pub(crate) fn of(name: &str, bytes: &[u8]) -> Result<Kind, Error> {
    let name = file_name(name).to_lowercase();
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    if is_bitmap(bytes) {
        return Err(Error::Image);
    }
    if let Some((_, _, error)) =
        SIGNS.iter().find(|(at, sign, _)| bytes.get(*at..).is_some_and(|at| at.starts_with(sign)))
    {
        return Err(error.clone());
    }
    // A text about PDFs may quote their first words, so only the very beginning counts unless the name agrees.
    let header = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
    if bytes.starts_with(b"%PDF-") || name.ends_with(".pdf") && memchr::memmem::find(header, b"%PDF-").is_some() {
        return Ok(Kind::Pdf);
    }
    if name.ends_with(".pdf") {
        return Err(Error::PdfDamaged);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") || name.ends_with(".docx") {
        return Ok(Kind::Docx);
    }
    let is_code = CODE_NAMES.contains(&name.as_str())
        || name.rsplit_once('.').is_some_and(|(_, ending)| CODE.binary_search(&ending).is_ok());
    Ok(if is_code { Kind::Code } else { Kind::Text })
}

/// `BM` alone may begin a sentence, so the length that follows it has to be right.
fn is_bitmap(bytes: &[u8]) -> bool {
    let length = bytes.get(2..6).and_then(|length| length.try_into().ok()).map(u32::from_le_bytes);
    bytes.starts_with(b"BM") && length.is_some_and(|length| length as usize == bytes.len())
}

/// The last part of a path, of any system, without what could hide or turn the name on the screen: controls and marks of
/// direction. At most 200 characters, `file` where nothing is left.
pub fn file_name(path: &str) -> String {
    let last = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = last.chars().filter(|c| !hides(*c)).take(MAX_NAME_CHARS).collect();
    match name.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_sorted_so_that_they_are_found() {
        assert!(CODE.is_sorted());
    }

    #[test]
    fn a_name_is_the_last_part_of_a_path_and_cannot_turn_around() {
        let names = [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\me\\notes.txt", "notes.txt"),
            ("/", "file"),
            ("..", "file"),
            ("", "file"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("a\nb\0c", "abc"),
            ("Müller & Söhne.pdf", "Müller & Söhne.pdf"),
        ];
        for (path, name) in names {
            assert_eq!(file_name(path), name);
        }
        assert_eq!(file_name(&"ü".repeat(1000)).chars().count(), MAX_NAME_CHARS);
    }
}
