//! Links in a shop's own database: when it moves to another address, whatever leads to the former one is written anew, in every
//! table, the ones of plugins as well.
//!
//! The shop may be running: a row is held only while it and its neighbours are rewritten, and what somebody saves meanwhile is not
//! undone. Done twice, the second time finds nothing.

pub mod packed;
pub mod text;

use super::branding::BrandError;
use packed::{Value, in_value};
use sqlx::{Connection, MySql, MySqlConnection, QueryBuilder, Row};
use text::Move;

/// Rows asked for at once.
const BITE: usize = 500;

/// Rows held at once, for milliseconds: each end of a transaction waits for the disk.
const AT_ONCE: usize = 25;

/// A value larger than this is left alone and named: it would have to be held in memory twice.
const LARGEST: u64 = 32 << 20;

/// So many of those are named.
const NAMED: usize = 20;

/// A table with texts, found by one whole number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    name: String,
    key: String,
    columns: Vec<String>,
}

/// What was done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Values that lead to the new address now.
    pub values: u64,
    /// Values that still have the former host's name and could not be read.
    pub left: u64,
    /// The first of them, as "table.column row".
    pub named: Vec<String>,
}

impl Rewritten {
    fn leave(&mut self, table: &str, column: &str, row: i64) {
        self.left += 1;
        if self.named.len() < NAMED {
            self.named.push(format!("{table}.{column} {row}"));
        }
    }
}

/// Rewrites every link of the shop from one address to the other.
///
/// # Errors
/// Database trouble; what is done stays done.
pub async fn rewrite(db: &mut MySqlConnection, from: &str, to: &str) -> Result<Rewritten, BrandError> {
    let mut done = Rewritten::default();
    let Some(m) = Move::new(from, to) else { return Ok(done) };
    for table in tables(db).await? {
        in_table(db, &m, &table, &mut done).await?;
    }
    Ok(done)
}

/// Names cannot be bound; these come from the schema itself, and a backtick in one is doubled.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Tables whose key is one whole number, with their columns of text. Left out: what the database computes, what has to be
/// unique, and the identity of posts, which is an address only by its looks.
async fn tables(db: &mut MySqlConnection) -> Result<Vec<Table>, BrandError> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.table_name, k.column_name, c.column_name FROM information_schema.columns c \
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
           AND t.table_type = 'BASE TABLE' \
         JOIN information_schema.columns k ON k.table_schema = c.table_schema AND k.table_name = c.table_name \
           AND k.column_key = 'PRI' AND k.data_type IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint') \
         WHERE c.table_schema = DATABASE() AND c.data_type IN ('varchar', 'tinytext', 'text', 'mediumtext', 'longtext') \
           AND COALESCE(c.generation_expression, '') = '' AND NOT (c.table_name = 'wp_posts' AND c.column_name = 'guid') \
           AND (SELECT COUNT(*) FROM information_schema.statistics s WHERE s.table_schema = c.table_schema \
             AND s.table_name = c.table_name AND s.index_name = 'PRIMARY') = 1 \
           AND NOT EXISTS (SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = c.table_schema \
             AND s.table_name = c.table_name AND s.column_name = c.column_name AND s.non_unique = 0) \
         ORDER BY c.table_name, c.ordinal_position",
    )
    .fetch_all(db)
    .await?;
    let mut found: Vec<Table> = Vec::new();
    for (name, key, column) in rows {
        match found.last_mut() {
            Some(table) if table.name == name => table.columns.push(column),
            _ => found.push(Table { name, key, columns: vec![column] }),
        }
    }
    Ok(found)
}

async fn in_table(db: &mut MySqlConnection, m: &Move, table: &Table, done: &mut Rewritten) -> Result<(), BrandError> {
    let (name, key) = (quoted(&table.name), quoted(&table.key));
    // No shop has a row 0 or below.
    let mut last = 0_i64;
    loop {
        let mut ask = QueryBuilder::<MySql>::new("SELECT CAST(");
        ask.push(&key).push(" AS SIGNED) FROM ").push(&name).push(" WHERE ").push(&key).push(" > ").push_bind(last);
        for (i, column) in table.columns.iter().enumerate() {
            ask.push(if i == 0 { " AND (INSTR(" } else { " OR INSTR(" });
            ask.push(quoted(column)).push(", ").push_bind(m.host()).push(") > 0");
        }
        ask.push(") ORDER BY ").push(&key).push(" LIMIT ").push(BITE);
        let rows = ask.build().persistent(false).fetch_all(&mut *db).await?;
        let ids: Vec<i64> = rows.iter().map(|r| r.try_get(0)).collect::<Result<_, _>>()?;
        for some in ids.chunks(AT_ONCE) {
            let mut tx = db.begin().await?;
            for id in some {
                in_row(&mut tx, m, table, *id, done).await?;
            }
            tx.commit().await?;
        }
        match ids.last() {
            Some(id) if ids.len() == BITE => last = *id,
            _ => return Ok(()),
        }
    }
}

async fn in_row(
    db: &mut MySqlConnection,
    m: &Move,
    table: &Table,
    id: i64,
    done: &mut Rewritten,
) -> Result<(), BrandError> {
    let (name, key) = (quoted(&table.name), quoted(&table.key));
    let mut read = QueryBuilder::<MySql>::new("SELECT ");
    for (i, column) in table.columns.iter().enumerate() {
        let column = quoted(column);
        read.push(if i == 0 { "IF(LENGTH(" } else { ", IF(LENGTH(" }).push(&column).push(") > ").push(LARGEST);
        read.push(", NULL, CAST(").push(&column).push(" AS BINARY)), COALESCE(LENGTH(").push(&column);
        read.push(") > ").push(LARGEST).push(", 0)");
    }
    read.push(" FROM ").push(&name).push(" WHERE ").push(&key).push(" = ").push_bind(id).push(" FOR UPDATE");
    let row = read.build().persistent(false).fetch_optional(&mut *db).await?;
    let Some(row) = row else { return Ok(()) };
    for (i, column) in table.columns.iter().enumerate() {
        let value: Option<Vec<u8>> = row.try_get(2 * i)?;
        let too_large: i64 = row.try_get(2 * i + 1)?;
        let became = value.map_or(Value::Same, |v| in_value(m, &v));
        match became {
            Value::Changed(new) => {
                let mut write = QueryBuilder::<MySql>::new("UPDATE ");
                write.push(&name).push(" SET ").push(quoted(column)).push(" = ").push_bind(new);
                write.push(" WHERE ").push(&key).push(" = ").push_bind(id);
                match write.build().persistent(false).execute(&mut *db).await {
                    Ok(_) => done.values += 1,
                    // The new address is longer than the column.
                    Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("22001") => {
                        done.leave(&table.name, column, id);
                    }
                    Err(e) => return Err(e.into()),
                }
            }
            Value::Same if too_large == 0 => {}
            Value::Same | Value::Unread => done.leave(&table.name, column, id),
        }
    }
    Ok(())
}
