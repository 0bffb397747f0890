//! What becomes of a model that is here: repaired, deleted, shared.

use super::*;

#[tokio::test]
async fn a_damaged_model_is_repaired_by_fetching_what_is_damaged() {
    if !is_alone("library::a_damaged_model_is_repaired_by_fetching_what_is_damaged") {
        return;
    }
    let desk = Desk::with(one_model()).await;
    let id = desk.start("Q4_K_M").await;
    desk.ready(&id).await;
    let target = desk.target("M-Q4_K_M.gguf");
    let path = text(&target);
    desk.app.scan_library().await.unwrap();
    let early = desk.app.repair_model(path.clone()).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::BadInput, "nothing is known to be wrong: {early:?}");
    damage(&target, 9 * MIB);
    damage(&target, 21 * MIB);
    let verified = desk.app.verify_model(path.clone()).await.unwrap().verified;
    let VerifiedView::Broken { repair_bytes, .. } = verified else { panic!("{verified:?}") };
    assert_eq!(repair_bytes, Some(2 * BLOCK_BYTES));
    // Meanwhile the repository has another version, which is not what is repaired.
    desk.server.set_repo(Repo::new("owner/model").file("M-Q4_K_M.gguf", Content::model(9, 40 * MIB)));
    let n_before = desk.server.requests().len();
    assert_eq!(desk.app.repair_model(path).await.unwrap(), id, "it is the same download");
    desk.ready(&id).await;
    assert_eq!(desk.asked_bytes(n_before), 2 * BLOCK_BYTES);
    assert!(same(&target, &Content::model(1, 40 * MIB)));
    desk.app.scan_library().await.unwrap();
    assert_eq!(desk.only_model().await.verified, VerifiedView::Verified);
}

#[tokio::test]
async fn a_model_is_not_deleted_while_a_part_of_it_is_fetched() {
    if !is_alone("library::a_model_is_not_deleted_while_a_part_of_it_is_fetched") {
        return;
    }
    let parts = Content::split_model(7, 12 * MIB, 2);
    let name = |number: u32| format!("M-Q8_0-0000{number}-of-00002.gguf");
    let repo = (1..).zip(&parts).fold(Repo::new("owner/model"), |repo, (n, part)| repo.file(&name(n), part.clone()));
    let desk = Desk::with(vec![repo]).await;
    let id = desk.start("Q8_0").await;
    let view = desk.ready(&id).await;
    assert_eq!((view.n_files, view.name.as_str()), (2, "M-Q8_0"));
    desk.app.scan_library().await.unwrap();
    let first = text(&desk.target(&name(1)));
    damage(&desk.target(&name(2)), 9 * MIB);
    desk.app.verify_model(first.clone()).await.unwrap();
    desk.server.throttle(Some(1_000_000));
    desk.app.repair_model(first.clone()).await.unwrap();
    desk.when(&id, is_downloading).await;
    let refused = desk.app.delete_model(first.clone()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Busy, "{refused:?}");
    assert!(desk.target(&name(1)).is_file());
    desk.server.throttle(None);
    desk.ready(&id).await;
    desk.app.scan_library().await.unwrap();
    assert_eq!(desk.only_model().await.verified, VerifiedView::Verified);
    desk.app.delete_model(first).await.unwrap();
}

#[tokio::test]
async fn a_model_is_shared_with_hugging_faces_cache_without_a_second_copy() {
    use std::os::unix::fs::MetadataExt as _;
    if !is_alone("library::a_model_is_shared_with_hugging_faces_cache_without_a_second_copy") {
        return;
    }
    let cache = PathBuf::from(std::env::var_os("HF_HOME").unwrap()).join("hub/models--owner--model");
    let desk = Desk::with(one_model()).await;
    let mut settings = desk.app.download_settings().await.unwrap();
    settings.share_with_hf_cache = true;
    desk.app.set_download_settings(settings).await.unwrap();
    let id = desk.start("Q4_K_M").await;
    desk.ready(&id).await;
    let content = Content::model(1, 40 * MIB);
    let blob = fs::metadata(cache.join("blobs").join(content.sha256())).unwrap();
    let own = fs::metadata(desk.target("M-Q4_K_M.gguf")).unwrap();
    assert_eq!((blob.ino(), own.nlink()), (own.ino(), 2));
    let commit = fs::read_to_string(cache.join("refs/main")).unwrap();
    assert!(same(&cache.join("snapshots").join(commit).join("M-Q4_K_M.gguf"), &content));
    let library = desk.app.scan_library().await.unwrap();
    assert_eq!((library.duplicate_bytes, library.models.len()), (0, 1));
}
