//! The hostile files of `corpus`: each is refused for the reason it was made for.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use paddock_gguf::{Error, Limits, Model, PartName, read};

use crate::corpus::corpus;
use crate::raw::Raw;

/// Rewrites the files when set, after a case was added or changed.
const WRITE: &str = "PADDOCK_WRITE_CORPUS";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(format!("{name}.gguf"))
}

#[test]
fn the_files_on_disk_are_the_ones_made_here() {
    if std::env::var_os(WRITE).is_some() {
        for (name, bytes, _) in corpus() {
            fs::write(path(name), bytes).unwrap();
        }
    }
    for (name, bytes, _) in corpus() {
        assert_eq!(fs::read(path(name)).ok(), Some(bytes), "{name} differs: run the tests once with {WRITE}=1");
    }
    let on_disk = fs::read_dir(path("x").parent().unwrap()).unwrap().count();
    assert_eq!(on_disk, corpus().len(), "a file is there that no case makes");
}

#[test]
fn every_hostile_file_is_refused_for_its_reason() {
    let mut first_part = None;
    for (name, bytes, words) in corpus() {
        let whole = || -> Result<(), Error> {
            let header = read(Cursor::new(&bytes), Some(bytes.len() as u64), &Limits::default())?;
            match PartName::parse(&format!("{name}.gguf")).map(|name| name.part.number) {
                Some(1) => first_part = Some(header),
                Some(_) => drop(Model::new(vec![first_part.take().unwrap(), header])?),
                None => drop(Model::new(vec![header])?.model_shape()?),
            }
            Ok(())
        }();
        match (whole, words) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) => {
                assert!(error.to_string().contains(words), "{name}: “{error}” does not say “{words}”");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn all_types_that_were_removed_name_the_one_to_use() {
    for (name, bytes, _) in corpus().into_iter().filter(|(name, ..)| name.starts_with("type-3")) {
        let error = Raw(bytes).read().unwrap_err().to_string();
        let instead = if name == "type-36-removed" { "use IQ4_NL instead" } else { "use Q4_0 instead" };
        assert!(error.contains(instead), "{name}: {error}");
    }
}
