//! A question: a running job waits for somebody's answer.
//!
//! Only an answer is an answer: a question that was withdrawn, has expired or was closed with its job approves nothing.

use serde::{Deserialize, Serialize};

use crate::{Fence, Invalid, JobId, QuestionId, Timestamp, limits, text};

/// One question, as the hub tells it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Question {
    /// Names it.
    pub id: QuestionId,
    /// The job that waits.
    pub job: JobId,
    /// Where in its life it is.
    pub state: QuestionState,
    /// What is asked, in one line of 1 to 500 characters.
    pub prompt: String,
    /// What one should know to answer it, in lines; at most 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What may be answered, in the asker's order.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Whether it may be answered in words.
    #[serde(default)]
    pub free_text: bool,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it expires, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it stopped being open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The answer, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// Where in its life a question is: `open → answered | withdrawn | expired | closed`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionState {
    /// Waits for an answer.
    Open,
    /// Somebody answered.
    Answered,
    /// Its asker needs no answer any more.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
    /// Its job was over first.
    Closed,
    /// A state of a later version.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// One of the answers that a question offers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Choice {
    /// For programs: 1 to 40 ASCII letters, digits, `-`, `_` and `.`; no two choices of a question have the same.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::CHOICE_ID_CHARS), regex(pattern = "^[A-Za-z0-9._-]+$")))]
    pub id: String,
    /// For people: 1 to 80 characters; no two choices of a question have the same.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::CHOICE_LABEL_CHARS)))]
    pub label: String,
    /// How it should look.
    #[serde(default, skip_serializing_if = "ChoiceStyle::is_plain")]
    pub style: ChoiceStyle,
}

/// How a choice should look.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChoiceStyle {
    /// The one that is expected.
    Primary,
    /// The one that cannot be undone.
    Danger,
    /// One like others.
    #[default]
    Plain,
    /// A style of a later version; shown as plain.
    #[serde(other)]
    #[cfg_attr(feature = "openapi", schemars(skip))]
    Unknown,
}

/// What somebody answered, who and where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Answer {
    /// Id of the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The words, where no choice was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The person whose token it was answered with. Answers of before say it in the client's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Where, in the client's words, as in `tray on build-7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When the hub took it.
    pub at: Timestamp,
}

/// Body of `POST /v1/jobs/{id}/questions`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewQuestion {
    /// Chosen by the asker, or made by the hub. The same id again answers with the question that exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<QuestionId>,
    /// Of the job's lease, when its holder asks. The job's own program leaves it out, which renews no lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
    /// What is asked, in one line of 1 to 500 characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::PROMPT_CHARS)))]
    pub prompt: String,
    /// What one should know to answer it, in lines; at most 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::DETAIL_CHARS)))]
    pub detail: Option<String>,
    /// What may be answered: 1 to 8, or none when it takes free text.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(length(max = limits::CHOICES)))]
    pub choices: Vec<Choice>,
    /// Whether it may be answered in words.
    #[serde(default)]
    pub free_text: bool,
    /// How long it is open at most, in milliseconds, between a second and 30 days; as long as its job when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1_000, max = 2_592_000_000u64)))]
    pub expires_in_ms: Option<u64>,
}

/// Body of `POST /v1/questions/{id}/answer`: a choice, or words where the question takes them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewAnswer {
    /// Id of the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The words: 1 to 4,000 characters, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = limits::ANSWER_CHARS)))]
    pub text: Option<String>,
    /// Where, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// Body of `POST /v1/questions/{id}/withdraw`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Withdrawal {
    /// Of the job's lease, or left out as it was when the question was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<Fence>,
}

/// Query of `GET /v1/questions`. What is given together must all be so; the default is every open one.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QuestionQuery {
    /// `open`, which is also meant when it is left out, `closed` or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<QuestionFilter>,
    /// Only questions of this job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// `next_cursor` of the page before. Not with `open`, as `limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<QuestionId>,
    /// At most this many questions, up to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Which questions are listed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionFilter {
    /// Those that wait for an answer: all at once, oldest first.
    #[default]
    Open,
    /// Those that do not, whatever closed them: in pages, newest first.
    Closed,
    /// All: in pages, newest first.
    All,
}

/// Query of `GET /v1/questions/{id}`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QuestionWait {
    /// How long to wait for an open question to be closed, in milliseconds; at most 60,000, longer waits are cut.
    #[serde(default)]
    pub wait_ms: u64,
}

/// Answer to every call about one question.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OneQuestion {
    /// The question as it is now.
    pub question: Question,
}

/// Answer to `GET /v1/questions`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct QuestionList {
    /// Every open question, oldest first; or one page, newest first.
    pub questions: Vec<Question>,
    /// Goes into `cursor` for the next page; absent on the last one, and with `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<QuestionId>,
}

impl QuestionState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Closed => "closed",
            Self::Unknown => "unknown",
        }
    }
}

impl QuestionQuery {
    /// The query, when what it asks for can be listed so.
    ///
    /// # Errors
    /// Names the parameter that is not allowed.
    pub fn check(self) -> Result<Self, Invalid> {
        let is_paged = self.state.unwrap_or_default() != QuestionFilter::Open;
        match [("cursor", self.cursor.is_some()), ("limit", self.limit.is_some())].into_iter().find(|(_, given)| *given && !is_paged) {
            Some((field, _)) => Err(Invalid::new(field, "open questions come all at once; leave this out, or ask for `closed` or `all`")),
            None => Ok(self),
        }
    }
}

impl NewQuestion {
    /// The request with its text cleaned.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        self.prompt = text::clean(&self.prompt);
        text::check_length("prompt", &self.prompt, limits::PROMPT_CHARS)?;
        self.detail = self.detail.map(|detail| text::clean_lines(&detail)).filter(|detail| !detail.is_empty());
        if let Some(detail) = &self.detail {
            text::check_length("detail", detail, limits::DETAIL_CHARS)?;
        }
        if self.choices.len() > limits::CHOICES || (self.choices.is_empty() && !self.free_text) {
            return Err(Invalid::new("choices", format!("must be 1 to {}, or none with \"free_text\": true", limits::CHOICES)));
        }
        for choice in &mut self.choices {
            choice.check()?;
        }
        for (n, choice) in self.choices.iter().enumerate() {
            if self.choices[..n].iter().any(|other| other.id == choice.id || other.label == choice.label) {
                return Err(Invalid::new("choices", "no two may have the same id or the same label"));
            }
        }
        let (shortest, longest) = (limits::EXPIRY_SHORTEST.as_millis(), limits::EXPIRY_LONGEST.as_millis());
        if self.expires_in_ms.is_some_and(|millis| !(shortest..=longest).contains(&millis.into())) {
            return Err(Invalid::new("expires_in_ms", format!("must be between {shortest} and {longest}")));
        }
        Ok(self)
    }
}

impl Choice {
    fn check(&mut self) -> Result<(), Invalid> {
        let is_id_character = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if !(1..=limits::CHOICE_ID_CHARS).contains(&self.id.len()) || !self.id.bytes().all(is_id_character) {
            let message = format!("an id must be 1 to {} ASCII letters, digits, '-', '_' and '.'", limits::CHOICE_ID_CHARS);
            return Err(Invalid::new("choices", message));
        }
        self.label = text::clean(&self.label);
        if !(1..=limits::CHOICE_LABEL_CHARS).contains(&self.label.chars().count()) {
            return Err(Invalid::new("choices", format!("a label must have 1 to {} characters", limits::CHOICE_LABEL_CHARS)));
        }
        if self.style == ChoiceStyle::Unknown {
            return Err(Invalid::new("choices", "a style is primary, danger or plain"));
        }
        Ok(())
    }
}

impl ChoiceStyle {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

impl NewAnswer {
    /// The answer with its text cleaned. Whether the question allows it, only the question knows.
    ///
    /// # Errors
    /// Names the field that is not allowed.
    pub fn check(mut self) -> Result<Self, Invalid> {
        if self.choice.is_some() == self.text.is_some() {
            return Err(Invalid::new("choice", "send either a choice or a text"));
        }
        if let Some(text) = &mut self.text {
            *text = text::clean_lines(text);
            text::check_length("text", text, limits::ANSWER_CHARS)?;
        }
        self.from = self.from.map(|text| text::clean_cut(&text, limits::ANSWERER_CHARS)).filter(|text| !text.is_empty());
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(id: &str, label: &str) -> Choice {
        Choice { id: id.to_owned(), label: label.to_owned(), style: ChoiceStyle::Plain }
    }

    fn new() -> NewQuestion {
        NewQuestion {
            id: None,
            fence: Some(Fence(1)),
            prompt: "Deploy?".to_owned(),
            detail: None,
            choices: vec![choice("yes", "Deploy"), choice("no", "Stop")],
            free_text: false,
            expires_in_ms: None,
        }
    }

    #[test]
    fn what_people_read_is_cleaned() {
        let asked = NewQuestion { prompt: " De\u{202e}ploy\n now?".to_owned(), detail: Some("a\n\tb\u{1b}\n".to_owned()), ..new() };
        let asked = asked.check().unwrap();
        assert_eq!((asked.prompt.as_str(), asked.detail.as_deref()), ("Deploy now?", Some("a\n    b")));
        let answer = NewAnswer { text: Some("\u{0}a \nb\n".to_owned()), from: Some("x".repeat(300)), choice: None };
        let answer = answer.check().unwrap();
        assert_eq!(answer.text.as_deref(), Some("a\nb"));
        assert_eq!(answer.from.map(|from| from.chars().count()), Some(limits::ANSWERER_CHARS));
    }

    #[test]
    fn a_question_that_nobody_could_answer_is_refused_by_name() {
        let field = |question: NewQuestion| question.check().unwrap_err().field;
        let choices = |choices| field(NewQuestion { choices, ..new() });
        assert_eq!(field(NewQuestion { prompt: "\n".to_owned(), ..new() }), "prompt");
        assert_eq!(field(NewQuestion { prompt: "x".repeat(501), ..new() }), "prompt");
        assert_eq!(field(NewQuestion { detail: Some("x".repeat(4_001)), ..new() }), "detail");
        assert_eq!(choices(vec![]), "choices");
        assert_eq!(choices((0..9).map(|n| choice(&n.to_string(), &n.to_string())).collect()), "choices");
        for bad in [choice("", "a"), choice("a b", "a"), choice("ä", "a"), choice(&"x".repeat(41), "a"), choice("a", "\t")] {
            assert_eq!(choices(vec![bad]), "choices");
        }
        assert_eq!(choices(vec![choice("a", &"x".repeat(81))]), "choices");
        assert_eq!(choices(vec![choice("a", "x"), choice("a", "y")]), "choices");
        assert_eq!(choices(vec![choice("a", "x"), choice("b", " x")]), "choices");
        assert_eq!(choices(vec![Choice { style: ChoiceStyle::Unknown, ..choice("a", "x") }]), "choices");
        for millis in [0, 999, 30 * 24 * 60 * 60 * 1_000 + 1, u64::MAX] {
            assert_eq!(field(NewQuestion { expires_in_ms: Some(millis), ..new() }), "expires_in_ms");
        }
        assert!(NewQuestion { choices: vec![], free_text: true, expires_in_ms: Some(1_000), ..new() }.check().is_ok());
    }

    #[test]
    fn an_answer_is_a_choice_or_words() {
        let field = |answer: NewAnswer| answer.check().unwrap_err().field;
        let text = |text: &str| NewAnswer { text: Some(text.to_owned()), ..NewAnswer::default() };
        assert_eq!(field(NewAnswer::default()), "choice");
        assert_eq!(field(NewAnswer { choice: Some("yes".to_owned()), ..text("x") }), "choice");
        assert_eq!(field(text(" \n")), "text");
        assert_eq!(field(text(&"x".repeat(4_001))), "text");
        assert!(text(&"ü".repeat(4_000)).check().is_ok());
    }
}
