//! Headers and files of real size.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use paddock_gguf::write::{Builder, Data};
use paddock_gguf::{Limits, TensorType, read};

use crate::llama_70b::llama_70b;

#[test]
fn the_header_of_a_70b_model_is_read_without_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("70b.gguf");
    let length = llama_70b().write(File::create(&path).unwrap()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), length, "a hole at the end counts");
    assert!(length > 40_000_000_000, "the file is as long as the model: {length}");

    for limits in [Limits::default(), Limits::keeping_all_arrays()] {
        let mut file = Counting { file: File::open(&path).unwrap(), n_bytes: 0 };
        let header = read(&mut file, Some(length), &limits).unwrap();
        assert_eq!(header.parameter_count(), 70_553_706_560);
        assert_eq!(header.quantization(), Some("Q4_K_M"));
        assert_eq!(header.tensors.len(), 724);
        assert!((7_700_000..7_900_000).contains(&header.data_offset), "{} bytes of header", header.data_offset);
        // One buffer of 256 KiB may reach past the header.
        assert!(file.n_bytes <= header.data_offset + (256 << 10), "{} bytes were read", file.n_bytes);
        let shape = header.model_shape().unwrap();
        assert_eq!((shape.n_layer, shape.n_vocab, shape.n_embd_k_gqa(79)), (80, 128_256, 1_024));
    }
}

/// A file that counts the bytes read from it.
struct Counting {
    file: File,
    n_bytes: u64,
}

impl Read for Counting {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.file.read(into)?;
        self.n_bytes += n_bytes as u64;
        Ok(n_bytes)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn a_file_larger_than_memory_pieces_is_filled_piece_by_piece() {
    let mut largest = 0;
    let mut next = 0;
    let length = 5 << 20;
    let bytes = Builder::new()
        .tensor(
            "t",
            TensorType::I8,
            &[length],
            Data::Fill(Box::new(|offset, piece| {
                assert_eq!(offset, next, "pieces follow each other");
                next = offset + piece.len() as u64;
                largest = largest.max(piece.len());
                piece.fill(1);
            })),
        )
        .to_bytes()
        .unwrap();
    assert!(largest <= 1 << 20);
    assert_eq!(next, length);
    assert_eq!(bytes.iter().filter(|byte| **byte == 1).count() as u64, length + count_in_header(&bytes));
}

/// Ones that belong to the header, such as the count of tensors.
fn count_in_header(bytes: &[u8]) -> u64 {
    let header = read(Cursor::new(bytes), None, &Limits::default()).unwrap();
    bytes[..header.data_offset as usize].iter().filter(|byte| **byte == 1).count() as u64
}
