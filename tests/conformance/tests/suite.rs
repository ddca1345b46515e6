//! Every scenario over every transport.

conformance::suite!(memory, conformance::transport::Memory);
conformance::suite!(embedded, conformance::transport::Embedded);
conformance::suite!(web_socket, conformance::transport::WebSocket);

#[cfg(unix)]
conformance::suite!(unix_pair, conformance::transport::UnixPair);
#[cfg(unix)]
conformance::suite!(unix_path, conformance::transport::UnixPath);

#[cfg(target_os = "linux")]
conformance::suite!(ring, conformance::transport::Ring);
#[cfg(target_os = "linux")]
conformance::suite!(rung_ring, conformance::transport::RungRing);
