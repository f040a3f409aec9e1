//! Answers that staff keep: made, changed (never over somebody else's change), deleted.

use super::{ServiceError, Services, audited};
use crate::db::{DbError, Queries};
use crate::domain::{Actor, HumanText, MessageText, Uid};
use crate::transact;

fn check(title: &str, body: &str) -> Result<(HumanText, MessageText), ServiceError> {
    let mut wrong = Vec::new();
    let title = HumanText::parse("title", title).map_err(|e| wrong.push(("title", e.0))).ok();
    let body = MessageText::parse(body).map_err(|e| wrong.push(("body", e.0))).ok();
    title.zip(body).ok_or(ServiceError::Invalid(wrong))
}

fn taken(e: DbError) -> ServiceError {
    if e.is_duplicate("canned_answers_title") {
        ServiceError::field("title", "There is an answer with this title already")
    } else {
        e.into()
    }
}

/// Keeps one.
///
/// # Errors
/// `Invalid` on `title` or `body`; `Conflict` when there are too many.
pub async fn keep(services: &Services, actor: &Actor, title: &str, body: &str) -> Result<Uid, ServiceError> {
    let (title, body) = check(title, body)?;
    transact!(services.db, tx => async {
        if tx.canned_answers().list().await?.len() >= crate::db::canned_answers::MOST as usize {
            return Err(ServiceError::Conflict("There are 200 answers already. Delete one first".into()));
        }
        let uid = tx.canned_answers().insert(title.as_str(), body.as_str(), &actor.name).await.map_err(taken)?;
        let details = serde_json::json!({ "title": title.as_str() });
        audited(&mut tx, services, actor, "canned_answer.create", ("canned_answer", &uid.to_string()), "done", details).await?;
        Ok(uid)
    })
}

/// Changes the version that was shown.
///
/// # Errors
/// `Invalid` on `title` or `body`; `Conflict` when somebody changed it since.
pub async fn change(
    services: &Services,
    actor: &Actor,
    uid: &Uid,
    version: u32,
    title: &str,
    body: &str,
) -> Result<(), ServiceError> {
    let (title, body) = check(title, body)?;
    transact!(services.db, tx => async {
        let changed = tx.canned_answers().change(uid, version, title.as_str(), body.as_str(), &actor.name).await.map_err(taken)?;
        if !changed {
            return Err(ServiceError::Conflict(
                "Somebody changed this answer since you opened it. Look at it again".into(),
            ));
        }
        let details = serde_json::json!({ "title": title.as_str() });
        audited(&mut tx, services, actor, "canned_answer.change", ("canned_answer", &uid.to_string()), "done", details).await
    })
}

/// Deletes one.
///
/// # Errors
/// `NotFound`.
pub async fn delete(services: &Services, actor: &Actor, uid: &Uid) -> Result<(), ServiceError> {
    transact!(services.db, tx => async {
        let found = tx.canned_answers().find(uid).await?.ok_or(ServiceError::NotFound)?;
        tx.canned_answers().delete(uid).await?;
        let details = serde_json::json!({ "title": found.title });
        audited(&mut tx, services, actor, "canned_answer.delete", ("canned_answer", &uid.to_string()), "done", details).await
    })
}
