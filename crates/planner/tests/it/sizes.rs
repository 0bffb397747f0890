//! File sizes of every quantization, against those that are published.

use paddock_planner::{catalogue, quant};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    quant: String,
    file_bytes: u64,
    layer_bytes: Vec<(u64, usize)>,
    token_embd_bytes: u64,
    output_bytes: u64,
    published_gb: Option<f64>,
}

fn rows() -> Vec<Row> {
    serde_json::from_str(include_str!("../data/llama-3.3-70b-sizes.json")).unwrap()
}

#[test]
fn every_layer_of_every_quantization_of_the_70b_has_its_known_size() {
    let model = catalogue::model("llama-3.3-70b").unwrap();
    for row in rows() {
        let weights = model.weights(&row.quant).unwrap();
        let known: Vec<u64> = row.layer_bytes.iter().flat_map(|(bytes, n)| vec![*bytes; *n]).collect();
        let ours: Vec<u64> = weights.layers.iter().map(|layer| layer.bytes()).collect();
        assert_eq!(ours, known, "{}", row.quant);
        assert_eq!(weights.embedding.bytes(), row.token_embd_bytes, "{}: embeddings", row.quant);
        assert_eq!(weights.output.matrices.total(), row.output_bytes, "{}: output", row.quant);
    }
}

#[test]
fn file_sizes_agree_with_the_published_ones_to_a_hundredth_of_a_gigabyte() {
    let model = catalogue::model("llama-3.3-70b").unwrap();
    let mut published = 0;
    for row in rows() {
        let ours = model.weights(&row.quant).unwrap().file_bytes;
        assert!(ours.abs_diff(row.file_bytes) < 5_000_000, "{}: {ours} and {}", row.quant, row.file_bytes);
        if let Some(gb) = row.published_gb {
            published += 1;
            assert!((ours as f64 / 1e9 - gb).abs() <= 0.011, "{}: {ours} and {gb} GB", row.quant);
        }
    }
    assert_eq!(published, 15);
}

#[test]
fn the_models_of_the_catalogue_have_as_many_weights_as_their_names_say() {
    let known = [
        ("llama-3.3-70b", 70.55),
        ("llama-3.2-1b", 1.236),
        ("llama-3.2-3b", 3.213),
        ("llama-3.1-8b", 8.030),
        ("llama-4-scout", 107.77),
        ("gemma-3-27b", 27.01),
    ];
    assert_eq!(known.len(), catalogue::models().len());
    for (id, billions) in known {
        let weights = catalogue::model(id).unwrap().weights("Q4_K_M").unwrap();
        let ours = weights.n_params as f64 / 1e9;
        assert!((ours / billions - 1.0).abs() < 0.001, "{id}: {ours}");
        for quant in quant::all().iter().filter(|quant| quant.loadable()) {
            assert!(catalogue::model(id).unwrap().weights(&quant.name).is_some(), "{id} {}", quant.name);
        }
    }
}
