//! The rules, by the table that both languages share, and by what must hold of any history.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::backoff::ROLLS;

const CASES: &str = include_str!("../../../../../tests/vectors/supervisor/restarts.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    policy: Policy,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Policy {
    restart: String,
    initial_ms: u64,
    max_ms: u64,
    factor: u32,
    jitter_percent: u8,
    steady_ms: u64,
    restarts: u32,
    within_ms: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Step {
    at_ms: u64,
    ready_ms: u64,
    ending: String,
    roll: u32,
    then: String,
    #[serde(default)]
    after_ms: u64,
}

fn policy(of: &Policy) -> RestartPolicy {
    let restart = match of.restart.as_str() {
        "permanent" => Restart::Permanent,
        "transient" => Restart::Transient,
        "temporary" => Restart::Temporary,
        other => panic!("{other}"),
    };
    let ms = Duration::from_millis;
    RestartPolicy {
        restart,
        initial: ms(of.initial_ms),
        max: ms(of.max_ms),
        factor: of.factor,
        jitter_percent: of.jitter_percent,
        steady: ms(of.steady_ms),
        restarts: of.restarts,
        within: ms(of.within_ms),
    }
}

fn ending(word: &str) -> Ending {
    match word {
        "normal" => Ending::Normal,
        "abnormal" => Ending::Abnormal,
        "hopeless" => Ending::Hopeless,
        "asked" => Ending::Asked,
        other => panic!("{other}"),
    }
}

#[test]
fn the_table_of_cases_holds() {
    let cases: Vec<Case> = serde_json::from_str(CASES).expect("the table");
    assert!(cases.len() > 10, "{}", cases.len());
    for case in cases {
        let mut restarts = Restarts::new(policy(&case.policy));
        for (step, number) in case.steps.iter().zip(1..) {
            let decision = restarts.ended(
                Duration::from_millis(step.at_ms),
                Duration::from_millis(step.ready_ms),
                ending(&step.ending),
                step.roll,
            );
            let expected = match step.then.as_str() {
                "restart" => Decision::Restart(Duration::from_millis(step.after_ms)),
                "rest" => Decision::Rest,
                "give_up" => Decision::GiveUp,
                other => panic!("{other}"),
            };
            assert_eq!(decision, expected, "{}, step {number}", case.name);
        }
    }
}

fn policies() -> impl Strategy<Value = RestartPolicy> {
    let times = (0_u64..2_000, 0_u64..10_000, 0_u64..5_000, 1_u64..60_000);
    (times, 0_u32..5, 0_u8..=120, 0_u32..20, 0_usize..3).prop_map(
        |((initial, max, steady, within), factor, jitter_percent, restarts, kind)| RestartPolicy {
            restart: [Restart::Permanent, Restart::Transient, Restart::Temporary][kind],
            initial: Duration::from_millis(initial),
            max: Duration::from_millis(max),
            factor,
            jitter_percent,
            steady: Duration::from_millis(steady),
            restarts,
            within: Duration::from_millis(within),
        },
    )
}

/// How long each run is ready, how it ends, and the roll.
fn histories() -> impl Strategy<Value = Vec<(u64, usize, u32)>> {
    proptest::collection::vec((0_u64..6_000, 0_usize..2, 0_u32..2 * ROLLS), 1..60)
}

proptest! {
    #[test]
    fn no_history_has_more_restarts_than_allowed_or_a_longer_wait(
        policy in policies(),
        history in histories(),
    ) {
        let mut restarts = Restarts::new(policy);
        let mut now = Duration::ZERO;
        let mut made = Vec::new();
        for (ready, kind, roll) in history {
            let ready = Duration::from_millis(ready);
            now += ready;
            let ending = [Ending::Normal, Ending::Abnormal][kind];
            match restarts.ended(now, ready, ending, roll) {
                Decision::Restart(wait) => {
                    prop_assert!(policy.restart != Restart::Temporary);
                    prop_assert!(policy.restart == Restart::Permanent || ending == Ending::Abnormal);
                    prop_assert!(wait <= policy.max);
                    let shortest = policy.initial.min(policy.max);
                    let kept = 100 - u32::from(policy.jitter_percent.min(100));
                    prop_assert!(wait >= shortest * kept / 100);
                    made.push(now);
                    now += wait;
                }
                Decision::Rest => prop_assert!(
                    policy.restart == Restart::Temporary
                        || policy.restart == Restart::Transient && ending == Ending::Normal
                ),
                Decision::GiveUp => {
                    prop_assert!(policy.restart != Restart::Temporary);
                    break;
                }
            }
            let recent = made.iter().filter(|then| now - **then < policy.within).count();
            prop_assert!(recent <= policy.restarts as usize);
        }
    }

    #[test]
    fn without_chance_waits_only_grow_while_nothing_is_well(policy in policies()) {
        let policy = RestartPolicy {
            restart: Restart::Permanent,
            restarts: RESTARTS_MAX,
            steady: Duration::from_secs(1),
            ..policy
        };
        let mut restarts = Restarts::new(policy);
        let mut before = Duration::ZERO;
        for turn in 0..30 {
            let decision = restarts.ended(Duration::from_secs(turn), Duration::ZERO, Ending::Abnormal, 0);
            let Decision::Restart(wait) = decision else { panic!("{decision:?}") };
            prop_assert!(wait >= before);
            before = wait;
        }
        let decision = restarts.ended(Duration::from_secs(30), policy.steady, Ending::Abnormal, 0);
        prop_assert_eq!(decision, Decision::Restart(policy.initial.min(policy.max)));
    }
}
