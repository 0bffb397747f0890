//! Every sentence that has values beside it, in English as Rust says it: `tests/fixtures/sentences.json`. The window's
//! tests say each of them again, in every language, and compare the English. With `PADDOCK_WRITE_SENTENCES` set, the test
//! writes the file instead of comparing it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{io, path::Path, sync::Arc, time::Duration};

use paddock_engine_api::{Cause, Death, DeathCause, EngineError, protocol::Failure};
use paddock_hardware::{Cause as Why, Detail, DriverFault, Thing};
use paddock_hub::{
    remote::RemoteError,
    transfer::{Delay, Notice, TransferError},
};
use paddock_planner::{
    AppleRoom, Basis, Concern, Gpus, Reason, Remark, TokS, Verdict,
    guide::GuideRemark,
    quant::{Gone, Note, Quality},
};
use paddock_store::{ConversationId, Error as StoreError, MessageId};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    ApiError,
    view::{ContextPolicy, RemoteProblem},
};

const GIB: u64 = 1 << 30;

#[test]
fn the_file_of_sentences_is_what_rust_says() {
    let mut all = json!({
        "reasons": said(&reasons()),
        "remarks": said(&remarks()),
        "guideRemarks": said(&guide_remarks()),
        "notes": said(&notes()),
        "gone": said(&[Gone::Rearranged]),
        "qualities": qualities(),
        "verdicts": verdicts(),
        "remoteProblems": said(&remote_problems()),
        "delays": said(&delays()),
        "notices": said(&notices()),
        "things": said(&things()),
        "causes": said(&causes()),
        "concerns": said(&concerns()),
        "errors": errors(),
    });
    all.sort_all_objects();
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sentences.json");
    if std::env::var_os("PADDOCK_WRITE_SENTENCES").is_some() {
        std::fs::write(path, text).unwrap();
    } else {
        assert!(std::fs::read_to_string(path).unwrap() == text, "write it again, with PADDOCK_WRITE_SENTENCES=1");
    }
}

fn said(all: &[impl Serialize + ToString]) -> Vec<Value> {
    all.iter().map(|one| json!({ "said": one, "english": one.to_string() })).collect()
}

fn tok_s(low: f64, high: f64) -> TokS {
    TokS { low, high, basis: Basis::Estimated }
}

fn reasons() -> Vec<Reason> {
    let one = || Gpus::One { name: "RTX 4090".into() };
    let quant = || "Q4_K_M".to_owned();
    let (model, instead) = ("Llama 3.3 70B Instruct".to_owned(), "Llama 3.1 8B Instruct".to_owned());
    let whole = |quality| Reason::WholeIsWorse { quant: "IQ2_S".into(), speed: tok_s(28.2, 43.4), quality };
    let mut all = vec![
        Reason::OnProcessor,
        Reason::NothingOnGpus { gpus: one() },
        Reason::NothingOnGpus { gpus: Gpus::Several { count: 2 } },
        Reason::AllOnGpus { n_layers: 81, gpus: one() },
        Reason::AllOnGpus { n_layers: 81, gpus: Gpus::Several { count: 3 } },
        Reason::SomeOnGpus { n_gpu_layers: 54, n_layers: 81, gpus: one() },
        Reason::SomeOnGpus { n_gpu_layers: 54, n_layers: 81, gpus: Gpus::Several { count: 2 } },
        Reason::BetterDoesNotFit { quant: quant() },
        Reason::BetterReadsFromDisk { quant: quant() },
        Reason::BetterIsSplit { quant: quant() },
        Reason::BetterIsSlower { quant: quant(), speed: tok_s(2.41, 4.66) },
        Reason::NoneIsWhole,
        whole(Quality::Broken),
        whole(Quality::Poor),
        whole(Quality::Weak),
        whole(Quality::Fair),
        Reason::TablesOnProcessor { quant: "IQ3_M".into() },
        Reason::TablesOnMetal { quant: "IQ3_M".into() },
        Reason::ReadsFromDisk { least_bytes: 12_000_000_000, most_bytes: 31_000_000_000, speed: tok_s(0.061, 0.24) },
        Reason::ReadsFromDisk { least_bytes: 1_000_000_000, most_bytes: 2_000_000_000, speed: tok_s(0.8, 1.6) },
        Reason::OtherIsFaster {
            model: model.clone(),
            under_tok_s: 2.0,
            instead: instead.clone(),
            quant: quant(),
            speed: tok_s(6.26, 9.78),
        },
        Reason::OtherIsBetter { model: model.clone(), instead, quant: quant(), speed: tok_s(26.8, 41.8) },
        Reason::AllAreSlow { model, under_tok_s: 2.0 },
        Reason::NothingFaster,
        Reason::NothingBetter,
        Reason::TimesAsFast { factor: 1.84, quant: quant() },
        Reason::TimesAsFast { factor: 7.3, quant: quant() },
        Reason::SpeedInstead { speed: tok_s(7.72, 15.1), instead_of: tok_s(28.2, 43.4) },
    ];
    all.extend(QUALITIES.map(|quality| Reason::Quality { quality }));
    all
}

const QUALITIES: [Quality; 7] =
    [Quality::Broken, Quality::Poor, Quality::Weak, Quality::Fair, Quality::Good, Quality::VeryGood, Quality::Full];

fn qualities() -> Vec<Value> {
    let one = |quality: Quality| json!({ "said": quality, "english": quality.word(), "sentence": quality.sentence() });
    QUALITIES.map(one).into()
}

fn verdicts() -> Vec<Value> {
    let all = [Verdict::FitsOnGpu, Verdict::FitsWithRam, Verdict::ReadsFromDisk, Verdict::TooBig];
    all.map(|verdict| json!({ "said": crate::view::VerdictView::from(verdict), "english": verdict.words() })).into()
}

fn remarks() -> Vec<Remark> {
    let gpu = || "RTX 4090".to_owned();
    vec![
        Remark::MemoryUnknown,
        Remark::MemorySpeedAssumed { gb_s: 40.0 },
        Remark::AppleShare { total_bytes: 16 * GIB, gpu_bytes: 11 * GIB, why: AppleRoom::SmallMac },
        Remark::AppleShare { total_bytes: 64 * GIB, gpu_bytes: 56 * GIB, why: AppleRoom::NothingToSpare },
        Remark::AppleShareCanGrow {
            total_bytes: 48 * GIB,
            gpu_bytes: 36 * GIB,
            wanted_bytes: 40 * GIB,
            left_bytes: 8 * GIB,
            command: "sudo sysctl iogpu.wired_limit_mb=40960".into(),
        },
        Remark::GpuMemoryUnknown { gpu: gpu() },
        Remark::GpuFull { gpu: gpu() },
        Remark::GpuShared { gpu: gpu(), held_bytes: 7 * GIB + GIB / 2, total_bytes: 24 * GIB },
        Remark::GpuSpeedUnknown { gpu: gpu() },
    ]
}

fn concerns() -> Vec<Concern> {
    let gpu = || "RTX 4090".to_owned();
    vec![
        Concern::NotEnoughRam { needed_bytes: 12_340_000_000, free_bytes: 8_000_000_000 },
        Concern::LittleRamLeft { left_bytes: 512_000_000, wanted_bytes: 2_147_483_648 },
        Concern::NotEnoughOnGpu { gpu: gpu(), needed_bytes: 30_200_000_000, free_bytes: 23_500_000_000 },
        Concern::LittleLeftOnGpu { gpu: gpu(), left_bytes: 300_000_000, wanted_bytes: 1_073_741_824 },
        Concern::BeyondWorkingSet { needed_bytes: 40_100_000_000, working_set_bytes: 38_654_705_664 },
        Concern::ReadsFromDisk { least_bytes: 12_000_000_000, most_bytes: 31_500_000_000, speed: tok_s(0.12, 0.24) },
    ]
}

fn guide_remarks() -> Vec<GuideRemark> {
    let quant = || "Q3_K_M".to_owned();
    vec![
        GuideRemark::OneRow { sizes_gb: vec![8, 16] },
        GuideRemark::TooMany { quant: quant(), n_layers: 25, most: 18 },
        GuideRemark::TooFew { quant: quant(), n_layers: 50, fit: 52, all: false },
        GuideRemark::TooFew { quant: quant(), n_layers: 50, fit: 81, all: true },
        GuideRemark::MemoryTooSmall { quant: quant(), ram_gb: 16, needed_gib: 19.2 },
    ]
}

fn notes() -> Vec<Note> {
    vec![
        Note::Curiosity,
        Note::LargeEnds { of: "Q2_K".into() },
        Note::OldFormat { shown_as: "IQ4_XS".into() },
        Note::LikeAnother { other: "Q4_K_S".into() },
        Note::Usual,
        Note::AsGoodAsFull,
        Note::FullPrecision,
    ]
}

fn remote_problems() -> Vec<RemoteProblem> {
    let incomplete = RemoteProblem::Incomplete {
        model: "M-Q8_0".into(),
        missing: 1,
        count: 3,
        first_missing: "M-Q8_0-00002-of-00003.gguf".into(),
    };
    let dead = RemoteProblem::Dead { quant: "Q4_0_4_4".into(), why: Some(Gone::Rearranged), instead: "Q4_0".into() };
    vec![incomplete, dead, RemoteProblem::Dead { quant: "Q4_2".into(), why: None, instead: "Q4_0".into() }]
}

fn delays() -> Vec<Delay> {
    let host = || "huggingface.co".to_owned();
    vec![
        Delay::Unreachable { host: host(), reason: "the connection was refused".into() },
        Delay::Silent { host: host(), seconds: 30 },
        Delay::Cut { host: host(), reason: "the connection was reset".into() },
        Delay::TooSlow { host: host() },
        Delay::ProxyLogin { proxy: "proxy.test".into() },
        Delay::TooManyRequests { host: host() },
        Delay::ServerFault { host: host(), status: 503 },
    ]
}

fn notices() -> Vec<Notice> {
    let file = || "Llama-3.3-70B-Instruct-Q3_K_M.gguf".to_owned();
    vec![
        Notice::NewVersion { file: file(), commit: "1a2b3c4d".into(), before: "5e6f7a8b".into() },
        Notice::OnceMore { file: file() },
        Notice::ChangedMeanwhile,
    ]
}

fn things() -> Vec<Thing> {
    use Detail as D;
    let details = vec![
        D::DriverVersion,
        D::CudaVersion,
        D::NumberOfCards,
        D::Name,
        D::Memory,
        D::MemoryBandwidth,
        D::ComputeCapability,
        D::PlaceOnBus,
        D::Programs,
    ];
    vec![
        Thing::Computer,
        Thing::ProcessorName,
        Thing::ProcessorCores,
        Thing::ProcessorAndMemory,
        Thing::Memory,
        Thing::FreeMemory,
        Thing::Disks,
        Thing::GraphicsCards,
        Thing::NvidiaCard,
        Thing::NvidiaCardOf { number: 1, count: 2 },
        Thing::OfDriver { details: details.clone() },
        Thing::OfCard { name: "RTX 4090".into(), details: vec![D::Memory, D::Programs] },
        Thing::OfNvidiaCard { details: vec![D::Name] },
        Thing::OfNvidiaCardNumber { number: 2, details },
    ]
}

fn causes() -> Vec<Why> {
    use DriverFault as F;
    let reason = || "E42".to_owned();
    let faults = [
        F::TooOld,
        F::Updated,
        F::NotRunning,
        F::PartMissing,
        F::Forbidden,
        F::CardLost,
        F::CardHung,
        F::NoPower,
        F::NoInterrupts,
        F::TooSlow,
        F::NotSupported,
        F::Unreadable,
        F::Other { words: reason() },
    ];
    let mut all = vec![
        Why::NotInCpuinfo,
        Why::NoCores,
        Why::NoMeminfo,
        Why::NotInMeminfo,
        Why::NoMounts,
        Why::NotTold { reason: reason() },
        Why::NotListed { reason: reason() },
        Why::LookingFailed { reason: reason() },
        Why::EngineCouldNotLook { reason: reason() },
        Why::DriverSilent { seconds: 30 },
        Why::NoNvidiaDriver,
        Why::AnotherLibrary,
        Why::DriverDoesNotAnswer { fault: F::TooOld },
        Why::CardOutOfReach { fault: F::CardLost },
        Why::Zero,
        Why::WithoutCuda,
        Why::UnseenCard { compute_capability: None },
        Why::UnseenCard { compute_capability: Some("3.5".into()) },
    ];
    all.extend(faults.map(|fault| Why::Driver { fault }));
    all
}

/// As they cross to the window, without what the parts underneath said.
fn errors() -> Vec<ApiError> {
    [engine(), own(), stored(), files(), remote(), transfers(), other_servers()]
        .concat()
        .into_iter()
        .map(|error| ApiError { details: None, ..error })
        .collect()
}

fn engine() -> Vec<ApiError> {
    let file = || "Llama-3.3-70B-Instruct-Q3_K_M.gguf".to_owned();
    let deaths = [
        DeathCause::Killed,
        DeathCause::GpuOutOfMemory,
        DeathCause::GpuError,
        DeathCause::Aborted,
        DeathCause::Crashed,
        DeathCause::IllegalInstruction,
        DeathCause::Exited(3),
        DeathCause::Hung { seconds: 30 },
        DeathCause::Babbled,
    ];
    let causes = [
        Cause::UnknownArchitecture { file: file(), architecture: "resnet".into() },
        Cause::FileIncomplete { file: file() },
        Cause::NoMemoryForModel { file: file() },
        Cause::NotAWholeModel { file: file() },
        Cause::NoDecoder { file: file() },
        Cause::CannotLoad { file: file() },
        Cause::NoMemoryForContext { n_ctx: 512 },
        Cause::NoModel,
        Cause::PromptTooLong { n_tokens: 600, n_ctx: 512 },
    ];
    let died = |cause| EngineError::Died(Death { cause, last_words: String::new() }).into();
    let spawn = EngineError::Spawn(Arc::new(io::Error::other("the file is gone"))).into();
    let failed = causes.map(|cause| ApiError::from(Failure::from(cause)));
    deaths.map(died).into_iter().chain([spawn]).chain(failed).collect()
}

fn own() -> Vec<ApiError> {
    let damaged = |bytes| {
        let sentence = crate::library::broken(Path::new("/models/M-Q4_K_M.gguf"), bytes);
        ApiError::file_damaged(sentence, "M-Q4_K_M.gguf".into(), bytes)
    };
    vec![
        ApiError::closing(),
        ApiError::held_back("Llama 3.1 8B Instruct", &[]),
        ApiError::load_stopped(),
        ApiError::answer_underway(),
        ApiError::model_at_work(),
        ApiError::model_loaded("Llama 3.1 8B Instruct".into()),
        ApiError::model_in_check("Llama 3.1 8B Instruct".into()),
        ApiError::download_gone(),
        ApiError::licence_not_accepted("owner/model".into(), "Llama 3.3 Community License".into()),
        damaged(Some(67_108_864)),
        damaged(Some(0)),
        damaged(None),
        ApiError::too_long(600, 128, 512, ContextPolicy::StopAtLimit),
        ApiError::too_long(600, 128, 512, ContextPolicy::RollingWindow),
        ApiError::port_taken(12434, Some("python3 (process 4242)".into())),
        ApiError::port_taken(12434, None),
        ApiError::server_not_started("192.0.2.1 is not an address of this computer".into()),
    ]
}

fn stored() -> Vec<ApiError> {
    vec![
        StoreError::UnknownConversation(ConversationId::from("c1".to_owned())).into(),
        StoreError::UnknownMessage(MessageId::from("m1".to_owned())).into(),
        StoreError::StillBeingWritten(MessageId::from("m1".to_owned())).into(),
        StoreError::DiskFull.into(),
        StoreError::ReadOnly.into(),
        StoreError::Busy.into(),
    ]
}

fn files() -> Vec<ApiError> {
    let path = || Path::new("/models/M-Q4_K_M.gguf").to_owned();
    vec![
        paddock_hub::Error::NotFound { path: path() }.into(),
        paddock_hub::Error::NoAccess { path: path() }.into(),
        paddock_hub::Error::Empty { path: path() }.into(),
        paddock_hub::Error::NotGguf { path: path(), looks_like: None }.into(),
        paddock_hub::Error::MissingPart { path: path(), count: 3 }.into(),
    ]
}

fn remote() -> Vec<ApiError> {
    let host = || "huggingface.co".to_owned();
    let repo = || "owner/model".to_owned();
    let page = || "https://huggingface.co/owner/model".to_owned();
    let wait = |retry_after| RemoteError::TooManyRequests { host: host(), retry_after };
    let nearest = |names: &[&str]| RemoteError::NoQuant {
        repo: repo(),
        wanted: "Q4_K_N".into(),
        nearest: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let limit = Duration::from_secs(30);
    [
        RemoteError::Gated { repo: repo(), page: page(), had_token: false },
        RemoteError::Gated { repo: repo(), page: page(), had_token: true },
        RemoteError::TokenRefused { host: host() },
        RemoteError::Unreachable { host: host(), cause: "the connection was refused".into() },
        RemoteError::ProxyLogin { proxy: "proxy.test".into() },
        RemoteError::Certificate { host: host(), cause: "it has expired".into() },
        RemoteError::Silent { host: host(), silence: limit },
        RemoteError::TooSlow { host: host(), limit },
        RemoteError::Cut { host: host(), cause: "the connection was reset".into() },
        RemoteError::NoRepo { repo: repo(), page: page(), had_token: false },
        RemoteError::NoRepo { repo: repo(), page: page(), had_token: true },
        nearest(&["Q4_K_M", "Q4_K_S"]),
        nearest(&[]),
        RemoteError::NoModels { repo: repo() },
        wait(None),
        wait(Some(Duration::from_secs(1))),
        wait(Some(Duration::from_secs(45))),
        wait(Some(Duration::from_secs(600))),
        RemoteError::ServerFault { host: host(), status: 503 },
        RemoteError::WebPage { host: host() },
    ]
    .map(ApiError::from)
    .into()
}

fn other_servers() -> Vec<ApiError> {
    use paddock_remote::{AddressFault as F, RemoteError as E};
    let host = || "gpu-box:8000".to_owned();
    let model = || "llama-3.3-70b".to_owned();
    let faults = [F::Unreadable, F::HoldsPassword, F::NoHost, F::HasQuery, F::InTheClear, F::OtherScheme];
    let busy =
        |seconds: Option<u64>| E::Busy { host: host(), status: 429, retry_after: seconds.map(Duration::from_secs) };
    let errors = [
        E::BadKey,
        E::NoTls { cause: "no certificates".into() },
        E::Unreachable { host: host(), cause: "Connection refused (os error 111)".into() },
        E::Silent { host: host(), silence: Duration::from_secs(1) },
        E::Silent { host: host(), silence: Duration::from_secs(600) },
        E::KeyRefused { host: host(), status: 401 },
        E::NotThere { host: host(), model: Some(model()) },
        E::NotThere { host: host(), model: None },
        E::Garbled { host: host(), why: "its answer is endless".into() },
        busy(None),
        busy(Some(1)),
        busy(Some(45)),
        busy(Some(600)),
        E::Refused { host: host(), status: 400, said: "the context is too long".into() },
        E::Cut { host: host() },
    ];
    let own = [
        ApiError::remote_gone(Some(model())),
        ApiError::remote_gone(None),
        ApiError::remote_key_lost("GPU box".into()),
        ApiError::remote_cannot_continue(host()),
        ApiError::remote_filtered(host()),
    ];
    let addresses = faults.map(|fault| E::BadAddress { given: "http://example.com".into(), fault });
    addresses.into_iter().chain(errors).map(ApiError::from).chain(own).collect()
}

fn transfers() -> Vec<ApiError> {
    let file = || "M-Q4_K_M.gguf".to_owned();
    let folder = || Path::new("/models").to_owned();
    [
        TransferError::NoChecksum { file: file() },
        TransferError::DiskFull { folder: folder(), needed_bytes: 42_520_361_712, free_bytes: 21_340_000_000 },
        TransferError::FileTooLarge { folder: folder(), size_bytes: 42_520_361_712 },
        TransferError::NoAccess { folder: folder(), source: io::Error::other("permission denied") },
        TransferError::Occupied { path: folder().join("M-Q4_K_M.gguf") },
        TransferError::WrongHash { file: file(), host: "huggingface.co".into() },
        TransferError::NotGguf { file: file() },
    ]
    .map(ApiError::from)
    .into()
}
