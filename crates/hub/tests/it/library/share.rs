//! Showing models to Python's huggingface_hub.

use std::fs;
use std::path::{Path, PathBuf};

use paddock_hub::library::LibraryError;
use paddock_hub::library::share::{Shared, share, unshare};

use super::{Computer, model_at, named, origin, sha256, text_at};

/// A model of our own, and a cache that is empty.
fn ours() -> (Computer, PathBuf, PathBuf, String) {
    let computer = Computer::new();
    let file = model_at(&computer.own().join("owner/name-GGUF/sub/model.gguf"), named("One"));
    let cache = computer.0.path("hub");
    let sum = sha256(&file);
    (computer, file, cache, sum)
}

fn in_cache(cache: &Path, path: &str) -> PathBuf {
    cache.join("models--owner--name-GGUF").join(path)
}

fn entry(cache: &Path) -> PathBuf {
    in_cache(cache, "snapshots").join(origin("").commit).join("sub/model.gguf")
}

#[test]
fn a_shared_model_is_read_through_the_cache_and_takes_no_room() {
    let (_computer, file, cache, sum) = ours();
    let from = origin("sub/model.gguf");
    assert_eq!(share(&file, &from, &sum, &cache).unwrap(), Shared::HardLink);
    assert_eq!(sha256(&entry(&cache)), sum, "as Python opens it");
    assert_eq!(fs::read_to_string(in_cache(&cache, "refs/main")).unwrap(), from.commit);
    let by_hub = hf_hub::Cache::new(cache.clone()).model("owner/name-GGUF".into()).get("sub/model.gguf");
    assert_eq!(by_hub, Some(entry(&cache)), "as hf-hub looks for it");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let (our, blob) = (fs::metadata(&file).unwrap(), fs::metadata(in_cache(&cache, "blobs").join(&sum)).unwrap());
        assert_eq!((our.ino(), our.nlink()), (blob.ino(), 2), "one file with two names");
        let link = fs::read_link(entry(&cache)).unwrap();
        assert_eq!(link, Path::new("../../../blobs").join(&sum), "relative, so that the cache can be moved");
    }
    assert_eq!(share(&file, &from, &sum, &cache).unwrap(), Shared::HardLink, "twice is no error");
}

#[test]
fn a_blob_that_is_there_is_left_as_it_is() {
    let (_computer, file, cache, sum) = ours();
    let blob = in_cache(&cache, "blobs").join(&sum);
    text_at(&blob, "Python's own");
    assert_eq!(share(&file, &origin("sub/model.gguf"), &sum, &cache).unwrap(), Shared::Already);
    assert_eq!(fs::read_to_string(&blob).unwrap(), "Python's own");
    unshare(&file, &origin("sub/model.gguf"), &sum, &cache).unwrap();
    assert_eq!(fs::read_to_string(&blob).unwrap(), "Python's own");
}

#[test]
fn the_commit_that_python_has_stays_the_one_that_counts() {
    let (_computer, file, cache, sum) = ours();
    let other = "f".repeat(40);
    text_at(&in_cache(&cache, "refs/main"), &other);
    text_at(&in_cache(&cache, "snapshots").join(&other).join("config.json"), "{}");
    share(&file, &origin("sub/model.gguf"), &sum, &cache).unwrap();
    assert_eq!(fs::read_to_string(in_cache(&cache, "refs/main")).unwrap(), other);
}

#[test]
fn what_was_shared_can_be_taken_back_and_leaves_nothing() {
    let (_computer, file, cache, sum) = ours();
    let from = origin("sub/model.gguf");
    share(&file, &from, &sum, &cache).unwrap();
    unshare(&file, &from, &sum, &cache).unwrap();
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 0);
    assert_eq!(sha256(&file), sum);
}

#[test]
#[cfg(unix)]
fn a_blob_that_another_commit_uses_stays() {
    let (_computer, file, cache, sum) = ours();
    let from = origin("sub/model.gguf");
    share(&file, &from, &sum, &cache).unwrap();
    let other = in_cache(&cache, "snapshots/ffffffffffffffffffffffffffffffffffffffff/model.gguf");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(Path::new("../../blobs").join(&sum), &other).unwrap();
    unshare(&file, &from, &sum, &cache).unwrap();
    assert_eq!(sha256(&other), sum);
    assert!(!entry(&cache).exists());
}

#[test]
fn names_that_lead_out_of_the_cache_are_refused() {
    let (computer, file, cache, sum) = ours();
    let good = origin("model.gguf");
    let commit = |commit: &str| super::Origin { commit: commit.into(), ..good.clone() };
    let repo = |repo: &str| super::Origin { repo: repo.into(), ..good.clone() };
    let cases = [
        (origin("../../../../x.gguf"), sum.as_str()),
        (origin("/x.gguf"), &sum),
        (origin("C:\\x.gguf"), &sum),
        (origin(""), &sum),
        (commit("../../../../../../../../../../../../outside"), &sum),
        (commit("main"), &sum),
        (commit(&"A".repeat(40)), &sum),
        (repo("../x"), &sum),
        (repo("owner"), &sum),
        (repo("a--b/c"), &sum),
        (good.clone(), "../../../x"),
        (good.clone(), &sum[..63]),
    ];
    for (from, sum) in cases {
        let error = share(&file, &from, sum, &cache).expect_err("it is no name");
        assert!(matches!(error, LibraryError::UnsafeName { .. }), "{from:?} {error:?}");
    }
    assert!(!cache.exists(), "nothing was made");
    assert_eq!(fs::read_dir(computer.0.path("")).unwrap().count(), 1, "nothing outside either");
}
