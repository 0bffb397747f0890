//! Why a repository on a server could not be used, and what to do about it.

use std::time::Duration;

/// Why a repository gave no listing or no header. Each message is for the person who named the repository:
/// what happened, why, and the next step. No message holds a token or the address of a signed download.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Not the name of a repository.
    #[error(
        "“{given}” is not the name of a repository: {why}. Write it as owner/name, such as “bartowski/Llama-3.3-70B-Instruct-GGUF”."
    )]
    BadRepo {
        /// What was given, as one short line.
        given: String,
        /// The rule it breaks, as the end of a sentence.
        why: &'static str,
    },
    /// Not the name of a branch, a tag or a commit.
    #[error("“{given}” is not the name of a version of a repository. Use a branch such as “main”, a tag or a commit.")]
    BadRevision {
        /// What was given, as one short line.
        given: String,
    },
    /// An endpoint that requests cannot or must not be sent to.
    #[error(
        "The address of the model server, “{given}”, cannot be used: {why}. Correct it, or unset HF_ENDPOINT to use huggingface.co."
    )]
    BadEndpoint {
        /// What was given, as one short line.
        given: String,
        /// What is wrong with it, as the end of a sentence.
        why: &'static str,
    },
    /// A token with characters that no token has. It is not shown.
    #[error("The access token holds characters that no token has. Copy it again from huggingface.co/settings/tokens.")]
    BadToken,
    /// Encrypted connections cannot be made on this system.
    #[error("Encrypted connections cannot be set up: {cause}. Check that the system's certificates are installed.")]
    NoTls {
        /// What the library said.
        cause: String,
    },
    /// No connection: offline, unknown name, refused, wrong certificate.
    #[error("“{host}” could not be reached: {cause}. Check the internet connection, then try again.")]
    Unreachable {
        /// The server.
        host: String,
        /// What the system said.
        cause: String,
    },
    /// A proxy that cannot be used.
    #[error("The address of the proxy, “{given}”, cannot be used: {why}. Correct it, or leave it out.")]
    BadProxy {
        /// What was given, without name and password.
        given: String,
        /// What is wrong with it, as the end of a sentence.
        why: &'static str,
    },
    /// The proxy does not let anybody through who does not log in.
    #[error(
        "The proxy “{proxy}” wants a login before it lets anything through. Log in to the network, or put name and password into its address: HTTPS_PROXY=http://name:password@host:port."
    )]
    ProxyLogin {
        /// The proxy's host.
        proxy: String,
    },
    /// The server's certificate is not one that this system trusts.
    #[error(
        "“{host}” could not be reached safely: its certificate is not trusted ({cause}). If your company or a virus scanner looks into connections, install its certificate in this system; otherwise do not trust this network."
    )]
    Certificate {
        /// The server.
        host: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Connected, but no byte came for too long.
    #[error("“{host}” stopped answering: nothing came for {} seconds. Try again later.", silence.as_secs())]
    Silent {
        /// The server.
        host: String,
        /// How long it was waited for.
        silence: Duration,
    },
    /// Bytes come, but so slowly that it would take for ever.
    #[error(
        "“{host}” answers too slowly: it was not done after {} seconds. Try again later or with a better connection.",
        limit.as_secs()
    )]
    TooSlow {
        /// The server.
        host: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The connection ended in the middle of an answer.
    #[error("The connection to “{host}” was lost in the middle of an answer: {cause}. Try again.")]
    Cut {
        /// The server.
        host: String,
        /// What the system said.
        cause: String,
    },
    /// Sent from address to address without an end.
    #[error("“{host}” sends requests round in circles (more than {at_most} times). Try again later.")]
    RedirectLoop {
        /// The server that was asked.
        host: String,
        /// The limit.
        at_most: usize,
    },
    /// Sent to an address that a request must not go to.
    #[error(
        "“{from}” sends requests on to “{to}”, which is refused: {why}. If you are in a network with a login page, log in first; otherwise do not trust this server."
    )]
    RedirectRefused {
        /// The server that answered.
        from: String,
        /// Where it points, without path.
        to: String,
        /// Why that is refused.
        why: &'static str,
    },
    /// The licence has to be accepted, or the token is missing or of another account.
    #[error("{repo} is only open to people who accepted its licence. Open {page}, accept it there, and {}.", if *had_token {
        "make sure that the access token (HF_TOKEN) belongs to the same account"
    } else {
        "set an access token of your account (HF_TOKEN, made at huggingface.co/settings/tokens)"
    })]
    Gated {
        /// The repository.
        repo: String,
        /// Its page.
        page: String,
        /// Whether a token was sent.
        had_token: bool,
    },
    /// The server does not know the token.
    #[error(
        "“{host}” does not accept the access token: it may have been revoked. Make a new one at huggingface.co/settings/tokens and set it as HF_TOKEN."
    )]
    TokenRefused {
        /// The server.
        host: String,
    },
    /// No such repository, or one that only its owner may see.
    #[error(
        "There is no repository {repo} that {} may see. Check its name at {page}; for a private one, set a token of an account that may read it (HF_TOKEN).",
        if *had_token { "this access token" } else { "everybody" }
    )]
    NoRepo {
        /// The repository.
        repo: String,
        /// Where its page would be.
        page: String,
        /// Whether a token was sent.
        had_token: bool,
    },
    /// No such branch, tag or commit.
    #[error("{repo} has no version “{revision}”. Use “main” or one that {page} lists.")]
    NoRevision {
        /// The repository.
        repo: String,
        /// What was asked for.
        revision: String,
        /// Its page.
        page: String,
    },
    /// A file that the listing has is gone.
    #[error("“{file}” is no longer in {repo}.{}", or_one_of(nearest))]
    NoFile {
        /// The repository.
        repo: String,
        /// The file.
        file: String,
        /// The quantizations most like the one wanted, best first.
        nearest: Vec<String>,
    },
    /// The repository has models, but not this one.
    #[error("{repo} has no model “{wanted}”.{}", or_one_of(nearest))]
    NoQuant {
        /// The repository.
        repo: String,
        /// What was asked for, as one short line.
        wanted: String,
        /// The quantizations most like it, best first.
        nearest: Vec<String>,
    },
    /// Several models of the same quantization.
    #[error("{repo} has several models “{wanted}”: {}. Name the file instead.", files.join(", "))]
    Ambiguous {
        /// The repository.
        repo: String,
        /// What was asked for.
        wanted: String,
        /// The files of the first few, any of which may be named.
        files: Vec<String>,
    },
    /// Nothing that could be run.
    #[error("{repo} holds no GGUF model. Look for a repository of the same model with “GGUF” in its name.")]
    NoModels {
        /// The repository.
        repo: String,
    },
    /// Parts of a split model are not in the repository.
    #[error(
        "The model “{model}” is not complete on the server: missing are {missing} of its {count} files, first of all “{first_missing}”. Choose another quantization, or try again when the upload is finished."
    )]
    Incomplete {
        /// The model.
        model: String,
        /// How many parts are missing.
        missing: usize,
        /// How many there should be.
        count: u32,
        /// The first part that is missing.
        first_missing: String,
    },
    /// Too many requests in a short time.
    #[error("“{host}” takes no more requests for now. {}", try_again(*retry_after))]
    TooManyRequests {
        /// The server.
        host: String,
        /// How long it wants to be left alone, where it says so.
        retry_after: Option<Duration>,
    },
    /// The server is broken or overloaded.
    #[error("“{host}” has a fault at the moment (status {status}). Try again in a few minutes.")]
    ServerFault {
        /// The server.
        host: String,
        /// The HTTP status, from 500.
        status: u16,
    },
    /// A status that makes no sense here.
    #[error("“{host}” answered in a way Paddock does not know (status {status}). Try again later.")]
    UnknownStatus {
        /// The server.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// A web page in place of data.
    #[error(
        "“{host}” answered with a web page instead of data, as a login page of a network or an error page does. Open a web page in your browser to see whether you have to log in, then try again."
    )]
    WebPage {
        /// The server.
        host: String,
    },
    /// An answer that breaks the protocol.
    #[error("The answer of “{host}” makes no sense: {what}. Try again; if it stays so, the server is at fault.")]
    BadAnswer {
        /// The server.
        host: String,
        /// What is wrong with it, as the end of a sentence.
        what: String,
    },
    /// More than any real repository has.
    #[error("The list of files in {repo} is too long: more than {at_most} {what}. Choose another repository.")]
    ListingTooLarge {
        /// The repository.
        repo: String,
        /// Of what, in the plural.
        what: &'static str,
        /// The limit.
        at_most: usize,
    },
    /// A server that cannot give a part of a file.
    #[error(
        "“{host}” does not hand out parts of files, so nothing can be said about “{file}” before it is downloaded."
    )]
    NoRanges {
        /// The server.
        host: String,
        /// The file.
        file: String,
    },
    /// Another file than the one listed.
    #[error("“{file}” was changed on the server since its files were listed: {what}. Try again.")]
    Changed {
        /// The file.
        file: String,
        /// How that shows, as the end of a sentence.
        what: String,
    },
    /// Too many parts, or headers too long over all of them.
    #[error("The headers of “{model}” are too long: more than {at_most} {what}, which no real model needs.")]
    HeadersTooLarge {
        /// The model.
        model: String,
        /// Of what, in the plural.
        what: &'static str,
        /// The limit.
        at_most: u64,
    },
    /// The file is no GGUF file.
    #[error("“{file}” is not a GGUF model{}", looks_like.map_or_else(
        || ". Choose another file of the repository.".to_owned(),
        |looks_like| format!(": {looks_like}"),
    ))]
    NotGguf {
        /// The file.
        file: String,
        /// What it looks like, as the rest of a sentence.
        looks_like: Option<&'static str>,
    },
    /// A header that cannot be right, or of a kind that is not read.
    #[error("“{file}” cannot be used. {source}")]
    Header {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: paddock_gguf::Error,
    },
    /// A file that says about itself that it is another part, or none.
    #[error(
        "“{file}” is not part {number} of {count} of this model, although its name says so. Choose another quantization or repository."
    )]
    WrongPart {
        /// The file.
        file: String,
        /// Which part it should be, from 1.
        number: u32,
        /// How many parts there are.
        count: u32,
    },
    /// The app is closing.
    #[error("Reading “{file}” was interrupted. Try again.")]
    Interrupted {
        /// The file.
        file: String,
    },
}

impl RemoteError {
    /// How long the server wants to be left alone, where it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::TooManyRequests { retry_after, .. } = self { *retry_after } else { None }
    }
}

fn or_one_of(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(" Choose one of those it has: {}.", nearest.join(", ")) }
}

fn try_again(after: Option<Duration>) -> String {
    match after.map(|after| after.as_secs()) {
        None => "Try again in a few minutes.".to_owned(),
        Some(0 | 1) => "Try again in a second.".to_owned(),
        Some(seconds @ ..=120) => format!("Try again in {seconds} seconds."),
        Some(seconds) => format!("Try again in {} minutes.", seconds.div_ceil(60)),
    }
}
