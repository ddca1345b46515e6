//! What is said of a policy file with mistakes: line, column, key and the nearest valid name, of all of them at once.

use portcullis_policy::{FILE_BYTES_MAX, GRANTS_MAX, PROBLEMS_MAX, ROLES_MAX, parse};
use sample_contract::contract;

/// A valid file with one line changed, and what is said of it.
fn wrong(line: &str) -> String {
    let text = format!("[role.viewer]\ncall = [\"sample.echo.call\"]\n{line}\n");
    match parse(&text, contract()) {
        Ok(_) => String::new(),
        Err(problems) => problems.in_file("policy.toml").to_string(),
    }
}

#[test]
fn f33_each_mistake_is_told_with_its_place_and_the_nearest_name() {
    for (line, says) in [
        // Syntax.
        ("subscribe = [", "policy.toml:3:14: unclosed array, expected `]`"),
        ("call = []", "policy.toml:3:1: duplicate key"),
        // Keys.
        (
            "subscribes = []",
            "policy.toml:3:1: role.viewer.subscribes: there is no such key here; there are call, publish, subscribe, serve, \
             deny, addresses, sees-callers, budget; did you mean `subscribe`?",
        ),
        (
            "[roles.log]",
            "policy.toml:3:2: roles: there is no such key here; there are admit, role, user; did you mean `role`?",
        ),
        // Names.
        (
            "subscribe = [\"sample.topics.tickd\"]",
            "policy.toml:3:14: role.viewer.subscribe[0]: the contract does not have `sample.topics.tickd`; did you mean \
             `sample.topics.ticked`?",
        ),
        (
            "serve = [\"sample.ecco\"]",
            "policy.toml:3:10: role.viewer.serve[0]: the contract does not have `sample.ecco`; did you mean `sample.echo`?",
        ),
        (
            "publish = [\"sample.echo.call\"]",
            "policy.toml:3:12: role.viewer.publish[0]: `sample.echo.call`: a call, notification or stream is granted by `call`",
        ),
        ("deny = [\"sample.echos\"]", "did you mean `sample.echo"),
        (
            "addresses.roles = [\"viewr\"]",
            "role.viewer.addresses.roles[0]: there is no role `viewr` in this file; did you mean `viewer`?",
        ),
        (
            "addresses = { mains = true }",
            "role.viewer.addresses.mains: there is no such key here; there are main, roles, labels; did you mean `main`?",
        ),
        // Types.
        (
            "subscribe = \"sample.topics.ticked\"",
            "it takes a list of grants: [\"interface.channel\"], and this is a string",
        ),
        ("subscribe = [7]", "role.viewer.subscribe[0]: it takes a name, or a name and a time"),
        (
            "sees-callers = \"yes\"",
            "role.viewer.sees-callers: it takes true or false, and this is a string",
        ),
        ("deny = [[]]", "role.viewer.deny[0]: it takes a string, and this is a list"),
        // Times.
        (
            "subscribe = [{ grant = \"sample.topics.ticked\", for = \"10\" }]",
            "role.viewer.subscribe[0].for: a time is a whole number with its unit",
        ),
        (
            "subscribe = [{ grant = \"sample.topics.ticked\", fro = \"10m\" }]",
            "role.viewer.subscribe[0].fro: there is no such key here; there are grant, for; did you mean `for`?",
        ),
        (
            "subscribe = [{ for = \"10m\" }]",
            "policy.toml:3:14: role.viewer.subscribe[0]: `grant` is missing",
        ),
        // Budgets.
        (
            "budget = { call = 3 }",
            "role.viewer.budget.call: there is no such key here; there are calls, streams, subscriptions, bindings, exports, \
             reports, notifications, queued-bytes, parcel-bytes, retained-bytes, handled-bytes, frames-per-second, \
             frames-burst, bytes-per-second, bytes-burst, callee-share-percent, handshake; did you mean `calls`?",
        ),
        (
            "budget = { calls = -1 }",
            "role.viewer.budget.calls: a whole number from 0 to 9007199254740991",
        ),
        ("budget = { calls = \"many\" }", "role.viewer.budget.calls: it takes a whole number"),
        ("budget = { callee-share-percent = 101 }", "a whole number from 0 to 100 stands here"),
        ("budget = { frames-per-second = 0 }", "a rate or burst is at least 1"),
        ("budget = { bytes-burst = 9 }", "`bytes-burst` says nothing without `bytes-per-second`"),
        ("budget = { handshake = 5 }", "role.viewer.budget.handshake: it takes a time"),
        ("budget = 3", "role.viewer.budget: it takes a table"),
        ("budget = { peers = 3 }", "role.viewer.budget.peers: there is no such key here"),
        // Budgets of users.
        (
            "[user.budget]\nconnections = 3\ncals = 3",
            "policy.toml:5:1: user.budget.cals: there is no such key here; there are peers, half-open, calls, streams, \
             subscriptions, bindings, exports, reports, notifications, queued-bytes, parcel-bytes, retained-bytes, \
             handled-bytes, frames-per-second, frames-burst, bytes-per-second, bytes-burst; did you mean `calls`?",
        ),
        (
            "[user.budget]\nhandshake = \"1s\"",
            "policy.toml:4:1: user.budget.handshake: there is no such key here",
        ),
        (
            "[user.budget]\npeers = \"many\"",
            "policy.toml:4:9: user.budget.peers: it takes a whole number, and this is a string",
        ),
        (
            "[user.budgte]\npeers = 1",
            "policy.toml:3:7: user.budgte: there is no such key here; there are budget; did you mean `budget`?",
        ),
        ("[user]\nbudget = 3", "policy.toml:4:10: user.budget: it takes a table"),
        (
            "[users.budget]",
            "policy.toml:3:2: users: there is no such key here; there are admit, role, user; did you mean `user`?",
        ),
        // Roles.
        ("[role.\"\"]", "policy.toml:3:7: role.\"\": the name of a role has 1 to 128 bytes"),
        ("[role]\nlog = 3", "role.log: it takes a table"),
    ] {
        let said = wrong(line);
        assert!(said.contains(says), "{line}\n  says {said}\n  not  {says}");
        assert!(!said.is_empty() && said.lines().all(|line| line.starts_with("policy.toml:")));
    }
    assert_eq!(wrong("subscribe = [\"sample.topics.*\"]"), "");
}

#[test]
fn f33_all_mistakes_are_told_at_once_in_the_order_of_the_text() {
    let text = "admit = [\"viewer\", \"lgo\"]\n[role.viewer]\ncal = []\nserve = [\"nothing.at.all\"]\n[role.log]\ndeny = 1\n";
    let problems = parse(text, contract()).expect_err("wrong");
    let keys: Vec<(u32, &str)> =
        problems.iter().map(|problem| (problem.line, problem.key.as_str())).collect();
    let expected = [
        (1, "admit[1]"),
        (3, "role.viewer.cal"),
        (4, "role.viewer.serve[0]"),
        (6, "role.log.deny"),
    ];
    assert_eq!(keys, expected);
    let many = format!("[role.viewer]\ncall = [{}]\n", "\"x.y\",".repeat(PROBLEMS_MAX + 5));
    let problems = parse(&many, contract()).expect_err("wrong");
    assert_eq!((problems.iter().count(), problems.len()), (PROBLEMS_MAX, PROBLEMS_MAX + 5));
    assert!(problems.to_string().ends_with("\nand 5 more"));
}

#[test]
fn what_is_said_in_vain_is_warned_of() {
    let warned = |text: &str| parse(text, contract()).expect("valid").warnings.to_string();
    for (text, says) in [
        (
            "[role.a]\ncall = [\"sample.echo.*\", \"sample.echo.call\"]",
            "2:26: role.a.call[1]: this grants nothing more: the role's other grants hold all of it",
        ),
        (
            "[role.a]\ncall = [\"sample.echo.call\", { grant = \"sample.echo.call\", for = \"1m\" }]",
            "role.a.call[1]: this grants nothing more",
        ),
        (
            "[role.a]\ncall = [\"sample.echo.call\"]\ndeny = [\"sample.echo\"]",
            "role.a.call[0]: this grants nothing: the role denies all of it",
        ),
        ("[role.a]", "1:7: role.a: this role grants nothing"),
        (
            "admit = [\"b\"]\n[role.a]\n[role.b]",
            "2:7: role.a: nobody has this role: it is not among those of `admit`",
        ),
        (
            "[role.a]\nserve = [\"sample.echo\"]",
            "`sample.echo` may be served, and no role may use any of it",
        ),
        ("[role.a]\nserve = [\"sample.echo\"]", "no role may use or serve `sample.flows`"),
        (
            "[role.a]\ncall = [\"sample.echo.call\"]\naddresses.roles = [\"b\"]\n[role.b]\nserve = [\"sample.flows\"]",
            "role.a.call[0]: nobody whom this role may address can serve `sample.echo`",
        ),
        (
            "[role.a]\ncall = [\"sample.blobs.*\", \"sample.echo.*\", \"sample.flows.*\", \"sample.shared.*\", \"sample.topics.*\", \"sample.values.*\"]\n\
             subscribe = [\"sample.blobs.*\", \"sample.shared.*\", \"sample.topics.*\"]\n\
             publish = [\"sample.blobs.*\", \"sample.shared.*\", \"sample.topics.*\"]\n\
             serve = [\"sample.blobs\", \"sample.echo\", \"sample.flows\", \"sample.shared\", \"sample.topics\", \"sample.values\"]",
            "role.a: this role may do everything",
        ),
    ] {
        let said = warned(text);
        assert!(said.contains(says), "{text}\n  says {said}\n  not  {says}");
    }
    let clean = "[role.a]\ncall = [\"sample.blobs.*\", \"sample.echo.*\", \"sample.flows.*\", \"sample.shared.*\", \"sample.values.*\"]\nsubscribe = [\"sample.topics.ticked\"]\naddresses.main = true";
    assert_eq!(warned(clean), "");
    assert_eq!(warned("[user.budget]\ncalls = 3"), "", "its roles stand elsewhere");
}

#[test]
fn what_grows_has_a_limit() {
    let said = |text: &str| parse(text, contract()).map(|_| ()).expect_err("too much").to_string();
    assert!(said(&" ".repeat(FILE_BYTES_MAX + 1)).contains("at most 262144 bytes"));
    let roles: String = (0..=ROLES_MAX).map(|index| format!("[role.r{index}]\n")).collect();
    assert!(said(&roles).contains("at most 256 roles"));
    let grants = format!("[role.a]\ncall = [{}]", "\"sample.echo.call\",".repeat(GRANTS_MAX + 9));
    let said_of_grants = said(&grants);
    assert!(said_of_grants.contains("at most 1024 grants"), "{said_of_grants}");
    assert_eq!(said_of_grants.lines().count(), 1, "said once");
    let long = format!("[role.a]\ncall = [\"{}\"]", "x".repeat(513));
    assert!(said(&long).contains("at most 512 bytes"));
    let name = format!("[role.{}]", "x".repeat(129));
    assert!(said(&name).contains("1 to 128 bytes"));
    let timed = "{ grant = \"sample.echo.call\", for = \"1m\" },".repeat(257);
    assert!(
        said(&format!("[role.a]\ncall = [{timed}]")).contains("at most 256 grants that run out")
    );
    let deep = format!("x = {}", "[".repeat(10_000));
    assert!(!said(&deep).is_empty());
}

#[test]
fn a_budget_is_read_whole() {
    use portcullis_hub::{Budget, Role};
    let text = r#"
        [role.viewer]
        call = ["sample.echo.call"]
        [role.viewer.budget]
        calls = 64
        queued-bytes = 8_388_608
        parcel-bytes = 1_000
        retained-bytes = 2_000
        frames-per-second = 2_000
        bytes-per-second = 0x10_0000
        bytes-burst = 99
        callee-share-percent = 25
        handshake = "2s"
    "#;
    let policy = parse(text, contract()).expect("it fits the contract");
    let budget = Budget::new()
        .calls(64)
        .queued_bytes(8 * 1024 * 1024)
        .parcel_bytes(1_000)
        .retained_bytes(2_000)
        .frames_per_second(2_000, 2_000)
        .bytes_per_second(1024 * 1024, 99)
        .callee_share_percent(25)
        .handshake_ms(2_000);
    let role = Role::new("viewer").call("sample.echo.call").budget(budget);
    assert_eq!(policy.roles, [role]);
    assert_eq!(policy.user_budget, Budget::new(), "nothing was said of users");
}

#[test]
fn f16_the_budget_of_a_user_is_read_whole() {
    use portcullis_hub::Budget;
    let text = r#"
        [role.viewer]
        [user.budget]
        peers = 16
        half-open = 4
        calls = 64
        frames-per-second = 2_000
        bytes-per-second = 1_000
        bytes-burst = 99
    "#;
    let policy = parse(text, contract()).expect("it fits the contract");
    let budget = Budget::new()
        .peers(16)
        .half_open(4)
        .calls(64)
        .frames_per_second(2_000, 2_000)
        .bytes_per_second(1_000, 99);
    assert_eq!(policy.user_budget, budget);
}
