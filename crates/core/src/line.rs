//! The line before the engine: answers are written side by side, as many as the model was loaded for; a load has the
//! engine for itself. Whoever waits can say where, and behind whom.
//!
//! Two kinds of people wait in it. The window's are one person's and come one at a time; those of other programs may
//! come by the hundred. So of the latter only so many may wait, and one of the window's goes after at most one of them.

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{MutexGuard as AsyncMutexGuard, watch};

use crate::{App, models::Current};

/// How many requests of other programs may wait. At 4 at once and a minute for each, the last waits a quarter of an hour:
/// more than any client does.
pub const MAX_WAITING: usize = 64;

/// Who has the engine, and who waits for it.
pub(crate) struct Line {
    places: Mutex<Places>,
    /// Counts changes of the places.
    changed: watch::Sender<u64>,
}

struct Places {
    last_ticket: u64,
    waiting: VecDeque<Waiting>,
    holders: Vec<Holder>,
    /// How many answers may be written at once.
    room: usize,
    closed: bool,
}

struct Waiting {
    ticket: u64,
    alone: bool,
    from: Asker,
}

struct Holder {
    ticket: u64,
    alone: bool,
    from: Asker,
    /// The conversation that is being answered; none: it is a load, or a request of another program.
    conversation: Option<Named>,
}

/// A conversation in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) title: String,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The person at the window.
    Window,
    /// Another program.
    Outside,
}

/// Where somebody stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// 1: the next.
    pub(crate) position: u32,
    /// The title of a conversation that is being answered, if there is one.
    pub(crate) behind: Option<String>,
}

/// Too many wait already.
#[derive(Debug)]
pub(crate) struct Full;

impl Line {
    pub(crate) fn new() -> Self {
        let places = Places { last_ticket: 0, waiting: VecDeque::new(), holders: Vec::new(), room: 1, closed: false };
        Self { places: Mutex::new(places), changed: watch::Sender::new(0) }
    }

    /// Whether somebody has the engine or waits for it.
    pub(crate) fn is_taken(&self) -> bool {
        self.places().is_taken()
    }

    /// How many requests of other programs are answered at this moment, and how many wait.
    pub(crate) fn outside(&self) -> (usize, usize) {
        let places = self.places();
        let holders = places.holders.iter().filter(|holder| holder.from == Asker::Outside).count();
        let waiting = places.waiting.iter().filter(|waiting| waiting.from == Asker::Outside).count();
        (holders, waiting)
    }

    /// Changes whenever somebody comes, gets the engine, or gives it back.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// From now on so many answers may be written at once.
    pub(crate) fn set_room(&self, room: u32) {
        self.change(|places| places.room = room.max(1) as usize);
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
                if places.closed || places.is_taken() {
                    return;
                }
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn join(&self, from: Asker, alone: bool) -> Result<Ticket<'_>, Full> {
        let ticket = self.change(|places| {
            let outside = places.waiting.iter().filter(|waiting| waiting.from == Asker::Outside).count();
            if from == Asker::Outside && outside >= MAX_WAITING {
                return Err(Full);
            }
            places.last_ticket += 1;
            let ticket = places.last_ticket;
            let at = places.place_for(from);
            places.waiting.insert(at, Waiting { ticket, alone, from });
            Ok(ticket)
        })?;
        Ok(Ticket { line: self, ticket, from })
    }

    /// None: it is this one's turn.
    fn place_of(&self, ticket: u64) -> Option<Place> {
        self.places().place_of(ticket)
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

impl Places {
    fn is_taken(&self) -> bool {
        !self.holders.is_empty() || !self.waiting.is_empty()
    }

    /// Other programs: the end. The window: behind its own, and behind at most one more.
    fn place_for(&self, from: Asker) -> usize {
        if from == Asker::Outside {
            return self.waiting.len();
        }
        let own = self.waiting.iter().rposition(|waiting| waiting.from == Asker::Window).map_or(0, |at| at + 1);
        (own + 1).min(self.waiting.len())
    }

    fn place_of(&self, ticket: u64) -> Option<Place> {
        let before = self.waiting.iter().position(|other| other.ticket == ticket)?;
        let alone = self.waiting.get(before).is_some_and(|waiting| waiting.alone);
        let free = if alone {
            self.holders.is_empty()
        } else {
            self.holders.len() < self.room && !self.holders.iter().any(|holder| holder.alone)
        };
        if before == 0 && free {
            return None;
        }
        let position = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let behind = self.holders.iter().find_map(|holder| holder.conversation.as_ref());
        Some(Place { position, behind: behind.map(|conversation| conversation.title.clone()) })
    }
}

/// A place in the line, given up when dropped.
struct Ticket<'a> {
    line: &'a Line,
    ticket: u64,
    from: Asker,
}

impl<'a> Ticket<'a> {
    /// Wait for the turn. `on_place` hears where this stands, at once and at every change; never, if there is room.
    async fn turn(self, conversation: Option<Named>, on_place: &mut (impl FnMut(Place) + Send)) -> Holding<'a> {
        let mut changed = self.line.changed.subscribe();
        let mut told = None;
        loop {
            if let Some(holding) = self.enter(&conversation) {
                return holding;
            }
            if let Some(place) = self.line.place_of(self.ticket).filter(|place| told.as_ref() != Some(place)) {
                on_place(place.clone());
                told = Some(place);
            }
            // It cannot fail: the sender is the line's own.
            let _changed = changed.changed().await;
        }
    }

    /// Take the engine, if it is this one's turn.
    fn enter(&self, conversation: &Option<Named>) -> Option<Holding<'a>> {
        let Self { line, ticket, from } = *self;
        {
            let mut places = line.places();
            if places.place_of(ticket).is_some() {
                return None;
            }
            let alone = places.waiting.pop_front().is_some_and(|waiting| waiting.alone);
            places.holders.push(Holder { ticket, alone, from, conversation: conversation.clone() });
        }
        line.changed.send_modify(|version| *version += 1);
        Some(Holding { line, ticket, from })
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.line.places().waiting.iter().any(|other| other.ticket == self.ticket) {
            self.line.change(|places| places.waiting.retain(|other| other.ticket != self.ticket));
        }
    }
}

/// The engine, or a part of it, until this is dropped.
pub(crate) struct Holding<'a> {
    line: &'a Line,
    ticket: u64,
    from: Asker,
}

impl<'a> Holding<'a> {
    /// Give the place up for one that has the engine for itself, before everybody else who waits.
    fn wait_alone(self) -> Ticket<'a> {
        let Self { line, ticket, from } = self;
        line.change(|places| {
            places.holders.retain(|holder| holder.ticket != ticket);
            // A new number, because dropping `self` gives the old one back.
            places.last_ticket += 1;
            let ticket = places.last_ticket;
            places.waiting.push_front(Waiting { ticket, alone: true, from });
            Ticket { line, ticket, from }
        })
    }

    /// Let others in beside this.
    fn share(&self) {
        self.line.change(|places| {
            for holder in places.holders.iter_mut().filter(|holder| holder.ticket == self.ticket) {
                holder.alone = false;
            }
        });
    }

    /// Another conversation that is being answered, or none.
    pub(crate) fn another(&self) -> Option<String> {
        let places = self.line.places();
        let others = places.holders.iter().filter(|holder| holder.ticket != self.ticket);
        others.filter_map(|holder| holder.conversation.as_ref()).map(|conversation| conversation.id.clone()).next()
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.line.change(|places| places.holders.retain(|holder| holder.ticket != self.ticket));
    }
}

/// The engine, and which model is in it, for as long as this lives.
pub(crate) struct Engine<'a> {
    // Given back first, so that the next in line finds it free.
    current: AsyncMutexGuard<'a, Option<Current>>,
    holding: Holding<'a>,
}

impl<'a> Engine<'a> {
    /// Keep a place for one answer, and let others in beside it.
    pub(crate) fn into_place(self) -> Holding<'a> {
        let Self { current, holding } = self;
        drop(current);
        holding.share();
        holding
    }
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
    /// Wait for the engine, to have it alone. Dropping the future gives the place up.
    pub(crate) async fn have_engine(&self) -> Engine<'_> {
        let line = &self.inner.line;
        let holding = loop {
            // The window is never refused.
            if let Ok(ticket) = line.join(Asker::Window, true) {
                break ticket.turn(None, &mut |_| {}).await;
            }
        };
        // At most a title is in the way, and that is being given up.
        Engine { current: self.inner.engine.lock().await, holding }
    }

    /// Wait for room for one answer beside others. `on_place` hears where this stands, at once and at every change;
    /// never, if there is room. Dropping the future gives the place up.
    ///
    /// # Errors
    /// When too many wait already; never for the window.
    pub(crate) async fn have_place(
        &self,
        from: Asker,
        conversation: Option<Named>,
        on_place: &mut (impl FnMut(Place) + Send),
    ) -> Result<Holding<'_>, Full> {
        Ok(self.inner.line.join(from, false)?.turn(conversation, on_place).await)
    }

    /// Have the engine alone instead of one place in it: what is being answered is answered first, and nothing new is
    /// begun before this.
    pub(crate) async fn have_alone<'a>(
        &'a self,
        holding: Holding<'a>,
        conversation: Option<Named>,
        on_place: &mut (impl FnMut(Place) + Send),
    ) -> Engine<'a> {
        let holding = holding.wait_alone().turn(conversation, on_place).await;
        Engine { current: self.inner.engine.lock().await, holding }
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
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn trees() -> Option<Named> {
        Some(Named { id: "1".into(), title: "Trees".into() })
    }

    fn place(position: u32, behind: Option<&str>) -> Option<Place> {
        Some(Place { position, behind: behind.map(str::to_owned) })
    }

    #[test]
    fn places_follow_the_order_of_arrival_and_close_up() {
        let line = Line::new();
        let first = line.join(Asker::Window, false).unwrap();
        assert_eq!(line.place_of(first.ticket), None);
        let holding = first.enter(&trees()).unwrap();
        drop(first);
        let (second, third) = (line.join(Asker::Window, false).unwrap(), line.join(Asker::Window, false).unwrap());
        assert!(second.enter(&None).is_none());
        assert_eq!(line.place_of(second.ticket), place(1, Some("Trees")));
        assert_eq!(line.place_of(third.ticket), place(2, Some("Trees")));
        drop(second);
        assert_eq!(line.place_of(third.ticket), place(1, Some("Trees")));
        drop(holding);
        assert_eq!(line.place_of(third.ticket), None);
        assert!(line.is_taken());
        drop(third);
        assert!(!line.is_taken());
    }

    #[test]
    fn as_many_answers_go_in_as_there_is_room_and_a_load_waits_for_all_of_them() {
        let line = Line::new();
        line.set_room(2);
        let tickets: Vec<_> = [false, false, true, false].map(|alone| line.join(Asker::Window, alone).unwrap()).into();
        let one = tickets[0].enter(&None).unwrap();
        let two = tickets[1].enter(&None).unwrap();
        assert!(tickets[2].enter(&None).is_none(), "a load goes beside an answer");
        drop(one);
        assert!(tickets[2].enter(&None).is_none(), "a load goes beside an answer");
        assert!(tickets[3].enter(&None).is_none(), "an answer overtakes a load");
        drop(two);
        let load = tickets[2].enter(&None).unwrap();
        assert!(tickets[3].enter(&None).is_none(), "an answer goes beside a load");
        load.share();
        assert!(tickets[3].enter(&None).is_some(), "a load that has become an answer lets others in");
    }

    #[test]
    fn who_finds_another_model_waits_alone_before_everybody_else() {
        let line = Line::new();
        line.set_room(2);
        let (first, second) = (line.join(Asker::Outside, false).unwrap(), line.join(Asker::Outside, false).unwrap());
        let third = line.join(Asker::Outside, false).unwrap();
        let (one, two) = (first.enter(&None).unwrap(), second.enter(&None).unwrap());
        let alone = two.wait_alone();
        assert!(third.enter(&None).is_none());
        assert_eq!(line.place_of(alone.ticket), place(1, None));
        drop(one);
        assert!(third.enter(&None).is_none());
        assert!(alone.enter(&None).is_some());
    }

    #[test]
    fn the_window_waits_behind_at_most_one_request_of_another_program() {
        let line = Line::new();
        let busy = line.join(Asker::Outside, false).unwrap();
        let _holding = busy.enter(&None).unwrap();
        let outside: Vec<_> = (0..5).map(|_| line.join(Asker::Outside, false).unwrap()).collect();
        let first = line.join(Asker::Window, false).unwrap();
        let second = line.join(Asker::Window, false).unwrap();
        let position = |ticket: &Ticket<'_>| line.place_of(ticket.ticket).unwrap().position;
        assert_eq!((position(&outside[0]), position(&first)), (1, 2));
        assert_eq!((position(&outside[1]), position(&second), position(&outside[2])), (3, 4, 5));
    }

    #[test]
    fn other_programs_are_refused_when_too_many_wait_and_the_window_never() {
        let line = Line::new();
        let busy = line.join(Asker::Outside, false).unwrap();
        let _holding = busy.enter(&None).unwrap();
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| line.join(Asker::Outside, false).unwrap()).collect();
        assert!(line.join(Asker::Outside, false).is_err());
        assert!(line.join(Asker::Window, false).is_ok());
        assert_eq!(line.outside(), (1, MAX_WAITING));
        drop(waiting);
        assert!(line.join(Asker::Outside, false).is_ok());
    }
}
