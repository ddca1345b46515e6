//! A hub that listens on a path: where it may, who gets in, and how many may say nothing (f14, f25, f36).
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use portcullis::client::connect_unix;
use portcullis::hub::{Admission, Kind, ListenError, UnixListen};
use portcullis::peer::PeerConfig;
use portcullis::{Hub, Role};

mod topics;

/// Whatever hangs is ended.
const WATCHDOG: Duration = Duration::from_secs(60);

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-listening-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a fresh folder");
        fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("it is ours");
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn hub() -> Hub {
    Hub::builder(topics::contract()).role(Role::new("all")).build().expect("roles fit")
}

fn visitor() -> Option<Admission> {
    Some(Admission::new("visitor", "all", Kind::Native))
}

fn refused(hub: &Hub, path: impl AsRef<Path>) -> ListenError {
    hub.listen_unix(path.as_ref(), |_| visitor()).expect_err("it must not listen there")
}

async fn joins(path: &Path) -> bool {
    let Ok(peer) = connect_unix(path, &PeerConfig::default()) else { return false };
    let ready = tokio::time::timeout(WATCHDOG, peer.ready()).await;
    ready.expect("it does not hang").is_ok()
}

#[tokio::test]
async fn f36_a_folder_that_others_reach_into_is_refused() {
    let (hub, folder) = (hub(), Folder::new());
    for mode in [0o777, 0o770, 0o707, 0o720, 0o702] {
        let open = folder.at("open");
        let _ = fs::create_dir(&open);
        fs::set_permissions(&open, Permissions::from_mode(mode)).expect("ours");
        let error = refused(&hub, open.join("hub"));
        assert!(matches!(error, ListenError::UnsafeFolder { .. }), "{mode:o}: {error}");
        assert!(error.to_string().contains("0700"), "{error}");
    }
    let (real, link) = (folder.at("real"), folder.at("link"));
    fs::create_dir(&real).expect("made");
    fs::set_permissions(&real, Permissions::from_mode(0o700)).expect("ours");
    symlink(&real, &link).expect("a link");
    let error = refused(&hub, link.join("hub"));
    assert!(error.to_string().contains("is a link"), "{error}");
    assert_eq!(fs::read_dir(&real).expect("there").count(), 0, "nothing was put there");
    fs::write(folder.at("file"), "").expect("written");
    let error = refused(&hub, folder.at("file").join("hub"));
    assert!(error.to_string().contains("is no folder"), "{error}");
}

#[tokio::test]
async fn f36_a_folder_that_others_could_replace_is_refused() {
    let (hub, folder) = (hub(), Folder::new());
    let (above, safe) = (folder.at("above"), folder.at("above/safe"));
    fs::create_dir_all(&safe).expect("made");
    fs::set_permissions(&safe, Permissions::from_mode(0o700)).expect("ours");
    // The folder itself is as it should be; who can change the one above puts another in its place.
    for (mode, fits) in [(0o777, false), (0o757, false), (0o1777, true), (0o755, true)] {
        fs::set_permissions(&above, Permissions::from_mode(mode)).expect("ours");
        let outcome = hub.listen_unix(safe.join("hub"), |_| visitor());
        assert_eq!(outcome.is_ok(), fits, "{mode:o}: {outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("above it"), "{error}");
        }
    }
    // A link on the way is no way around it.
    fs::set_permissions(&above, Permissions::from_mode(0o777)).expect("ours");
    symlink(&above, folder.at("way")).expect("a link");
    let error = refused(&hub, folder.at("way/safe/hub"));
    assert!(error.to_string().contains("above it"), "{error}");
}

#[tokio::test]
async fn f36_what_stands_at_the_path_is_left_alone() {
    let (hub, folder) = (hub(), Folder::new());
    fs::write(folder.at("hub"), "precious").expect("written");
    assert!(matches!(refused(&hub, folder.at("hub")), ListenError::NotASocket(_)));
    assert_eq!(fs::read_to_string(folder.at("hub")).expect("there"), "precious");
    // A lock file that is a link leads nowhere.
    symlink(folder.at("hub"), folder.at("other.lock")).expect("a link");
    assert!(matches!(refused(&hub, folder.at("other")), ListenError::Io { .. }));
    assert_eq!(fs::read_to_string(folder.at("hub")).expect("there"), "precious");
}

#[tokio::test]
async fn f25_a_stale_socket_is_replaced_and_a_living_one_is_not() {
    let (hub, folder) = (hub(), Folder::new());
    let path = folder.at("hub");
    // What a killed hub leaves behind: a socket on which nobody listens.
    drop(UnixListener::bind(&path).expect("bound"));
    assert!(path.exists());
    let first = hub.listen_unix(path.as_path(), |_| visitor()).expect("the stale one is replaced");
    assert!(joins(&path).await);
    assert!(matches!(refused(&hub, &path), ListenError::InUse(_)));
    assert!(joins(&path).await, "the attempt has not harmed it");
    drop(first);
    assert!(!path.exists(), "it is removed with its listener");
    let _second = hub.listen_unix(path.as_path(), |_| visitor()).expect("free again");
    assert!(joins(&path).await);
}

#[tokio::test]
async fn f14_connections_that_say_nothing_are_capped_and_disturb_nobody() {
    let (hub, folder) = (hub(), Folder::new());
    let path = folder.at("hub");
    let listen = UnixListen::new(&path).handshakes_max(3);
    let _listening = hub.listen_unix(listen, |_| visitor()).expect("listens");
    let early = connect_unix(&path, &PeerConfig::default()).expect("connected");
    early.ready().await.expect("welcome");
    let mut silent: Vec<UnixStream> =
        (0..3).map(|_| UnixStream::connect(&path).expect("taken")).collect();
    while hub.peers().len() < 4 {
        tokio::task::yield_now().await;
    }
    let mut beyond = UnixStream::connect(&path).expect("the system takes it");
    let closed = tokio::task::spawn_blocking(move || {
        beyond.set_read_timeout(Some(WATCHDOG)).expect("set");
        beyond.read(&mut [0; 1])
    });
    assert_eq!(closed.await.expect("read").expect("closed at once"), 0);
    assert!(!joins(&path).await, "nor is anybody else let in");
    assert!(!early.has_ended(), "who is there stays");
    silent.pop();
    while hub.peers().len() > 3 {
        tokio::task::yield_now().await;
    }
    assert!(joins(&path).await, "there is room again");
}

#[tokio::test]
async fn f14_connections_are_taken_at_a_rate_and_wait_for_their_turn() {
    let (hub, folder) = (hub(), Folder::new());
    let path = folder.at("hub");
    let listen = UnixListen::new(&path).connections_per_second(10, 2);
    let _listening = hub.listen_unix(listen, |_| visitor()).expect("listens");
    let begun = tokio::time::Instant::now();
    // They connect at once, and come and go.
    for _ in 0..6 {
        assert!(joins(&path).await, "nobody is turned away");
    }
    // Two at once, then one after a tenth of a second each, but for the first, which finds the bucket full.
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(300), "{took:?}");
}

#[tokio::test]
async fn an_admit_that_refuses_or_panics_lets_nobody_in() {
    let (hub, folder) = (hub(), Folder::new());
    let path = folder.at("hub");
    let calls = AtomicU32::new(0);
    let _listening = hub
        .listen_unix(path.as_path(), move |credentials| {
            assert_eq!(credentials.uid, rustix::process::geteuid().as_raw());
            match calls.fetch_add(1, Ordering::Relaxed) {
                0 => None,
                1 => std::panic::resume_unwind(Box::new("a mistake of the application's")),
                _ => visitor(),
            }
        })
        .expect("listens");
    assert!(!joins(&path).await, "refused");
    assert!(!joins(&path).await, "panicked");
    assert!(joins(&path).await, "and the next one is let in");
}
