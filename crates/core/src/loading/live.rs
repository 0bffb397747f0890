//! What is found out while a model answers: whether it is as fast as it should be, and what it reads from the disk.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use paddock_engine_api::Life;
use paddock_store::Timings;

use super::App;
use crate::view::{DiskUse, EngineState, LoadedModel};

/// How often what was read is looked at, while an answer is under way.
const LOOK: Duration = Duration::from_secs(1);
/// An answer of fewer tokens says nothing about speed.
const LEAST_TOKENS: u32 = 16;

impl App {
    /// Compares an answer with what was predicted for its model.
    pub(crate) fn compare_speed(&self, model: &LoadedModel, timings: Timings) {
        if timings.predicted_n < LEAST_TOKENS || timings.predicted_ms <= 0.0 {
            return;
        }
        let tok_s = f64::from(timings.predicted_n) / timings.predicted_ms * 1e3;
        let slower = {
            let expected = self.inner.loading.expected();
            let Some(expected) = expected.as_ref().filter(|expected| expected.path == model.path) else { return };
            paddock_planner::slower(tok_s, &expected.plan, &expected.machine, expected.processor_alone)
        };
        self.inner.loading.notes.send_if_modified(|notes| {
            let changed = notes.slower.map(|slower| slower.because) != slower.map(|slower| slower.because);
            notes.slower = slower;
            changed
        });
    }

    /// Counts what the engine reads from the disk while it answers, for as long as this process lives.
    pub(super) fn watch_disk(&self, pid: u32) {
        let inner = std::sync::Arc::downgrade(&self.inner);
        let mut states = self.inner.engine_state.subscribe();
        let life = self.inner.host.life();
        tokio::spawn(async move {
            let mut begun: Option<(u64, u32, Instant)> = None;
            loop {
                if *life.borrow() != Life::Running(pid) {
                    return;
                }
                let busy = matches!(
                    *states.borrow_and_update(),
                    EngineState::Understanding { .. } | EngineState::Writing { .. }
                );
                let Some(inner) = inner.upgrade() else { return };
                let n_tokens = inner.loading.n_tokens.load(Ordering::Relaxed);
                let Some(read) = read_bytes(pid) else { return };
                if !busy && begun.is_none() {
                    drop(inner);
                    // An error means that the app is gone.
                    if states.changed().await.is_err() {
                        return;
                    }
                    continue;
                }
                let (read_before, tokens_before, at) = *begun.get_or_insert((read, n_tokens, Instant::now()));
                inner.loading.notes.send_modify(|notes| {
                    if let Some(from_disk) = &mut notes.from_disk {
                        from_disk.live = Some(DiskUse {
                            read_bytes: read.saturating_sub(read_before),
                            n_tokens: n_tokens.wrapping_sub(tokens_before),
                            seconds: at.elapsed().as_secs_f64(),
                        });
                    }
                });
                drop(inner);
                if !busy {
                    begun = None;
                    continue;
                }
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    changed = states.changed() => if changed.is_err() { return },
                }
            }
        });
    }
}

/// What a process has read from disks so far, in bytes; `None`: it is gone, or this system does not say.
fn read_bytes(pid: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("read_bytes: ")?.parse().ok())
}
