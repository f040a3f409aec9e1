//! The disk limit of a plan on file systems that have project quotas.

use crate::ONE;
use hosting::domain::{Actor, JobState};
use hosting::services::delete_store::delete_now;
use shopfleet_tests::loop_disk::LoopDisk;
use shopfleet_tests::shop_server::{Census, ShopServer};
use worker::engine::fail_point;
use worker::host::quota::{self, QuotaSupport};
use worker::shop::layout::StoreDir;
use worker::shop::template;

/// Writes `mb` MiB as the shop's own web container does: whether they went in, and what `dd` said.
fn upload(project: &str, mb: u32) -> (bool, String) {
    let answer = std::process::Command::new("docker")
        .args(["exec", &format!("{project}-web"), "dd", "if=/dev/zero", "bs=1M", &format!("count={mb}")])
        .arg("of=/srv/wordpress/wp-content/big.bin")
        .output()
        .unwrap();
    (answer.status.success(), String::from_utf8_lossy(&answer.stderr).into_owned())
}

/// `(used, hard limit)` in KiB of the project's quota, as the file system says.
fn limit_of(disk: &LoopDisk, store_id: u64) -> (u64, u64) {
    let answer = std::process::Command::new("repquota").args(["-P", "-n", "-p"]).arg(disk.path()).output().unwrap();
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let mark = format!("#{}", 1_000_000 + store_id);
    let Some(line) = text.lines().find(|l| l.split_whitespace().next() == Some(&mark)) else { return (0, 0) };
    let words: Vec<&str> = line.split_whitespace().collect();
    (words[2].parse().unwrap(), words[4].parse().unwrap())
}

async fn a_store_stays_within_its_limit_on(disk: LoopDisk, filesystem: &str) {
    let server = ShopServer::with_stores_in(disk.path()).await;
    assert_eq!(
        server.machine.quota,
        QuotaSupport::Project { mount: disk.path().to_owned(), filesystem: filesystem.to_owned() }
    );
    let (_engine, _stop) = server.engine();
    server.db.sql("UPDATE plans SET disk_mb = 400 WHERE slug = 'trial'").await;
    let (greedy, job) = server.order("Greedy", "greedy").await;
    server.reaches(&job, JobState::Finished).await;
    assert!(server.log(&job).await.contains("is limited to 400 MiB"));
    let (modest, job) = server.order("Modest", "modest").await;
    server.reaches(&job, JobState::Finished).await;
    let (used, hard) = limit_of(&disk, greedy);
    assert_eq!(hard, 400 * 1024);
    // Database and content count: a copy of the template is more than 10 MiB.
    assert!(used > 10 * 1024, "only {used} KiB are counted");
    let (greedy_row, modest_row) = (server.store(greedy).await, server.store(modest).await);

    let (done, words) = upload(&greedy_row.object_name(), 600);
    assert!(!done && (words.contains("No space left") || words.contains("Disk quota exceeded")), "{words}");
    // Its neighbour does not notice, and its own front page is still there.
    let (done, words) = upload(&modest_row.object_name(), 100);
    assert!(done, "{words}");
    assert_eq!(server.get(modest_row.host.as_deref().unwrap(), "/").await.0, 200);

    for id in [greedy, modest] {
        let job = delete_now(&server.services(), &Actor::operator(), id, "test").await.unwrap();
        server.reaches(&job, JobState::Finished).await;
        assert_eq!(limit_of(&disk, id), (0, 0), "the limit outlived its store");
    }
    assert_eq!(server.census().await, Census::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_stays_within_its_limit_where_the_kernel_can() {
    let _one = ONE.lock().await;
    fail_point::clear();
    for (filesystem, disk) in [("xfs", LoopDisk::xfs_with_quota(2048)), ("ext4", LoopDisk::ext4_with_quota(2048))] {
        match disk {
            Ok(disk) => a_store_stays_within_its_limit_on(disk, filesystem).await,
            Err(refusal) => {
                // Only a kernel that has no quotas at all is an excuse.
                let config = std::process::Command::new("zcat").arg("/proc/config.gz").output().unwrap();
                let config = String::from_utf8_lossy(&config.stdout).into_owned();
                let switch = if filesystem == "xfs" { "CONFIG_XFS_QUOTA" } else { "CONFIG_QFMT_V2" };
                assert!(
                    config.contains(&format!("# {switch} is not set")) || !config.contains(switch),
                    "{filesystem}: {refusal}"
                );
                println!("NOT SHOWN on {filesystem}: this kernel was built without {switch}");
            }
        }
    }
}

/// Every file and directory of a store belongs to its project, or it would not be counted. This needs no quotas of
/// the kernel, only a file system that keeps project numbers.
#[tokio::test(flavor = "multi_thread")]
async fn everything_a_store_writes_is_counted() {
    let _one = ONE.lock().await;
    fail_point::clear();
    let disk = LoopDisk::xfs(1024);
    let server = ShopServer::with_stores_in(disk.path()).await;
    // Without quotas the server says so, and stores live there all the same.
    let QuotaSupport::None { reason } = &server.machine.quota else { panic!("{:?}", server.machine.quota) };
    assert!(reason.contains("xfs without project quotas (mount ext4 or xfs with prjquota)"), "{reason}");
    assert_eq!(server.machine.report().await.facts["quota"], false);

    let dir = StoreDir { data_dir: server.machine.data_dir.clone(), name: "store-counted1".into() };
    dir.prepare().unwrap();
    quota::put_into_project(&dir.all_paths(), 7).await.unwrap();
    let image = server.machine.images().unwrap().id("template-woocommerce").unwrap().to_owned();
    let docker = &server.machine.docker;
    let template = template::ensure(docker, &dir.data_dir, &image, &server.machine.server).await.unwrap();
    let copied = template::place(&template, &dir).unwrap();
    assert!(copied.iter().all(|c| c.reflink), "shared blocks are counted for the store as well");
    let listed = std::process::Command::new("lsattr").args(["-p", "-R", "-a"]).arg(dir.path()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let entries: Vec<&str> = listed.lines().filter(|l| l.contains(" /") && !l.starts_with('/')).collect();
    assert!(entries.len() > 300, "{} entries", entries.len());
    for entry in entries.iter().filter(|e| !e.ends_with("/..")) {
        assert_eq!(entry.split_whitespace().next(), Some("1000007"), "{entry}");
    }
    // A directory of a project can be taken away like any other.
    dir.remove().unwrap();
    assert!(!dir.exists());
}
