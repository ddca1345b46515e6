//! The ticket office: one-time codes buy a session (a cookie), a session buys one-time tickets, a
//! ticket admits one connection. Pure: random bits and `now` are arguments; sockets, headers and
//! locks are left to the gate.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::secret::Secret;

/// How many entry codes may wait to be used at once.
pub const CODES_MAX: usize = 64;

/// How many browser sessions a gate remembers; a newcomer displaces the one unused for longest,
/// and only a code from the application makes a newcomer.
pub const SESSIONS_MAX: usize = 64;

/// How many unused tickets one session may hold; with [`SESSIONS_MAX`] this bounds them all.
pub const TICKETS_PER_SESSION_MAX: usize = 16;

/// Which browser session (one cookie) a connection belongs to. Not a secret: it can be logged, and
/// presenting it opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl SessionId {
    /// The number in the cookie's name, by which the office finds the session before it compares.
    pub(super) fn number(self) -> u64 {
        self.0
    }

    pub(super) fn from_number(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session-{}", self.0)
    }
}

/// Which entry code; not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodeId(u64);

/// What a used code led to.
#[derive(Clone, Debug)]
pub(super) struct Entered {
    pub(super) code: CodeId,
    pub(super) session: SessionId,
    /// The page that the code was made for.
    pub(super) open: Arc<str>,
}

/// What a used ticket stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redeemed {
    pub(super) session: SessionId,
    pub(super) window: Arc<str>,
}

/// Why a ticket did not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TicketRefusal {
    /// Used, expired or never issued: the office cannot tell, since it keeps none of them.
    Unknown,
    /// Issued to a session whose cookie was not presented; the ticket is spent all the same.
    OtherSession,
}

/// A limit of the office is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

struct Code {
    id: CodeId,
    secret: Secret,
    open: Arc<str>,
    expires: Duration,
}

struct Session {
    id: SessionId,
    secret: Secret,
    last_use: u64,
}

struct Ticket {
    secret: Secret,
    session: SessionId,
    window: Arc<str>,
    expires: Duration,
}

/// All codes, sessions and tickets of one gate. `now` is the time since the gate began and never
/// runs backwards; something expires at the very instant at which its life is over.
pub(super) struct Office {
    code_life: Duration,
    ticket_life: Duration,
    codes: Vec<Code>,
    sessions: Vec<Session>,
    tickets: Vec<Ticket>,
    numbers: u64,
    uses: u64,
}

impl Office {
    pub(super) fn new(code_life: Duration, ticket_life: Duration) -> Self {
        Self {
            code_life,
            ticket_life,
            codes: Vec::new(),
            sessions: Vec::new(),
            tickets: Vec::new(),
            numbers: 0,
            uses: 0,
        }
    }

    /// Makes `secret` a code that opens the page `open` once.
    pub(super) fn issue_code(
        &mut self,
        secret: Secret,
        open: Arc<str>,
        now: Duration,
    ) -> Result<CodeId, Full> {
        self.expire(now);
        if self.codes.len() >= CODES_MAX {
            return Err(Full);
        }
        let id = CodeId(self.next_number());
        let expires = now.saturating_add(self.code_life);
        self.codes.push(Code { id, secret, open, expires });
        Ok(id)
    }

    /// Makes a code worthless before its time.
    pub(super) fn revoke_code(&mut self, id: CodeId) {
        self.codes.retain(|code| code.id != id);
    }

    /// Spends a code and opens a session known by `cookie`; `None` for a code that is not (or no
    /// longer) good.
    pub(super) fn enter(
        &mut self,
        code: &Secret,
        cookie: Secret,
        now: Duration,
    ) -> Option<Entered> {
        self.expire(now);
        let index = find(&self.codes, |held| &held.secret, code)?;
        let code = self.codes.swap_remove(index);
        if self.sessions.len() >= SESSIONS_MAX
            && let Some(idle) = self.sessions.iter().min_by_key(|s| s.last_use).map(|s| s.id)
        {
            self.end_session(idle);
        }
        let session = SessionId(self.next_number());
        let last_use = self.next_use();
        self.sessions.push(Session { id: session, secret: cookie, last_use });
        Some(Entered { code: code.id, session, open: code.open })
    }

    /// Whether a cookie is that of a living session; counts as a use of it.
    pub(super) fn session(&mut self, id: SessionId, cookie: &Secret) -> bool {
        let last_use = self.next_use();
        match self.sessions.iter_mut().find(|session| session.id == id) {
            Some(session) if session.secret.matches(cookie) => {
                session.last_use = last_use;
                true
            }
            _ => false,
        }
    }

    /// Forgets a session and every ticket it holds.
    pub(super) fn end_session(&mut self, id: SessionId) {
        self.sessions.retain(|session| session.id != id);
        self.tickets.retain(|ticket| ticket.session != id);
    }

    /// Makes `secret` a ticket of `session` for one connection of a window kind. The caller has
    /// just checked the session by its cookie.
    pub(super) fn issue_ticket(
        &mut self,
        session: SessionId,
        window: Arc<str>,
        secret: Secret,
        now: Duration,
    ) -> Result<(), Full> {
        self.expire(now);
        let held = self.tickets.iter().filter(|ticket| ticket.session == session).count();
        let living = self.sessions.iter().any(|s| s.id == session);
        if held >= TICKETS_PER_SESSION_MAX || !living {
            return Err(Full);
        }
        let expires = now.saturating_add(self.ticket_life);
        self.tickets.push(Ticket { secret, session, window, expires });
        Ok(())
    }

    /// Spends a ticket. `presented` are the sessions whose cookies came with it. A ticket that was
    /// found is gone afterwards whatever the answer, so of two that race at most one succeeds.
    pub(super) fn redeem(
        &mut self,
        secret: &Secret,
        presented: &[SessionId],
        now: Duration,
    ) -> Result<Redeemed, TicketRefusal> {
        self.expire(now);
        let index =
            find(&self.tickets, |held| &held.secret, secret).ok_or(TicketRefusal::Unknown)?;
        let ticket = self.tickets.swap_remove(index);
        if !presented.contains(&ticket.session) {
            return Err(TicketRefusal::OtherSession);
        }
        Ok(Redeemed { session: ticket.session, window: ticket.window })
    }

    /// Drops what is over. Runs before every look-up, so an expired secret is as unknown as a
    /// guessed one, and there is no timer.
    fn expire(&mut self, now: Duration) {
        self.codes.retain(|code| code.expires > now);
        self.tickets.retain(|ticket| ticket.expires > now);
    }

    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    fn next_use(&mut self) -> u64 {
        self.uses = self.uses.wrapping_add(1);
        self.uses
    }
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office")
            .field("codes", &self.codes.len())
            .field("sessions", &self.sessions.len())
            .field("tickets", &self.tickets.len())
            .finish()
    }
}

/// Where `wanted` is held. Looks at every entry, so the time tells nothing of how near a guess was.
fn find<T>(held: &[T], secret_of: impl Fn(&T) -> &Secret, wanted: &Secret) -> Option<usize> {
    let mut found = None;
    for (index, item) in held.iter().enumerate() {
        if secret_of(item).matches(wanted) {
            found = Some(index);
        }
    }
    found
}

#[cfg(test)]
mod tests;
