//! One call of the contract: how it is made, who may make it, and what goes in and out.

use std::{fmt::Display, marker::PhantomData};

use serde::Serialize;

use crate::{ErrorCode, JobId, QuestionId, Role, ScheduleId, TokenId, WorkerId};

/// Stands in a path for the id of what the call is about.
pub const ID: &str = "{id}";

/// A call by its types: `Id` stands for the `{id}` of its path, `()` when it has none. `Query` is what follows the `?`, `Body` what is
/// sent and `Answer` what comes back: `()` for nothing, else [`Json`], [`Bytes`], [`Text`] or [`Events`].
pub struct Route<Id, Query, Body, Answer> {
    /// What is known of it without its types.
    pub spec: Spec,
    types: PhantomData<fn(Id, Query, Body) -> Answer>,
}

/// What is known of a call without its types: enough to let it pass, to bound it and to describe it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Spec {
    /// Its name in the table, as in `CREATE_JOB`.
    pub name: &'static str,
    /// What it does: one line, then the rest in Markdown.
    pub doc: &'static str,
    /// How it is called.
    pub method: Method,
    /// With `{id}` where an id goes.
    pub path: &'static str,
    /// Who may make it.
    pub access: Access,
    /// Largest body, in bytes. 0 for a call without one.
    pub body_bytes: usize,
    /// The statuses of an answer that is no refusal.
    pub statuses: &'static [u16],
    /// What it may be refused for beyond what follows from the rest; see [`Spec::refusals`].
    pub conflicts: &'static [ErrorCode],
    /// What the hub does with its database for it.
    pub storage: Storage,
    /// Whether the panel may make it through the tray app.
    pub panel: bool,
    /// Whether it looks at the secret of a run, in the header [`HEADER`](crate::run_secret::HEADER).
    pub run_secret: bool,
    /// Examples of its body, by the names of their files.
    pub bodies: &'static [&'static str],
    /// Examples of its answer, by the names of their files.
    pub answers: &'static [&'static str],
}

/// How a call is made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// Reads. Also stands for `HEAD`.
    Get,
    /// Makes something, or does something.
    Post,
    /// Puts something in its place. Safe to repeat.
    Put,
    /// Takes something away.
    Delete,
}

/// Who may make a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Anybody, without a token.
    Anyone,
    /// Whoever has a token with this role, or with one that covers it.
    Role(Role),
    /// As `Role`, for everything; and whoever may report, for what is theirs: jobs that their token created or whose run it holds, with the
    /// logs and the questions of these. Anything else is not there for them.
    Own(Role),
}

/// What the hub does with its database for a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Storage {
    /// Nothing.
    Untouched,
    /// It reads.
    Read,
    /// It changes something.
    Write,
}

/// A body or an answer in JSON.
pub struct Json<T>(PhantomData<T>);

/// A body of any bytes.
pub struct Bytes(());

/// An answer in plain text.
pub struct Text(());

/// An answer that is a stream of server-sent events: each names one of `T`'s kinds.
pub struct Events<T>(PhantomData<T>);

/// What may stand for the `{id}` of a path.
pub trait PathId {
    /// The path with the id in its place.
    fn fill(&self, path: &str) -> String;
}

impl PathId for () {
    fn fill(&self, path: &str) -> String {
        path.to_owned()
    }
}

fn fill(path: &str, id: &impl Display) -> String {
    path.replace(ID, &id.to_string())
}

macro_rules! path_ids {
    ($($id:ty),+) => {$(
        impl PathId for $id {
            fn fill(&self, path: &str) -> String {
                fill(path, self)
            }
        }
    )+};
}

path_ids!(JobId, QuestionId, ScheduleId, TokenId, WorkerId);

impl<Id: PathId, Query, Body, Answer> Route<Id, Query, Body, Answer> {
    /// The path of the call about `id`, without a query.
    #[must_use]
    pub fn path(&self, id: &Id) -> String {
        id.fill(self.spec.path)
    }

    /// The path and the query of the call about `id`, as they stand in a request.
    #[must_use]
    pub fn target(&self, id: &Id, query: &Query) -> String
    where
        Query: Serialize,
    {
        let path = self.path(id);
        let query = serde_urlencoded::to_string(query).expect("a query has fields of one value each");
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }
}

/// How the table says what a call is. What is left unsaid: 200, no body, no database, not for the panel.
impl<Id, Query, Body, Answer> Route<Id, Query, Body, Answer> {
    pub(super) const fn new(method: Method, path: &'static str, access: Access) -> Self {
        let spec = Spec {
            name: "",
            doc: "",
            method,
            path,
            access,
            body_bytes: 0,
            statuses: &[200],
            conflicts: &[],
            storage: Storage::Untouched,
            panel: false,
            run_secret: false,
            bodies: &[],
            answers: &[],
        };
        Self { spec, types: PhantomData }
    }

    pub(super) const fn named(mut self, name: &'static str, doc: &'static str) -> Self {
        self.spec.name = name;
        self.spec.doc = doc;
        self
    }

    pub(super) const fn body(mut self, bytes: usize, examples: &'static [&'static str]) -> Self {
        self.spec.body_bytes = bytes;
        self.spec.bodies = examples;
        self
    }

    pub(super) const fn answer(mut self, statuses: &'static [u16], examples: &'static [&'static str]) -> Self {
        self.spec.statuses = statuses;
        self.spec.answers = examples;
        self
    }

    pub(super) const fn conflicts(mut self, codes: &'static [ErrorCode]) -> Self {
        self.spec.conflicts = codes;
        self
    }

    pub(super) const fn reads(mut self) -> Self {
        self.spec.storage = Storage::Read;
        self
    }

    pub(super) const fn writes(mut self) -> Self {
        self.spec.storage = Storage::Write;
        self
    }

    pub(super) const fn run_secret(mut self) -> Self {
        self.spec.run_secret = true;
        self
    }

    pub(super) const fn panel(mut self) -> Self {
        self.spec.panel = true;
        self
    }
}

impl Spec {
    /// Every code that the call may be refused with.
    #[must_use]
    pub fn refusals(&self) -> Vec<ErrorCode> {
        let (has_id, has_body) = (self.path.contains(ID), self.body_bytes > 0);
        let follow = [
            (ErrorCode::Forbidden, true),
            (ErrorCode::Unauthorized, self.access != Access::Anyone),
            (ErrorCode::SlowDown, self.access != Access::Anyone),
            (ErrorCode::Malformed, has_id || has_body),
            (ErrorCode::NotFound, has_id),
            (ErrorCode::TooSlow, has_body),
            (ErrorCode::TooLarge, has_body),
            (ErrorCode::Storage, self.storage != Storage::Untouched),
            (ErrorCode::ShuttingDown, self.storage == Storage::Write),
        ];
        let mut codes: Vec<_> = follow.into_iter().filter_map(|(code, holds)| holds.then_some(code)).collect();
        for code in self.conflicts {
            if !codes.contains(code) {
                codes.push(*code);
            }
        }
        codes
    }
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}
