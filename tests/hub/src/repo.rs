//! A repository and what the Hub says about it.

use sha2::{Digest, Sha256};

use crate::content::{Content, hex};

/// What is text is kept in Git itself; everything else as a large file (LFS).
const TEXT: [&str; 6] = [".md", ".json", ".txt", ".jinja", ".gitattributes", ".yaml"];

/// A model repository. Whatever is not said is as in a public one without a licence.
#[derive(Clone)]
pub struct Repo {
    pub(crate) name: String,
    pub(crate) files: Vec<RepoFile>,
    pub(crate) licence: Option<String>,
    pub(crate) licence_name: Option<String>,
    pub(crate) licence_link: Option<String>,
    pub(crate) gated: bool,
    pub(crate) private: bool,
    pub(crate) token: Option<String>,
    pub(crate) downloads: u64,
    pub(crate) likes: u64,
    pub(crate) last_modified: String,
    pub(crate) tags: Vec<String>,
    commit: Option<String>,
}

#[derive(Clone)]
pub(crate) struct RepoFile {
    pub path: String,
    pub content: Content,
    pub lfs: bool,
    etag: Option<String>,
}

impl RepoFile {
    /// What the Hub knows the content by: its checksum, or Git's id for a small text.
    pub fn etag(&self) -> String {
        let honest = || if self.lfs { self.content.sha256() } else { self.content.oid() };
        self.etag.clone().unwrap_or_else(honest)
    }

    /// Git's id for it, 40 hexadecimal digits. Of a file that is said to have another checksum, nobody computes its own.
    pub fn oid(&self) -> String {
        let said = self.etag.as_deref().filter(|etag| etag.len() == 64);
        said.map_or_else(|| self.content.oid(), |etag| etag[..40].to_owned())
    }
}

impl Repo {
    /// An empty one. `name` is `owner/model`.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            files: Vec::new(),
            licence: None,
            licence_name: None,
            licence_link: None,
            gated: false,
            private: false,
            token: None,
            downloads: 1000,
            likes: 10,
            last_modified: "2026-03-01T12:00:00.000Z".to_owned(),
            tags: Vec::new(),
            commit: None,
        }
    }

    /// Adds a file, or replaces one. Texts by their name's ending are small files, all others large ones (LFS).
    #[must_use]
    pub fn file(mut self, path: &str, content: Content) -> Self {
        let lfs = !TEXT.iter().any(|ending| path.ends_with(ending));
        self.files.retain(|file| file.path != path);
        self.files.push(RepoFile { path: path.to_owned(), content, lfs, etag: None });
        self
    }

    /// A file that is there is a small one, answered by the endpoint itself.
    #[must_use]
    pub fn without_lfs(mut self, path: &str) -> Self {
        self.change(path, |file| file.lfs = false);
        self
    }

    /// A file that is there is said to have this checksum.
    #[must_use]
    pub fn etag(mut self, path: &str, etag: &str) -> Self {
        self.change(path, |file| file.etag = Some(etag.to_owned()));
        self
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&mut RepoFile)) {
        let file = self.files.iter_mut().find(|file| file.path == path);
        change(file.unwrap_or_else(|| panic!("no file {path}")));
    }

    /// The licence's id, such as `apache-2.0`.
    #[must_use]
    pub fn licence(self, id: &str) -> Self {
        Self { licence: Some(id.to_owned()), ..self }
    }

    /// A licence that the Hub has no id for.
    #[must_use]
    pub fn other_licence(self, name: &str, link: &str) -> Self {
        let (licence_name, licence_link) = (Some(name.to_owned()), Some(link.to_owned()));
        Self { licence_name, licence_link, ..self.licence("other") }
    }

    /// Its files are for those who accepted its terms: for the owner of this token.
    #[must_use]
    pub fn gated(self, token: &str) -> Self {
        Self { gated: true, ..self.token(token) }
    }

    /// Nobody sees it but the owner of its token, if it has one ([`Repo::token`]).
    #[must_use]
    pub fn private(self) -> Self {
        Self { private: true, ..self }
    }

    /// The token that opens it.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// The commit that `main` is, 40 hexadecimal digits. If not given, it follows from name, paths and contents.
    #[must_use]
    pub fn commit(self, commit: &str) -> Self {
        Self { commit: Some(commit.to_owned()), ..self }
    }

    /// Another tag, beside those that follow from the rest.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tags.push(tag.to_owned());
        self
    }

    /// Downloads in the last month; 1000 if not given.
    #[must_use]
    pub fn downloads(self, downloads: u64) -> Self {
        Self { downloads, ..self }
    }

    /// How many people like it; 10 if not given.
    #[must_use]
    pub fn likes(self, likes: u64) -> Self {
        Self { likes, ..self }
    }

    /// When it was changed, as `2026-03-01T12:00:00.000Z`.
    #[must_use]
    pub fn last_modified(self, time: &str) -> Self {
        Self { last_modified: time.to_owned(), ..self }
    }

    /// `hostile/model`: paths and checksums that would write outside of a folder, or where Windows keeps devices.
    /// Every file is a real model but for its name. Two have an honest path and a checksum or length to be afraid of.
    pub fn hostile() -> Self {
        let paths = HOSTILE_PATHS.iter().map(|path| (*path).to_owned());
        let long = format!("{}.gguf", "a".repeat(400));
        let model = Content::model(23, 64 << 10);
        let mut repo = Self::new("hostile/model");
        for path in paths.chain([long]) {
            repo.files.push(RepoFile { path, content: model.clone(), lfs: true, etag: None });
        }
        for (index, etag) in HOSTILE_ETAGS.iter().enumerate() {
            let path = format!("etag-{index}.gguf");
            repo = repo.file(&path, model.clone()).etag(&path, etag);
        }
        repo.file("good.gguf", model)
    }

    /// The same, and the commit is a path as well.
    pub fn hostile_commit() -> Self {
        let repo = Self::hostile();
        Self { name: "hostile/commit".to_owned(), ..repo }.commit("../../../../tmp/commit")
    }

    pub(crate) fn commit_id(&self) -> String {
        let computed = || {
            let mut hash = Sha256::new();
            hash.update(&self.name);
            for file in &self.files {
                hash.update(&file.path);
                hash.update(file.content.len().to_le_bytes());
                hash.update(file.content.sample());
            }
            hex(&hash.finalize())[..40].to_owned()
        };
        self.commit.clone().unwrap_or_else(computed)
    }

    pub(crate) fn all_tags(&self) -> Vec<String> {
        let mut tags = self.tags.clone();
        if self.files.iter().any(|file| file.path.ends_with(".gguf")) {
            tags.insert(0, "gguf".to_owned());
        }
        tags.extend(self.licence.iter().map(|id| format!("license:{id}")));
        tags.push("region:us".to_owned());
        tags
    }
}

/// Row D23 of the table of faults.
const HOSTILE_PATHS: [&str; 18] = [
    "../../escape.gguf",
    "a/../../../escape.gguf",
    "/tmp/absolute.gguf",
    "//host/share.gguf",
    "C:\\windows.gguf",
    "C:relative.gguf",
    "\\\\host\\share\\unc.gguf",
    "..\\..\\backslash.gguf",
    "CON.gguf",
    "nul",
    "sub/AUX.gguf",
    "trailing-dot.gguf.",
    "trailing-space.gguf ",
    "stream.gguf:hidden",
    "new\nline.gguf",
    "escape\u{1b}[2J.gguf",
    "right-to-left\u{202e}fugg.gguf",
    "nothing\0here.gguf",
];

const HOSTILE_ETAGS: [&str; 6] = [
    "../../../../tmp/etag",
    "/tmp/etag",
    "C:\\etag",
    "",
    "0",
    "zz00000000000000000000000000000000000000000000000000000000000000",
];
