//! `/admin/jobs`

use super::super::Answer;
use super::{capped, job_action, job_badge, times};
use crate::error::WebError;
use crate::extract::{Ctx, Form, Query};
use crate::urls;
use crate::views::admin::{JobRow as Row, Jobs, JobsFilter, StateCount};
use crate::views::{Badge, Choice, Head, Link, Pager, When};
use hosting::clock::now_plain;
use hosting::db::jobs::{JobFilter, JobRow};
use hosting::db::{Conn, DbResult, Queries};
use hosting::domain::JobState;
use hosting::jobs;

const PAGE: u32 = 50;
const CAP: u32 = 1000;
const HERE: &str = "/admin/jobs";
const KINDS: [&str; 7] = [
    jobs::PROVISION_STORE,
    jobs::DEPROVISION_STORE,
    jobs::SEND_MAIL,
    jobs::RECONCILE_SERVER,
    jobs::HOUSEKEEPING,
    jobs::START_DB_ADMIN,
    jobs::STOP_DB_ADMIN,
];

/// "Select all" offers at most this many: each is acted on by itself.
const ALL: u32 = 200;

/// Jobs that a filter matches, newest first.
async fn matching(conn: &mut Conn, q: &str, state: Option<JobState>, kind: &str, limit: u32) -> DbResult<Vec<JobRow>> {
    if !q.is_empty() {
        return conn.jobs().search(q, limit).await;
    }
    let kind = (!kind.is_empty()).then(|| kind.to_owned());
    conn.jobs().list(&JobFilter { state, kind, limit, ..JobFilter::default() }).await
}

/// A filter in words: "Failed, Set up store".
fn filter_words(q: &str, state: Option<JobState>, kind: &str) -> String {
    if !q.is_empty() {
        return format!("Search: {q}");
    }
    let state = state.map(|s| Badge::job(s.as_str()).word);
    let kind = (!kind.is_empty()).then(|| jobs::title(kind));
    state.into_iter().chain(kind).collect::<Vec<_>>().join(", ")
}

/// The list.
pub async fn get(ctx: Ctx, query: Query) -> Answer {
    let q: String = query.get("q")?.trim().chars().take(100).collect();
    let state = JobState::parse(query.get("state")?);
    let asked = query.get("kind")?;
    let kind = KINDS.iter().find(|k| **k == asked).copied().unwrap_or_default();
    let (after, before) = (query.number::<u64>("after"), query.number::<u64>("before"));
    let services = &ctx.state().services;
    let mut conn = services.db.read().await?;
    let mut rows = if q.is_empty() {
        conn.jobs()
            .list(&JobFilter {
                state,
                kind: (!kind.is_empty()).then(|| kind.to_owned()),
                before: after,
                after: if after.is_some() { None } else { before },
                limit: PAGE + 1,
                ..JobFilter::default()
            })
            .await?
    } else {
        conn.jobs().search(&q, PAGE).await?
    };
    if let [one] = rows.as_slice()
        && !q.is_empty()
        && (one.uid.eq_ignore_ascii_case(&q) || urls::short_job(&one.uid).eq_ignore_ascii_case(&q))
    {
        return Ok(ctx.see_other(&urls::admin_job(&one.uid)));
    }
    let counts = conn.jobs().count_by_state(CAP).await?;
    let newest = conn.jobs().list(&JobFilter { limit: 1, ..JobFilter::default() }).await?.into_iter().next();
    let waiting = conn.jobs().waiting_longer_than(0, 1).await?.into_iter().next();
    let may_act = ctx.staff()?.role.may_operate();
    let words = filter_words(&q, state, kind);
    let all = if may_act && !words.is_empty() {
        Some(matching(&mut conn, &q, state, kind, ALL + 1).await?.len()).filter(|n| (2..=ALL as usize).contains(n))
    } else {
        None
    };
    drop(conn);
    let more = rows.len() > PAGE as usize;
    let backwards = after.is_none() && before.is_some();
    if more {
        if backwards {
            rows.remove(0);
        } else {
            rows.pop();
        }
    }
    let now = now_plain();
    let state_text = state.map_or("", JobState::as_str);
    let link = |name: &str, id: u64| {
        format!("{HERE}{}", urls::query(&[("state", state_text), ("kind", kind), (name, &id.to_string())]))
    };
    let (first, last) = (rows.first().map_or(0, |r| r.id), rows.last().map_or(0, |r| r.id));
    let has_newer = q.is_empty() && if backwards { more } else { after.is_some() };
    let has_older = q.is_empty() && (backwards || more);
    let states = counts
        .iter()
        .map(|(s, n)| StateCount {
            href: if state == Some(*s) {
                format!("{HERE}{}", urls::query(&[("kind", kind)]))
            } else {
                format!("{HERE}{}", urls::query(&[("state", s.as_str()), ("kind", kind)]))
            },
            label: Badge::job(s.as_str()).word,
            count: capped(*n, u64::from(CAP)),
            current: state == Some(*s),
        })
        .collect();
    let mut chips = Vec::new();
    if let Some(state) = state {
        chips.push(Link {
            href: format!("{HERE}{}", urls::query(&[("kind", kind)])),
            label: Badge::job(state.as_str()).word.into(),
            current: false,
        });
    }
    if !kind.is_empty() {
        chips.push(Link {
            href: format!("{HERE}{}", urls::query(&[("state", state_text)])),
            label: jobs::title(kind).into(),
            current: false,
        });
    }
    if !q.is_empty() {
        chips.push(Link { href: HERE.into(), label: format!("Search: {q}"), current: false });
    }
    let mut kinds = vec![Choice { value: String::new(), label: "All kinds".into(), current: kind.is_empty() }];
    kinds.extend(KINDS.iter().map(|k| Choice {
        value: (*k).into(),
        label: jobs::title(k).into(),
        current: *k == kind,
    }));
    let queue_text = match (&waiting, &newest) {
        (Some(job), _) => format!("The oldest waiting job waits since {}.", When::relative(job.run_at, now).text),
        (None, Some(job)) => format!("Nothing waits. Newest job {}.", When::relative(job.created_at, now).text),
        (None, None) => "Nothing waits.".into(),
    };
    let count = rows.len();
    let rows = rows
        .iter()
        .map(|j| {
            let (waited, ran) = times(j);
            Row {
                id: j.uid.clone(),
                href: urls::admin_job(&j.uid),
                short: urls::short_job(&j.uid),
                kind: jobs::title(&j.kind).into(),
                customer: j.customer_email.clone().unwrap_or_default(),
                customer_href: j.customer_id.map(urls::admin_customer).unwrap_or_default(),
                badge: job_badge(j),
                attempt: j.attempt,
                step: if j.state.is_over() && j.state != JobState::Failed {
                    String::new()
                } else {
                    j.current_step.replace('_', " ")
                },
                created: When::relative(j.created_at, now),
                waited,
                ran,
                worker: j
                    .lease_owner
                    .as_deref()
                    .and_then(|o| o.split('/').next())
                    .or(j.server_name.as_deref())
                    .unwrap_or_default()
                    .to_owned(),
            }
        })
        .collect();
    ctx.ok(&Jobs {
        page: ctx.page("Jobs", "admin").await,
        queue_text,
        queue_down: services.queue.ping().await.is_err(),
        states,
        filter: JobsFilter { q, state: state_text.into(), kind: kind.into(), kinds, chips },
        may_act,
        all: all.map_or_else(String::new, |n| format!("Select all {n} matching ({words})")),
        heads: vec![
            Head::text("Job"),
            Head::text("Kind"),
            Head::text("Customer"),
            Head::text("State"),
            Head::num("Attempt"),
            Head::text("Step"),
            Head::text("Created"),
            Head::num("Waited"),
            Head::num("Ran"),
            Head::text("Worker"),
        ],
        rows,
        pager: Pager {
            text: format!("{count} shown{}", if has_older { ", there are more" } else { "" }),
            newer: if has_newer { link("before", first) } else { String::new() },
            older: if has_older { link("after", last) } else { String::new() },
        },
        empty_text: "No job has run yet. The first sign-up makes one.".into(),
    })
}

/// Retry or cancel the ticked jobs: first a page that names them, then the act.
pub async fn bulk(ctx: Ctx, form: Form) -> Answer {
    let asked = form.get("kind")?;
    let kind = KINDS.iter().find(|k| **k == asked).copied().unwrap_or_default();
    let q: String = form.get("q")?.trim().chars().take(100).collect();
    let state = JobState::parse(form.get("state")?);
    let words = filter_words(&q, state, kind);
    // What the filter matches now becomes the list of the page that asks; from there on it is that list.
    let all: Vec<String> = if form.get("all")? == "1" && !words.is_empty() && form.key_hash()?.is_none() {
        let mut conn = ctx.state().services.db.read().await?;
        matching(&mut conn, &q, state, kind, ALL + 1).await?.into_iter().map(|j| j.uid).collect()
    } else {
        Vec::new()
    };
    let by_filter = !all.is_empty();
    let ids = if by_filter { all.iter().map(String::as_str).collect() } else { form.all("job") };
    let action = match form.get("action")? {
        "retry" => job_action::Act::Retry,
        "cancel" => job_action::Act::Cancel,
        _ => return Err(WebError::Unreadable("Choose retry or cancel.".into())),
    };
    if ids.is_empty() || ids.len() > ALL as usize {
        return Err(WebError::Unreadable("Choose at least one job, and at most 200.".into()));
    }
    job_action::bulk(&ctx, action, &ids, by_filter.then_some(words.as_str()), &form).await
}
