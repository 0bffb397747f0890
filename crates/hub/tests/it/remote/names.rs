//! Names that people give.

use paddock_hub::remote::{Hub, HubConfig, RemoteError, RepoId};

use super::{TOKEN, refused};

#[test]
fn a_repository_is_an_owner_and_a_name_and_nothing_else() {
    for good in ["bartowski/Llama-3.3-70B-Instruct-GGUF", "a/b", "_x/y.z_1"] {
        assert_eq!(RepoId::parse(good).unwrap().to_string(), good);
    }
    let long = format!("a/{}", "b".repeat(97));
    let bad = [
        "",
        "/",
        "a",
        "a/",
        "/b",
        "a/b/c",
        "../b",
        "a/..",
        "a/b..c",
        "a/.b",
        "a/b.",
        "-a/b",
        "a/b--c",
        "a\\b",
        "a/b c",
        "a/b\n",
        "a/b?x",
        "a/b#x",
        "a/ö",
        "a/%2e%2e",
        "nul/b",
        "a/COM1",
        "C:/b",
        "https://huggingface.co/a/b",
        &long,
    ];
    for bad in bad {
        refused(RepoId::parse(bad), |e| matches!(e, RemoteError::BadRepo { .. }), &["owner/name"]);
    }
}

#[test]
fn an_endpoint_is_encrypted_or_on_this_computer() {
    let with = |endpoint: &str| {
        let mut config = HubConfig::default();
        config.endpoint = endpoint.to_owned();
        Hub::new(config)
    };
    for good in ["https://huggingface.co", "https://hub.example/mirror/", "http://localhost:9", "http://[::1]:9/"] {
        assert!(with(good).is_ok(), "{good}");
    }
    let bad = [
        "",
        "huggingface.co",
        "ftp://a",
        "file:///etc",
        "http://huggingface.co",
        "http://10.0.0.1",
        "http://127.0.0.1.example",
        "https://user:secret@a",
        "https://a/?q=1",
        "https://169.254.169.254",
        "data:text/html,x",
    ];
    for bad in bad {
        refused(with(bad), |e| matches!(e, RemoteError::BadEndpoint { .. }), &["HF_ENDPOINT"]);
    }
    let error = with("https://user:secret@a").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[test]
fn a_token_is_taken_as_it_is_and_never_shown() {
    let mut config = HubConfig::default();
    config.token = Some(TOKEN.to_owned());
    let shown = format!("{config:?} {:?}", Hub::new(config.clone()).unwrap());
    assert!(!shown.contains(TOKEN), "{shown}");
    for bad in ["", "hf_a b", "hf_a\r\nX-Other: 1", "hf_ä"] {
        config.token = Some(bad.to_owned());
        refused(Hub::new(config.clone()), |e| matches!(e, RemoteError::BadToken), &["Copy it again"]);
    }
}

#[test]
fn the_environment_names_endpoint_and_token() {
    let config = HubConfig::from_vars(|name| match name {
        "HF_ENDPOINT" => Some("https://hub.example".to_owned()),
        "HF_TOKEN" => Some(format!(" {TOKEN}\n")),
        _ => None,
    });
    assert_eq!((config.endpoint.as_str(), config.token.as_deref()), ("https://hub.example", Some(TOKEN)));
    let config = HubConfig::from_vars(|_| Some(" ".to_owned()));
    assert_eq!(config, HubConfig::default());
    assert_eq!(config.endpoint, "https://huggingface.co");
}
