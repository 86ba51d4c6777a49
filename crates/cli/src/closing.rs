//! How a question was closed, and by whom, as people read it.

use doorbell_protocol::{Question, QuestionState, text};

/// As in `answered Publish by Ada, tray on build-7`. `None` while it is open.
pub(crate) fn words(question: &Question) -> Option<String> {
    let said = match question.state {
        QuestionState::Open => return None,
        QuestionState::Answered => format!("answered {}", answer(question)),
        QuestionState::Withdrawn => "withdrawn".to_owned(),
        QuestionState::Expired => "expired: nobody answered in time".to_owned(),
        QuestionState::Closed => "closed: its job was over first".to_owned(),
        QuestionState::Unknown => "closed".to_owned(),
    };
    Some(text::clean(&said))
}

/// As in `Publish by Ada, tray on build-7`. Empty without an answer.
pub(crate) fn answer(question: &Question) -> String {
    let Some(answer) = &question.answer else { return String::new() };
    let chosen = answer.choice.as_ref().map(|id| {
        let choice = question.choices.iter().find(|choice| choice.id == *id);
        choice.map_or_else(|| id.clone(), |choice| choice.label.clone())
    });
    let what = chosen.or_else(|| answer.text.as_ref().map(|text| format!("{:?}", text::clean(text)))).unwrap_or_default();
    let by = answer.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let from = answer.from.as_ref().map(|from| format!(", {from}")).unwrap_or_default();
    format!("{what}{by}{from}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(state: &str, answer: serde_json::Value) -> Question {
        serde_json::from_value(serde_json::json!({
            "id": "0192f0c5-1122-7c4d-8e5f-0123456789ab", "job": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "state": state,
            "prompt": "Publish?", "choices": [{"id": "p", "label": "Publish"}], "asked_at": "2026-11-21T10:46:00.000Z", "answer": answer,
        }))
        .unwrap()
    }

    #[test]
    fn it_says_what_was_answered_by_whom_and_where() {
        let at = "2026-11-21T10:47:00.000Z";
        for (answer, said) in [
            (
                serde_json::json!({"choice": "p", "by": "Ada", "from": "tray on build-7", "at": at}),
                "answered Publish by Ada, tray on build-7",
            ),
            (serde_json::json!({"text": "not\nnow", "by": "Ada", "at": at}), "answered \"not now\" by Ada"),
            (serde_json::json!({"choice": "gone", "at": at}), "answered gone"),
        ] {
            assert_eq!(words(&question("answered", answer)).as_deref(), Some(said));
        }
        assert_eq!(words(&question("open", serde_json::Value::Null)), None);
        assert_eq!(words(&question("expired", serde_json::Value::Null)).as_deref(), Some("expired: nobody answered in time"));
    }
}
