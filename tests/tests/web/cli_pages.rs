//! Manual pages and completion of the command line, read by the programs that people read them with.

use crate::cli::Shell;
use std::process::{Command, Stdio};

#[actix_web::test]
async fn every_manual_page_can_be_read() {
    let shell = Shell::new();
    let dir = std::env::temp_dir().join(format!("shopfleet-man-{:016x}", rand::random::<u64>()));
    let done = shell.run(&["man", dir.to_str().unwrap()], "").await;
    assert_eq!(done.code, 0, "{done:?}");
    let mut pages: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() > 70, "{}", pages.len());
    for page in &pages {
        let drawn =
            Command::new("groff").args(["-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-ww"]).arg(page).output().unwrap();
        let (text, complaints) = (String::from_utf8_lossy(&drawn.stdout), String::from_utf8_lossy(&drawn.stderr));
        assert!(drawn.status.success() && complaints.is_empty(), "{}: {complaints}", page.display());
        assert!(text.contains("NAME") && text.contains("SYNOPSIS"), "{}", page.display());
    }
    // As a person does it.
    let page =
        Command::new("man").arg("-l").arg(dir.join("shopfleet-jobs-follow.1")).env("MANPAGER", "cat").output().unwrap();
    let text = String::from_utf8_lossy(&page.stdout).into_owned();
    assert!(page.status.success() && text.contains("follow"), "{text}");
    std::fs::remove_dir_all(&dir).unwrap();
}

#[actix_web::test]
async fn completion_is_taken_by_bash() {
    let shell = Shell::new();
    let script = shell.run(&["completion", "bash"], "").await;
    assert_eq!(script.code, 0, "{script:?}");
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut bash.stdin.take().unwrap(), script.out.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
    assert_eq!(shell.run(&["completion", "tcsh"], "").await.code, 2);
}
