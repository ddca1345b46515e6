//! What a process writes down of what happens to it, in words of a fixed length: a process that is killed leaves all it has
//! written.

mod wire;

use portcullis_proto::status::Status;

pub(crate) use wire::FACT_BYTES;

/// Something that has happened to the process in whose journal it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A request is about to be made.
    Begun {
        /// Its number, which no other has.
        number: u64,
        /// What it asks for.
        what: What,
    },
    /// It has an outcome.
    Ended {
        /// Of which request.
        number: u64,
        /// Which.
        how: How,
    },
    /// A handler was given a request.
    Handling {
        /// Which.
        number: u64,
    },
    /// That handler is gone.
    Handled {
        /// Of which request.
        number: u64,
        /// Whether it has answered; it was dropped otherwise.
        answered: bool,
    },
    /// A notification has come.
    Told {
        /// The row in which it stands.
        row: u64,
        /// At which place.
        place: u32,
    },
    /// A topic is about to be subscribed to.
    Subscribed {
        /// The number of the subscription.
        seat: u64,
        /// What it is about.
        topic: Topic,
    },
    /// A value was read.
    Read {
        /// By which subscription.
        seat: u64,
        /// Which value.
        value: Value,
        /// How many are said to be missing before it.
        missed: u32,
    },
    /// A subscription is over before its process is.
    Unsubscribed {
        /// Which.
        seat: u64,
    },
    /// A value was published last before the round.
    Stood {
        /// Which.
        value: Value,
    },
    /// A value is about to be published.
    Published {
        /// Which.
        value: Value,
    },
    /// The report of a value has come.
    Reported {
        /// Of which request.
        number: u64,
        /// Of which value.
        value: Value,
    },
    /// Whom a report names.
    Named {
        /// Which report.
        number: u64,
        /// Which process.
        serial: u32,
        /// What has become of the value.
        fate: Fate,
    },
    /// The connection has ended, or is about to be, before all are to leave.
    Lost,
    /// The process has stayed to the end, and has read everything that has come.
    Stayed,
    /// A process was started.
    Started {
        /// Which.
        serial: u32,
    },
    /// A process has ended.
    Exited {
        /// Which.
        serial: u32,
        /// The signal that ended it, or 0.
        signal: u32,
        /// Its exit code otherwise.
        code: u32,
    },
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $text] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What to call it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            fn from_code(code: u64) -> Option<Self> {
                Self::ALL.get(usize::try_from(code).ok()?).copied()
            }
        }
    };
}

numbered! {
    /// What a request asks for.
    What {
        Bind "bind",
        Ask "ask",
        Hurry "hurry",
        Fail "fail",
        Block "block",
        Down "down",
        Up "up",
        Both "both",
        Skim "skim",
        Report "report",
    }
}

numbered! {
    /// The topics of an instance.
    Name {
        Ticked "ticked",
        Kept "kept",
        Strict "strict",
        Level "level",
    }
}

numbered! {
    /// What has become of a value, as its report tells.
    Fate {
        Delivered "delivered",
        Dropped "dropped",
        Left "left",
        Late "late",
    }
}

/// How a request has ended, for whoever made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// With a status.
    Told(Status),
    /// Nobody waits any more.
    GivenUp,
}

impl How {
    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Told(status) => status.name(),
            Self::GivenUp => "given up",
        }
    }

    /// Whether only a handler can have said it.
    pub fn is_an_answer(self) -> bool {
        matches!(self, Self::Told(Status::Ok | Status::Application))
    }
}

/// A topic of the instance that a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic {
    /// Which process; main is 0.
    pub serial: u32,
    /// Which topic.
    pub name: Name,
}

/// A value of a topic, which counts up: its number is that of its load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// Of which topic.
    pub topic: Topic,
    /// The how manyeth.
    pub place: u32,
}

impl Value {
    /// As one number.
    pub fn number(self) -> u64 {
        let Self { topic: Topic { serial, name }, place } = self;
        (name as u64) << 56 | u64::from(serial & 0xff_ffff) << 32 | u64::from(place)
    }

    /// From one number; `None` when it is that of no value.
    pub fn of(number: u64) -> Option<Self> {
        let topic = Topic {
            serial: (number >> 32) as u32 & 0xff_ffff,
            name: Name::from_code(number >> 56)?,
        };
        Some(Self { topic, place: number as u32 })
    }
}
