//! Visitors: processes that main has not started, let in on a Unix socket where the command line asks for one. What they
//! may do is `roles`.

use std::path::Path;

use portcullis::hub::{Admission, Hub, Kind, UnixListening};

use super::error::StudioError;
use super::roles;

/// Lets in whoever of this user connects to the socket at `path`, for as long as what is returned is held. Its folder must
/// be this user's alone.
pub(super) fn listen(hub: &Hub, path: &Path) -> Result<UnixListening, StudioError> {
    let listening = hub.listen_unix(path, |_| {
        let (label, role) = (roles::VISITOR.to_owned(), roles::VISITOR.to_owned());
        Some(Admission::new(label, role, Kind::Native))
    });
    Ok(listening?)
}
