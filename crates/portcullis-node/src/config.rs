//! What JavaScript says of a hub, as JSON, and the hub that comes of it.

use portcullis::hub::{HubBuilder, Kind};
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
    roles: Vec<RoleConfig>,
    #[serde(default)]
    observe_calls: bool,
    #[serde(default)]
    limits: LimitsConfig,
    /// Whether anybody wants events.
    #[serde(default)]
    pub(crate) events: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleConfig {
    name: String,
    #[serde(default)]
    call: Vec<String>,
    #[serde(default)]
    publish: Vec<String>,
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    serve: Vec<String>,
    #[serde(default)]
    sees_callers: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitsConfig {
    frame_bytes: Option<u32>,
    window_bytes: Option<u32>,
    calls: Option<u16>,
    stream_items: Option<u32>,
    stream_bytes: Option<u32>,
}

impl Config {
    pub(crate) fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|problem| error(Code::Config, format!("the hub's configuration: {problem}")))
    }

    /// Sets up the hub, with its tasks on `runtime`.
    pub(crate) fn build(self, runtime: tokio::runtime::Handle) -> Result<Hub, Error> {
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
        for role in self.roles {
            builder = builder.role(role.role());
        }
        builder.build().map_err(|problem| error(Code::Config, problem))
    }
}

impl RoleConfig {
    fn role(self) -> Role {
        let mut role = Role::new(self.name);
        if self.sees_callers {
            role = role.sees_callers();
        }
        for pattern in self.call {
            role = role.call(pattern);
        }
        for pattern in self.publish {
            role = role.publish(pattern);
        }
        for pattern in self.subscribe {
            role = role.subscribe(pattern);
        }
        for pattern in self.serve {
            role = role.serve(pattern);
        }
        role
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
