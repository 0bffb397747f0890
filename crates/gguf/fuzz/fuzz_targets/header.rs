//! Any bytes as a file: measured, as a stream, and fetched piece by piece from a source of any manners. All three
//! must agree, and what is accepted must answer every question.

#![no_main]

use std::io::{self, Cursor};

use libfuzzer_sys::fuzz_target;
use paddock_gguf::{Error, Header, Limits, Model, Part, RangeReader, RangeSource, read};

/// Gives at most so many bytes at once.
struct Slow<'a> {
    file: &'a [u8],
    at_once: usize,
}

impl RangeSource for Slow<'_> {
    fn read_range(&mut self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.file.get(offset..)).unwrap_or_default();
        let n_bytes = rest.len().min(into.len()).min(self.at_once);
        into[..n_bytes].copy_from_slice(&rest[..n_bytes]);
        Ok(n_bytes)
    }

    fn total_bytes(&mut self) -> io::Result<Option<u64>> {
        Ok(Some(self.file.len() as u64))
    }
}

fn ask(header: &Header, file_len: usize) {
    assert!(header.file_bytes() <= file_len as u64);
    for tensor in &header.tensors {
        assert!(tensor.offset_bytes.checked_add(tensor.n_bytes).is_some_and(|end| end <= file_len as u64));
    }
    let _ = (header.quantization(), header.parameter_count(), Part::of(header));
    if let Ok(shape) = header.model_shape() {
        for layer in 0..shape.n_layer as usize {
            let values = u64::from(shape.n_embd_k_gqa(layer)) + u64::from(shape.n_embd_v_gqa(layer));
            assert!(values <= 2 << 20);
        }
    }
    if let Ok(model) = Model::new(vec![header.clone()]) {
        assert!(model.weights_bytes() <= file_len as u64);
        assert_eq!(model.tensor_count(), header.tensors.len());
    }
    assert!(header.tensors.is_empty() || Model::new(vec![header.clone(), header.clone()]).is_err());
}

/// As text, since NaN is not equal to itself.
fn shown(result: &Result<Header, Error>) -> String {
    match result {
        Ok(header) => format!("{:?} {:?}", header.metadata.iter().collect::<Vec<_>>(), header.tensors),
        Err(error) => error.to_string(),
    }
}

fuzz_target!(|file: &[u8]| {
    let limits = Limits { keep_arrays_up_to: 64, ..Limits::default() };
    let measured = read(Cursor::new(file), Some(file.len() as u64), &limits);
    let stream = read(Cursor::new(file), None, &limits);
    let at_once = file.len() / 16 + 1;
    let fetched = RangeReader::new(Slow { file, at_once }).header(&limits);
    if let Ok(header) = &measured {
        ask(header, file.len());
        assert_eq!(shown(&stream), shown(&measured));
    }
    assert_eq!(shown(&fetched), shown(&measured));
});
