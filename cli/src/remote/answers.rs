//! `shopfleet answers …`

use std::process::ExitCode;

use anyhow::{Context, Result};
use shopfleet_client::types::{AnswerChange, NewAnswer};

use super::{Remote, moment};
use crate::args::remote::Answers;
use crate::say;

/// Runs one verb.
pub async fn run(remote: &Remote, verb: Answers) -> Result<ExitCode> {
    let client = &remote.client;
    match verb {
        Answers::List => {
            let answers = client.list_answers().await?.items;
            remote.list(&answers, ["ANSWER", "TITLE", "CHANGED", "BY"], |a| {
                [a.id.clone(), a.title.clone(), moment(Some(&a.changed_at)), a.changed_by.clone()]
            })
        }
        Answers::Keep { title, text } => {
            let kept = client.keep_answer(&NewAnswer { title, text }).await?;
            remote.answer(&kept, |kept| say!("Answer {} is kept", kept.id))
        }
        Answers::Change { answer, title, text } => {
            let now = client.list_answers().await?.items.into_iter().find(|a| a.id == answer);
            let now =
                now.with_context(|| format!("there is no answer {answer}; `shopfleet answers list` names them"))?;
            let wish = AnswerChange {
                version: now.version,
                title: title.unwrap_or(now.title),
                text: text.unwrap_or(now.text),
            };
            let changed = client.change_answer(&answer, &wish).await?;
            remote.answer(&changed, |changed| say!("Answer {} is changed", changed.id))
        }
        Answers::Delete { answer } => {
            client.delete_answer(&answer).await?;
            remote.done(&serde_json::json!({ "answer": answer, "deleted": true }), "The answer is gone")
        }
    }
}
