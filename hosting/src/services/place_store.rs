//! Where a new store goes: a pure function over candidates, and the query that feeds it.

use crate::db::jobs::{JobRef, NewJob};
use crate::db::servers::Server;
use crate::db::{Db, DbResult, Queries, Tx};
use crate::domain::{Actor, Platform, PortPool, StoreState};
use crate::jobs::PROVISION_STORE;

/// Seconds without a heartbeat after which a server gets no new stores.
pub const SILENT_AFTER_SECONDS: i64 = 30;

/// Free MiB below which a server gets no new stores; the worker looks again before it copies anything.
pub const DISK_NEEDED_MB: u64 = 1024;

/// A server as placement sees it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Row id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// active, draining, …
    pub state: String,
    /// Platforms whose images it has.
    pub platforms: Vec<String>,
    /// Seconds since its last heartbeat; `None` = never.
    pub heartbeat_age: Option<i64>,
    /// Why it can't take work, '' = it can.
    pub unfit_reason: String,
    /// Stores on it.
    pub stores: i64,
    /// Stores it may hold.
    pub store_limit: i64,
    /// Free ports for stores.
    pub free_ports: i64,
    /// Whether disk quotas work there.
    pub quota: bool,
    /// Free MiB where its stores live; `None` = not reported.
    pub disk_free_mb: Option<u64>,
    /// Stores of the same customer on it.
    pub same_customer: i64,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Shop software.
    pub platform: Platform,
}

/// The decision with its reasons, stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    /// Chosen server.
    pub server_id: Option<u64>,
    /// One line per candidate.
    pub reasons: Vec<String>,
}

/// Filters and scores; the emptiest fit server wins, ties by name.
#[must_use]
pub fn choose(candidates: &[Candidate], request: &Request) -> Decision {
    let mut reasons = Vec::new();
    let mut best: Option<(i64, &Candidate)> = None;
    for c in candidates {
        if let Some(why) = refuse(c, request) {
            reasons.push(format!("{}: no, {why}", c.name));
            continue;
        }
        // Per mille of the room that is left; a customer's stores are spread where there is a choice.
        let room = (c.store_limit - c.stores).min(c.free_ports) * 1000 / c.store_limit.max(1);
        let score = room - 50 * c.same_customer;
        reasons.push(format!(
            "{}: fits, score {score} ({} of {} stores, {} free ports)",
            c.name, c.stores, c.store_limit, c.free_ports
        ));
        let better = best.is_none_or(|(s, b)| score > s || (score == s && c.name < b.name));
        if better {
            best = Some((score, c));
        }
    }
    Decision { server_id: best.map(|(_, c)| c.id), reasons }
}

fn refuse(c: &Candidate, request: &Request) -> Option<String> {
    if c.state != "active" {
        return Some(format!("it is {}", c.state));
    }
    match c.heartbeat_age {
        None => return Some("its worker has never reported".into()),
        Some(age) if age > SILENT_AFTER_SECONDS => return Some(format!("no sign of life for {age} s")),
        Some(_) => {}
    }
    if !c.platforms.iter().any(|p| p == request.platform.as_str()) {
        return Some(format!("it has no {} image", request.platform.title()));
    }
    if c.stores >= c.store_limit {
        return Some(format!("all {} stores are in use", c.store_limit));
    }
    if c.free_ports <= 0 {
        return Some("no port is free".into());
    }
    if let Some(free) = c.disk_free_mb.filter(|free| *free < DISK_NEEDED_MB) {
        return Some(format!("only {free} MiB of its disk are free"));
    }
    None
}

/// Chooses a server for a new store. An unfit server (Docker down for a moment) still gets the job
/// when there is no other: it waits there and starts by itself.
///
/// # Errors
/// Database trouble.
pub async fn place(tx: &mut Tx, request: &Request, customer_id: u64) -> DbResult<Decision> {
    let servers = tx.servers().list().await?;
    let mut candidates = Vec::with_capacity(servers.len());
    for server in servers {
        let usage = tx.ports().usage(server.id).await?;
        let free =
            usage.iter().find(|u| u.pool == PortPool::StoreWeb.as_str()).map_or(0, |u| u.total - u.used - u.cooling);
        let same = tx.stores().count_on(server.id, customer_id).await?;
        candidates.push(candidate(&server, free, same));
    }
    let fit: Vec<Candidate> = candidates.iter().filter(|c| c.unfit_reason.is_empty()).cloned().collect();
    let mut decision = choose(&fit, request);
    if decision.server_id.is_none() {
        let any = choose(&candidates, request);
        decision.server_id = any.server_id;
        decision.reasons.extend(any.reasons);
    }
    Ok(decision)
}

/// Orders the set-up of a requested store: places it, moves it to `provisioning` and inserts the job,
/// whose arguments keep the decision. Announce the job after the commit.
///
/// With no server that has the platform the job is for any worker: the first one that joins with
/// the image takes it.
///
/// # Errors
/// `Stale` when the store is not waiting for its set-up.
pub async fn order_set_up(
    tx: &mut Tx,
    actor: &Actor,
    store_id: u64,
    customer_id: u64,
    platform: Platform,
) -> DbResult<JobRef> {
    let decision = place(tx, &Request { platform }, customer_id).await?;
    tx.stores().move_state(store_id, StoreState::Requested, StoreState::Provisioning).await?;
    let mut job = NewJob::for_store(PROVISION_STORE, store_id, customer_id, decision.server_id, actor);
    job.args["placement"] = serde_json::json!(decision.reasons);
    tx.jobs().insert(&job).await
}

/// Whether a store ordered now would have to wait for a place: every server is full. Ports that only
/// rest after use count as free, for they are in a minute; an installation without servers is not full.
///
/// # Errors
/// Database trouble.
pub async fn no_place_left(db: &Db) -> DbResult<bool> {
    let mut conn = db.read().await?;
    let servers = conn.servers().list().await?;
    for server in &servers {
        if server.state != "active" || server.stores >= i64::from(server.store_limit) {
            continue;
        }
        let usage = conn.ports().usage(server.id).await?;
        if usage.iter().any(|u| u.pool == PortPool::StoreWeb.as_str() && u.used < u.total) {
            return Ok(false);
        }
    }
    Ok(!servers.is_empty())
}

fn candidate(server: &Server, free_ports: i64, same_customer: i64) -> Candidate {
    let fact = |name: &str| server.facts.as_ref().and_then(|f| f.get(name));
    Candidate {
        id: server.id,
        name: server.name.clone(),
        state: server.state.clone(),
        platforms: server.platforms.split(',').map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect(),
        heartbeat_age: server.heartbeat_age,
        unfit_reason: server.unfit_reason.clone(),
        stores: server.stores,
        store_limit: i64::from(server.store_limit),
        free_ports,
        quota: fact("quota").and_then(serde_json::Value::as_bool).unwrap_or(false),
        disk_free_mb: fact("disk_free_bytes").and_then(serde_json::Value::as_u64).map(|bytes| bytes >> 20),
        same_customer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(id: u64, name: &str) -> Candidate {
        Candidate {
            id,
            name: name.into(),
            state: "active".into(),
            platforms: vec!["woocommerce".into()],
            heartbeat_age: Some(1),
            unfit_reason: String::new(),
            stores: 10,
            store_limit: 100,
            free_ports: 90,
            quota: false,
            disk_free_mb: Some(50_000),
            same_customer: 0,
        }
    }
    const ASK: Request = Request { platform: Platform::WooCommerce };

    #[test]
    fn the_emptiest_fit_server_wins_and_reasons_are_given() {
        let full = Candidate { stores: 100, ..server(1, "a") };
        let silent = Candidate { heartbeat_age: Some(31), ..server(2, "b") };
        let draining = Candidate { state: "draining".into(), ..server(3, "c") };
        let no_image = Candidate { platforms: vec![], ..server(4, "d") };
        let no_port = Candidate { free_ports: 0, ..server(5, "e") };
        let busy = Candidate { stores: 60, free_ports: 40, ..server(6, "f") };
        let no_disk = Candidate { disk_free_mb: Some(1023), ..server(8, "aa") };
        let decision = choose(&[full, silent, draining, no_image, no_port, busy, server(7, "g"), no_disk], &ASK);
        assert_eq!(decision.server_id, Some(7));
        assert_eq!(decision.reasons.len(), 8);
        assert_eq!(decision.reasons[7], "aa: no, only 1023 MiB of its disk are free");
        assert_eq!(decision.reasons[1], "b: no, no sign of life for 31 s");
    }

    #[test]
    fn ties_go_by_name_and_a_customers_stores_are_spread() {
        assert_eq!(choose(&[server(2, "b"), server(1, "a")], &ASK).server_id, Some(1));
        let with_own = Candidate { same_customer: 1, ..server(1, "a") };
        assert_eq!(choose(&[with_own, server(2, "b")], &ASK).server_id, Some(2));
        assert_eq!(choose(&[], &ASK).server_id, None);
    }
}
