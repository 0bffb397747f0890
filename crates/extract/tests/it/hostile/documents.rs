//! Word documents made to take all the stack, all the memory or all the time there is.

use crate::docx::{NAMESPACES, document, zipped};

type Case = (&'static str, Vec<u8>);

const PART: &str = "word/document.xml";

fn of(xml: &str) -> Vec<u8> {
    zipped(&[(PART, xml.as_bytes())])
}

fn body(xml: &str) -> String {
    format!("<w:document {NAMESPACES}><w:body>{xml}</w:body></w:document>")
}

/// A number of the only entry in the central directory, set to this. `at` counts from its beginning.
fn with_entry(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = document("<w:p><w:r><w:t>Hello</w:t></w:r></w:p>");
    let entry = memchr::memmem::rfind(&file, b"PK\x01\x02").unwrap();
    file[entry + at..entry + at + bytes.len()].copy_from_slice(bytes);
    file
}

/// A number at the end of the central directory, set to this.
fn with_end(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = document("<w:p><w:r><w:t>Hello</w:t></w:r></w:p>");
    let end = memchr::memmem::rfind(&file, b"PK\x05\x06").unwrap();
    file[end + at..end + at + bytes.len()].copy_from_slice(bytes);
    file
}

/// Nesting, entities, and few bytes that ask for many.
pub(super) fn all() -> Vec<Case> {
    let spaces = vec![b' '; 65_000_000];
    let tables = "<w:tbl><w:tr><w:tc>".repeat(300_000);
    let laughs: String = ('b'..='z')
        .map(|name| format!("<!ENTITY {name} \"{}\">", format!("&{};", char::from(name as u8 - 1)).repeat(10)))
        .collect();
    let laughs =
        format!("<!DOCTYPE w:document [<!ENTITY a \"ha\">{laughs}]>{}", body("<w:p><w:r><w:t>&z;</w:t></w:r></w:p>"));
    let outside = format!("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>{}", body("<w:t>&f;</w:t>"));
    let parameter = format!("<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\"> %p;]>{}", body(""));
    let attributes = format!("<w:document {}/>", "a=\"\" ".repeat(2_000_000));
    let relations = format!("<!DOCTYPE x [{}]><Relationships/>", "<!ENTITY a \"b\">".repeat(1000));
    let text = body(&format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "a".repeat(60_000_000)));
    let many: Vec<String> = (0..60_000).map(|n| format!("word/{n}.xml")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let packed = zipped(&[("word/embedded.docx", &zipped(&[(PART, &spaces)]))]);
    vec![
        ("a million elements in each other", of(&"<a>".repeat(1_000_000))),
        ("a million elements that close", of(&("<a>".repeat(1_000_000) + &"</a>".repeat(1_000_000)))),
        ("tables in tables", of(&body(&tables))),
        ("more elements closed than opened", of(&"</w:tc>".repeat(100_000))),
        ("a billion laughs", of(&laughs)),
        ("an entity from a file", of(&outside)),
        ("an entity from the network", of(&parameter)),
        ("a reference to no character", of(&body("<w:p><w:r><w:t>&#xD800;</w:t></w:r></w:p>"))),
        ("a reference out of Unicode", of(&body("<w:p><w:r><w:t>&#99999999999;</w:t></w:r></w:p>"))),
        ("two million attributes", of(&attributes)),
        ("a comment without an end", of(&format!("<!--{}", "-".repeat(1_000_000)))),
        ("a name of a megabyte", of(&format!("<{}>", "a".repeat(1_000_000)))),
        ("entities in the relations", zipped(&[("_rels/.rels", relations.as_bytes()), (PART, b"<a/>")])),
        ("a main part of spaces", zipped(&[(PART, &spaces)])),
        ("relations of spaces", zipped(&[("_rels/.rels", &spaces), (PART, b"<a/>")])),
        ("a text of sixty megabytes", of(&text)),
        ("a document in a document", packed),
        ("sixty thousand parts", zipped(&many)),
        ("a part of no length", with_entry(24, &[0; 4])),
        ("a part of four billion bytes", with_entry(24, &[0xfe; 4])),
        ("a packed part of four billion bytes", with_entry(20, &[0xfe; 4])),
        ("a part that is elsewhere", with_entry(42, &[0xf0, 0, 0, 0])),
        ("a part packed in an unknown way", with_entry(10, &[99, 0])),
        ("a part with a password", with_entry(8, &[1, 0])),
        ("sixty-five thousand entries", with_end(8, &[0xff, 0xfe, 0xff, 0xfe])),
        ("a directory that is nowhere", with_end(16, &[0xf0; 4])),
    ]
}
