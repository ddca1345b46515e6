//! What the gate serves and under which headers, the launcher file, and the gate's own life.

use portcullis::web::{Denial, Files, Gate, GateConfig, GateError};

use crate::support::*;

#[tokio::test]
async fn files_come_with_strict_headers() {
    let gate = gate();
    let port = gate.local_addr().port();
    let reply = Ask::new(&gate, "GET", "/viewer").send(&gate).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, "<!doctype html><title>Viewer</title>");
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         connect-src 'self' ws://127.0.0.1:{port}; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'self'"
    );
    for (name, value) in [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", &policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
        ("Connection", "close"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let refused = Ask::new(&gate, "GET", "/nothing").send(&gate).await;
    assert_eq!(refused.header("Content-Security-Policy"), Some(&*policy));
    assert_eq!(gate.counters().files_served, 1);
}

#[tokio::test]
async fn what_is_not_there_is_refused_without_detail() {
    let gate = gate();
    for (method, target, status, allow) in [
        ("GET", "/nothing", 404, None),
        ("GET", "/../viewer", 404, None),
        ("GET", "//viewer", 404, None),
        ("GET", "/%76iewer", 404, None),
        ("GET", "/viewer/", 404, None),
        ("DELETE", "/nothing", 404, None),
        ("POST", "/viewer", 405, Some("GET")),
        ("HEAD", "/viewer", 405, Some("GET")),
        ("GET", "/enter", 405, Some("POST")),
        ("PUT", "/ticket", 405, Some("POST")),
        ("POST", "/connect", 405, Some("GET")),
        ("TRACE", "/viewer", 405, Some("GET")),
        ("GET", "/viewer?tab=2", 200, None),
    ] {
        let reply = Ask::new(&gate, method, target).send(&gate).await;
        assert_eq!((reply.status, reply.header("Allow")), (status, allow), "{method} {target}");
        assert!(status == 200 || reply.body.is_empty(), "{}", reply.body);
    }
    let counters = gate.counters();
    assert_eq!(counters.denied(Denial::UnknownPath), 6);
    assert_eq!(counters.denied(Denial::WrongMethod), 6);
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_sentence() {
    let first = gate();
    let error = Gate::bind(config().address(first.local_addr())).unwrap_err();
    assert!(matches!(error, GateError::PortInUse(address) if address == first.local_addr()));
    let text = error.to_string();
    assert!(text.contains("in use") && !text.contains('\n'), "{text}");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn a_gate_without_a_runtime_says_so_and_takes_one_by_handle() {
    assert!(matches!(Gate::bind(config()), Err(GateError::NoRuntime)));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let gate = Gate::bind(config().runtime(runtime.handle().clone())).unwrap();
    let status = runtime.block_on(async { Ask::new(&gate, "GET", "/").status(&gate).await });
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_wrong_declaration_is_an_error_before_a_port_is_taken() {
    let twice = Files::new().file("/a", "text/plain", "x").file("/a", "text/plain", "x");
    let bad = Gate::bind(GateConfig::new().files(twice));
    assert!(matches!(bad, Err(GateError::BadFile { .. })));
    assert!(matches!(Gate::bind(config().windows(["a b"])), Err(GateError::BadWindow(_))));
    let gate = gate();
    for page in ["/nothing", "viewer", "//evil.example", "/enter", ""] {
        assert!(matches!(gate.new_code(page), Err(GateError::BadPage(_))), "{page:?}");
        assert!(matches!(gate.launcher(page), Err(GateError::BadPage(_))), "{page:?}");
    }
}

#[tokio::test]
async fn shutting_a_gate_ends_accept_and_frees_the_port() {
    let gate = gate();
    let address = gate.local_addr();
    let held = silent(address).await;
    gate.shutdown();
    assert!(within(gate.accept()).await.is_none());
    drop((gate, held));
    let again = within(async {
        loop {
            match Gate::bind(config().address(address)) {
                Ok(gate) => break gate,
                Err(GateError::PortInUse(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    })
    .await;
    assert_eq!(Ask::new(&again, "GET", "/").status(&again).await, 200);
}

#[tokio::test]
async fn an_admitted_socket_outlives_its_gate() {
    use futures_util::SinkExt;
    let gate = gate();
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    drop(gate);
    client.send("x".as_bytes().into()).await.unwrap();
    assert_eq!(within(page.socket.recv()).await, Some(Ok("x".into())));
}

#[cfg(unix)]
mod launcher {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::{Path, PathBuf};

    use super::*;

    /// A folder of this test's own that goes away with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let id = std::process::id();
            let path = std::env::temp_dir().join(format!("portcullis-web-gate-{name}-{id}"));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn code_in(path: &Path) -> String {
        let page = fs::read_to_string(path).unwrap();
        format!("code={}", &page.split("value=\"").nth(1).unwrap()[..32])
    }

    #[tokio::test]
    async fn a_launcher_is_private_and_goes_away_when_used() {
        let scratch = Scratch::new("private");
        let dir = scratch.0.join("launchers");
        let gate = gate_with(config().launcher_dir(&dir));
        let launcher = gate.launcher("/viewer").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!((mode(&dir), mode(launcher.path())), (0o700, 0o600));
        let page = fs::read_to_string(launcher.path()).unwrap();
        assert!(page.contains(&format!("action=\"{}\"", gate.url("/enter"))), "{page}");

        let ask =
            Ask::new(&gate, "POST", "/enter").set("Origin", "null").form(code_in(launcher.path()));
        let reply = ask.send(&gate).await;
        assert_eq!((reply.status, reply.header("Location")), (303, Some("/viewer")));
        assert!(!launcher.path().exists());
        assert_eq!(ask.status(&gate).await, 403);
        assert!(ticket(&gate, &cookie_of(&reply), "viewer").await.len() == 32);
    }

    #[tokio::test]
    async fn a_dropped_launcher_takes_its_file_and_its_code_along() {
        let scratch = Scratch::new("dropped");
        let gate = gate_with(config().launcher_dir(&scratch.0));
        let (gone, stays) = (gate.launcher("/").unwrap(), gate.launcher("/").unwrap());
        let (path, code) = (gone.path().to_owned(), code_in(gone.path()));
        drop(gone);
        assert!(!path.exists() && stays.path().exists());
        let ask = Ask::new(&gate, "POST", "/enter").form(code);
        assert_eq!(ask.status(&gate).await, 403);
        // The gate takes what is left, once its server has let go.
        drop(gate);
        within(async {
            while stays.path().exists() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    #[tokio::test]
    async fn an_unsafe_folder_is_refused() {
        let scratch = Scratch::new("unsafe");
        let (real, link, file) =
            (scratch.0.join("real"), scratch.0.join("link"), scratch.0.join("file"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        fs::write(&file, "").unwrap();
        let with_slash = PathBuf::from(format!("{}/", link.display()));
        for dir in [&link, &with_slash, &file] {
            let error = gate_with(config().launcher_dir(dir)).launcher("/").unwrap_err();
            assert!(matches!(error, GateError::UnsafeDir { .. }), "{}: {error}", dir.display());
        }
        for mode in [0o777, 0o1777, 0o770, 0o720, 0o702] {
            fs::set_permissions(&real, fs::Permissions::from_mode(mode)).unwrap();
            let error = gate_with(config().launcher_dir(&real)).launcher("/").unwrap_err();
            assert!(matches!(error, GateError::UnsafeDir { .. }), "{mode:o}: {error}");
        }
        assert_eq!(fs::read_dir(&real).unwrap().count(), 0, "nothing was written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(gate_with(config().launcher_dir(&real)).launcher("/").is_ok());
        let nowhere = scratch.0.join("no/such/parent");
        let error = gate_with(config().launcher_dir(nowhere)).launcher("/").unwrap_err();
        assert!(matches!(error, GateError::Launcher { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_folder_of_another_user_is_refused() {
        // Only root can give a folder away; anyone else finds one that root owns.
        let scratch = Scratch::new("foreign");
        let dir = scratch.0.join("other");
        fs::create_dir(&dir).unwrap();
        let dir = match std::os::unix::fs::chown(&dir, Some(12345), None) {
            Ok(()) => dir,
            Err(_) => PathBuf::from("/usr"),
        };
        let error = gate_with(config().launcher_dir(&dir)).launcher("/").unwrap_err();
        let refused =
            matches!(&error, GateError::UnsafeDir { why, .. } if why.contains("another user"));
        assert!(refused, "{error}");
    }
}
