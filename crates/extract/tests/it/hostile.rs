//! Files made to take a program down. Each is read in a process of its own, as the app does it; that process may end, and
//! what comes of it is a sentence.

mod documents;
mod pdfs;

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use paddock_extract::{Error, Reader, extract};

use crate::docx::document;
use crate::pdf::{helvetica, packed, page, stream};

/// Shorter than what a person waits: most of these files take either no time or all there is.
const PATIENCE: Duration = Duration::from_secs(2);

fn reader() -> Reader {
    Reader::at(env!("CARGO_BIN_EXE_file-reader")).with_patience(PATIENCE)
}

fn pdf_of(text: &str) -> Vec<u8> {
    page(stream("", format!("BT /F 12 Tf 72 720 Td ({text}) Tj ET").as_bytes()), &helvetica())
}

/// Reads each file. There is a sentence for it, or no more text than the few letters that these files hold.
fn harmless(name: &str, files: Vec<(&'static str, Vec<u8>)>) -> Vec<Error> {
    let mut errors = Vec::new();
    for (file, bytes) in files {
        match reader().extract(name, &bytes) {
            Ok(taken) => assert!(taken.text.len() < 10, "{file}: {taken:?}"),
            Err(Error::NoReader { reason }) => panic!("{file}: {reason}"),
            Err(error) => {
                assert!(error.to_string().ends_with('.'), "{file}: {error}");
                errors.push(error);
            }
        }
    }
    assert_eq!(reader().extract("a.pdf", &pdf_of("Hello")).unwrap().text, "Hello\n", "the next file is read");
    errors
}

#[test]
fn objects_inside_objects_without_end_cost_a_file_and_not_the_app() {
    let errors = harmless("a.pdf", pdfs::depths());
    assert!(errors.contains(&Error::Breaks), "none of them ends a process any more: {errors:?}");
}

#[test]
fn objects_that_contain_themselves_are_read_once_or_refused() {
    harmless("a.pdf", pdfs::circles());
}

#[test]
fn few_bytes_that_ask_for_many_are_refused() {
    let errors = harmless("a.pdf", pdfs::bombs());
    assert!(errors.contains(&Error::TooSlow), "none of them takes its time any more: {errors:?}");
}

#[test]
fn directories_and_lengths_that_lie_are_refused_or_found_out() {
    harmless("a.pdf", pdfs::lies());
}

#[test]
fn word_documents_made_to_explode_are_refused() {
    harmless("a.docx", documents::all());
}

#[test]
fn a_file_cut_at_every_fiftieth_gives_what_is_left_or_a_sentence() {
    let text = "all of it ".repeat(200);
    let content = packed(format!("BT /F 12 Tf 72 720 Td ({text}) Tj ET").as_bytes());
    let pdf = page(stream("/Filter /FlateDecode", &content), &helvetica());
    let docx = document(&format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>").repeat(50));
    for (name, whole) in [("cut.pdf", pdf), ("cut.docx", docx)] {
        let taken = extract(name, &whole).unwrap().text;
        assert_eq!(reader().extract(name, &whole).unwrap().text, taken, "another process reads the same");
        for fiftieth in 0..50 {
            match reader().extract(name, &whole[..whole.len() * fiftieth / 50]) {
                Ok(left) => assert!(taken.starts_with(left.text.trim_end()), "{name} cut at {fiftieth}/50"),
                Err(Error::NoReader { reason }) => panic!("{name} cut at {fiftieth}/50: {reason}"),
                Err(error) => assert!(error.to_string().ends_with('.')),
            }
        }
    }
}

#[test]
fn text_and_what_is_refused_at_once_need_no_process() {
    let nowhere = Reader::at("no such program");
    assert_eq!(nowhere.extract("a.txt", b"Hello").unwrap().text, "Hello");
    assert_eq!(nowhere.extract("a.png", b"\x89PNG\r\n\x1a\n"), Err(Error::Image));
    assert!(matches!(nowhere.extract("a.pdf", &pdf_of("Hello")), Err(Error::NoReader { .. })));
}

#[test]
fn a_program_that_is_no_reader_is_told_from_one() {
    let this_test = Reader::this_executable().unwrap().with_patience(PATIENCE);
    assert_eq!(this_test.extract("a.pdf", &pdf_of("Hello")), Err(Error::Breaks));
}

#[test]
fn a_reader_ends_with_the_app() {
    let (_, slow) =
        pdfs::circles().into_iter().find(|(file, _)| *file == "forms that draw the next one twice").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_file-reader"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(format!("{{\"name\":\"a.pdf\",\"n_bytes\":{}}}\n", slow.len()).as_bytes()).unwrap();
    input.write_all(&slow).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    // What the end of the app does.
    drop(input);
    let started = Instant::now();
    let mut ended = None;
    while ended.is_none() && started.elapsed() < Duration::from_secs(30) {
        std::thread::yield_now();
        ended = child.try_wait().unwrap();
    }
    child.kill().unwrap();
    assert_eq!(ended.and_then(|status| status.code()), Some(1));
}
