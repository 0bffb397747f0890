//! Text and code, and what is neither.

use paddock_extract::{Error, Kind, MAX_FILE_BYTES, MAX_TEXT_BYTES, extract};
use proptest::prelude::*;

use crate::{refused, taken};

#[test]
fn text_comes_out_as_it_went_in_and_lines_end_alike() {
    assert_eq!(taken("notes.txt", "Grüße, 世界 🐎\n\tzwei".as_bytes()), (Kind::Text, "Grüße, 世界 🐎\n\tzwei".into()));
    assert_eq!(taken("notes", b"one\r\ntwo\rthree\x0c"), (Kind::Text, "one\ntwo\nthree\n".into()));
    assert_eq!(taken("log.txt", b"\x1b[31mred\x1b[0m").1, "[31mred[0m");
}

#[test]
fn code_is_known_by_its_name() {
    for name in ["main.rs", "a.PY", "x.tar/Makefile", "C:\\src\\index.test.ts", "data.csv", "Dockerfile"] {
        assert_eq!(taken(name, b"x = 1").0, Kind::Code, "{name}");
    }
    for name in ["readme.md", "rs", "notes.txt", "letter", "a.b.c.unknown"] {
        assert_eq!(taken(name, b"x = 1").0, Kind::Text, "{name}");
    }
}

#[test]
fn every_usual_encoding_is_read() {
    let text = "Für Käthe: 50 € und ein „Gruß“ aus Köln, schöne Größe.";
    let utf_16 = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<u8>>();
    let (le, be) = (utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes));
    let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
    let files = [
        text.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", text.as_bytes()),
        marked(b"\xff\xfe", &le),
        marked(b"\xfe\xff", &be),
        le,
        be,
        encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    ];
    for (i, file) in files.iter().enumerate() {
        assert_eq!(taken("brief.txt", file).1, text, "file {i}");
    }
}

#[test]
fn old_encodings_of_other_alphabets_are_guessed() {
    let texts = [
        (encoding_rs::WINDOWS_1251, "Съешь же ещё этих мягких французских булок, да выпей чаю."),
        (encoding_rs::SHIFT_JIS, "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"),
        (encoding_rs::GBK, "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。"),
    ];
    for (encoding, text) in texts {
        assert_eq!(taken("a.txt", &encoding.encode(text).0).1, text, "{}", encoding.name());
    }
}

#[test]
fn what_has_no_text_is_refused_with_a_reason() {
    let bitmap = {
        let mut bytes = b"BM\x28\0\0\0".to_vec();
        bytes.resize(0x28, 0);
        bytes
    };
    let files: [(&[u8], Error); 12] = [
        (b"", Error::Empty),
        (b" \n\t\r\n", Error::Empty),
        (b"\x89PNG\r\n\x1a\n....", Error::Image),
        (b"\xff\xd8\xff\xe0..", Error::Image),
        (b"GIF89a..", Error::Image),
        (b"RIFF\x10\0\0\0WEBP", Error::Image),
        (&bitmap, Error::Image),
        (b"ID3\x04", Error::Recording),
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0", Error::Binary),
        (b"SQLite format 3\0", Error::Binary),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Error::OldWord),
        (b"\x1f\x8b\x08\0", Error::Archive),
    ];
    for (bytes, error) in files {
        assert_eq!(refused("thing.txt", bytes), error);
    }
    assert!(Error::Image.to_string().starts_with("This model reads text only"));
    assert_eq!(taken("a.txt", b"BM is how a bitmap begins").0, Kind::Text);
    assert_eq!(taken("a.txt", b"A file that begins with %PDF- is a PDF.").0, Kind::Text);
}

#[test]
fn sizes_are_bounded_and_the_sentence_says_the_number() {
    let long = vec![b'a'; MAX_TEXT_BYTES + 1_000_000];
    assert_eq!(refused("a.txt", &long).to_string().matches("5.0 MB").count(), 1);
    assert!(extract("a.txt", &long[..MAX_TEXT_BYTES]).is_ok());
    assert_eq!(refused("a.txt", &vec![b'a'; MAX_FILE_BYTES + 1]), Error::TooLarge { bytes: MAX_FILE_BYTES + 1 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_and_no_name_bring_it_down(
        name in "[a-z./\\\\]{0,12}(\\.pdf|\\.docx|\\.rs|)",
        head in prop::sample::select(vec!["", "%PDF-1.7\n", "PK\x03\x04", "\u{feff}"]),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let bytes = [head.as_bytes(), &bytes].concat();
        if let Ok(taken) = extract(&name, &bytes) {
            prop_assert!(!taken.text.trim().is_empty());
        }
    }

    #[test]
    fn any_text_is_taken_whole(text in "[\\PC\n\t]{1,400}") {
        prop_assume!(!text.trim().is_empty() && !text.contains('\u{feff}') && !text.starts_with("PK"));
        prop_assume!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        prop_assert_eq!(extract("a.txt", text.as_bytes()).unwrap().text, text);
    }
}
