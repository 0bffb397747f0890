//! PDFs.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use paddock_extract::{Error, Kind, extract};
use proptest::prelude::*;

use crate::{refused, taken};

/// A PDF of these objects, numbered from 1; the first is the catalogue.
pub(crate) fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    pdf_with(objects, "")
}

pub(crate) fn pdf_with(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", i + 1).bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    places.iter().for_each(|place| file.extend(format!("{place:010} 00000 n \n").bytes()));
    let size = objects.len() + 1;
    file.extend(format!("trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

pub(crate) fn stream(dictionary: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

pub(crate) fn packed(data: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(data).unwrap();
    zlib.finish().unwrap()
}

/// One page that draws this with the font /F (object 5 and what follows).
pub(crate) fn page(content: Vec<u8>, font: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
            .to_vec(),
        content,
    ];
    objects.extend(font.iter().cloned());
    pdf(&objects)
}

pub(crate) fn helvetica() -> Vec<Vec<u8>> {
    vec![b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec()]
}

#[test]
fn lines_and_words_are_put_together_again() {
    let content = b"BT /F 12 Tf 72 720 Td (Hello) Tj 40 0 Td (world.) Tj -40 -14 Td [(Se) 20 (cond) -300 (line)] TJ ET";
    let file = page(stream("", content), &helvetica());
    assert_eq!(taken("a.pdf", &file), (Kind::Pdf, "Hello world.\nSecond line\n".into()));
}

#[test]
fn a_packed_stream_with_a_map_to_unicode_is_read() {
    let map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n\
        1 begincodespacerange <0000> <FFFF> endcodespacerange\n\
        4 beginbfchar <0001> <4E16> <0002> <754C> <0003> <D83DDC0E> <0004> <00660069> endbfchar\n\
        endcmap CMapName currentdict /CMap defineresource pop end end";
    let font = [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>"
            .to_vec(),
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) \
          /Supplement 0 >> /FontDescriptor 8 0 R /DW 1000 >>"
            .to_vec(),
        stream("/Filter /FlateDecode", &packed(map.as_bytes())),
        b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 \
          /Descent -200 /CapHeight 700 /StemV 80 >>"
            .to_vec(),
    ];
    let content = packed(b"BT /F 20 Tf 72 720 Td <00010002> Tj 0 -24 Td <00030004> Tj ET");
    let file = page(stream("/Filter /FlateDecode", &content), &font);
    assert_eq!(taken("a.pdf", &file).1, "世界\n🐎fi\n");
}

#[test]
fn pages_are_apart_and_a_turned_page_reads_like_any_other() {
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 612 792] /Resources << /Font << /F 7 0 R >> >> >>"
            .to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Rotate 90 >>".to_vec(),
        stream("", b"BT /F 12 Tf 72 720 Td (one page) Tj ET"),
        stream("", b"BT /F 12 Tf 0 1 -1 0 300 100 Tm (turned) Tj 0 -14 Td (page) Tj ET"),
        helvetica().remove(0),
    ];
    assert_eq!(taken("a.pdf", &pdf(&objects)).1, "one page\n\nturned\npage\n");
}

#[test]
fn a_scan_a_password_and_nonsense_have_their_own_sentences() {
    let scan = page(stream("", b"0 0 612 792 re f"), &helvetica());
    assert_eq!(refused("scan.pdf", &scan), Error::PdfWithoutText);

    let zeros = "00".repeat(32);
    let locked = pdf_with(
        &[
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [] /Count 0 >>".to_vec(),
            format!("<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{zeros}> /U <{zeros}> >>").into_bytes(),
        ],
        "/Encrypt 3 0 R /ID [<00> <00>]",
    );
    assert_eq!(refused("locked.pdf", &locked), Error::PdfPassword);
    assert_eq!(refused("a.pdf", b"%PDF-1.7 and nothing more"), Error::PdfDamaged);
    assert_eq!(refused("a.pdf", b"not one at all"), Error::PdfDamaged);
}

#[test]
fn fonts_that_do_not_say_their_letters_are_told() {
    let font = [
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R] >>".to_vec(),
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) \
          /Supplement 0 >> /DW 1000 >>"
            .to_vec(),
    ];
    let file = page(stream("", b"BT /F 20 Tf 72 720 Td <00010002> Tj ET"), &font);
    assert!(matches!(refused("a.pdf", &file), Error::PdfWithoutLetters | Error::PdfWithoutText));
}

#[test]
fn a_stream_that_unpacks_to_far_too_much_is_not_unpacked() {
    let bomb = packed(&vec![b' '; 140_000_000]);
    let file = page(stream("/Filter /FlateDecode", &bomb), &helvetica());
    assert_eq!(refused("bomb.pdf", &file), Error::Bomb);
}

#[test]
fn a_stream_packed_twice_or_named_a_thousand_times_is_not_unpacked() {
    let twice = packed(&packed(&vec![b' '; 100_000_000]));
    let file = page(stream("/Filter [/FlateDecode /FlateDecode]", &twice), &helvetica());
    assert_eq!(refused("twice.pdf", &file), Error::Bomb);

    let often = "5 0 R ".repeat(1000);
    let objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents [{often}] >>").into_bytes(),
        b"null".to_vec(),
        stream("/Filter /FlateDecode", &packed(&vec![b' '; 10_000_000])),
    ];
    assert_eq!(refused("often.pdf", &pdf(&objects)), Error::Bomb);
}

#[test]
fn circles_and_depth_end() {
    let nested = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    let circle = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 9999999 >>".to_vec(),
        [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Deep ".as_slice(), &nested, b" >>"]
            .concat(),
        stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >>",
            b"/X Do /X Do",
        ),
    ];
    assert!(extract("circle.pdf", &pdf(&circle)).is_err());
}

#[test]
fn a_pdf_cut_anywhere_gives_a_sentence_or_what_is_left() {
    let whole = page(stream("", b"BT /F 12 Tf 72 720 Td (Hello) Tj ET"), &helvetica());
    for end in (0..whole.len()).step_by(7) {
        if let Ok(taken) = extract("cut.pdf", &whole[..end]) {
            assert_eq!(taken.text, "Hello\n", "cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_pdf_with_wrong_bytes_brings_nothing_down(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut file = page(stream("", b"BT /F 12 Tf 72 720 Td (Hello) Tj ET"), &helvetica());
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        let _ = extract("a.pdf", &file);
    }
}
