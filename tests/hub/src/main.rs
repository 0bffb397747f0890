//! The server as a program of its own: prints its address, does what the lines of its standard input say, and serves
//! until that ends.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use paddock_test_hub::{Content, Repo, Request, TestHub, scenario};

const USAGE: &str = "test-hub [--repo OWNER/NAME] [--file NAME=SIZE[:SEED] | NAME=@PATH]… [--commit ID] [--gated TOKEN]
         [--licence ID] [--hostile] [--throttle BYTES_PER_S] [--uses N] [--play ROW] [--seed N]

Options about a repository belong to the last --repo; without one, it is owner/model. SIZE is in bytes, or with K, M, G.
--throttle limits each connection. --uses: how many requests a signed address is good for.

While it serves, each line of its standard input is answered with one line:
  throttle BYTES_PER_S   from now on; 0 for no limit
  offline, online        resets every connection and refuses new ones; listens again, on the same ports
  play ROW [SEED]        misbehaves like that from now on
  requests               all that were asked so far, and the bytes of files that were served, as JSON

ROW is one of:
";

struct Options {
    repos: Vec<Repo>,
    throttle: Option<u64>,
    uses: Option<u32>,
    play: Option<String>,
    seed: u64,
}

fn main() -> ExitCode {
    match options().and_then(|options| serve(options).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            for (row, what) in scenario::ROWS {
                eprintln!("  {row:16} {what}");
            }
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, String> {
    let mut options = Options { repos: Vec::new(), throttle: None, uses: None, play: None, seed: 0 };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--hostile" {
            options.repos.push(Repo::hostile());
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value."))?;
        let number = || value.parse::<u64>().map_err(|_| format!("“{value}” is no number."));
        match name.as_str() {
            "--repo" => options.repos.push(Repo::new(&value)),
            "--throttle" => options.throttle = Some(number()?),
            "--uses" => options.uses = Some(u32::try_from(number()?).unwrap_or(u32::MAX)),
            "--seed" => options.seed = number()?,
            "--play" => options.play = Some(value),
            "--file" | "--gated" | "--licence" | "--commit" => {
                let repo = options.repos.pop().unwrap_or_else(|| Repo::new("owner/model"));
                options.repos.push(match name.as_str() {
                    "--file" => with_file(repo, &value)?,
                    "--gated" => repo.gated(&value),
                    "--licence" => repo.licence(&value),
                    _ => repo.commit(&value),
                });
            }
            _ => return Err(format!("There is no option “{name}”.")),
        }
    }
    Ok(options)
}

fn with_file(repo: Repo, text: &str) -> Result<Repo, String> {
    let (name, what) = text.split_once('=').ok_or_else(|| format!("“{text}” is not NAME=SIZE or NAME=@PATH."))?;
    let content = match what.strip_prefix('@') {
        Some(path) => Content::disk(path),
        None => {
            let (size, seed) = what.split_once(':').unwrap_or((what, "0"));
            let seed = seed.parse().map_err(|_| format!("“{seed}” is no number."))?;
            Content::model(seed, size_bytes(size)?)
        }
    };
    // Now, so that the first client does not wait for it.
    content.sha256();
    Ok(repo.file(name, content))
}

fn size_bytes(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 1 << 10),
        Some(b'M') => (&text[..text.len() - 1], 1 << 20),
        Some(b'G') => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| format!("“{text}” is no size."))?;
    number.checked_mul(factor).ok_or_else(|| format!("“{text}” is too large."))
}

fn serve(options: Options) -> io::Result<()> {
    let hub = TestHub::start(options.repos);
    hub.throttle(options.throttle);
    hub.signed_urls_live(options.uses);
    if let Some(row) = options.play.filter(|row| !hub.play(row, options.seed)) {
        return Err(io::Error::other(format!("There is no row “{row}”.")));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{}", hub.url())?;
    out.flush()?;
    // Whoever started it is gone when this ends, however it was ended.
    for line in io::stdin().lock().lines() {
        let answer = command(&hub, line?.trim()).unwrap_or_else(|| "That is no command.".to_owned());
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// The answer to a line of the standard input.
fn command(hub: &TestHub, line: &str) -> Option<String> {
    match *line.split(' ').collect::<Vec<_>>() {
        ["throttle", bytes_per_s] => hub.throttle(bytes_per_s.parse().ok().filter(|limit| *limit > 0)),
        ["offline"] => hub.go_offline(),
        ["online"] => hub.come_back(),
        ["play", row] => return hub.play(row, 0).then(done),
        ["play", row, seed] => return hub.play(row, seed.parse().ok()?).then(done),
        ["requests"] => return Some(requests(hub)),
        _ => return None,
    }
    Some(done())
}

fn done() -> String {
    "ok".to_owned()
}

fn requests(hub: &TestHub) -> String {
    let request = |request: &Request| {
        serde_json::json!({
            "kind": format!("{:?}", request.kind),
            "method": request.method,
            "target": request.target,
            "path": request.path,
            "range": request.header("range"),
            "authorization": request.header("authorization"),
        })
    };
    let requests: Vec<_> = hub.requests().iter().map(request).collect();
    serde_json::json!({ "requests": requests, "servedBytes": hub.served_bytes() }).to_string()
}
