//! The line before the engine: loads and answers come one after the other, in the order in which they were asked for,
//! and whoever waits can say for whom.

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{MutexGuard as AsyncMutexGuard, watch};

use crate::{App, models::Current};

/// Who has the engine, and who waits for it.
pub(crate) struct Line {
    places: Mutex<Places>,
    /// Counts changes of the places.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Places {
    last_ticket: u64,
    waiting: VecDeque<u64>,
    holder: Option<Holder>,
    closed: bool,
}

struct Holder {
    /// The title of the conversation that is being answered; none: it is a load, or something as short.
    title: Option<String>,
}

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1: the next.
    pub(crate) position: u32,
    /// The title of the conversation that is being answered, if it is one.
    pub(crate) behind: Option<String>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { places: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Whether somebody has the engine or waits for it.
    pub(crate) fn is_taken(&self) -> bool {
        let places = self.places();
        places.holder.is_some() || !places.waiting.is_empty()
    }

    /// Changes whenever somebody comes, gets the engine, or gives it back.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// From now on nothing is begun that nobody asked for.
    pub(crate) fn close(&self) {
        self.change(|places| places.closed = true);
    }

    /// Until somebody wants the engine, or the line is closed.
    async fn wanted(&self) {
        let mut changed = self.changed.subscribe();
        loop {
            {
                let places = self.places();
                if places.closed || !places.waiting.is_empty() {
                    return;
                }
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn join(&self) -> Ticket<'_> {
        let ticket = self.change(|places| {
            places.last_ticket += 1;
            places.waiting.push_back(places.last_ticket);
            places.last_ticket
        });
        Ticket { line: self, ticket }
    }

    /// None: it is this one's turn.
    fn place_of(&self, ticket: u64) -> Option<Place> {
        let places = self.places();
        let before = places.waiting.iter().position(|&other| other == ticket)?;
        if before == 0 && places.holder.is_none() {
            return None;
        }
        let position = u32::try_from(before + 1).unwrap_or(u32::MAX);
        Some(Place { position, behind: places.holder.as_ref().and_then(|holder| holder.title.clone()) })
    }

    fn change<T>(&self, change: impl FnOnce(&mut Places) -> T) -> T {
        let result = change(&mut self.places());
        self.changed.send_modify(|version| *version += 1);
        result
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, given up when dropped.
struct Ticket<'a> {
    line: &'a Line,
    ticket: u64,
}

impl<'a> Ticket<'a> {
    fn enter(self, title: Option<String>) -> Holding<'a> {
        let line = self.line;
        line.change(|places| places.holder = Some(Holder { title }));
        Holding { line }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.line.change(|places| places.waiting.retain(|&other| other != self.ticket));
    }
}

struct Holding<'a> {
    line: &'a Line,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.line.change(|places| places.holder = None);
    }
}

/// The engine, and which model is in it, for as long as this lives.
pub(crate) struct Engine<'a> {
    // Given back first, so that the next in line finds it free.
    current: AsyncMutexGuard<'a, Option<Current>>,
    _holding: Holding<'a>,
}

impl Deref for Engine<'_> {
    type Target = Option<Current>;

    fn deref(&self) -> &Self::Target {
        &self.current
    }
}

impl DerefMut for Engine<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.current
    }
}

impl App {
    /// Wait for the engine. `title`: of the conversation that is to be answered. `on_place` hears where this stands, at
    /// once and at every change; never, if the engine is free. Dropping the future gives the place up.
    pub(crate) async fn have_engine(&self, title: Option<String>, mut on_place: impl FnMut(Place)) -> Engine<'_> {
        let line = &self.inner.line;
        let mut changed = line.changed.subscribe();
        let ticket = line.join();
        let mut told = None;
        while let Some(place) = line.place_of(ticket.ticket) {
            if told.as_ref() != Some(&place) {
                on_place(place.clone());
                told = Some(place);
            }
            // It cannot fail: the sender is the line's own.
            let _changed = changed.changed().await;
        }
        // At most a title is in the way, and that is being given up.
        let current = self.inner.engine.lock().await;
        Engine { current, _holding: ticket.enter(title) }
    }

    /// The engine for something that nobody asked for, if nobody wants it, and until somebody does.
    pub(crate) async fn with_idle_engine<T>(&self, work: impl AsyncFnOnce(&Current) -> Option<T>) -> Option<T> {
        if self.inner.line.is_taken() {
            return None;
        }
        let engine = self.inner.engine.try_lock().ok()?;
        let current = engine.as_ref()?;
        tokio::select! {
            biased;
            () = self.inner.line.wanted() => None,
            done = work(current) => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_order_of_arrival_and_close_up() {
        let line = Line::new();
        let first = line.join();
        assert_eq!(line.place_of(first.ticket), None);
        let holding = first.enter(Some("Trees".into()));
        let (second, third) = (line.join(), line.join());
        let behind = || Some("Trees".to_owned());
        assert_eq!(line.place_of(second.ticket), Some(Place { position: 1, behind: behind() }));
        assert_eq!(line.place_of(third.ticket), Some(Place { position: 2, behind: behind() }));
        drop(second);
        assert_eq!(line.place_of(third.ticket), Some(Place { position: 1, behind: behind() }));
        drop(holding);
        assert_eq!(line.place_of(third.ticket), None);
        assert!(line.is_taken());
        drop(third);
        assert!(!line.is_taken());
    }
}
