//! Who may do what: one role for each kind of process and window. What is not granted here is denied.

use portcullis::Role;

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

/// What every window sees.
fn window(kind: &str) -> Role {
    Role::new(kind)
        .subscribe("studio.cameras.*")
        .subscribe("studio.settings.settings")
        .subscribe("studio.notices.notice")
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
