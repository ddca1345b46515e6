//! What files of scripts have in common, whoever plays them: where a case begins, and words that stand for several lines.

/// The cases of a file: the name of each, and its lines.
pub(crate) fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n== ").skip(1).map(|block| block.split_once('\n').unwrap_or((block, "")))
}

/// What `bound` stands for: bindings on all that main and the server serve.
pub(crate) const BOUND: &str = "
> hello
< welcome
> request id=0x10000 body=bind(sample.echo)
< end status=ok id=0x10000 body=u1+\"\"+\"\"
> request id=0x20000 body=bind(sample.flows)
< end status=ok id=0x20000 body=u2+\"\"+\"\"
> request id=0x30000 body=bind(sample.topics)
< end status=ok id=0x30000 body=u3+\"\"+\"\"
> request id=0x40000 body=bind(sample.echo,remote)
< end status=ok id=0x40000 body=u4+\"server\"+\"remote\"
> request id=0x50000 body=bind(sample.flows,remote)
< end status=ok id=0x50000 body=u5+\"server\"+\"remote\"
> request id=0x60000 body=bind(sample.topics,remote)
< end status=ok id=0x60000 body=u6+\"server\"+\"remote\"
";

/// What `relay INTERFACE` stands for: `s` serves, and the connection without a name has binding 1 on it.
pub(crate) fn relay(interface: &str) -> String {
    RELAY.replace("INTERFACE", interface)
}

const RELAY: &str = "
s> hello
s< welcome
s> request ordinal=2 id=0x10000 body=serve(INTERFACE,raw)
s< end status=ok id=0x10000 body=u1
> hello
< welcome
> request id=0x10000 body=bind(INTERFACE,raw)
< end status=ok id=0x10000 body=u1+\"s\"+\"raw\"
";
