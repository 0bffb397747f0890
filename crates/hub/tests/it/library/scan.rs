//! What is found in the folders of each program.

use std::fs;
use std::path::{Path, PathBuf};

use paddock_gguf::TensorType;
use paddock_gguf::write::{Builder, Data};
use paddock_hub::library::{Memory, Source, Verified, duplicates, scan};

use super::{Computer, model_at, named, receipt_of, sha256, text_at, unnamed};
use crate::{metadata, weights};

/// Two parts of one model.
fn two_parts(folder: &Path) -> Vec<PathBuf> {
    let parts = (0..2_u16).map(|number| {
        let builder = if number == 0 { metadata() } else { Builder::new() };
        let name = format!("blk.{number}.weight");
        let builder = builder
            .metadata("split.no", number)
            .metadata("split.count", 2_u16)
            .metadata("split.tensors.count", 2_i32)
            .tensor(name, TensorType::Q4_K, &[256, 4], Data::Zeros);
        model_at(&folder.join(format!("Big-{:05}-of-00002.gguf", number + 1)), builder)
    });
    parts.collect()
}

/// A file in Hugging Face's cache, as Python puts it there.
#[cfg(unix)]
fn in_hugging_face_cache(computer: &Computer, commit: &str, name: &str) -> PathBuf {
    let folder = computer.home().join(".cache/huggingface/hub/models--owner--name-GGUF");
    let new = model_at(&folder.join("blobs/new"), named(name));
    let blob = folder.join("blobs").join(sha256(&new));
    fs::rename(new, &blob).unwrap();
    let entry = folder.join("snapshots").join(commit).join(format!("{name}.gguf"));
    fs::create_dir_all(entry.parent().unwrap()).unwrap();
    let way = Path::new("../../blobs").join(blob.file_name().unwrap());
    std::os::unix::fs::symlink(way, &entry).unwrap();
    entry
}

#[test]
fn a_finished_download_is_found_with_its_repository() {
    let computer = Computer::new();
    let file = model_at(&computer.own().join("owner/name-GGUF/model-Q4_K_M.gguf"), named("One"));
    receipt_of(&file).write_beside(&file).unwrap();
    let found = computer.found();
    let [model] = &found.models[..] else { panic!("{found:?}") };
    assert_eq!((&model.path, model.name.as_str(), model.source), (&file, "One", Source::Paddock));
    assert_eq!(model.repo.as_deref(), Some("owner/name-GGUF"));
    assert_eq!(model.verified, Verified::Verified);
    assert_eq!((model.problem.as_deref(), model.size_bytes), (None, fs::metadata(&file).unwrap().len()));
    assert_eq!((found.places[0].n_models, found.places[0].problem.as_deref()), (1, None));
}

#[test]
fn a_file_that_changed_after_it_was_verified_says_so() {
    let computer = Computer::new();
    let file = model_at(&computer.own().join("owner/name-GGUF/model.gguf"), named("One"));
    receipt_of(&file).write_beside(&file).unwrap();
    let longer = fs::File::options().append(true).open(&file).unwrap();
    longer.set_len(fs::metadata(&file).unwrap().len() + 1).unwrap();
    assert_eq!(computer.found().models[0].verified, Verified::Changed);
}

#[test]
fn what_is_still_being_downloaded_and_what_was_deleted_is_not_listed() {
    let computer = Computer::new();
    let own = computer.own();
    model_at(&own.join("owner/name/model.gguf.part"), named("Half"));
    text_at(&own.join("owner/name/model.gguf.part.journal"), "journal");
    text_at(&own.join("owner/name/.paddock/model.gguf.lock"), "");
    model_at(&own.join(".paddock/trash/1/0.gguf"), named("Deleted"));
    assert_eq!(computer.found().models, []);
}

#[test]
fn a_split_model_is_one_entry_and_without_a_part_an_incomplete_one() {
    let computer = Computer::new();
    let parts = two_parts(&computer.own().join("owner/name"));
    let found = computer.found();
    let [model] = &found.models[..] else { panic!("{found:?}") };
    assert_eq!((model.parts.len(), model.problem.as_deref(), &model.path), (2, None, &parts[0]));
    for missing in [0, 1] {
        let aside = computer.0.path("aside");
        fs::rename(&parts[missing], &aside).unwrap();
        let found = computer.found();
        let [model] = &found.models[..] else { panic!("{found:?}") };
        assert_eq!(model.parts.len(), 1, "what is there");
        let problem = model.problem.as_deref().unwrap();
        assert!(problem.contains("is missing") && problem.contains("2 files"), "{problem}");
        fs::rename(aside, &parts[missing]).unwrap();
    }
}

#[test]
fn the_image_part_of_a_model_and_an_adapter_are_not_models() {
    let computer = Computer::new();
    let own = computer.own();
    model_at(&own.join("owner/name/mmproj-model-f16.gguf"), named("By its name"));
    model_at(&own.join("owner/name/model.imatrix.gguf"), named("By its name"));
    let adapter = Builder::new().metadata("general.architecture", "llama").metadata("general.type", "adapter");
    model_at(&own.join("owner/name/adapter.gguf"), adapter);
    let clip = Builder::new().metadata("general.architecture", "clip");
    model_at(&own.join("owner/name/vision.gguf"), clip);
    assert_eq!(computer.found().models, []);
}

#[test]
fn a_cut_model_is_listed_with_what_is_wrong() {
    let computer = Computer::new();
    let file = model_at(&computer.own().join("owner/name/model-Q4_K_M.gguf"), named("One"));
    let cut = fs::File::options().write(true).open(&file).unwrap();
    cut.set_len(fs::metadata(&file).unwrap().len() - 600).unwrap();
    let found = computer.found();
    assert_eq!(found.models[0].quant.as_deref(), Some("Q4_K_M"), "from its name");
    let problem = found.models[0].problem.as_deref().unwrap();
    assert!(problem.contains("is not complete"), "{problem}");
}

#[test]
#[cfg(unix)]
fn hugging_faces_cache_tells_repository_path_and_checksum_and_two_commits_are_one_file() {
    let computer = Computer::new();
    let (older, newer) = ("1".repeat(40), "2".repeat(40));
    in_hugging_face_cache(&computer, &older, "Model");
    let entry = in_hugging_face_cache(&computer, &newer, "Model");
    text_at(&computer.home().join(".cache/huggingface/hub/models--owner--name-GGUF/refs/main"), &newer);
    let found = computer.found();
    let [model] = &found.models[..] else { panic!("{found:?}") };
    assert_eq!((model.source, &model.path), (Source::HuggingFace, &entry), "as the branch has it");
    assert_eq!(model.repo.as_deref(), Some("owner/name-GGUF"));
    assert_eq!(model.parts[0].repo_path.as_deref(), Some("Model.gguf"));
    assert_eq!(model.parts[0].sha256.as_deref(), Some(sha256(&entry).as_str()));
    assert_eq!(model.verified, Verified::Unverified);
}

#[test]
fn a_cache_without_links_is_read_too() {
    let computer = Computer::new();
    let snapshot = computer.home().join(".cache/huggingface/hub/models--owner--name/snapshots").join("3".repeat(40));
    model_at(&snapshot.join("sub/model.gguf"), named("Copied"));
    let found = computer.found();
    assert_eq!(found.models[0].repo.as_deref(), Some("owner/name"));
    assert_eq!(found.models[0].parts[0].repo_path.as_deref(), Some("sub/model.gguf"));
    assert_eq!(found.models[0].verified, Verified::NoChecksum);
}

/// A model of Ollama with this manifest; `DIGEST` in it stands for the digest. Returns the blob.
fn in_ollama(computer: &Computer, tag: &str, manifest: &str) -> PathBuf {
    let root = computer.home().join(".ollama/models");
    let new = model_at(&root.join("blobs/new"), named("Llama 3.3"));
    let digest = sha256(&new);
    let blob = root.join("blobs").join(format!("sha256-{digest}"));
    fs::rename(new, &blob).unwrap();
    text_at(&root.join("manifests/registry.ollama.ai").join(tag), &manifest.replace("DIGEST", &digest));
    blob
}

const MANIFEST: &str = r#"{ "schemaVersion": 2, "layers": [
    { "mediaType": "application/vnd.ollama.image.template", "digest": "sha256:00", "size": 1 },
    { "mediaType": "application/vnd.ollama.image.model", "digest": "sha256:DIGEST", "size": 1 } ] }"#;

#[test]
fn ollamas_blobs_are_found_by_their_manifests() {
    let computer = Computer::new();
    let blob = in_ollama(&computer, "library/llama3.3/latest", MANIFEST);
    in_ollama(&computer, "library/llama3.3/70b", MANIFEST);
    let found = computer.found();
    let [model] = &found.models[..] else { panic!("one file with two tags: {found:?}") };
    assert_eq!((model.name.as_str(), model.source, &model.path), ("llama3.3:70b", Source::Ollama, &blob));
    assert_eq!(model.verified, Verified::Unverified);
    assert!(blob.ends_with(format!("sha256-{}", model.parts[0].sha256.as_deref().unwrap())));
}

#[test]
fn a_blob_without_a_manifest_is_not_a_model() {
    let computer = Computer::new();
    in_ollama(&computer, "library/llama3.3/latest", "{}");
    assert_eq!(computer.found().models, []);
}

#[test]
fn a_digest_that_is_a_path_is_refused() {
    let computer = Computer::new();
    model_at(&computer.home().join(".ollama/models/secret.gguf"), named("Outside"));
    // Through this folder the digest leads out of the blobs.
    fs::create_dir_all(computer.home().join(".ollama/models/blobs/sha256-x")).unwrap();
    for digest in ["sha256:x/../../secret.gguf", "sha256-x/../../secret.gguf", "../secret.gguf", "sha256:DIGEST/x"] {
        let manifest = MANIFEST.replace("sha256:DIGEST", digest);
        in_ollama(&computer, "library/evil/latest", &manifest);
        assert_eq!(computer.found().models, [], "{digest}");
    }
}

#[test]
fn jans_models_are_named_by_their_folders_and_imported_ones_by_their_notes() {
    let computer = Computer::new();
    let data = computer.home().join(".local/share/Jan/data");
    model_at(&data.join("llamacpp/models/owner/Llama-3/model.gguf"), weights(unnamed()));
    text_at(
        &data.join("llamacpp/models/owner/Llama-3/model.yml"),
        "model_path: llamacpp/models/owner/Llama-3/model.gguf\nname: x\n",
    );
    let imported = model_at(&computer.0.path("elsewhere/imported.gguf"), named("Imported"));
    let note = format!("name: imported\nmodel_path: {}\n", imported.display());
    text_at(&data.join("llamacpp/models/imported/model.yml"), &note);
    text_at(&data.join("llamacpp/models/climbs/model.yml"), "model_path: ../../../../../elsewhere/other.gguf\n");
    model_at(&computer.0.path("elsewhere/other.gguf"), named("Not reached"));
    let mut names: Vec<_> = computer.found().models.into_iter().map(|model| model.name).collect();
    names.sort();
    assert_eq!(names, ["Imported", "Llama-3"]);
}

#[test]
fn llama_cpps_older_cache_notes_where_a_file_comes_from() {
    let computer = Computer::new();
    let cache = computer.home().join(".cache/llama.cpp");
    let file = model_at(&cache.join("owner_name-GGUF_model.gguf"), named("One"));
    let note = r#"{"url": "https://huggingface.co/owner/name-GGUF/resolve/main/model.gguf", "etag": "x"}"#;
    text_at(&cache.join("owner_name-GGUF_model.gguf.json"), note);
    let found = computer.found();
    assert_eq!((&found.models[0].path, found.models[0].source), (&file, Source::LlamaCpp));
    assert_eq!(found.models[0].repo.as_deref(), Some("owner/name-GGUF"));
    assert_eq!(found.models[0].parts[0].repo_path.as_deref(), Some("model.gguf"));
}

#[test]
fn a_second_scan_opens_only_what_changed() {
    let computer = Computer::new();
    for number in 0..20 {
        model_at(&computer.own().join(format!("owner/name/model-{number}.gguf")), named("One"));
    }
    let (places, receipts, mut memory) = (computer.places(&[]), computer.receipts(&[]), Memory::default());
    let mut opened = || scan(&places, &receipts, &mut memory, &|| false).unwrap().n_opened;
    assert_eq!(opened(), 20);
    assert_eq!(opened(), 0);
    model_at(&computer.own().join("owner/name/model-7.gguf"), named("Another name"));
    assert_eq!(opened(), 1);
}

#[test]
fn a_scan_can_be_given_up() {
    let computer = Computer::new();
    model_at(&computer.own().join("owner/name/model.gguf"), named("One"));
    assert_eq!(scan(&computer.places(&[]), &computer.receipts(&[]), &mut Memory::default(), &|| true), None);
}

#[test]
fn the_same_content_twice_is_named_with_the_room_it_takes_and_a_link_is_not() {
    let computer = Computer::new();
    let one = model_at(&computer.own().join("owner/name/one.gguf"), named("One"));
    let added = computer.0.path("added");
    fs::create_dir(&added).unwrap();
    let copy = added.join("copy.gguf");
    fs::copy(&one, &copy).unwrap();
    fs::hard_link(&one, added.join("link.gguf")).unwrap();
    for file in [&one, &copy] {
        receipt_of(file).write_beside(file).unwrap();
    }
    let found = computer.scan(&[added]);
    let twice = duplicates(&found.models);
    let [group] = &twice[..] else { panic!("{twice:?}") };
    assert_eq!(group.paths, [one.clone(), copy]);
    assert_eq!(group.wasted_bytes, fs::metadata(&one).unwrap().len());
    let one_file = [found.models[0].clone(), found.models[0].clone()];
    assert_eq!(duplicates(&one_file), [], "two paths to one file take its room once");
    if cfg!(unix) {
        assert_eq!(found.models.len(), 2, "the link is not listed again: {found:?}");
    }
}

#[test]
fn an_added_folder_that_is_not_there_says_so() {
    let computer = Computer::new();
    let gone = computer.0.path("unplugged");
    let found = computer.scan(std::slice::from_ref(&gone));
    let place = found.places.iter().find(|looked| looked.place.path == gone).unwrap();
    let problem = place.problem.as_deref().unwrap();
    assert!(problem.contains("unplugged") && problem.contains("Check"), "{problem}");
}
