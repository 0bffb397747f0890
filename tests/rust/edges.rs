//! Which crate may use which. ARCHITECTURE.md draws the picture; this holds it.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// The allowed edges between our own crates. The tests may use everything, and what stands in
/// for a driver or a server in them ships as little as they do.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("paddock-gguf", &[]),
    ("paddock-hardware", &[]),
    ("paddock-planner", &["paddock-gguf", "paddock-hardware"]),
    ("paddock-hub", &["paddock-gguf"]),
    ("paddock-remote", &[]),
    // For its types: what the drivers say comes from the child.
    ("paddock-engine-api", &["paddock-hardware"]),
    // The child asks the drivers, because they can take their process down.
    ("paddock-engine", &["paddock-engine-api", "paddock-hardware"]),
    ("paddock-extract", &[]),
    ("paddock-store", &[]),
    (
        "paddock-core",
        &[
            "paddock-engine-api",
            "paddock-extract",
            "paddock-gguf",
            "paddock-hardware",
            "paddock-hub",
            "paddock-planner",
            "paddock-remote",
            "paddock-store",
        ],
    ),
    ("paddock-server", &["paddock-core"]),
    ("paddock-cli", &["paddock-core", "paddock-engine", "paddock-server"]),
    ("paddock-desktop", &["paddock-core", "paddock-engine", "paddock-server"]),
];

/// Parts of the tests, which never ship and may use whatever they need.
fn is_for_tests(package: &str) -> bool {
    // `hello-window` is the window with nothing in it that ours is measured against.
    matches!(package, "paddock-tests" | "paddock-test-hub" | "hello-window") || package.contains("-stand-in")
}

/// Libraries that only these crates may know.
const OWNED: [(&str, &[&str]); 13] = [
    ("tauri", &["paddock-desktop"]),
    ("llama-cpp-2", &["paddock-engine"]),
    ("llama-cpp-sys-2", &["paddock-engine"]),
    ("rusqlite", &["paddock-store"]),
    ("minijinja", &["paddock-engine"]),
    ("nvml-wrapper", &["paddock-hardware"]),
    ("hf-hub", &["paddock-hub"]),
    ("keyring", &["paddock-core"]),
    ("hayro-interpret", &["paddock-extract"]),
    ("reqwest", &["paddock-hub", "paddock-remote"]),
    ("rustls", &["paddock-hub", "paddock-remote"]),
    ("hyper", &["paddock-server"]),
    ("hyper-util", &["paddock-server"]),
];

/// Normal and build dependencies of the workspace's members.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let names = |package: &Value| {
        let used = package["dependencies"].as_array().unwrap().iter().filter(|used| used["kind"] != "dev");
        used.map(|used| used["name"].as_str().unwrap().to_owned()).collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["name"].as_str().unwrap().to_owned(), names(package))).collect()
}

#[test]
fn crates_use_only_what_the_plan_allows() {
    let dependencies = dependencies();
    for (package, used) in &dependencies {
        if is_for_tests(package) {
            continue;
        }
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| name == package)
            .unwrap_or_else(|| panic!("{package} is not in the plan: add it here and to ARCHITECTURE.md"));
        for other in used.iter().filter(|other| dependencies.contains_key(*other)) {
            assert!(allowed.contains(&other.as_str()), "{package} must not use {other}");
        }
    }
}

#[test]
fn each_big_library_is_known_to_one_crate_only() {
    for (package, used) in dependencies().iter().filter(|(package, _)| !is_for_tests(package)) {
        for (library, owners) in OWNED.iter().filter(|(library, _)| used.iter().any(|used| used == library)) {
            assert!(owners.contains(&package.as_str()), "only {owners:?} may know {library}, not {package}");
        }
    }
}
