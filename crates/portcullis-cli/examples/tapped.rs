//! An application that has switched its tap on: `cargo run -p portcullis-cli --example tapped -- FOLDER`, and beside it
//! `portcullis tap --socket FOLDER/tap`. The folder must be this user's alone, or not be there yet. It ends when its standard
//! input does. What the other words on its command line switch, the tests of the command use.

#[cfg(unix)]
mod app {
    use std::io::Read as _;
    use std::path::Path;
    use std::time::Duration;

    use portcullis::hub::{Admission, Kind};
    use portcullis::peer::{PeerConfig, Target};
    use portcullis::{Call, Hub, Role};

    mod contract {
        #![allow(unreachable_pub, reason = "in an application, a crate of its own")]

        use portcullis::Call;

        /// Who comes in.
        #[portcullis::message]
        #[derive(Debug, Clone)]
        pub struct Login {
            /// Who.
            pub name: String,
            /// Nobody else's business.
            #[secret]
            pub password: String,
        }

        /// A door.
        #[portcullis::interface(name = "app.door", version = 1)]
        pub trait Door {
            /// Comes in, and answers with how many have.
            #[call(deadline = "1s")]
            async fn enter(&self, cx: &Call, login: Login) -> u64;
            /// Knocks.
            #[notify]
            async fn knock(&self, cx: &Call, times: u8);
        }

        portcullis::contract! { name = "app", interfaces = [Door, portcullis_tap::Tap] }
    }

    /// The same names with another tap: what an application of another version has.
    mod outdated {
        #![allow(unreachable_pub, reason = "in an application, a crate of its own")]

        use portcullis::Call;

        /// Another tap.
        #[portcullis::interface(name = "portcullis.tap", version = 9)]
        pub trait Tap {
            /// Other arguments.
            #[call(deadline = "1s")]
            async fn watch(&self, cx: &Call, everything: bool);
        }

        portcullis::contract! { name = "outdated", interfaces = [Tap] }
    }

    use contract::{Door, DoorClient, DoorServer, Login};

    struct House(std::sync::atomic::AtomicU64);

    impl Door for House {
        async fn enter(&self, _: &Call, login: Login) -> u64 {
            // Nobody learns how long the password is, either.
            let known = u64::from(!login.password.is_empty());
            // Beyond what a number of JavaScript holds.
            (1 << 60) + self.0.fetch_add(known, std::sync::atomic::Ordering::Relaxed)
        }
        async fn knock(&self, _: &Call, _: u8) {}
    }

    pub(super) async fn run(
        folder: &Path,
        words: &[String],
    ) -> Result<(), Box<dyn std::error::Error>> {
        let says = |word: &str| words.iter().any(|each| each == word);
        let schema = if says("outdated") { outdated::contract() } else { contract::contract() };
        let mut builder = Hub::builder(schema)
            .role(Role::new("developer").call("portcullis.tap.*"))
            .role(Role::new("visitor"));
        if !says("outdated") {
            builder = builder.role(Role::new("page").call("app.door.*"));
        }
        let hub = builder.build()?;
        let as_role = |name: &'static str| {
            let admit = move |_: &_| Some(Admission::new(name, name, Kind::Native));
            hub.listen_unix(folder.join(name), admit)
        };
        let (_visitors, _developers) = (as_role("visitor")?, as_role("developer")?);
        let _tap = match says("outdated") || says("off") {
            true => None,
            // The one line that switches it on.
            false => Some(portcullis_tap::listen(&hub, folder.join("tap"), "developer")?),
        };
        if !says("outdated") {
            let _served = hub.serve(DoorServer::new(House(0.into())))?;
            let page = hub.connect("page", "page", &PeerConfig::default())?;
            tokio::spawn(go_in_and_out(page.bind(Target::Any).await?));
            println!("ready");
            return ended().await;
        }
        println!("ready");
        ended().await
    }

    async fn go_in_and_out(door: DoorClient) {
        let login = Login { name: "me".to_owned(), password: "sesame".to_owned() };
        // Until the hub is gone.
        while door.enter(login.clone()).await.is_ok() && door.knock(2).is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until standard input ends.
    async fn ended() -> Result<(), Box<dyn std::error::Error>> {
        let read = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(read).await??;
        Ok(())
    }
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: tapped FOLDER")?;
    app::run(std::path::Path::new(&folder), &arguments.collect::<Vec<_>>()).await
}

#[cfg(not(unix))]
fn main() {
    eprintln!("a tap needs a Unix socket, which this system does not have");
}
