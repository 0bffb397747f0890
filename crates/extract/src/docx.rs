//! Word documents: the text of the main part, from a zip that is not believed.

use std::io::{Cursor, Read};

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use zip::{ZipArchive, result::ZipError};

use crate::Error;

/// The most that is unpacked of one part, in bytes.
const MAX_PART_BYTES: u64 = 64_000_000;

/// Elements inside elements. Word's own documents stay below 100.
const MAX_DEPTH: usize = 1000;

/// Where the main part is, unless the package says otherwise.
const USUAL_MAIN_PART: &str = "word/document.xml";

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Paragraphs as lines, rows of tables as lines with ` | ` between cells; without headers, footers, comments and what was
/// deleted under revision.
pub(crate) fn text(bytes: &[u8]) -> Result<String, Error> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let main = main_part(&mut archive)?;
    if archive.index_for_name(&main).is_none() {
        let other = ["xl/", "ppt/", "META-INF/", "content.xml", "mimetype"];
        let is_other = archive.file_names().flatten().any(|name| other.iter().any(|start| name.starts_with(start)));
        return Err(if is_other { Error::OtherDocument } else { Error::Archive });
    }
    let xml = part(&mut archive, &main)?;
    Body::default().read(&xml)
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::DocxDamaged { reason: error.to_string() }
}

/// The name of the main part, from the package's list of relations.
fn main_part(archive: &mut Archive<'_>) -> Result<String, Error> {
    let usual = USUAL_MAIN_PART.to_owned();
    if archive.index_for_name("_rels/.rels").is_none() {
        return Ok(usual);
    }
    let xml = part(archive, "_rels/.rels")?;
    let mut reader = Reader::from_str(&xml);
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::DocType(_) => return Err(Error::Bomb),
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "Relationship" => {
                let is_main = attribute(&element, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"));
                if let (true, Some(target)) = (is_main, attribute(&element, "Target")) {
                    return Ok(target.trim_start_matches('/').to_owned());
                }
            }
            Event::Eof => return Ok(usual),
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element.try_get_attribute(name).ok()?.map(|found| found.value.into_owned())
}

/// One part, unpacked, in UTF-8. What the archive says of its size is not asked.
fn part(archive: &mut Archive<'_>, name: &str) -> Result<String, Error> {
    let file = archive.by_name(name).map_err(|error| match error {
        ZipError::UnsupportedArchive(_) | ZipError::InvalidPassword => Error::OldWord,
        error => damaged(error),
    })?;
    let mut bytes = Vec::new();
    file.take(MAX_PART_BYTES + 1).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() as u64 > MAX_PART_BYTES {
        return Err(Error::Bomb);
    }
    // UTF-8, or UTF-16 with its mark: XML knows more, Word does not.
    let (text, _, broken) = encoding_rs::UTF_8.decode(&bytes);
    if broken { Err(damaged("its text is in no encoding of Word")) } else { Ok(text.into_owned()) }
}

/// The text of a document while it is read.
#[derive(Default)]
struct Body {
    text: String,
    /// The elements that are open, by what they mean here.
    open: Vec<Place>,
    /// How many of them are left out.
    hidden: usize,
    /// How many table cells are open: paragraphs in them do not end the line.
    cells: usize,
}

/// What an open element means for the text in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A paragraph.
    Paragraph,
    /// A run: where tabs and breaks are characters, and not settings.
    Run,
    /// Text.
    Text,
    /// A row of a table.
    Row,
    /// A cell of a table.
    Cell,
    /// Not part of the text: settings, the older form of something, what was moved away.
    Hidden,
    /// Anything else.
    Other,
}

impl Body {
    fn read(mut self, xml: &str) -> Result<String, Error> {
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event().map_err(damaged)? {
                // Word writes none, and entities are how XML is made to grow.
                Event::DocType(_) => return Err(Error::Bomb),
                Event::Start(element) => self.begin(element.local_name().as_ref())?,
                Event::Empty(element) => self.mark(element.local_name().as_ref()),
                Event::End(_) => self.end(),
                Event::Text(text) => self.add(&text),
                Event::CData(text) => self.add(&text),
                Event::GeneralRef(reference) => self.add(character(&reference)?.encode_utf8(&mut [0; 4])),
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        if self.open.is_empty() { Ok(self.text) } else { Err(damaged("it ends in the middle")) }
    }

    fn begin(&mut self, name: &str) -> Result<(), Error> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::Bomb);
        }
        let place = match name {
            "p" => Place::Paragraph,
            "r" => Place::Run,
            "t" => Place::Text,
            "tr" => Place::Row,
            "tc" => Place::Cell,
            // A text box stands in the document twice: as Choice, and as Fallback for older programs.
            "pPr" | "rPr" | "tblPr" | "sectPr" | "Fallback" | "moveFrom" | "del" | "instrText" => Place::Hidden,
            _ => Place::Other,
        };
        match place {
            Place::Hidden => self.hidden += 1,
            Place::Cell => self.cells += 1,
            _ => {}
        }
        self.mark(name);
        self.open.push(place);
        Ok(())
    }

    /// An element that stands for a character.
    fn mark(&mut self, name: &str) {
        let in_run = self.hidden == 0 && self.open.last() == Some(&Place::Run);
        match name {
            "tab" | "ptab" if in_run => self.text.push('\t'),
            "br" | "cr" if in_run => self.text.push(if self.cells > 0 { ' ' } else { '\n' }),
            "noBreakHyphen" if in_run => self.text.push('-'),
            _ => {}
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Place::Hidden) => self.hidden -= 1,
            Some(Place::Paragraph) if self.hidden == 0 => self.text.push(if self.cells > 0 { ' ' } else { '\n' }),
            Some(Place::Cell) => {
                self.cells -= 1;
                self.trim_spaces();
                self.text.push_str(" | ");
            }
            Some(Place::Row) => {
                self.text.truncate(self.text.strip_suffix(" | ").unwrap_or(&self.text).len());
                self.text.push(if self.cells > 0 { ' ' } else { '\n' });
            }
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        if self.hidden == 0 && self.open.last() == Some(&Place::Text) {
            self.text.push_str(text);
        }
    }

    fn trim_spaces(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
    }
}

/// The character that a reference stands for. Those that are not XML's own would need a document type.
fn character(reference: &BytesRef<'_>) -> Result<char, Error> {
    match reference.resolve_char_ref().map_err(damaged)? {
        Some(c) => Ok(c),
        None => match reference.as_ref() {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => Err(Error::Bomb),
        },
    }
}
