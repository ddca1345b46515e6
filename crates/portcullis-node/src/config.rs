//! What JavaScript says of a hub, as JSON, and the hub that comes of it.

use std::time::Duration;

use portcullis::hub::{Action, Address, Grant, HubBuilder, Kind};
use portcullis::schema::Schema;
use portcullis::{Hub, Limits, Role};
use serde::Deserialize;

use crate::application::application;
use crate::code::{Code, Error, error};

/// How a hub is set up.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The text of `contract.schema`; the application's own contract when absent.
    schema: Option<String>,
    policy: Option<PolicyConfig>,
    roles: Option<Vec<RoleConfig>>,
    #[serde(default)]
    observe_calls: bool,
    #[serde(default)]
    limits: LimitsConfig,
    /// Whether anybody wants events.
    #[serde(default)]
    pub(crate) events: bool,
}

/// A policy file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyConfig {
    text: String,
    /// What the file is called in messages.
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleConfig {
    name: String,
    #[serde(default)]
    call: Vec<GrantConfig>,
    #[serde(default)]
    publish: Vec<GrantConfig>,
    #[serde(default)]
    subscribe: Vec<GrantConfig>,
    #[serde(default)]
    serve: Vec<GrantConfig>,
    #[serde(default)]
    deny: Vec<String>,
    addresses: Option<AddressesConfig>,
    #[serde(default)]
    sees_callers: bool,
}

#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a grant is a name, or a name and a time: { grant: 'interface.channel', forMs: 60000 }"
)]
enum GrantConfig {
    Lasting(String),
    Timed(TimedConfig),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TimedConfig {
    grant: String,
    for_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AddressesConfig {
    #[serde(default)]
    main: bool,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitsConfig {
    frame_bytes: Option<u32>,
    window_bytes: Option<u32>,
    calls: Option<u16>,
    stream_items: Option<u32>,
    stream_bytes: Option<u32>,
    blob_bytes: Option<u32>,
}

impl Config {
    pub(crate) fn from_json(text: &str) -> Result<Self, Error> {
        let config: Self = serde_json::from_str(text).map_err(|problem| {
            error(Code::Config, format!("the hub's configuration: {problem}"))
        })?;
        if config.roles.is_none() && config.policy.is_none() {
            let text = "the hub's configuration: give `roles` or `policy`: a hub without roles admits nobody";
            return Err(error(Code::Config, text));
        }
        Ok(config)
    }

    /// Sets up the hub, with its tasks on `runtime`; and tells what its policy file says in vain, a line for each.
    pub(crate) fn build(
        self,
        runtime: tokio::runtime::Handle,
    ) -> Result<(Hub, Vec<String>), Error> {
        let owned;
        let schema: &Schema = match (&self.schema, application()) {
            (Some(text), _) => {
                owned = Schema::from_json(text).map_err(|problem| {
                    error(Code::Schema, format!("the schema is not valid: {problem}"))
                })?;
                &owned
            }
            (None, Some(application)) => (application.contract)(),
            (None, None) => {
                let text = "a hub needs a contract: this addon has none of its own, so give the text of `contract.schema` as `schema`";
                return Err(error(Code::Schema, text));
            }
        };
        let mut builder: HubBuilder = Hub::builder(schema)
            .runtime(runtime)
            .observe_calls(self.observe_calls)
            .limits(self.limits.over(Limits::DEFAULT));
        let mut warnings = Vec::new();
        if let Some(PolicyConfig { text, name }) = self.policy {
            let policy = portcullis_policy::parse(&text, schema).map_err(|problems| {
                let mistakes = if problems.len() == 1 { "a mistake" } else { "mistakes" };
                let text = format!("the policy file has {mistakes}:\n{}", problems.in_file(&name));
                error(Code::Policy, text)
            })?;
            let lines = policy.warnings.in_file(&name).to_string();
            warnings.extend(lines.lines().map(str::to_owned));
            builder = builder.user_budget(policy.user_budget);
            for role in policy.roles {
                builder = builder.role(role);
            }
        }
        for role in self.roles.unwrap_or_default() {
            builder = builder.role(role.role());
        }
        let hub = builder.build().map_err(|problem| error(Code::Config, problem))?;
        Ok((hub, warnings))
    }
}

impl RoleConfig {
    fn role(self) -> Role {
        let mut role = Role::new(self.name);
        if self.sees_callers {
            role = role.sees_callers();
        }
        for (action, grants) in [
            (Action::Call, self.call),
            (Action::Publish, self.publish),
            (Action::Subscribe, self.subscribe),
            (Action::Serve, self.serve),
        ] {
            for grant in grants {
                role = role.grant(match grant {
                    GrantConfig::Lasting(name) => Grant::new(action, name),
                    GrantConfig::Timed(TimedConfig { grant, for_ms }) => {
                        Grant::new(action, grant).lasting(Duration::from_millis(for_ms))
                    }
                });
            }
        }
        for denial in self.deny {
            role = role.deny(denial);
        }
        if let Some(AddressesConfig { main, roles, labels }) = self.addresses {
            role = role.addresses_nobody();
            let main = main.then_some(Address::Main);
            let roles = roles.into_iter().map(Address::Role);
            let labels = labels.into_iter().map(Address::Label);
            role = main.into_iter().chain(roles).chain(labels).fold(role, Role::addresses);
        }
        role
    }
}

/// A grant as JavaScript says it; `for_ms` is absent where it has no end.
pub(crate) fn grant(action: &str, name: &str, for_ms: Option<f64>) -> Result<Grant, Error> {
    let action = match action {
        "call" => Action::Call,
        "publish" => Action::Publish,
        "subscribe" => Action::Subscribe,
        "serve" => Action::Serve,
        other => {
            let text = format!(
                "a grant is to \"call\", \"publish\", \"subscribe\" or \"serve\", not {other:?}"
            );
            return Err(error(Code::Grant, text));
        }
    };
    let grant = Grant::new(action, name);
    match for_ms {
        None => Ok(grant),
        Some(ms) if ms >= 0.0 => {
            let time = Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX);
            Ok(grant.lasting(time))
        }
        Some(ms) => Err(error(Code::Grant, format!("{ms} ms is no time that a grant can last"))),
    }
}

impl LimitsConfig {
    fn over(&self, limits: Limits) -> Limits {
        Limits {
            frame_bytes: self.frame_bytes.unwrap_or(limits.frame_bytes),
            window_bytes: self.window_bytes.unwrap_or(limits.window_bytes),
            calls: self.calls.unwrap_or(limits.calls),
            stream_items: self.stream_items.unwrap_or(limits.stream_items),
            stream_bytes: self.stream_bytes.unwrap_or(limits.stream_bytes),
            blob_bytes: self.blob_bytes.unwrap_or(limits.blob_bytes),
            pools: limits.pools,
        }
    }
}

/// What is at the other end of a connection, as JavaScript says it.
pub(crate) fn kind(name: &str) -> Result<Kind, Error> {
    match name {
        "page" => Ok(Kind::Page),
        "native" => Ok(Kind::Native),
        "main" => Ok(Kind::Main),
        other => {
            let text = format!("a peer is of kind \"page\", \"native\" or \"main\", not {other:?}");
            Err(error(Code::Config, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused() {
        for (text, names) in [
            ("{}", "roles"),
            (r#"{"roles":[],"roels":[]}"#, "roels"),
            (r#"{"roles":[{"name":"a","calls":[]}]}"#, "calls"),
            (r#"{"roles":[{"name":"a","call":[7]}]}"#, "a grant is a name"),
            (r#"{"roles":[{"name":"a","addresses":{"role":[]}}]}"#, "role"),
            (r#"{"policy":{"text":"","file":"a"}}"#, "file"),
            (r#"{"roles":[],"limits":{"frames":1}}"#, "frames"),
        ] {
            let problem = Config::from_json(text).expect_err("refused");
            assert!(problem.reason.contains(names), "{}", problem.reason);
            assert_eq!(problem.status, Code::Config);
        }
    }

    #[test]
    fn an_addon_without_a_contract_says_so() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let config = Config::from_json(r#"{"roles":[]}"#).expect("read");
        let problem = config.build(runtime.handle().clone()).expect_err("refused");
        assert_eq!(problem.status, Code::Schema);
    }
}
