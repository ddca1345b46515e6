//! Who may do what: one role for each kind of process and window. What is not granted here is denied.

use portcullis::Role;
use portcullis::hub::Budget;

/// Main's own client.
pub(super) const MAIN: &str = "main";
/// A camera worker.
pub(super) const CAMERA: &str = "camera";
/// The renderer that measures.
pub(super) const LIGHT: &str = "light";
/// The renderer that counts.
pub(super) const STATISTICS: &str = "statistics";
/// A process that main has not started.
pub(super) const VISITOR: &str = "visitor";
/// Who may read every message, where the command line lets one in.
pub(super) const DEVELOPER: &str = "developer";
/// The windows; their roles are named as their kinds, and so are their pages.
pub(super) const WINDOWS: [&str; 3] = ["viewer", "controls", "log"];

/// Frames a second that a window may send, and how many of them at once: one for each value that it takes, and its calls.
const WINDOW_FRAMES: (u32, u32) = (10_000, 1_000);
/// Bytes a second that a window may send.
const WINDOW_BYTES_PER_SECOND: u64 = 4 << 20;
/// Those of one that may be asked for a picture of 8 MiB.
const VIEWER_BYTES_PER_SECOND: u64 = 32 << 20;
/// How many bytes may come at once: whoever sends on and on holds main up for a fraction of a millisecond.
const WINDOW_BYTES_AT_ONCE: u64 = 64 << 10;

/// All roles.
pub(super) fn all() -> Vec<Role> {
    let [viewer, controls, log] = WINDOWS;
    vec![
        Role::new(MAIN).call("studio.worker.*"),
        Role::new(CAMERA).serve("studio.worker").publish("studio.live.frame"),
        Role::new(LIGHT)
            .subscribe("studio.live.frame")
            .publish("studio.measurements.measured")
            .call("studio.reports.report"),
        Role::new(STATISTICS).subscribe("studio.live.frame").call("studio.reports.report"),
        window(viewer)
            .budget(rate(VIEWER_BYTES_PER_SECOND))
            .serve("studio.snapshots")
            .subscribe("studio.live.frame")
            .subscribe("studio.measurements.measured")
            .subscribe("studio.reports.reported")
            .call("studio.reports.report"),
        window(controls)
            .call("studio.cameras.*")
            .call("studio.settings.replace")
            .call("studio.notices.announce")
            .call("studio.snapshots.take")
            .call("portcullis.windows.*")
            .subscribe("portcullis.windows.*")
            .call("portcullis.application.quit"),
        window(log).subscribe("studio.log.recorded").call("studio.log.history"),
        window(VISITOR).call("studio.cameras.list"),
        Role::new(DEVELOPER).call("portcullis.tap.*"),
    ]
}

/// What every window sees, and how fast it may send.
fn window(kind: &str) -> Role {
    Role::new(kind)
        .budget(rate(WINDOW_BYTES_PER_SECOND))
        .subscribe("studio.cameras.*")
        .subscribe("studio.settings.settings")
        .subscribe("studio.notices.notice")
}

fn rate(bytes_per_second: u64) -> Budget {
    let (frames, at_once) = WINDOW_FRAMES;
    Budget::new()
        .frames_per_second(frames, at_once)
        .bytes_per_second(bytes_per_second, WINDOW_BYTES_AT_ONCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_roles_fit_the_contract() {
        let builder = portcullis::Hub::builder(camera_studio_contract::contract());
        assert!(
            all().into_iter().fold(builder, |builder, role| builder.role(role)).build().is_ok()
        );
    }
}
