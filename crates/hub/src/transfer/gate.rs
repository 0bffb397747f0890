//! Waiting for what can heal: a network that is gone, a server that wants to be left alone.
//!
//! All connections of a transfer go through one gate. When one finds that the matter is not its own, it closes the gate
//! for all; when the time has come, one of them tries, and the others follow if it gets through.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::network::Changes;
use super::said::Delay;

/// The longest wait that nobody asked for.
const MOST_BACKOFF: Duration = Duration::from_secs(60);

/// What a transfer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// The server cannot be reached.
    Offline,
    /// The server wants to be left alone for a while.
    Busy,
    /// The server has a fault.
    ServerFault,
    /// Connections are there and nothing comes, or they break all the time.
    Stalled,
    /// The network's proxy wants a login.
    Proxy,
}

impl WaitReason {
    /// The longest wait until the next try, where nobody says when. A proxy's login is a matter between this computer and
    /// the next one, which does no harm to ask.
    fn most(self) -> Duration {
        match self {
            Self::Proxy => Duration::from_secs(5),
            _ => MOST_BACKOFF,
        }
    }
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// For what.
    pub reason: WaitReason,
    /// What happened.
    pub why: Delay,
    /// When it is tried again.
    pub until: Instant,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    wait: Option<Wait>,
    /// One connection tries whether it is over.
    probing: bool,
    /// Tries in a row that were in vain.
    in_vain: u32,
}

/// What somebody who went through the gate must tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// The gate was open.
    Open,
    /// This connection tries for all.
    Probe,
}

impl Gate {
    /// Waits until the gate is open, or until it is this connection's turn to try. A change of the network is a reason
    /// to try at once.
    pub(crate) async fn pass(&self, network: &mut Changes) -> Pass {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let until = {
                let mut state = self.state();
                match &state.wait {
                    None => return Pass::Open,
                    Some(wait) if wait.until <= Instant::now() && !state.probing => {
                        state.probing = true;
                        return Pass::Probe;
                    }
                    Some(wait) if state.probing => wait.until.max(Instant::now() + MOST_BACKOFF),
                    Some(wait) => wait.until,
                }
            };
            tokio::select! {
                () = tokio::time::sleep_until(until.into()) => {}
                () = changed => {}
                () = network.next() => self.try_now(),
            }
        }
    }

    /// Bytes came.
    pub(crate) fn open(&self) {
        let mut state = self.state();
        let was_closed = state.wait.take().is_some();
        (state.probing, state.in_vain) = (false, 0);
        drop(state);
        if was_closed {
            self.changed.notify_waiters();
        }
    }

    /// It is of no use to go on before some time has passed: `after` where somebody said how long, else longer each
    /// time.
    pub(crate) fn close(&self, pass: Pass, why: Delay, after: Option<Duration>) {
        let mut state = self.state();
        // Others, who set out before it was closed, bring the same news.
        if state.wait.is_some() && pass == Pass::Open {
            return;
        }
        let reason = why.reason();
        let wait = after.unwrap_or_else(|| backoff(state.in_vain).min(reason.most()));
        state.in_vain = state.in_vain.saturating_add(1);
        state.wait = Some(Wait { reason, why, until: Instant::now() + wait });
        state.probing = false;
        drop(state);
        self.changed.notify_waiters();
    }

    /// A probe ended without news, so that somebody else must try.
    pub(crate) fn give_up(&self, pass: Pass) {
        if pass == Pass::Probe {
            self.state().probing = false;
            self.changed.notify_waiters();
        }
    }

    fn try_now(&self) {
        let mut state = self.state();
        state.in_vain = 0;
        if let Some(wait) = state.wait.as_mut().filter(|wait| wait.reason != WaitReason::Busy) {
            wait.until = wait.until.min(Instant::now());
        }
    }

    /// What is waited for at the moment.
    pub(crate) fn wait(&self) -> Option<Wait> {
        self.state().wait.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 1 s, 2 s, 4 s … and at most a minute.
pub(crate) fn backoff(in_vain: u32) -> Duration {
    Duration::from_secs(1_u64 << in_vain.min(6)).min(MOST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::super::network::Network;
    use super::*;

    fn offline() -> Delay {
        Delay::Unreachable { host: "hub.test".to_owned(), reason: "the connection was refused".to_owned() }
    }

    #[tokio::test]
    async fn one_tries_and_the_others_follow() {
        let (gate, network) = (Gate::default(), Network::still());
        let (mut one, mut other) = (network.changes(), network.changes());
        assert_eq!(gate.pass(&mut one).await, Pass::Open);
        gate.close(Pass::Open, offline(), Some(Duration::ZERO));
        gate.close(Pass::Open, offline(), Some(Duration::from_secs(600)));
        assert_eq!(gate.pass(&mut one).await, Pass::Probe, "the second one brought no news");
        let second = gate.pass(&mut other);
        tokio::pin!(second);
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut second).await.is_err(), "one is enough");
        gate.open();
        assert_eq!(second.await, Pass::Open);
        assert_eq!(gate.wait(), None);
    }

    #[tokio::test]
    async fn a_change_of_the_network_is_a_reason_to_try_unless_the_server_said_when() {
        let network = Network::still();
        let busy = Delay::TooManyRequests { host: "hub.test".to_owned() };
        for (why, tries) in [(offline(), true), (busy, false)] {
            let gate = Gate::default();
            gate.close(Pass::Open, why.clone(), Some(Duration::from_secs(600)));
            let mut changes = network.changes();
            let pass = gate.pass(&mut changes);
            tokio::pin!(pass);
            assert!(tokio::time::timeout(Duration::from_millis(20), &mut pass).await.is_err());
            network.tell();
            let passed = tokio::time::timeout(Duration::from_millis(200), &mut pass).await;
            assert_eq!(passed.is_ok(), tries, "{why:?}");
        }
    }

    #[test]
    fn waits_grow_to_a_minute() {
        let waits: Vec<u64> = (0..9).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
