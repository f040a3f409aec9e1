//! A mail server with moods.

use std::net::TcpListener as StdListener;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Takes,
    /// "Try again later" (451).
    Busy,
    /// Closes the connection when it has the whole mail, and has not taken it.
    BreaksOff,
}

/// The server; its port refuses connections until [`MailServer::up`].
pub struct MailServer {
    pub port: u16,
    mood: Arc<Mutex<Mood>>,
    mails: Arc<Mutex<Vec<String>>>,
    task: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Chooses a port and does not listen yet.
    pub fn down() -> Self {
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, mood: Arc::new(Mutex::new(Mood::Takes)), mails: Arc::default(), task: None }
    }

    /// Listens from now on.
    pub async fn up(&mut self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        if self.task.is_some() {
            return;
        }
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let (mood, mails) = (self.mood.clone(), self.mails.clone());
        self.task = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mood, mails) = (mood.clone(), mails.clone());
                tokio::spawn(async move { talk(stream, &mood, &mails).await });
            }
        }));
    }

    /// Mails it has taken.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

async fn talk(stream: TcpStream, mood: &Mutex<Mood>, mails: &Mutex<Vec<String>>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let now = *mood.lock().unwrap();
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" if now == Mood::Busy => "451 try again later",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await.ok()? {
                    if line == "." {
                        break;
                    }
                    mail.push_str(&line);
                    mail.push('\n');
                }
                if now == Mood::BreaksOff {
                    return None;
                }
                mails.lock().unwrap().push(mail);
                "250 taken"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await.ok()?;
                return Some(());
            }
            _ => "250 ok",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}
