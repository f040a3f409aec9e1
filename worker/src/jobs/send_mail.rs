//! Sends one mail: one step, because a mail cannot be taken back.

use crate::engine::{Job, Step, StepContext, StepError, StepResult, Weight};
use async_trait::async_trait;
use hosting::config::url_like::BaseUrl;
use hosting::jobs::MailArgs;
use hosting::mail::{MailError, Mailer};
use hosting::services::send_mail::{Outcome, SendError, send_mail};
use hosting::services::{ServiceError, Services};
use std::sync::Arc;

/// The job.
pub struct SendMail {
    steps: Vec<Arc<dyn Step>>,
}

impl SendMail {
    /// `base` is where the panel answers: links in mails lead there.
    #[must_use]
    pub fn new(services: Services, mailer: Mailer, base: BaseUrl) -> Self {
        Self { steps: vec![Arc::new(Send { services, mailer, base })] }
    }
}

impl Job for SendMail {
    fn kind(&self) -> &'static str {
        hosting::jobs::SEND_MAIL
    }
    fn weight(&self) -> Weight {
        Weight::Light
    }
    fn steps(&self) -> &[Arc<dyn Step>] {
        &self.steps
    }
}

struct Send {
    services: Services,
    mailer: Mailer,
    base: BaseUrl,
}

#[async_trait]
impl Step for Send {
    fn name(&self) -> &'static str {
        "send"
    }
    fn title(&self) -> &'static str {
        "Send the mail"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let args: MailArgs = cx.args()?;
        let key = cx.job().uid.clone();
        match send_mail(&self.services, &self.mailer, &self.base, &key, &args).await {
            Ok(Outcome::Sent(to)) => {
                cx.detail(format!("{} sent to {to}", args.template));
                Ok(serde_json::Value::Null)
            }
            Ok(Outcome::Nothing(why)) => {
                cx.detail(format!("Nothing to send: {why}"));
                Ok(serde_json::Value::Null)
            }
            Err(error) => {
                cx.warn(error.to_string());
                Err(match error {
                    SendError::Service(ServiceError::Db(db)) => db.into(),
                    SendError::Mail(MailError::Away(why)) => StepError::passing(
                        "mail_server_away",
                        "The mail server does not take mail at the moment. We try again",
                        why,
                    ),
                    SendError::Mail(MailError::Refused(why)) => {
                        StepError::last("mail_refused", "The mail server refused this address", why)
                    }
                    other => {
                        StepError::last("mail_not_written", "This mail could not be written. We have been told", other)
                    }
                })
            }
        }
    }
}
