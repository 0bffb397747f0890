//! What is written is read back.

use std::io::Cursor;

use paddock_gguf::write::{Builder, Data, Error as WriteError};
use paddock_gguf::{Array, Limits, TensorType, Value, ValueType, read};
use proptest::prelude::*;

fn single(value_type: ValueType) -> BoxedStrategy<Value> {
    match value_type {
        ValueType::U8 => any::<u8>().prop_map(Value::from).boxed(),
        ValueType::I8 => any::<i8>().prop_map(Value::from).boxed(),
        ValueType::U16 => any::<u16>().prop_map(Value::from).boxed(),
        ValueType::I16 => any::<i16>().prop_map(Value::from).boxed(),
        ValueType::U32 => any::<u32>().prop_map(Value::from).boxed(),
        ValueType::I32 => any::<i32>().prop_map(Value::from).boxed(),
        ValueType::F32 => any::<f32>().prop_map(Value::from).boxed(),
        ValueType::Bool => any::<bool>().prop_map(Value::from).boxed(),
        ValueType::U64 => any::<u64>().prop_map(Value::from).boxed(),
        ValueType::I64 => any::<i64>().prop_map(Value::from).boxed(),
        ValueType::F64 => any::<f64>().prop_map(Value::from).boxed(),
        ValueType::String | ValueType::Array => ".{0,20}".prop_map(Value::from).boxed(),
    }
}

fn single_type() -> impl Strategy<Value = ValueType> {
    (0_u32..13)
        .prop_filter_map("arrays come apart", ValueType::from_id)
        .prop_filter("arrays come apart", |value_type| *value_type != ValueType::Array)
}

fn value() -> impl Strategy<Value = Value> {
    let array = single_type().prop_flat_map(|value_type| {
        prop::collection::vec(single(value_type), 0..40)
            .prop_map(move |elements| Value::Array(Box::new(Array::new(value_type, elements))))
    });
    prop_oneof![single_type().prop_flat_map(single), array]
}

/// A type, the number of blocks in a row, and further dimensions.
fn tensor() -> impl Strategy<Value = (TensorType, Vec<u64>)> {
    let types: Vec<TensorType> = TensorType::all().collect();
    (prop::sample::select(types), 0_u64..3, prop::collection::vec(0_u64..4, 0..4)).prop_map(
        |(tensor_type, blocks, further)| {
            let mut dimensions = vec![blocks * tensor_type.block_values()];
            dimensions.extend(further);
            (tensor_type, dimensions)
        },
    )
}

/// Values compared as the file stores them: NaN equals itself, and an array's place in the file is
/// not known before it is written.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::F32(l), Value::F32(r)) => l.to_bits() == r.to_bits(),
        (Value::F64(l), Value::F64(r)) => l.to_bits() == r.to_bits(),
        (Value::Array(l), Value::Array(r)) => {
            let (Some(l_elements), Some(r_elements)) = (&l.elements, &r.elements) else {
                return false;
            };
            l.element_type == r.element_type
                && l.len == r.len
                && l_elements.len() == r_elements.len()
                && l_elements.iter().zip(r_elements).all(|(l, r)| same(l, r))
        }
        _ => left == right,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        metadata in prop::collection::btree_map("[a-z.]{1,12}", value(), 0..12),
        tensors in prop::collection::btree_map("[a-z.0-9]{1,40}", tensor(), 0..8),
        alignment in prop::sample::select(vec![1_u32, 8, 32, 64, 4096]),
    ) {
        let mut builder = Builder::new().metadata("general.alignment", alignment);
        for (key, value) in &metadata {
            builder = builder.metadata(key, value.clone());
        }
        for (index, (name, (tensor_type, dimensions))) in tensors.iter().enumerate() {
            let data = match index % 3 {
                0 => Data::Zeros,
                1 => Data::Hole,
                _ => Data::Fill(Box::new(|_, piece| piece.fill(9))),
            };
            builder = builder.tensor(name, *tensor_type, dimensions, data);
        }
        let bytes = builder.to_bytes().unwrap();
        let header = read(Cursor::new(&bytes), Some(bytes.len() as u64), &Limits::default()).unwrap();

        prop_assert_eq!(header.metadata.len(), metadata.len() + 1);
        for ((key, value), (read_key, read_value)) in metadata.iter().zip(header.metadata.iter().skip(1)) {
            prop_assert_eq!(key, read_key);
            prop_assert!(same(value, read_value), "{:?} became {:?}", value, read_value);
        }
        prop_assert_eq!(header.alignment_bytes, alignment);
        prop_assert_eq!(header.data_offset % u64::from(alignment), if tensors.is_empty() { header.data_offset % u64::from(alignment) } else { 0 });
        prop_assert_eq!(header.tensors.len(), tensors.len());
        for ((name, (tensor_type, dimensions)), read) in tensors.iter().zip(&header.tensors) {
            prop_assert_eq!(name, &read.name);
            prop_assert_eq!(*tensor_type, read.tensor_type);
            prop_assert_eq!(&dimensions[..], read.shape.dimensions());
            prop_assert_eq!(dimensions.iter().product::<u64>(), read.values());
        }
        prop_assert!(header.file_bytes() <= bytes.len() as u64);
    }
}

#[test]
fn data_lands_where_the_header_says() {
    let fill: Vec<u8> = (0..40).collect();
    let bytes = Builder::new()
        .tensor("a", TensorType::F32, &[10], Data::Bytes(fill.clone()))
        .tensor(
            "b",
            TensorType::I8,
            &[3],
            Data::Fill(Box::new(|offset, piece| {
                for (place, byte) in piece.iter_mut().enumerate() {
                    *byte = 100 + offset as u8 + place as u8;
                }
            })),
        )
        .to_bytes()
        .unwrap();
    let header = read(Cursor::new(&bytes), Some(bytes.len() as u64), &Limits::default()).unwrap();
    let part = |index: usize| {
        let tensor = &header.tensors[index];
        let start = (header.data_offset + tensor.offset_bytes) as usize;
        &bytes[start..start + tensor.n_bytes as usize]
    };
    assert_eq!(part(0), fill);
    assert_eq!(part(1), [100, 101, 102]);
    assert_eq!(header.tensors[1].offset_bytes, 64);
    assert_eq!(bytes.len() as u64, header.data_offset + 96, "the last tensor is padded too");
}

#[test]
fn arrays_above_the_limit_keep_their_place_only() {
    let tokens: Vec<String> = (0..50).map(|n| format!("token {n}")).collect();
    let bytes = Builder::new().metadata("tokens", tokens.clone()).metadata("after", 7_u8).to_bytes().unwrap();
    let limits = Limits { keep_arrays_up_to: 49, ..Limits::default() };
    let header = read(Cursor::new(&bytes), Some(bytes.len() as u64), &limits).unwrap();
    let array = header.metadata.array("tokens").unwrap().unwrap();
    assert_eq!((array.len, array.element_type), (50, ValueType::String));
    assert!(array.elements.is_none());
    let place = &bytes[array.file_range.start as usize..array.file_range.end as usize];
    assert!(place.ends_with(b"token 49"));
    assert_eq!(place.len(), tokens.iter().map(|token| 8 + token.len()).sum::<usize>());
    assert_eq!(header.metadata.u64("after").unwrap(), Some(7));

    let small = Limits { keep_elements: 10, ..Limits::default() };
    let header = read(Cursor::new(&bytes), None, &small).unwrap();
    assert!(header.metadata.array("tokens").unwrap().unwrap().elements.is_none());
    let all = read(Cursor::new(&bytes), None, &Limits::keeping_all_arrays()).unwrap();
    assert!(all.metadata.array("tokens").unwrap().unwrap().elements.is_some());
}

#[test]
fn a_value_of_another_type_is_told_apart_from_a_missing_one() {
    let bytes = Builder::new().metadata("k", "text").metadata("n", -1_i32).to_bytes().unwrap();
    let header = read(Cursor::new(&bytes), None, &Limits::default()).unwrap();
    assert_eq!(header.metadata.u64("missing"), Ok(None));
    let error = header.metadata.u64("k").expect_err("text is no number");
    assert_eq!(error.to_string(), "The metadata entry “k” is text, and a whole number is needed.");
    assert!(header.metadata.u64("n").is_err(), "a negative number is no count");
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let wrong_length = Builder::new().tensor("t", TensorType::F32, &[2], Data::Bytes(vec![0; 7]));
    assert!(matches!(wrong_length.to_bytes(), Err(WriteError::WrongLength { needed_bytes: 8, have_bytes: 7, .. })));
    let partial = Builder::new().tensor("t", TensorType::Q4_K, &[100], Data::Zeros);
    assert!(matches!(partial.to_bytes(), Err(WriteError::Tensor(_))));
    let five = Builder::new().tensor("t", TensorType::F32, &[1; 5], Data::Zeros);
    assert!(matches!(five.to_bytes(), Err(WriteError::TooManyDimensions { found: 5, .. })));
    let mixed = Array::new(ValueType::U8, vec![Value::U8(1), Value::U16(2)]);
    let mixed = Builder::new().metadata("k", Value::Array(Box::new(mixed)));
    assert!(matches!(mixed.to_bytes(), Err(WriteError::BadArray { .. })));
    let alignment = Builder::new().metadata("general.alignment", 3_u32);
    assert!(matches!(alignment.to_bytes(), Err(WriteError::BadAlignment)));
    let huge = Builder::new().tensor("a", TensorType::F64, &[1 << 59], Data::Hole).tensor(
        "b",
        TensorType::F64,
        &[1 << 59],
        Data::Hole,
    );
    assert!(matches!(huge.to_bytes(), Err(WriteError::TooLarge)));
}
