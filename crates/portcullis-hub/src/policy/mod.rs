//! What peers may do: roles and grants as main writes them ([`role`]), the names that they use ([`names`]), their
//! compiled form ([`rights`], [`roles`]), what a connected peer holds and how it ends ([`standing`]), and the table of it
//! all ([`matrix`]). Who asks, and what is answered, is left to the files of calls, topics and control.

pub(crate) mod matrix;
pub(crate) mod names;
pub(crate) mod rights;
pub(crate) mod role;
pub(crate) mod roles;
pub(crate) mod standing;
