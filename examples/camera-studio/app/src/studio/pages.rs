//! The pages' files, as `npm run build` has written them: part of this binary, so that nothing else is needed to run it.

use portcullis::web::Files;

macro_rules! files {
    ($($name:literal $kind:literal,)*) => {
        /// Every file of the pages.
        pub(super) fn files() -> Files {
            Files::new()
                $(.file(
                    concat!("/", $name),
                    $kind,
                    &include_bytes!(concat!("../../../pages/dist/", $name))[..],
                ))*
        }
    };
}

files! {
    "viewer.html" "text/html",
    "controls.html" "text/html",
    "log.html" "text/html",
    "viewer.js" "text/javascript",
    "controls.js" "text/javascript",
    "log.js" "text/javascript",
    "studio.css" "text/css",
    "icon.svg" "image/svg+xml",
}
