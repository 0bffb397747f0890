//! Folders that are made to do harm.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use paddock_hub::library::Source;

use super::{Computer, model_at, named, text_at};

#[test]
fn links_in_circles_and_out_of_the_folder_end_and_list_nothing_twice() {
    let computer = Computer::new();
    let folder = computer.own().join("owner/name");
    model_at(&folder.join("model.gguf"), named("One"));
    // Each more of them would make every folder be gone through once more at every depth.
    for number in 0..8 {
        symlink(".", folder.join(format!("here {number}"))).unwrap();
    }
    symlink("../..", folder.join("up")).unwrap();
    symlink("/", folder.join("root")).unwrap();
    symlink("loop.gguf", folder.join("loop.gguf")).unwrap();
    symlink("model.gguf", folder.join("again.gguf")).unwrap();
    symlink("/nowhere", folder.join("nowhere.gguf")).unwrap();
    let found = computer.found();
    assert_eq!(found.models.len(), 1, "{found:?}");
    assert_eq!(found.places[0].problem, None, "each folder is gone through once");
}

#[test]
fn what_has_the_name_of_a_model_and_is_no_file_is_not_touched() {
    let computer = Computer::new();
    let folder = computer.own().join("owner/name");
    fs::create_dir_all(folder.join("folder.gguf")).unwrap();
    // Opening it would wait for a writer for ever.
    assert!(Command::new("mkfifo").arg(folder.join("pipe.gguf")).status().unwrap().success());
    symlink("/dev/zero", folder.join("zero.gguf")).unwrap();
    assert_eq!(computer.found().models, []);
}

#[test]
fn a_link_to_a_file_of_the_system_shows_nothing_of_it() {
    let computer = Computer::new();
    fs::create_dir_all(computer.own().join("owner/name")).unwrap();
    symlink("/etc/passwd", computer.own().join("owner/name/model.gguf")).unwrap();
    let found = computer.found();
    let problem = found.models[0].problem.as_deref().unwrap();
    assert!(problem.contains("“model.gguf” is not a GGUF model"), "{problem}");
    assert!(!format!("{found:?}").contains("root:"));
}

#[test]
fn a_name_with_control_characters_is_shown_in_one_line() {
    let computer = Computer::new();
    model_at(&computer.own().join("owner/name/two\nlines\u{1b}[31m.gguf"), named("Two\nlines\u{7}"));
    text_at(&computer.own().join("owner/name/bro\nken.gguf"), "text");
    for model in computer.found().models {
        let problem = model.problem.unwrap_or_default();
        assert!(!model.name.chars().chain(problem.chars()).any(char::is_control), "{:?} {problem:?}", model.name);
    }
}

#[test]
fn a_huge_manifest_is_not_read() {
    let computer = Computer::new();
    let manifests = computer.home().join(".ollama/models/manifests/registry.ollama.ai/library/huge");
    fs::create_dir_all(&manifests).unwrap();
    fs::File::create(manifests.join("latest")).unwrap().set_len(100_000_000).unwrap();
    assert!(Command::new("mkfifo").arg(manifests.join("pipe")).status().unwrap().success());
    text_at(&manifests.join("nested"), &"[".repeat(100_000));
    assert_eq!(computer.found().models, []);
}

#[test]
fn a_closed_folder_is_told_and_hides_nothing_else() {
    let computer = Computer::new();
    let own = computer.own();
    model_at(&own.join("owner/name/model.gguf"), named("One"));
    let closed = own.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_open_to_root = fs::read_dir(&closed).is_ok();
    let found = computer.found();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found.models.len(), 1);
    let place = found.places.iter().find(|looked| looked.place.source == Source::Paddock).unwrap();
    assert_eq!(place.problem.is_none(), is_open_to_root, "{place:?}");
}

#[test]
fn folders_deeper_than_any_layout_are_left_out() {
    let computer = Computer::new();
    let deep: std::path::PathBuf = std::iter::repeat_n("deeper", 40).collect();
    model_at(&computer.own().join(deep).join("model.gguf"), named("Deep"));
    model_at(&computer.own().join("owner/name/model.gguf"), named("One"));
    assert_eq!(computer.found().models.len(), 1);
}
