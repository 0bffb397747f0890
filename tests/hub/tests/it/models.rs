//! Made-up models.

use std::io::Cursor;

use paddock_gguf::{Header, Limits, ModelShape, Part};
use paddock_test_hub::Content;
use sha2::{Digest, Sha256};

fn header(content: &Content) -> Header {
    paddock_gguf::read(Cursor::new(content.to_vec()), Some(content.len()), &Limits::default()).unwrap()
}

#[test]
fn a_made_up_model_is_one_that_the_app_accepts_and_fills_its_file() {
    for size_bytes in [100_000, 1_000_001, 7 << 20] {
        let content = Content::model(7, size_bytes);
        assert!(content.len() <= size_bytes && content.len() + 32 > size_bytes, "{} of {size_bytes}", content.len());
        let header = header(&content);
        assert_eq!(header.file_bytes(), content.len());
        ModelShape::from_metadata(&header.metadata).unwrap();
    }
}

#[test]
fn the_smallest_model_is_still_a_model() {
    ModelShape::from_metadata(&header(&Content::model(7, 0)).metadata).unwrap();
}

#[test]
fn any_piece_of_a_made_up_model_is_the_same_as_in_the_whole() {
    let content = Content::model(7, 200_000);
    let whole = content.to_vec();
    for (offset, length) in [(0, 7), (1, 5000), (1400, 300), (9999, 1), (10_001, 2), (12_345, 77_777)] {
        let mut piece = vec![0; length];
        content.read(offset as u64, &mut piece);
        assert_eq!(piece, whole[offset..offset + length], "{length} bytes at {offset}");
    }
}

#[test]
fn no_two_places_and_no_two_seeds_have_the_same_bytes() {
    let (one, other) = (Content::model(1, 100_000).to_vec(), Content::model(2, 100_000).to_vec());
    let mut pieces: Vec<&[u8]> = one[4096..].chunks_exact(16).chain(other[4096..].chunks_exact(16)).collect();
    let n_pieces = pieces.len();
    pieces.sort_unstable();
    pieces.dedup();
    assert_eq!(pieces.len(), n_pieces);
}

#[test]
fn twenty_gigabytes_cost_nothing_to_make() {
    let content = Content::model(1, 20 << 30);
    let mut end = [0; 64];
    content.read(content.len() - 64, &mut end);
    assert_ne!(end, [0; 64]);
}

#[test]
fn the_checksum_is_that_of_the_bytes_wherever_they_are() {
    let bytes = Content::model(3, 3 << 20).to_vec();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let expected = format!("{:x}", Sha256::digest(&bytes));
    assert_eq!(Content::model(3, 3 << 20).sha256(), expected);
    assert_eq!(Content::disk(file.path()).sha256(), expected);
    assert_eq!(Content::bytes(bytes).sha256(), expected);
}

#[test]
fn the_parts_of_a_split_model_belong_together() {
    let headers: Vec<_> = Content::split_model(1, 50_000, 3).iter().map(header).collect();
    assert_eq!(Part::of(&headers[1]).unwrap(), Some(Part { number: 2, count: 3 }));
    paddock_gguf::Model::new(headers).unwrap();
}
