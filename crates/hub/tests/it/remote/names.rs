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

#[test]
fn a_token_is_looked_for_where_other_programs_keep_it() {
    let folder = crate::Folder::new();
    let file = folder.file("token", b" hf_of_a_file\n");
    let long = folder.file("long", &[b'x'; 5_000]);
    let of = |vars: &[(&str, &str)]| {
        HubConfig::from_vars(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())).token
    };
    let (file, long) = (file.to_str().unwrap(), long.to_str().unwrap());
    let all = [("HF_TOKEN", "hf_new"), ("HUGGING_FACE_HUB_TOKEN", "hf_old"), ("HF_TOKEN_PATH", file)];
    for (vars, token) in [
        (&all[..], Some("hf_new")),
        (&all[1..], Some("hf_old")),
        (&all[2..], Some("hf_of_a_file")),
        (&[("HF_TOKEN_PATH", long)], None),
        (&[("HF_TOKEN_PATH", "/dev/zero")], None),
        (&[("HF_TOKEN_PATH", "not there")], None),
    ] {
        assert_eq!(of(vars).as_deref(), token, "{vars:?}");
    }
}

#[test]
fn the_token_of_a_login_is_used_and_nothing_panics_without_a_home() {
    let folder = crate::Folder::new();
    folder.file("token", b"hf_of_a_login");
    let home = folder.path("");
    // Reads the process's environment, so in processes of their own.
    let expect = |token: &str, vars: &[(&str, &str)]| {
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        test.env_clear().args([
            "--exact",
            "remote::names::the_token_of_the_environment_is_the_expected_one",
            "--ignored",
        ]);
        let output = test.env("EXPECTED", token).envs(vars.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{vars:?}: {output:?}");
    };
    let home = home.to_str().unwrap();
    expect("hf_of_a_login", &[("HF_HOME", home)]);
    expect("hf_new", &[("HF_HOME", home), ("HF_TOKEN", "hf_new")]);
    expect("none", &[("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]);
    for none in [("HF_HOME", " "), ("HF_HOME", "/not there"), ("HOME", "/not there")] {
        expect("none", &[none]);
    }
    // Without a home folder in the environment the system knows one, where there may be a token.
    expect("any", &[("HOME", "")]);
    expect("any", &[]);
}

#[test]
#[ignore = "run by the test above, in an environment of its own"]
fn the_token_of_the_environment_is_the_expected_one() {
    let token = HubConfig::from_env().token;
    match std::env::var("EXPECTED").as_deref() {
        Ok("none") => assert!(token.is_none()),
        Ok("any") => {}
        expected => assert!(token.as_deref() == expected.ok(), "another token, which is not shown"),
    }
}
