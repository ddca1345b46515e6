//! Why a source cannot be opened or gives no more pictures: one sentence each, fit to be printed.

use super::HeaderError;

/// What went wrong with a source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no such file.
    #[error("missing file: {name}")]
    Missing {
        /// The file's name as it was given.
        name: String,
    },
    /// The operating system refused to open or to read it.
    #[error("{name} cannot be read: {error}")]
    Unreadable {
        /// The file's name, or "standard input".
        name: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The first line does not describe pictures that can be shown.
    #[error("broken header: {name}: {error}")]
    Header {
        /// The file's name, or "standard input".
        name: String,
        /// What is wrong with it.
        error: HeaderError,
    },
    /// What follows the header is not a whole picture.
    #[error("broken picture {sequence} in {name}: {what}")]
    Picture {
        /// The file's name, or "standard input".
        name: String,
        /// How many pictures were read before it.
        sequence: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// There are no more pictures.
    #[error("{name} has ended after {pictures} pictures")]
    Ended {
        /// The file's name, or "standard input".
        name: String,
        /// How many pictures there were.
        pictures: u64,
    },
}
