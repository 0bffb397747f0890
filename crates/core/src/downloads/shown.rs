//! Downloads and their errors as the window shows them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use paddock_hub::transfer::{self, Phase, TransferError};

use super::{Entry, Outcome};
use crate::{
    ApiError, ErrorCode, What,
    app::now_ms,
    view::{DownloadState, DownloadView, WaitReason},
};

pub(super) fn view(entry: &Entry) -> DownloadView {
    let Entry { kept, progress, stop, .. } = entry;
    let state = match (&kept.outcome, stop) {
        (Outcome::Ready(_), _) => DownloadState::Ready,
        (Outcome::Failed(error), _) => DownloadState::Failed { error: error.clone() },
        // The cancelled ones are not shown.
        (Outcome::Paused | Outcome::Cancelled, _) => DownloadState::Paused,
        (Outcome::Wanted, None) => DownloadState::Queued,
        (Outcome::Wanted, Some(_)) => state_of(&progress.phase),
    };
    let first = kept.targets.first().cloned().unwrap_or_else(|| PathBuf::from(&kept.wanted));
    let is_moving = matches!(state, DownloadState::Downloading { .. });
    DownloadView {
        id: kept.id.clone(),
        repo: kept.repo.clone(),
        quant: transfer::quant_of(&first).or_else(|| transfer::quant_of(Path::new(&kept.wanted))),
        name: transfer::name_of(&first),
        n_files: u32::try_from(kept.targets.len().max(1)).unwrap_or(u32::MAX),
        total_bytes: kept.total_bytes,
        done_bytes: if state == DownloadState::Ready { kept.total_bytes } else { progress.done_bytes },
        bytes_per_s: if is_moving { progress.bytes_per_s } else { 0 },
        eta_s: progress.time_left.filter(|_| is_moving).map(|left| left.as_secs()),
        map: progress.map.clone(),
        notices: progress.notices.clone(),
        folder: first.parent().unwrap_or(&kept.root).display().to_string(),
        path: if let Outcome::Ready(path) = &kept.outcome { Some(path.display().to_string()) } else { None },
        state,
    }
}

fn state_of(phase: &Phase) -> DownloadState {
    match phase {
        Phase::Preparing => DownloadState::Preparing,
        Phase::Downloading { connections } => {
            DownloadState::Downloading { connections: u32::try_from(*connections).unwrap_or(u32::MAX) }
        }
        Phase::Waiting(wait) => DownloadState::Waiting {
            reason: wait.reason.into(),
            why: wait.why.clone(),
            until_ms: Some(wall_clock_ms(wait.until)),
        },
        Phase::Following => DownloadState::Following,
        Phase::Verifying { checked_bytes } => DownloadState::Verifying { checked_bytes: *checked_bytes },
    }
}

/// A moment as the clock on the wall shows it.
fn wall_clock_ms(at: Instant) -> i64 {
    let in_ms = at.saturating_duration_since(Instant::now()).as_millis();
    now_ms().saturating_add(i64::try_from(in_ms).unwrap_or(i64::MAX))
}

impl From<transfer::WaitReason> for WaitReason {
    fn from(reason: transfer::WaitReason) -> Self {
        match reason {
            transfer::WaitReason::Offline => Self::Offline,
            transfer::WaitReason::Busy => Self::Busy,
            transfer::WaitReason::ServerFault => Self::ServerFault,
            transfer::WaitReason::Stalled => Self::Stalled,
            transfer::WaitReason::Proxy => Self::Proxy,
        }
    }
}

impl From<TransferError> for ApiError {
    fn from(error: TransferError) -> Self {
        let code = match error {
            TransferError::Remote(error) => return error.into(),
            TransferError::DiskFull { .. }
            | TransferError::FileTooLarge { .. }
            | TransferError::PathTooLong { .. }
            | TransferError::NoAccess { .. }
            | TransferError::OutsideFolder { .. }
            | TransferError::Occupied { .. }
            | TransferError::Disk { .. } => ErrorCode::Storage,
            _ => ErrorCode::ModelRefused,
        };
        Self { what: What::of_transfer(&error).map(Box::new), ..Self::new(code, error.to_string()) }
    }
}
