//! How mail leaves: SMTP, files (one per message), or memory for tests.

use super::Drawn;
use crate::crypto::Secret;
use crate::services::settings::Values;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Our own template.
    #[error("cannot draw the mail: {0}")]
    Draw(String),
    /// An address or a header that cannot be written; trying again does not help.
    #[error("cannot write the mail: {0}")]
    Build(String),
    /// The server refused the recipient or the message for good.
    #[error("the mail server refused the mail: {0}")]
    Refused(String),
    /// No connection, or a passing refusal.
    #[error("the mail server does not take mail now: {0}")]
    Away(String),
}

/// A mail in memory.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// The whole mail as it would leave.
    pub raw: String,
}

/// Says that no person wrote it, so that no program answers it (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// What makes one SMTP connection different from another.
#[derive(Clone, PartialEq)]
struct SmtpKey {
    host: String,
    port: u16,
    security: String,
    username: String,
    password: String,
}

/// The connection in use and what it was made from.
type Kept = (SmtpKey, AsyncSmtpTransport<Tokio1Executor>);

#[derive(Clone)]
enum Transport {
    Smtp(Arc<Mutex<Option<Kept>>>),
    File(PathBuf),
    Memory(Arc<Mutex<Vec<Sent>>>),
}

/// Sends mail. Clones share the connection.
#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer")
    }
}

impl Mailer {
    /// By SMTP, as the settings say at each send; one pooled connection is kept while they stay.
    #[must_use]
    pub fn smtp() -> Self {
        Self { transport: Transport::Smtp(Arc::default()) }
    }
    /// Into a directory, one `.eml` per message.
    #[must_use]
    pub fn file(dir: PathBuf) -> Self {
        Self { transport: Transport::File(dir) }
    }
    /// Into memory.
    #[must_use]
    pub fn memory() -> Self {
        Self { transport: Transport::Memory(Arc::default()) }
    }
    /// What was sent into memory.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        match &self.transport {
            Transport::Memory(list) => list.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            _ => Vec::new(),
        }
    }

    /// Sends a mail. `id` makes the Message-ID, so that a mail sent twice is seen as one.
    ///
    /// # Errors
    /// See [`MailError`]; only `Away` is worth another try.
    pub async fn send(
        &self,
        settings: &Values,
        password: Option<&Secret>,
        to: &str,
        id: &str,
        mail: &Drawn,
    ) -> Result<(), MailError> {
        let build = |e: &dyn std::fmt::Display| MailError::Build(e.to_string());
        let from: lettre::Address =
            settings.text("mail_from").parse().map_err(|e: lettre::address::AddressError| build(&e))?;
        let domain = from.domain().to_owned();
        let mut builder = Message::builder().header(AutoSubmitted);
        if let Some(thread) = &mail.thread {
            let root = format!("<{}@{domain}>", thread.root);
            let answers = thread.answers.as_ref().map(|id| format!("<{id}>"));
            builder = builder.in_reply_to(answers.clone().unwrap_or_else(|| root.clone()));
            builder = builder.references(answers.map_or(root.clone(), |a| format!("{root} {a}")));
            if let Some(to) = &thread.reply_to {
                let to = to.parse().map_err(|e: lettre::address::AddressError| build(&e))?;
                builder = builder.reply_to(Mailbox::new(Some(settings.text("product_name").to_owned()), to));
            }
        }
        let message = builder
            .from(Mailbox::new(Some(settings.text("product_name").to_owned()), from))
            .to(Mailbox::new(None, to.parse().map_err(|e: lettre::address::AddressError| build(&e))?))
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{id}@{domain}>")))
            .multipart(
                MultiPart::alternative()
                    .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone()))
                    .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(mail.html.clone())),
            )
            .map_err(|e| build(&e))?;
        match &self.transport {
            Transport::Memory(list) => {
                list.lock().unwrap_or_else(PoisonError::into_inner).push(Sent {
                    to: to.to_owned(),
                    subject: mail.subject.clone(),
                    text: mail.text.clone(),
                    html: mail.html.clone(),
                    raw: String::from_utf8_lossy(&message.formatted()).into_owned(),
                });
                Ok(())
            }
            Transport::File(dir) => {
                let (temporary, path) = (dir.join(format!(".{id}.tmp")), dir.join(format!("{id}.eml")));
                let write = async {
                    tokio::fs::create_dir_all(dir).await?;
                    tokio::fs::write(&temporary, message.formatted()).await?;
                    tokio::fs::rename(&temporary, &path).await
                };
                write.await.map_err(|e| MailError::Away(format!("{}: {e}", path.display())))
            }
            Transport::Smtp(kept) => {
                let smtp = connect(kept, settings, password)?;
                match tokio::time::timeout(Duration::from_secs(30), smtp.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(e)) if e.is_permanent() => Err(MailError::Refused(e.to_string())),
                    Ok(Err(e)) => Err(MailError::Away(e.to_string())),
                    Err(_) => Err(MailError::Away("no answer within 30 s".into())),
                }
            }
        }
    }
}

fn connect(
    kept: &Mutex<Option<Kept>>,
    settings: &Values,
    password: Option<&Secret>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let key = SmtpKey {
        host: settings.text("smtp_host").to_owned(),
        port: u16::try_from(settings.number("smtp_port")).unwrap_or(25),
        security: settings.text("smtp_security").to_owned(),
        username: settings.text("smtp_username").to_owned(),
        password: password.map(|p| p.expose().to_owned()).unwrap_or_default(),
    };
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((old, transport)) = kept.as_ref()
        && *old == key
    {
        return Ok(transport.clone());
    }
    let tls = || TlsParameters::new(key.host.clone()).map_err(|e| MailError::Build(e.to_string()));
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(key.host.clone())
        .port(key.port)
        .timeout(Some(Duration::from_secs(20)))
        .tls(match key.security.as_str() {
            "none" => Tls::None,
            "tls" => Tls::Wrapper(tls()?),
            _ => Tls::Required(tls()?),
        });
    if !key.username.is_empty() {
        builder = builder.credentials(Credentials::new(key.username.clone(), key.password.clone()));
    }
    let transport = builder.build();
    *kept = Some((key, transport.clone()));
    Ok(transport)
}
