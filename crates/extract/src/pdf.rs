//! PDFs: every letter with where it stands, put together again as lines.
//!
//! A PDF draws letters at places; words and lines are what a reader sees in them. The order of drawing is kept: it is the
//! order of reading in nearly all files, columns included.

mod bounds;
mod lines;

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, RenderContent, SoftMask, TransformExt,
    font::{Glyph, GlyphRun},
    hayro_cmap::{BfString, WritingMode},
    hayro_syntax::{
        DecryptionError, LoadPdfError, Pdf,
        object::{Array, Stream},
        page::Page,
    },
    interpret_page,
    kurbo::{Affine, BezPath, Point, Rect},
};

use crate::{Error, MAX_TEXT_BYTES};
use lines::{Letter, Lines};

/// The stack of the thread that reads: objects may be 512 levels deep in each other, and forms in forms as well.
const STACK_BYTES: usize = 64 << 20;

/// Pages that are read at most.
const MAX_PAGES: usize = 20_000;

/// A letter that no font could name.
const UNKNOWN: char = '\u{fffd}';

/// The text of a PDF, pages apart by an empty line.
pub(crate) fn text(bytes: &[u8]) -> Result<String, Error> {
    bounds::check(bytes)?;
    let bytes = bytes.to_vec();
    // A thread of its own, for its stack. The library is careful, but a PDF is a hundred formats in one: a panic costs this
    // file and nothing else.
    let reading = thread::Builder::new().name("pdf".into()).stack_size(STACK_BYTES).spawn(|| read(bytes));
    let read = reading.map_err(|_| Error::Breaks)?.join();
    read.unwrap_or(Err(Error::PdfDamaged))
}

fn read(bytes: Vec<u8>) -> Result<String, Error> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Error::PdfPassword,
        LoadPdfError::Decryption(_) | LoadPdfError::Invalid => Error::PdfDamaged,
    })?;
    let settings = InterpreterSettings { render_content: RenderContent::PAGE, ..InterpreterSettings::default() };
    let cache = InterpreterCache::new();
    let mut reader = PageReader { lines: Lines::default(), unknown: 0, letters: 0 };
    let mut broken = 0;
    for page in pdf.pages().iter().take(MAX_PAGES) {
        if reader.lines.text().len() > MAX_TEXT_BYTES {
            break;
        }
        if !content_fits(page) {
            return Err(Error::Bomb);
        }
        let upright = page.initial_transform(true).to_kurbo();
        let mut context = Context::new(upright, Rect::new(0.0, 0.0, 1.0, 1.0), &cache, pdf.xref(), settings.clone());
        // One broken page does not cost the others.
        let drawn = catch_unwind(AssertUnwindSafe(|| interpret_page(page, &mut context, &mut reader)));
        broken += usize::from(drawn.is_err());
        reader.lines.end_page();
    }
    if reader.letters == 0 {
        return Err(if broken > 0 { Error::PdfDamaged } else { Error::PdfWithoutText });
    }
    if reader.unknown * 2 > reader.letters {
        return Err(Error::PdfWithoutLetters);
    }
    Ok(reader.lines.into_text())
}

/// The streams of a page are put together before they are read, and the same one may be named a thousand times.
fn content_fits(page: &Page<'_>) -> bool {
    let streams = page.raw().get::<Array<'_>>("Contents");
    let mut sizes = streams.iter().flat_map(|streams| streams.iter::<Stream<'_>>()).map(|stream| {
        // Not kept: one after the other, and each is within bounds.
        stream.decoded_data().map_or(0, |data| data.len() as u64)
    });
    let total =
        sizes.try_fold(0_u64, |total, size| Some(total + size).filter(|total| *total <= bounds::MAX_STREAM_BYTES));
    total.is_some()
}

/// Listens to a page being drawn.
struct PageReader {
    lines: Lines,
    letters: usize,
    unknown: usize,
}

/// What unwinds a page that has more text than anybody takes.
struct EnoughText;

impl PageReader {
    fn letter(&mut self, glyph: &Glyph<'_>, to_page: Affine, vertical: bool) -> Letter {
        self.letters += 1;
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(text)) => text,
            None => {
                self.unknown += 1;
                UNKNOWN.to_string()
            }
        };
        // Glyphs are drawn in a space of 1000 units per em.
        let advance = match glyph {
            Glyph::Outline(glyph) => glyph.advance_width(),
            Glyph::Type3(glyph) => glyph.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or(500.0));
        let start = to_page * Point::ZERO;
        let em = if vertical {
            to_page * Point::new(0.0, -1000.0) - start
        } else {
            to_page * Point::new(1000.0, 0.0) - start
        };
        Letter { text, start, em, advance: if vertical { 1.0 } else { advance / 1000.0 } }
    }
}

impl<'a> Device<'a> for PageReader {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        // There is no other way out of the interpreter.
        if self.lines.text().len() > 2 * MAX_TEXT_BYTES {
            resume_unwind(Box::new(EnoughText));
        }
        let vertical = run.writing_mode() == WritingMode::Vertical;
        let letters: Vec<Letter> = run
            .glyphs()
            .iter()
            .map(|glyph| self.letter(glyph, props.transform * glyph.transform(), vertical))
            .collect();
        self.lines.add(letters);
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
