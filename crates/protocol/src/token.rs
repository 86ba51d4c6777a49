//! Tokens: who may call a hub, and what for.

use serde::{Deserialize, Serialize};

use crate::{Invalid, Timestamp, TokenId, limits, text};

/// What a token is good for. Each call says which role it needs.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything but schedules and tokens, and changes nothing.
    View,
    /// Tells of jobs that its holder runs itself, and reads those. Can make nobody else run anything.
    Report,
    /// Claims queued jobs, reports for them, and reads those.
    Work,
    /// Answers the questions of jobs, cancels jobs, and reads everything that `view` does.
    Answer,
    /// Everything: queues commands, and makes tokens.
    Admin,
    /// A role of a later version, which is good for nothing here.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// Body of `POST /v1/tokens`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewToken {
    /// What people call it, 1 to 200 characters: who holds it, and where.
    #[serde(default)]
    pub name: String,
    /// At least one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1)))]
    pub roles: Vec<Role>,
    /// The person whose deeds are told under this name: answers, cancels, retries. The token's name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::ANSWERER_CHARS)))]
    pub person: Option<String>,
    /// The host that its workers are on. A token with the role `work` needs this or `worker`, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::NAME_CHARS)))]
    pub host: Option<String>,
    /// The name that its workers have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::NAME_CHARS)))]
    pub worker: Option<String>,
    /// How long it is good, in milliseconds; for ever when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub expires_in_ms: Option<u64>,
}

/// A token without its secret, which nobody can read again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Token {
    /// Names it.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// What it is good for.
    pub roles: Vec<Role>,
    /// The person whose deeds are told under this name; the token's name when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The host that its workers are on; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The name that its workers have; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to be good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Answer to `POST /v1/tokens`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CreatedToken {
    /// What was made.
    pub token: Token,
    /// What its holder sends as `Authorization: Bearer …`. Told this once.
    pub secret: String,
}

/// Answer to `GET /v1/tokens`, oldest first. The token file of the data folder is not among them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TokenList {
    /// Every token that was made and not removed.
    pub tokens: Vec<Token>,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::View, Self::Report, Self::Work, Self::Answer, Self::Admin];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Report => "report",
            Self::Work => "work",
            Self::Answer => "answer",
            Self::Admin => "admin",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a token with this role may do what needs `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        match self {
            Self::Admin => true,
            // Whoever runs a claimed job must be able to report for it.
            Self::Work => matches!(other, Self::Work | Self::Report),
            // Nobody can answer what they may not see.
            Self::Answer => matches!(other, Self::Answer | Self::View),
            Self::View | Self::Report => self == other,
            Self::Unknown => false,
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Invalid;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == s)
            .ok_or_else(|| Invalid::new("roles", "use view, report, work, answer or admin"))
    }
}

impl Token {
    /// Who does what is done with it.
    #[must_use]
    pub fn person(&self) -> &str {
        self.person.as_deref().unwrap_or(&self.name)
    }
}

impl NewToken {
    /// The request with its name cleaned and each role once.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        self.name = text::clean_cut(&self.name, limits::NAME_CHARS);
        if self.name.is_empty() {
            return Err(Invalid::new("name", "must have at least one printable character"));
        }
        if self.roles.is_empty() || self.roles.contains(&Role::Unknown) {
            return Err(Invalid::new("roles", "use one or more of view, report, work, answer and admin"));
        }
        self.roles = Role::ALL.into_iter().filter(|role| self.roles.contains(role)).collect();
        for (field, text, most) in [
            ("person", &mut self.person, limits::ANSWERER_CHARS),
            ("host", &mut self.host, limits::NAME_CHARS),
            ("worker", &mut self.worker, limits::NAME_CHARS),
        ] {
            if let Some(text) = text {
                *text = text::clean(text);
                text::check_length(field, text, most)?;
            }
        }
        let (works, is_bound) = (self.roles.contains(&Role::Work), self.host.is_some() || self.worker.is_some());
        if works && !is_bound && !self.roles.contains(&Role::Admin) {
            return Err(Invalid::new("host", "name the host or the worker that the token is for: `work` needs one of them"));
        }
        if is_bound && !works {
            let field = if self.host.is_some() { "host" } else { "worker" };
            return Err(Invalid::new(field, "only a token with the role `work` is for a host or a worker"));
        }
        if self.expires_in_ms == Some(0) {
            return Err(Invalid::new("expires_in_ms", "must be at least 1, or left out for a token that does not expire"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_covers_itself_and_what_it_cannot_do_without() {
        let covered = |role: Role| Role::ALL.into_iter().filter(|other| role.covers(*other)).map(Role::as_str).collect::<Vec<_>>();
        assert_eq!(covered(Role::View), ["view"]);
        assert_eq!(covered(Role::Report), ["report"]);
        assert_eq!(covered(Role::Work), ["report", "work"]);
        assert_eq!(covered(Role::Answer), ["view", "answer"]);
        assert_eq!(covered(Role::Admin), ["view", "report", "work", "answer", "admin"]);
        assert!(covered(Role::Unknown).is_empty());
    }

    fn new(roles: &[Role]) -> NewToken {
        NewToken { name: "ci".to_owned(), roles: roles.to_vec(), ..NewToken::default() }
    }

    #[test]
    fn a_token_that_works_is_for_a_host_or_a_worker_and_no_other_is() {
        let nas = || Some("nas ".to_owned());
        let field = |token: NewToken| token.check().unwrap_err().field;
        assert_eq!(field(new(&[Role::Work])), "host");
        assert_eq!(field(new(&[Role::Work, Role::Answer])), "host");
        assert_eq!(field(NewToken { host: Some("\u{7}".to_owned()), ..new(&[Role::Work]) }), "host");
        assert_eq!(field(NewToken { worker: Some("x".repeat(201)), ..new(&[Role::Work]) }), "worker");
        assert_eq!(field(NewToken { host: nas(), ..new(&[Role::Report]) }), "host");
        assert_eq!(field(NewToken { worker: nas(), ..new(&[Role::View]) }), "worker");
        assert_eq!(NewToken { host: nas(), ..new(&[Role::Work]) }.check().unwrap().host.as_deref(), Some("nas"));
        assert!(NewToken { worker: nas(), ..new(&[Role::Work]) }.check().is_ok());
        assert!(new(&[Role::Work, Role::Admin]).check().is_ok());
    }

    #[test]
    fn a_token_must_be_good_for_something_known() {
        assert_eq!(new(&[Role::Answer, Role::Report, Role::Answer]).check().unwrap().roles, [Role::Report, Role::Answer]);
        for roles in [&[][..], &[Role::Unknown], &[Role::Report, Role::Unknown]] {
            assert_eq!(new(roles).check().unwrap_err().field, "roles");
        }
        assert_eq!(NewToken { name: "\u{7}".to_owned(), ..new(&[Role::Report]) }.check().unwrap_err().field, "name");
        assert_eq!(NewToken { person: Some(" ".to_owned()), ..new(&[Role::Report]) }.check().unwrap_err().field, "person");
        assert_eq!(NewToken { expires_in_ms: Some(0), ..new(&[Role::Report]) }.check().unwrap_err().field, "expires_in_ms");
    }
}
