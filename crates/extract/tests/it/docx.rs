//! Word documents.

use std::io::{Cursor, Write};

use paddock_extract::{Error, Kind};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{refused, taken};

pub(crate) const NAMESPACES: &str = r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006""#;

pub(crate) fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(crate) fn document(body: &str) -> Vec<u8> {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"#
    );
    zipped(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", xml.as_bytes()),
        ("word/header1.xml", b"<w:hdr><w:p><w:r><w:t>Page header</w:t></w:r></w:p></w:hdr>"),
    ])
}

fn text_of(body: &str) -> String {
    let (kind, text) = taken("letter.docx", &document(body));
    assert_eq!(kind, Kind::Docx);
    text
}

#[test]
fn paragraphs_tabs_and_breaks_come_out_and_headers_do_not() {
    let body = r#"
        <w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr>
            <w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Dear </w:t></w:r><w:r><w:t>Käthe &amp; &#x4E16;&lt;</w:t></w:r></w:p>
        <w:p/>
        <w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>"#;
    assert_eq!(text_of(body), "Dear Käthe & 世<\na\tb\nc-d\n");
}

#[test]
fn a_table_is_a_line_for_each_row() {
    let cell = |text: &str| format!("<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>");
    let row = |cells: &[&str]| format!("<w:tr>{}</w:tr>", cells.iter().map(|text| cell(text)).collect::<String>());
    let body = format!("<w:tbl>{}{}</w:tbl><w:p><w:r><w:t>after</w:t></w:r></w:p>", row(&["a", "b"]), row(&["", "d"]));
    assert_eq!(text_of(&body), "a | b\n | d\nafter\n");
}

#[test]
fn what_was_deleted_or_moved_away_and_the_second_form_of_a_text_box_are_left_out() {
    let body = r#"<w:p>
        <w:del><w:r><w:delText>gone</w:delText></w:r></w:del>
        <w:moveFrom><w:r><w:t>here before</w:t></w:r></w:moveFrom>
        <w:ins><w:r><w:t>new</w:t></w:r></w:ins>
        <mc:AlternateContent><mc:Choice><w:r><w:t> box</w:t></w:r></mc:Choice>
            <mc:Fallback><w:r><w:t> box</w:t></w:r></mc:Fallback></mc:AlternateContent>
        <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"#;
    assert_eq!(text_of(body), "new box\n");
}

#[test]
fn the_main_part_is_where_the_package_says() {
    let xml = format!("<w:document {NAMESPACES}><w:body><w:p><w:r><w:t>there</w:t></w:r></w:p></w:body></w:document>");
    let rels = r#"<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="/word/document2.xml"/></Relationships>"#;
    let bytes = zipped(&[("_rels/.rels", rels.as_bytes()), ("word/document2.xml", xml.as_bytes())]);
    assert_eq!(taken("odd.docx", &bytes).1, "there\n");
}

#[test]
fn other_zips_are_told_apart() {
    assert_eq!(refused("table.xlsx", &zipped(&[("xl/workbook.xml", b"<x/>")])), Error::OtherDocument);
    assert_eq!(refused("files.zip", &zipped(&[("a.txt", b"a")])), Error::Archive);
    // A path that leads out is a name like any other: nothing is ever written.
    assert_eq!(refused("files.zip", &zipped(&[("../../word/document.xml", b"a")])), Error::Archive);
}

#[test]
fn a_bomb_and_entities_are_refused() {
    let zeros = vec![b' '; 65_000_000];
    assert_eq!(refused("bomb.docx", &zipped(&[("word/document.xml", &zeros)])), Error::Bomb);
    let laughs = br#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><w:document><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:document>"#;
    assert_eq!(refused("laughs.docx", &zipped(&[("word/document.xml", laughs)])), Error::Bomb);
    let foreign = br"<w:document><w:p><w:r><w:t>&file;</w:t></w:r></w:p></w:document>";
    assert_eq!(refused("entity.docx", &zipped(&[("word/document.xml", foreign)])), Error::Bomb);
    let deep = "<a>".repeat(100_000);
    assert_eq!(refused("deep.docx", &zipped(&[("word/document.xml", deep.as_bytes())])), Error::Bomb);
}

#[test]
fn a_document_cut_anywhere_is_refused_and_nothing_falls() {
    let whole = document("<w:p><w:r><w:t>all of it</w:t></w:r></w:p>");
    for end in 0..whole.len() {
        if end == 0 {
            assert_eq!(refused("cut.docx", &[]), Error::Empty);
        } else {
            assert!(matches!(refused("cut.docx", &whole[..end]), Error::DocxDamaged { .. }), "{end}");
        }
    }
    let open = zipped(&[("word/document.xml", b"<w:document><w:p><w:r><w:t>and so")]);
    assert!(matches!(refused("cut.docx", &open), Error::DocxDamaged { .. }));
}
