//! Many customers, jobs, events and mails, and the lists that are made of them.

use crate::TestDb;
use hosting::db::audit::EventFilter;
use hosting::db::customers::CustomerFilter;
use hosting::db::jobs::JobFilter;
use hosting::db::mail_messages::MailFilter;
use hosting::db::reseller_events::OwnEventFilter;
use hosting::db::resellers::OwnFilter;
use hosting::db::ticket_lists::{Assigned, Place, QueueFilter, Which};
use hosting::db::{Conn, Queries};
use hosting::domain::{Category, JobState, TicketState};
use std::time::{Duration, Instant};

/// All customers, each with a store.
pub const CUSTOMERS: u32 = 50_000;
/// All jobs.
pub const JOBS: u32 = 1_000_000;
/// All events, and all mails.
pub const OTHERS: u32 = 200_000;

/// Everything that makes a list, by name; each returns how many rows it showed.
pub const LISTS: [&str; 47] = [
    "customers",
    "customers, page in the middle",
    "customers by email",
    "customers by name",
    "customers by a less common state",
    "customers by a common state",
    "customers of a reseller",
    "customers of a reseller, page in the middle",
    "customers of a reseller by email",
    "jobs",
    "jobs by state",
    "jobs by kind",
    "jobs of a customer",
    "jobs by short id",
    "jobs by reference",
    "jobs by error code",
    "failed jobs",
    "waiting jobs",
    "counts of jobs",
    "counts of stores",
    "audit",
    "audit by person",
    "audit by action",
    "audit by object",
    "audit of a day",
    "audit of a reseller",
    "audit of a reseller, page in the middle",
    "audit of a customer of a reseller",
    "mails by state",
    "mails by recipient",
    "tickets that wait",
    "tickets that wait, page in the middle",
    "tickets that wait, back from the middle",
    "tickets of one person that wait",
    "tickets of nobody that wait",
    "tickets that wait, by category",
    "tickets by state",
    "tickets of one person by state",
    "tickets of one person",
    "tickets of a customer",
    "tickets of a reseller that wait",
    "tickets of a reseller that wait, page in the middle",
    "tickets of a reseller by state",
    "tickets of a reseller",
    "newest tickets of a reseller",
    "unanswered tickets",
    "tickets by subject",
];

/// Asks for a list as its page does; returns how many rows it showed.
pub async fn list(conn: &mut Conn, name: &str) -> usize {
    let customers = CustomerFilter { limit: 51, ..CustomerFilter::default() };
    let own = OwnFilter { limit: 51, ..OwnFilter::default() };
    let jobs = JobFilter { limit: 51, ..JobFilter::default() };
    let events = EventFilter { limit: 51, ..EventFilter::default() };
    let theirs = OwnEventFilter { limit: 51, ..OwnEventFilter::default() };
    let mails = MailFilter { limit: 51, ..MailFilter::default() };
    let queue = QueueFilter { limit: 51, ..QueueFilter::default() };
    let of_reseller = QueueFilter { reseller_id: Some(1), ..queue.clone() };
    let middle = Place { at: time::macros::datetime!(2025-01-01 00:30:00), id: 0 };
    let text = |t: &str| Some(t.to_owned());
    let day = time::macros::datetime!(2025-01-02 00:00:00);
    match name {
        "customers" => conn.customers().list(&customers).await.unwrap().len(),
        "customers, page in the middle" => {
            conn.customers().list(&CustomerFilter { beyond: Some(500), ..customers }).await.unwrap().len()
        }
        "customers by email" => {
            conn.customers().list(&CustomerFilter { q: text("c77@"), ..customers }).await.unwrap().len()
        }
        "customers by name" => {
            conn.customers().list(&CustomerFilter { q: text("Shop 77 "), ..customers }).await.unwrap().len()
        }
        // A state of one store in four. The list walks customers from the newest on until a page is full, so a state
        // that hardly any store is in takes longer the more customers there are.
        "customers by a less common state" => {
            conn.customers().list(&CustomerFilter { store_state: text("suspended"), ..customers }).await.unwrap().len()
        }
        "customers by a common state" => {
            conn.customers().list(&CustomerFilter { store_state: text("active"), ..customers }).await.unwrap().len()
        }
        "customers of a reseller" => conn.resellers().customers(1, &own).await.unwrap().len(),
        "customers of a reseller, page in the middle" => {
            conn.resellers().customers(1, &OwnFilter { before: Some(500), ..own }).await.unwrap().len()
        }
        "customers of a reseller by email" => {
            conn.resellers().customers(1, &OwnFilter { q: text("c77@"), ..own }).await.unwrap().len()
        }
        "jobs" => conn.jobs().list(&jobs).await.unwrap().len(),
        "jobs by state" => conn
            .jobs()
            .list(&JobFilter { state: Some(JobState::Finished), before: Some(900), ..jobs })
            .await
            .unwrap()
            .len(),
        "jobs by kind" => conn.jobs().list(&JobFilter { kind: text("repair_store"), ..jobs }).await.unwrap().len(),
        "jobs of a customer" => conn.jobs().list(&JobFilter { customer_id: Some(77), ..jobs }).await.unwrap().len(),
        "jobs by short id" => conn.jobs().search("J-000777", 51).await.unwrap().len(),
        "jobs by reference" => conn.jobs().search("ref-777", 51).await.unwrap().len(),
        "jobs by error code" => conn.jobs().search("image_missing", 51).await.unwrap().len(),
        "failed jobs" => conn.jobs().failed_and_open(10).await.unwrap().len(),
        "waiting jobs" => conn.jobs().waiting_longer_than(300, 10).await.unwrap().len(),
        "counts of jobs" => conn.jobs().count_by_state(1000).await.unwrap().len(),
        "counts of stores" => conn.stores().count_by_state(1000).await.unwrap().len(),
        "audit" => conn.audit().search(&events).await.unwrap().len(),
        "audit by person" => {
            conn.audit().search(&EventFilter { actor: text("p7@example.com"), ..events }).await.unwrap().len()
        }
        "audit by action" => {
            conn.audit().search(&EventFilter { action: text("store.x7"), ..events }).await.unwrap().len()
        }
        "audit by object" => conn
            .audit()
            .search(&EventFilter { target_kind: text("store"), target_id: text("S7"), ..events })
            .await
            .unwrap()
            .len(),
        "audit of a day" => conn.audit().search(&EventFilter { from: Some(day), ..events }).await.unwrap().len(),
        "audit of a reseller" => conn.resellers().events(1, &theirs).await.unwrap().len(),
        "audit of a reseller, page in the middle" => {
            conn.resellers().events(1, &OwnEventFilter { before: Some(500), ..theirs }).await.unwrap().len()
        }
        "audit of a customer of a reseller" => {
            conn.resellers().events(1, &OwnEventFilter { customer_id: Some(77), ..theirs }).await.unwrap().len()
        }
        "mails by state" => {
            conn.mail_messages().list(&MailFilter { state: text("failed"), ..mails }).await.unwrap().len()
        }
        "mails by recipient" => {
            conn.mail_messages().list(&MailFilter { recipient: text("c77@example.com"), ..mails }).await.unwrap().len()
        }
        "tickets that wait" => conn.tickets().queue(&queue).await.unwrap().len(),
        "tickets that wait, page in the middle" => {
            conn.tickets().queue(&QueueFilter { beyond: Some(middle), ..queue }).await.unwrap().len()
        }
        "tickets that wait, back from the middle" => {
            conn.tickets().queue(&QueueFilter { before: Some(middle), ..queue }).await.unwrap().len()
        }
        "tickets of one person that wait" => {
            conn.tickets().queue(&QueueFilter { assigned: Assigned::To(1), ..queue }).await.unwrap().len()
        }
        "tickets of nobody that wait" => {
            conn.tickets().queue(&QueueFilter { assigned: Assigned::Nobody, ..queue }).await.unwrap().len()
        }
        "tickets that wait, by category" => {
            conn.tickets().queue(&QueueFilter { category: Some(Category::Billing), ..queue }).await.unwrap().len()
        }
        "tickets by state" => {
            conn.tickets().queue(&QueueFilter { which: Which::In(TicketState::Solved), ..queue }).await.unwrap().len()
        }
        "tickets of one person by state" => conn
            .tickets()
            .queue(&QueueFilter { which: Which::In(TicketState::Solved), assigned: Assigned::To(1), ..queue })
            .await
            .unwrap()
            .len(),
        "tickets of one person" => conn
            .tickets()
            .queue(&QueueFilter { which: Which::All, assigned: Assigned::To(1), ..queue })
            .await
            .unwrap()
            .len(),
        "tickets of a customer" => conn.tickets().list_of_customer(77, None, 51).await.unwrap().len(),
        "tickets of a reseller that wait" => conn.tickets().queue(&of_reseller).await.unwrap().len(),
        "tickets of a reseller that wait, page in the middle" => {
            conn.tickets().queue(&QueueFilter { beyond: Some(middle), ..of_reseller }).await.unwrap().len()
        }
        "tickets of a reseller by state" => conn
            .tickets()
            .queue(&QueueFilter { which: Which::In(TicketState::Solved), ..of_reseller })
            .await
            .unwrap()
            .len(),
        "tickets of a reseller" => {
            conn.tickets().queue(&QueueFilter { which: Which::All, ..of_reseller }).await.unwrap().len()
        }
        "newest tickets of a reseller" => {
            conn.tickets().newest_of_reseller(1, None, Some(3_000), 51).await.unwrap().len()
        }
        "unanswered tickets" => conn.tickets().unanswered(12, 10).await.unwrap().len(),
        "tickets by subject" => conn.tickets().search("Question 77 ", 51).await.unwrap().len(),
        other => panic!("{other}"),
    }
}

/// Adds the fiftieths `from..to` of everything.
pub async fn fill(db: &TestDb, from: u32, to: u32) {
    let part = |all: u32| (u64::from(all) * u64::from(from) / 50 + 1, u64::from(all) * u64::from(to) / 50);
    let (first, last) = part(CUSTOMERS);
    // One in eleven is a reseller's: about as many as one may have.
    db.sql(&format!(
        "INSERT INTO customers (id, uid, email, email_key, password_hash, state, reseller_id) SELECT seq, CONCAT('01C', LPAD(seq, 23, '0')), \
         CONCAT('c', seq, '@example.com'), CONCAT('c', seq, '@example.com'), 'x', 'active', IF(seq % 11 = 0, 1, NULL) FROM seq_{first}_to_{last}"
    ))
    .await;
    db.sql(&format!(
        "INSERT INTO stores (id, uid, customer_id, plan_id, server_id, platform, name, slug, state) SELECT seq, \
         CONCAT('01S', LPAD(seq, 23, '0')), seq, (SELECT MIN(id) FROM plans), (SELECT MIN(id) FROM servers), 'woocommerce', \
         CONCAT('Shop ', seq, ' x'), CONCAT('shop-', seq), IF(seq % 4 = 3, 'suspended', 'active') FROM seq_{first}_to_{last}"
    ))
    .await;
    db.sql(&format!(
        "INSERT INTO store_addresses (host, store_id, skeleton) SELECT CONCAT('shop-', seq, '.example.com'), seq, \
         CONCAT('shop-', seq, '.example.com') FROM seq_{first}_to_{last}"
    ))
    .await;
    let (first, last) = part(JOBS);
    // 2 % failed, 1 % of a kind that is not common, ten waiting.
    for start in (first..=last).step_by(100_000) {
        let end = last.min(start + 99_999);
        db.sql(&format!(
            "INSERT INTO jobs (id, uid, kind, args, state, customer_id, store_id, correlation_id, error_code, run_at) SELECT seq, \
             CONCAT('01J', LPAD(seq, 23, '0')), IF(seq % 100 = 3, 'repair_store', 'send_mail'), '{{}}', \
             IF(seq % 50 = 0, 'failed', IF(seq <= 10, 'queued', 'finished')), 1 + seq DIV 20 % {CUSTOMERS}, NULL, CONCAT('ref-', seq), \
             IF(seq % 50 = 0, 'image_missing', ''), NOW(6) - INTERVAL 1 HOUR FROM seq_{start}_to_{end} WHERE 1 + seq DIV 20 % {CUSTOMERS} <= (SELECT MAX(id) FROM customers)"
        ))
        .await;
    }
    let (first, last) = part(OTHERS);
    db.sql(&format!(
        "INSERT INTO audit_events SELECT seq, '2025-01-01' + INTERVAL seq * 60 * 4 SECOND, 'admin', 1, CONCAT('p', seq % 50, '@example.com'), 'admin', '', \
         CONCAT('store.x', seq % 20), 'store', CONCAT('S', seq % 50), 'done', '{{}}', '', REPEAT('a', 32), REPEAT('b', 32), NULL, NULL FROM seq_{first}_to_{last}"
    ))
    .await;
    // One event in five is about a reseller's customer: of the first fiftieth, so that they all are there.
    db.sql(&format!(
        "INSERT INTO reseller_events (reseller_id, number, customer_id) SELECT 1, seq, 11 * (1 + seq DIV 5 % 90) \
         FROM seq_{first}_to_{last} WHERE seq % 5 = 0"
    ))
    .await;
    db.sql(&format!(
        "INSERT INTO mail_messages (id, unique_key, template, recipient, subject, state) SELECT seq, CONCAT('01J', LPAD(seq, 23, '0')), 'x', \
         CONCAT('c', seq % {CUSTOMERS}, '@example.com'), 'Hello', IF(seq % 50 = 0, 'failed', 'sent') FROM seq_{first}_to_{last}"
    ))
    .await;
    db.sql("INSERT IGNORE INTO admins (id, uid, email, email_key, name, password_hash, role) VALUES (1, '01AAAAAAAAAAAAAAAAAAAAAAAA', 'g@example.com', 'g@example.com', 'G', 'x', 'support')").await;
    // One in five waits for us, one in two is nobody's; they came into their state a second after one another.
    db.sql(&format!(
        "INSERT INTO tickets (id, uid, customer_id, reseller_id, subject, category, priority, state, moved_at, assigned_admin_id, last_seq, evidence) SELECT seq, \
         CONCAT('01T', LPAD(seq, 23, '0')), 1 + seq % (SELECT MAX(id) FROM customers), IF((1 + seq % (SELECT MAX(id) FROM customers)) % 11 = 0, 1, NULL), CONCAT('Question ', seq, ' x'), \
         ELT(1 + seq % 3, 'store', 'billing', 'other'), 'normal', ELT(1 + seq % 5, 'open', 'solved', 'closed', 'solved', 'waiting_for_customer'), \
         '2025-01-01' + INTERVAL seq SECOND, IF(seq % 2 = 0, 1, NULL), 1, '{{}}' FROM seq_{first}_to_{last}"
    ))
    .await;
    for table in [
        "customers",
        "stores",
        "store_addresses",
        "jobs",
        "audit_events",
        "reseller_events",
        "mail_messages",
        "tickets",
    ] {
        db.sql(&format!("ANALYZE TABLE {table}")).await;
    }
}

/// The quickest of many runs of each list: what the machine does besides is not ours.
pub async fn times(db: &TestDb) -> Vec<Duration> {
    let mut conn = db.db.read().await.unwrap();
    let mut quickest = Vec::new();
    for name in LISTS {
        let mut best = Duration::MAX;
        for _ in 0..25 {
            let began = Instant::now();
            assert!(list(&mut conn, name).await > 0, "{name} shows nothing, so it proves nothing");
            best = best.min(began.elapsed());
        }
        quickest.push(best);
    }
    quickest
}

/// Jobs that have lines, all equally many.
pub const JOBS_WITH_LINES: u64 = 50_000;

/// Adds the fiftieths `from..to` of `all` log lines, spread over the first jobs.
pub async fn fill_lines(db: &TestDb, all: u64, from: u64, to: u64) {
    let each = all / JOBS_WITH_LINES;
    let (first, last) = (JOBS_WITH_LINES * from / 50 + 1, JOBS_WITH_LINES * to / 50);
    // Jobs one after the other, as they ran: rows go to the end of the table.
    for start in (first..=last).step_by(500) {
        let end = last.min(start + 499);
        db.sql(&format!(
            "INSERT INTO job_lines (job_id, seq, attempt, step, level, audience, at, text) SELECT j.seq, l.seq, 1, 'containers', \
             IF(l.seq = {each}, 3, 1), l.seq % 2, NOW(3), CONCAT('Line ', l.seq, ' of job ', j.seq, ': the container answers after 42 ms') \
             FROM seq_{start}_to_{end} j JOIN seq_1_to_{each} l ORDER BY j.seq, l.seq"
        ))
        .await;
    }
    db.sql("ANALYZE TABLE job_lines").await;
}

/// What pages, the API and the command line read of lines; all of them in a job of the first fiftieth.
pub const LINE_LISTS: [&str; 4] = ["lines of a page", "last lines", "lines after a number", "first error"];

/// Asks for lines as a page does; returns how many it showed.
pub async fn lines(conn: &mut Conn, name: &str, each: u32) -> usize {
    let job = 777;
    match name {
        "lines of a page" => conn.progress().range(job, 1, u32::MAX, 200).await.unwrap().len(),
        "last lines" => conn.progress().tail(job, 200).await.unwrap().len(),
        "lines after a number" => conn.progress().range(job, each / 2, u32::MAX, 200).await.unwrap().len(),
        "first error" => {
            usize::from(conn.progress().first_at_level(job, 1, hosting::domain::Level::Error).await.unwrap().is_some())
        }
        other => panic!("{other}"),
    }
}

/// The quickest of many runs of each list of lines.
pub async fn line_times(db: &TestDb, each: u32) -> Vec<Duration> {
    let mut conn = db.db.read().await.unwrap();
    let mut quickest = Vec::new();
    for name in LINE_LISTS {
        let mut best = Duration::MAX;
        for _ in 0..50 {
            let began = Instant::now();
            assert!(lines(&mut conn, name, each).await > 0, "{name} shows nothing, so it proves nothing");
            best = best.min(began.elapsed());
        }
        quickest.push(best);
    }
    quickest
}
