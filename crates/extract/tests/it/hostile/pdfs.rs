//! PDFs made to take all the stack, all the memory or all the time there is.

use crate::pdf::{helvetica, packed, page, pdf, pdf_with, stream};

type Case = (&'static str, Vec<u8>);

const CATALOGUE: &[u8] = b"<< /Type /Catalog /Pages 2 0 R >>";
const ONE_PAGE: &[u8] = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const TEXT: &[u8] = b"BT /F 12 Tf 72 720 Td (Hello) Tj ET";

/// A file of one page (objects 1 to 3, its content 4) with these entries in the page, these resources and these objects
/// from 5 on.
fn one_page(entries: &str, resources: &str, content: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let page = format!(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R {entries} /Resources << {resources} >> >>"
    );
    let mut objects = vec![CATALOGUE.to_vec(), ONE_PAGE.to_vec(), page.into_bytes(), content];
    objects.extend(more.iter().cloned());
    pdf(&objects)
}

/// The same, drawing with a colour space: object 5.
fn coloured(more: &[Vec<u8>]) -> Vec<u8> {
    one_page("", "/ColorSpace << /C 5 0 R >>", stream("", b"/C cs 0 sc 0 0 9 9 re f"), more)
}

/// The same, shading with a function: object 5.
fn shaded(more: &[Vec<u8>]) -> Vec<u8> {
    let shading = "/Shading << /S << /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 9 9] /Function 5 0 R >> >>";
    one_page("", shading, stream("", b"/S sh"), more)
}

/// The same, writing with a font: object 5.
fn written(more: &[Vec<u8>]) -> Vec<u8> {
    one_page("", "/Font << /F 5 0 R >>", stream("", b"BT /F 20 Tf 72 720 Td <00010002> Tj ET"), more)
}

fn bytes(text: impl Into<String>) -> Vec<u8> {
    text.into().into_bytes()
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    open.repeat(levels) + &close.repeat(levels)
}

/// Objects that contain each other deeply.
pub(super) fn depths() -> Vec<Case> {
    const LEVELS: usize = 100_000;
    // Of what goes deep enough with these.
    const FEWER: usize = 40_000;
    let inline_tree = format!("<< /Type /Pages /Kids [{}] >>", nested("<< /Type /Pages /Kids [", "] >>", LEVELS));
    let mut tree = vec![CATALOGUE.to_vec()];
    tree.extend((3..LEVELS).map(|next| bytes(format!("<< /Type /Pages /Kids [{next} 0 R] /Count 1 >>"))));
    tree.push(bytes("<< /Type /Page /MediaBox [0 0 9 9] >>"));
    let stitched = |next: usize| {
        bytes(format!("<< /FunctionType 3 /Domain [0 1] /Functions [{next} 0 R] /Bounds [] /Encode [0 1] >>"))
    };
    let stitching: Vec<_> = (6..FEWER).map(stitched).collect();
    let patterns: Vec<_> = (6..FEWER).map(|next| bytes(format!("[/Pattern {next} 0 R]"))).collect();
    let braces = nested("{", "}", 1_000_000);
    vec![
        ("lists in lists", one_page(&format!("/Deep {}", nested("[", "]", LEVELS)), "", stream("", TEXT), &[])),
        ("lists without an end", one_page(&format!("/Deep {}", "[".repeat(LEVELS)), "", stream("", TEXT), &[])),
        ("dictionaries in dictionaries", one_page(&nested("/D << ", ">>", LEVELS), "", stream("", TEXT), &[])),
        (
            "dictionaries in lists",
            one_page(&format!("/D {}", nested("[<< /D ", ">>]", LEVELS)), "", stream("", TEXT), &[]),
        ),
        ("a list as the catalogue", pdf(&[bytes(nested("[", "]", LEVELS))])),
        ("lists in the trailer", pdf_with(&[CATALOGUE.to_vec()], &format!("/X {}", nested("[", "]", LEVELS)))),
        ("a tree of pages", pdf(&tree)),
        ("a tree of pages in one object", pdf(&[CATALOGUE.to_vec(), bytes(inline_tree)])),
        ("lists in a content", one_page("", "", stream("", nested("[", "]", LEVELS).as_bytes()), &[])),
        (
            "dictionaries in a content",
            one_page("", "", stream("", (nested("/A <<", ">>", LEVELS) + " BDC").as_bytes()), &[]),
        ),
        (
            "brackets in a text",
            one_page("", "", stream("", &[b"BT ", "(".repeat(10_000_000).as_bytes()].concat()), &[]),
        ),
        ("functions of functions", shaded(&stitching)),
        ("colours of colours", coloured(&patterns)),
        ("a function of braces", shaded(&[stream("/FunctionType 4 /Domain [0 1] /Range [0 1]", braces.as_bytes())])),
    ]
}

/// Objects that contain themselves.
pub(super) fn circles() -> Vec<Case> {
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]";
    let x_object = "/XObject << /X 5 0 R >>";
    let itself = stream(&format!("{form} /Resources << {x_object} >>"), b"/X Do /X Do");
    let icc = |rest: &str| stream(&format!("/N 3 /Alternate {rest}"), b"no profile");
    let tint = "<< /FunctionType 2 /Domain [0 1] /N 1 /C0 [0] /C1 [1] >>";
    let glyph = stream("", b"500 0 d0 BT /F 20 Tf <00> Tj ET");
    let type_3 = "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [1 0 0 1 0 0] /FirstChar 0 /LastChar 1 \
        /Widths [1 1] /CharProcs << /a 6 0 R >> /Encoding << /Differences [0 /a /a] >> /Resources << /Font << /F 5 0 R >> >> >>";
    let composite = |encoding: &str, unicode: &str| {
        bytes(format!(
            "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding {encoding} /DescendantFonts [7 0 R] {unicode} >>"
        ))
    };
    let descendant = bytes(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (A) /Ordering (I) /Supplement 0 >> >>",
    );
    let map = stream("/Type /CMap /CMapName /M /UseCMap 6 0 R", b"/M usecmap begincmap endcmap");
    let mut twice: Vec<_> = (6..46)
        .map(|next| stream(&format!("{form} /Resources << /XObject << /X {next} 0 R >> >>"), b"/X Do /X Do"))
        .collect();
    twice.push(stream(form, b"0 0 9 9 re f"));
    vec![
        (
            "a page that is its parent",
            pdf(&[CATALOGUE.to_vec(), bytes("<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9999999 >>")]),
        ),
        ("a form that draws itself", one_page("", x_object, stream("", b"/X Do"), &[itself])),
        ("forms that draw the next one twice", one_page("", x_object, stream("", b"/X Do"), &twice)),
        (
            "a function of itself",
            shaded(&[bytes("<< /FunctionType 3 /Domain [0 1] /Functions [5 0 R] /Bounds [] /Encode [0 1] >>")]),
        ),
        ("a pattern of itself", coloured(&[bytes("[/Pattern 5 0 R]")])),
        ("a palette of itself", coloured(&[bytes("[/Indexed 5 0 R 1 <0011>]")])),
        ("an ink of itself", coloured(&[bytes(format!("[/Separation /Ink 5 0 R {tint}]"))])),
        ("inks of themselves", coloured(&[bytes(format!("[/DeviceN [/A /B] 5 0 R {tint}]"))])),
        ("a profile of itself", coloured(&[bytes("[/ICCBased 6 0 R]"), icc("5 0 R")])),
        ("a letter that is written with itself", written(&[bytes(type_3), glyph])),
        ("a map of itself", written(&[composite("6 0 R", ""), map.clone(), descendant.clone()])),
        ("a map to Unicode of itself", written(&[composite("/Identity-H", "/ToUnicode 6 0 R"), map, descendant])),
        (
            "a font of itself",
            written(&[bytes("<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [5 0 R] >>")]),
        ),
        ("a length that is its own", one_page("", "", bytes("<< /Length 4 0 R >>\nstream\nq Q\nendstream"), &[])),
        ("a reference to itself", pdf(&[CATALOGUE.to_vec(), bytes("2 0 R")])),
        ("references in a circle", pdf(&[CATALOGUE.to_vec(), bytes("3 0 R"), bytes("2 0 R")])),
    ]
}

/// Few bytes that ask for many.
pub(super) fn bombs() -> Vec<Case> {
    let spaces = vec![b' '; 100_000_000];
    let twice = packed(&packed(&spaces));
    let hidden = |filter: &str| one_page("", "", stream("/Filter 5 0 R", &twice), &[bytes(filter)]);
    let far = format!("/Note ({}) /Filter [/Fl /Fl]", " ".repeat(2000));
    let thrice = packed(&twice);
    let thrice =
        one_page("", "", stream("/Filter 5 0 R", &thrice), &[bytes("[/FlateDecode /FlateDecode /FlateDecode]")]);
    let runs = [0x81, b' '].repeat(10_000_000);
    let sampled = "/FunctionType 0 /Domain [0 1] /Range [0 1] /Size [2147483647] /BitsPerSample 32";
    let dimensions = format!(
        "/FunctionType 0 /Domain [{}] /Range [0 1] /Size [{}] /BitsPerSample 8",
        "0 1 ".repeat(32),
        "9 ".repeat(32)
    );
    let predicted =
        "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2147483647 /Colors 32 /BitsPerComponent 16 >>";
    let wide = |widths: &str| {
        written(&[
            bytes("<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R] >>"),
            bytes(format!("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X {widths} >>")),
        ])
    };
    let mapped = |ranges: &str| {
        let map = format!("begincmap 1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange {ranges} endcmap");
        written(&[
            bytes(
                "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding 6 0 R /DescendantFonts [7 0 R] /ToUnicode 6 0 R >>",
            ),
            stream("/Type /CMap /CMapName /M", map.as_bytes()),
            bytes("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X >>"),
        ])
    };
    vec![
        ("packed twice, said elsewhere", hidden("[/FlateDecode /FlateDecode]")),
        ("packed twice, said in other letters", hidden("[/Fl#61teDecode /Flate#44ecode]")),
        ("packed twice, said far away", one_page("", "", stream(&far, &twice), &[])),
        ("packed thrice", thrice),
        ("runs of runs", one_page("", "", stream("/Filter [/RL /RL /RL /RL]", &runs), &[])),
        ("a function of four billion samples", shaded(&[stream(sampled, b"")])),
        ("a function of thirty-two dimensions", shaded(&[stream(&dimensions, &[0; 1000])])),
        ("a row of two billion columns", one_page("", "", stream(predicted, &packed(b"\x02a")), &[])),
        ("a letter in four billion widths", wide("/W [0 4294967295 500]")),
        ("widths of letters below zero", wide("/W [-2147483648 2147483647 500] /DW2 [1 2]")),
        ("a map of four billion letters", mapped("1 begincidrange <00000000> <FFFFFFFF> 0 endcidrange")),
        ("a map of four billion texts", mapped("1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange")),
        (
            "a hundred million states",
            one_page("", "", stream("/Filter /FlateDecode", &packed(&b"q ".repeat(50_000_000))), &[]),
        ),
        (
            "a picture as wide as the moon",
            one_page("", "", stream("", b"BI /W 2147483647 /H 2147483647 /BPC 16 /CS /CMYK ID x EI"), &[]),
        ),
        (
            "a page named a million times",
            pdf(&[
                CATALOGUE.to_vec(),
                bytes(format!("<< /Type /Pages /Kids [{}] >>", "3 0 R ".repeat(1_000_000))),
                bytes("<< /Type /Page >>"),
            ]),
        ),
    ]
}

/// Directories, lengths and places that are wrong.
pub(super) fn lies() -> Vec<Case> {
    let whole = page(stream("", TEXT), &helvetica());
    let replaced = |from: &str, to: &str| {
        let at = memchr::memmem::rfind(&whole, from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    let head = b"%PDF-1.7\n".to_vec();
    let circle = bytes("%PDF-1.7\nxref\n0 0\ntrailer\n<< /Size 1 /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF");
    let mut chain = head.clone();
    let mut last = 0;
    for _ in 0..10_000 {
        let place = chain.len();
        chain.extend(format!("xref\n0 0\ntrailer\n<< /Size 1 /Root 1 0 R /Prev {last} >>\n").bytes());
        last = place;
    }
    chain.extend(format!("startxref\n{last}\n%%EOF").bytes());
    let directory = |entries: &str| {
        let object = stream(&format!("/Type /XRef /W [1 4 2] /Root 1 0 R {entries}"), &[1; 7]);
        [head.as_slice(), b"1 0 obj\n", &object, b"\nendobj\nstartxref\n9\n%%EOF"].concat()
    };
    let packed_objects = |entries: &str, data: &str| {
        let objects = [CATALOGUE.to_vec(), stream(&format!("/Type /ObjStm {entries}"), data.as_bytes())];
        [pdf(&objects), b"trailer << /Root 1 0 R >>".to_vec()].concat()
    };
    vec![
        ("a directory that is its own predecessor", circle),
        ("ten thousand directories", chain),
        ("a directory of four billion objects", replaced("xref\n0 6", "xref\n0 4294967295")),
        ("a directory packed, of two billion objects", directory("/Size 2147483647 /Index [0 2147483647]")),
        ("a directory with fields of a gigabyte", directory("/Size 9 /W [1073741824 1073741824 1073741824]")),
        ("objects that hold themselves", packed_objects("/N 1 /First 4", "2 0 2 0 R")),
        ("four billion objects in one", packed_objects("/N 4294967295 /First 4294967295", "1 0")),
        ("a stream longer than any disk", one_page("", "", bytes("<< /Length 9999999999999999999 >>\nstream\nq"), &[])),
        (
            "a stream of negative length",
            one_page("", "", bytes("<< /Length -2147483648 >>\nstream\nq\nendstream"), &[]),
        ),
        ("a directory that lies elsewhere", replaced("startxref\n", "startxref\n99999999999999999999")),
    ]
}
