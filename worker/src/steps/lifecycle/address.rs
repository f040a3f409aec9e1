//! Another web address: taken, written into the shop, led to, looked at, and recorded last. The
//! former one leads on to it.

use super::settle;
use crate::edge::Target;
use crate::engine::{Step, StepContext, StepError, StepResult};
use crate::machine::Machine;
use crate::shop::{branding, config_files, links, verify, woocommerce};
use crate::steps::Subject;
use crate::steps::subject::{Address, fenced, secret};
use async_trait::async_trait;
use hosting::db::Queries;
use hosting::domain::{HostName, Slug};
use hosting::jobs::ChangeArgs;
use hosting::services::settings::Values;
use std::sync::Arc;
use std::time::Duration;

/// How long a former address leads on.
const REDIRECT_DAYS: u32 = 30;

fn wrong(detail: impl std::fmt::Display) -> StepError {
    StepError::last("bad_address", "This web address cannot be used. Choose another", detail)
}

/// The label of the arguments and the address it makes.
async fn next(machine: &Machine, cx: &StepContext, subject: &Subject) -> StepResult<(Slug, Address)> {
    let args: ChangeArgs = cx.args()?;
    let slug = Slug::parse(args.slug.as_deref().unwrap_or_default()).map_err(|e| wrong(e.0))?;
    let host = slug.under(Values::load(&machine.services.db).await?.text("base_domain"));
    let host = HostName::parse(&host).map_err(|e| wrong(e.0))?;
    let address = subject.address_at(machine, host).await?;
    Ok((slug, address))
}

/// Takes it.
pub struct Hold(pub Arc<Machine>);

#[async_trait]
impl Step for Hold {
    fn name(&self) -> &'static str {
        "hold"
    }
    fn title(&self) -> &'static str {
        "Reserve the new web address"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (_, address) = next(machine, cx, &subject).await?;
        let before = subject.address(machine).await?.url;
        let mut tx = fenced(machine, cx).await?;
        if subject.store.host.as_deref() != Some(address.host.as_str())
            && let Err(e) = tx.stores().hold_next(subject.store.id, address.host.as_str()).await
        {
            return Err(if matches!(e, hosting::db::DbError::Duplicate { .. }) {
                StepError::last(
                    "address_taken",
                    "Somebody else has taken this web address meanwhile. Choose another",
                    e,
                )
            } else {
                e.into()
            });
        }
        tx.commit().await?;
        cx.say(format!("Your store will be at {}", address.url));
        Ok(serde_json::json!(before))
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        let mut tx = fenced(&self.0, cx).await?;
        tx.stores().drop_next(subject.store.id).await?;
        Ok(tx.commit().await?)
    }
}

/// Writes it into the shop.
pub struct Rewrite(pub Arc<Machine>);

#[async_trait]
impl Step for Rewrite {
    fn name(&self) -> &'static str {
        "rewrite"
    }
    fn title(&self) -> &'static str {
        "Tell your store its new address"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(10)
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let subject = Subject::load(&self.0, cx).await?;
        let from: String = cx.output("hold")?;
        let (_, to) = next(&self.0, cx, &subject).await?;
        let done = write(&self.0, cx, &subject, &from, &to.url).await?;
        match done.values {
            0 => {}
            1 => cx.say("1 link in your pages and settings leads to the new address now"),
            n => cx.say(format!("{n} links in your pages and settings lead to the new address now")),
        }
        if done.left > 0 {
            let named = done.named.join(", ");
            cx.detail(format!("{} values name the former address and were left as they are: {named}", done.left));
        }
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        let (_, from) = next(&self.0, cx, &subject).await?;
        // What the record says: the former one until the last step, the new one after it.
        let to = subject.address(&self.0).await?.url;
        write(&self.0, cx, &subject, &from.url, &to).await.map(|_| ())
    }
}

async fn write(
    machine: &Machine,
    cx: &mut StepContext,
    subject: &Subject,
    from: &str,
    to: &str,
) -> StepResult<links::Rewritten> {
    let secrets = subject.shop_secrets(machine, cx).await?;
    let dir = machine.dir(&subject.store);
    let panel = subject.secret(machine, cx, secret::PANEL_PASSWORD).await?;
    let mut shop = branding::connect(&dir, &panel, Duration::from_secs(20)).await?;
    let url = to.to_owned();
    tokio::task::spawn_blocking(move || config_files::write(&dir, &secrets, &url))
        .await
        .map_err(|e| StepError::passing("files", "We are trying again", e))??;
    cx.fail_point("written").await?;
    branding::set_address(&mut shop, to).await?;
    cx.fail_point("moved").await?;
    let done = links::rewrite(&mut shop, from, to).await?;
    branding::flush_cache(woocommerce::redis_address(subject.reserved(machine).await?.subnet)).await?;
    Ok(done)
}

/// Leads visitors to it, and those of the former one on to it.
pub struct Lead(pub Arc<Machine>);

#[async_trait]
impl Step for Lead {
    fn name(&self) -> &'static str {
        "door"
    }
    fn title(&self) -> &'static str {
        "Connect the new web address"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (_, address) = next(machine, cx, &subject).await?;
        let former = subject.host()?;
        let port = subject.reserved(machine).await?.web_port;
        let mut entries = settle::entries(machine, &subject, &address, settle::target(&subject.store, port)).await?;
        if former != address.host {
            let seen = address.url.rsplit_once(':').is_some_and(|(_, port)| port == address.port.to_string());
            let target = Target::Moved(address.host.clone(), seen.then_some(address.port));
            entries.push(crate::edge::Entry { host: former, target });
        }
        machine.edge.publish(&subject.store.object_name(), &entries, address.probe_port).await?;
        Ok(serde_json::Value::Null)
    }
    async fn undo(&self, cx: &mut StepContext) -> StepResult<()> {
        let subject = Subject::load(&self.0, cx).await?;
        settle::door(&self.0, &subject).await
    }
}

/// Looks at it.
pub struct Look(pub Arc<Machine>);

#[async_trait]
impl Step for Look {
    fn name(&self) -> &'static str {
        "verify"
    }
    fn title(&self) -> &'static str {
        "Check your store at its new address"
    }
    fn deadline(&self) -> Duration {
        Duration::from_mins(2)
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (_, address) = next(machine, cx, &subject).await?;
        let mut target = crate::steps::verify::subject_of(machine, cx, &subject, false).await?;
        (target.url, target.host) = (address.url, address.host.as_str().to_owned());
        verify::verify_alive(&target).await?;
        Ok(serde_json::Value::Null)
    }
}

/// From here on it is the store's address.
pub struct Settle(pub Arc<Machine>);

#[async_trait]
impl Step for Settle {
    fn name(&self) -> &'static str {
        "record"
    }
    fn title(&self) -> &'static str {
        "Write it down"
    }
    async fn apply(&self, cx: &mut StepContext) -> StepResult {
        let machine = &self.0;
        let subject = Subject::load(machine, cx).await?;
        let (slug, address) = next(machine, cx, &subject).await?;
        let mut tx = fenced(machine, cx).await?;
        tx.stores().settle_next(subject.store.id, slug.as_str(), REDIRECT_DAYS).await?;
        tx.commit().await?;
        cx.say(format!("Your store is at {}. The former address leads there for {REDIRECT_DAYS} days", address.url));
        Ok(serde_json::Value::Null)
    }
}
