//! Credentials, and the renewal of a log-in.
//!
//! A refresh token works once; the panel ends a log-in whose token comes twice, because then two hold it. So this
//! client never sends one twice: renewals of one process wait for each other, those of several processes lock what is
//! kept ([`Keep`]), and before a token is sent it is struck from what is kept. When the answer to a renewal is lost,
//! nobody knows whether the token was used up: the log-in counts as over ([`Error::LogInAgain`]).

use crate::types::{ProblemCode, RefreshRequest, Tokens};
use crate::{Client, Error};
use secrecy::{ExposeSecret, SecretString};
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A log-in.
#[derive(Debug, Clone)]
pub struct LogIn {
    /// Sent with each request; lives for minutes.
    pub access: SecretString,
    /// Renews it once; empty: it was sent, and no answer came.
    pub refresh: SecretString,
}

impl From<Tokens> for LogIn {
    fn from(tokens: Tokens) -> Self {
        Self { access: tokens.access_token.into(), refresh: tokens.refresh_token.into() }
    }
}

/// Where a log-in is kept. [`Memory`] for one process; what is shared between processes has to lock.
pub trait Keep: Send + Sync {
    /// Opens it for this holder alone. May wait; called on a thread that may.
    ///
    /// # Errors
    /// It cannot be opened or locked.
    fn open(&self) -> io::Result<Box<dyn Kept>>;
}

/// An opened keeping; given back when dropped.
pub trait Kept: Send {
    /// What is kept.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> io::Result<Option<LogIn>>;
    /// Keeps another one.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&mut self, log_in: &LogIn) -> io::Result<()>;
}

/// Keeps a log-in in this process, for all clients that are given a clone.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    log_in: Mutex<Option<LogIn>>,
    held: Mutex<bool>,
    free: Condvar,
}

/// The shelf in one holder's hands.
struct Held(Arc<Shelf>);

impl Memory {
    /// Keeps this one.
    #[must_use]
    pub fn of(log_in: LogIn) -> Self {
        Self(Arc::new(Shelf { log_in: Mutex::new(Some(log_in)), ..Shelf::default() }))
    }
}

impl Keep for Memory {
    fn open(&self) -> io::Result<Box<dyn Kept>> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        while *held {
            held = self.0.free.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        *held = true;
        Ok(Box::new(Held(self.0.clone())))
    }
}

impl Kept for Held {
    fn read(&mut self) -> io::Result<Option<LogIn>> {
        Ok(self.0.log_in.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
    fn write(&mut self, log_in: &LogIn) -> io::Result<()> {
        *self.0.log_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(log_in.clone());
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

/// What a client proves itself with.
#[derive(Clone)]
pub(crate) enum Credentials {
    Nothing,
    Token(SecretString),
    LogIn(Arc<Session>),
}

/// A log-in in use.
pub(crate) struct Session {
    now: tokio::sync::Mutex<LogIn>,
    keep: Arc<dyn Keep>,
}

impl Session {
    pub(crate) fn new(log_in: LogIn, keep: Arc<dyn Keep>) -> Self {
        Self { now: tokio::sync::Mutex::new(log_in), keep }
    }

    pub(crate) async fn access(&self) -> SecretString {
        self.now.lock().await.access.clone()
    }

    /// Renews the log-in whose access token was refused, unless somebody else did meanwhile.
    pub(crate) async fn renew(&self, client: &Client, refused: &SecretString) -> Result<(), Error> {
        let mut now = self.now.lock().await;
        if now.access.expose_secret() != refused.expose_secret() {
            return Ok(());
        }
        let keep = self.keep.clone();
        let opened = tokio::task::spawn_blocking(move || keep.open()).await;
        let mut kept = opened.map_err(|e| Error::Transport(e.to_string()))??;
        if let Some(theirs) = kept.read()? {
            // Another process renewed it.
            if theirs.access.expose_secret() != refused.expose_secret() {
                *now = theirs;
                return Ok(());
            }
            *now = theirs;
        }
        if now.refresh.expose_secret().is_empty() {
            return Err(Error::LogInAgain);
        }
        let spent = LogIn { access: now.access.clone(), refresh: SecretString::default() };
        kept.write(&spent)?;
        let body = RefreshRequest { refresh_token: now.refresh.expose_secret().to_owned() };
        match client.clone().without_credentials().refresh(&body).await {
            Ok(tokens) => {
                let renewed = LogIn::from(tokens);
                kept.write(&renewed)?;
                *now = renewed;
                Ok(())
            }
            // It did not get there, or was turned away at the door: the token is as good as before.
            Err(error) if unused(&error) => {
                kept.write(&now)?;
                Err(error)
            }
            Err(_) => {
                *now = spent;
                Err(Error::LogInAgain)
            }
        }
    }
}

fn unused(error: &Error) -> bool {
    match error {
        Error::Transport(words) => words.starts_with(crate::send::NOT_REACHED),
        other => matches!(other.code(), Some(ProblemCode::TooManyRequests | ProblemCode::Unavailable)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_waits_for_the_one_before_and_sees_what_it_wrote() {
        let log_in = |access: &str| LogIn { access: access.into(), refresh: "once".into() };
        let memory = Memory::of(log_in("one"));
        let mut first = memory.open().unwrap();
        let other = memory.clone();
        let second = std::thread::spawn(move || {
            let mut kept = other.open().unwrap();
            kept.read().unwrap().unwrap().access.expose_secret().to_owned()
        });
        assert!(!second.is_finished());
        first.write(&log_in("two")).unwrap();
        drop(first);
        assert_eq!(second.join().unwrap(), "two");
    }
}
