//! Grants that main gives and takes while peers are connected.

use portcullis_hub::{Grant, GrantError, PeerId};

use super::shared::Hub;

impl Hub {
    /// The names of all roles.
    pub fn roles(&self) -> Vec<String> {
        self.0.lock().core.roles().map(str::to_owned).collect()
    }

    /// Gives a connected peer what its role does not grant: for as long as the grant lasts, or until the peer leaves. What
    /// its role denies cannot be given.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn grant(&self, peer: PeerId, grant: &Grant) -> Result<(), GrantError> {
        self.0.turn(|core, now, turn| core.grant(peer, grant, now, turn))
    }

    /// Takes something from a connected peer, be it granted to its role or to itself. Its calls, streams and subscriptions
    /// on these channels end with `permission_denied`, their handlers see that they are cancelled, and what it serves by the
    /// grant is withdrawn. A later [`Self::grant`] holds against it.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn revoke(&self, peer: PeerId, grant: &Grant) -> Result<(), GrantError> {
        self.0.turn(|core, now, turn| core.revoke(peer, grant, now, turn))
    }

    /// Gives something to a role: to its peers that are connected, and to those that come.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn grant_role(&self, role: &str, grant: &Grant) -> Result<(), GrantError> {
        self.0.turn(|core, now, turn| core.grant_role(role, grant, now, turn))
    }

    /// Takes something from a role: from its peers that are connected, as [`Self::revoke`] does, and from those that come.
    ///
    /// # Errors
    ///
    /// See [`GrantError`]; nothing has changed then.
    pub fn revoke_role(&self, role: &str, grant: &Grant) -> Result<(), GrantError> {
        self.0.turn(|core, now, turn| core.revoke_role(role, grant, now, turn))
    }
}
