//! Where other programs keep their models.

use std::path::PathBuf;

use paddock_hub::library::{Places, Source, Surroundings, System};

use super::{Computer, text_at};

/// Surroundings with some variables set.
fn with(computer: &Computer, variables: &[(&str, &str)]) -> Surroundings {
    let mut surroundings = computer.surroundings();
    surroundings.variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
    surroundings
}

fn of(places: &Places, source: Source) -> Vec<PathBuf> {
    places.iter().filter(|place| place.source == source).map(|place| place.path.clone()).collect()
}

#[test]
fn the_cache_of_hugging_face_is_where_its_variables_say_the_most_exact_first() {
    let computer = Computer::new();
    let home = computer.home();
    let cache = |variables: &[(&str, &str)]| with(&computer, variables).hugging_face_cache().unwrap();
    assert_eq!(cache(&[]), home.join(".cache/huggingface/hub"));
    assert_eq!(cache(&[("XDG_CACHE_HOME", "/x")]), PathBuf::from("/x/huggingface/hub"));
    assert_eq!(cache(&[("HF_HOME", "/hf"), ("XDG_CACHE_HOME", "/x")]), PathBuf::from("/hf/hub"));
    assert_eq!(cache(&[("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HOME", "/hf")]), PathBuf::from("/old"));
    assert_eq!(cache(&[("HF_HUB_CACHE", "/new"), ("HUGGINGFACE_HUB_CACHE", "/old")]), PathBuf::from("/new"));
    assert_eq!(cache(&[("HF_HUB_CACHE", "~/models")]), home.join("models"), "Python expands the tilde");
    assert_eq!(cache(&[("HF_HUB_CACHE", "")]), home.join(".cache/huggingface/hub"), "empty is not set");
}

#[test]
fn without_a_home_folder_there_is_just_paddocks_own() {
    let computer = Computer::new();
    for system in [System::Linux, System::Macos, System::Windows] {
        let surroundings = Surroundings { home: None, system, ..computer.surroundings() };
        assert_eq!(surroundings.hugging_face_cache(), None);
        let places = Places::find(&[computer.own()], &[], &surroundings);
        let of_a_home: Vec<_> = places.iter().filter(|place| !place.path.starts_with("/usr/share")).collect();
        assert_eq!(of_a_home.len(), 1, "{places:?}");
    }
}

#[test]
fn lm_studio_may_have_moved_its_home_and_its_models() {
    let computer = Computer::new();
    let home = computer.home();
    let (moved, chosen) = (computer.0.path("moved"), computer.0.path("chosen"));
    for folder in [moved.join("models"), home.join(".cache/lm-studio/models"), chosen.clone()] {
        std::fs::create_dir_all(folder).unwrap();
    }
    text_at(&home.join(".lmstudio-home-pointer"), &format!("{}\n", moved.display()));
    text_at(&moved.join("settings.json"), &serde_json::json!({ "downloadsFolder": chosen }).to_string());
    let places = computer.places(&[]);
    let expected = [chosen, moved.join("models"), home.join(".cache/lm-studio/models")];
    assert_eq!(of(&places, Source::LmStudio), expected);
}

#[test]
fn jan_names_its_data_folder_in_its_settings() {
    let computer = Computer::new();
    let data = computer.0.path("jan data");
    std::fs::create_dir_all(data.join("llamacpp/models")).unwrap();
    let settings = computer.home().join(".local/share/Jan/settings.json");
    text_at(&settings, &serde_json::json!({ "data_folder": data }).to_string());
    assert_eq!(of(&computer.places(&[]), Source::Jan), [data.join("llamacpp/models")]);
}

#[test]
fn settings_that_name_no_whole_path_move_nothing() {
    let computer = Computer::new();
    let usual = computer.home().join(".lmstudio/models");
    std::fs::create_dir_all(&usual).unwrap();
    for settings in [r#"{"downloadsFolder": "../.."}"#, r#"{"downloadsFolder": 7}"#, "{", "[]"] {
        text_at(&computer.home().join(".lmstudio/settings.json"), settings);
        assert_eq!(of(&computer.places(&[]), Source::LmStudio), std::slice::from_ref(&usual), "{settings}");
    }
}

#[test]
fn other_systems_have_other_folders() {
    let computer = Computer::new();
    let home = computer.home();
    for (system, folder) in [
        (System::Linux, ".cache/llama.cpp"),
        (System::Macos, "Library/Caches/llama.cpp"),
        (System::Windows, "AppData/Local/llama.cpp"),
    ] {
        let folder = home.join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let surroundings = Surroundings { system, ..computer.surroundings() };
        let places = Places::find(&[computer.own()], &[], &surroundings);
        assert_eq!(of(&places, Source::LlamaCpp), [folder]);
    }
}

#[test]
fn a_folder_that_a_program_has_is_not_looked_through_again_as_an_added_one() {
    let computer = Computer::new();
    let ollama = computer.home().join(".ollama/models");
    std::fs::create_dir_all(&ollama).unwrap();
    let places = computer.places(&[ollama, computer.own()]);
    std::fs::create_dir_all(computer.own()).unwrap();
    assert_eq!(places.iter().filter(|place| place.path.ends_with(".ollama/models")).count(), 1);
    assert_eq!(of(&computer.places(&[computer.own()]), Source::Folder), [] as [PathBuf; 0]);
}
