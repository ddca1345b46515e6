//! The studio's own addon: its services in Rust, the same as in the studio's own main, for a main process in Electron.

use camera_studio::studio::StudioError;
use portcullis::Hub;
use portcullis::hub::Hosted;

portcullis_node::export!(camera_studio_contract::contract, services);

/// The role of the services' own client; what it may do stands in `src/roles.ts`.
const ROLE: &str = "services";

/// Names the studio's binary, which camera workers are processes of. Set by main.
const PROGRAM: &str = "CAMERA_STUDIO_PROGRAM";

fn services(hub: &Hub) -> Result<Vec<Hosted>, StudioError> {
    let unset = || StudioError::Arguments(format!("{PROGRAM} does not name the studio's binary"));
    camera_studio::studio::host(hub, ROLE, std::env::var_os(PROGRAM).ok_or_else(unset)?.into())
}
