//! Open questions, with the names of the jobs that ask them.

use std::collections::HashMap;

use doorbell_client::{CallError, Client, rest::Running};
use doorbell_protocol::{
    JobId, Question, QuestionState, limits,
    question::{NewAnswer, QuestionFilter, QuestionQuery},
};

use crate::job_lookup;

/// A question, and the job that waits.
#[derive(Clone, Debug)]
pub(crate) struct OpenQuestion {
    pub(crate) question: Question,
    /// The job's name. Empty when it has ended just now.
    pub(crate) by: String,
}

/// The questions that `query` asks for, and of those that come in pages at most `most`.
pub(crate) async fn fetch(client: &Client, mut query: QuestionQuery, most: usize) -> Result<Vec<OpenQuestion>, CallError> {
    let is_paged = query.state.unwrap_or_default() != QuestionFilter::Open;
    let mut questions = Vec::new();
    loop {
        query.limit = is_paged.then_some(most.saturating_sub(questions.len()).min(limits::PAGE_JOBS));
        let page = client.questions(&query).await?;
        questions.extend(page.questions);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || questions.len() >= most {
            break;
        }
    }
    let mut names: HashMap<JobId, String> = match client.running(None).await? {
        Running::List { list, .. } => list.jobs.into_iter().map(|job| (job.id, job.name)).collect(),
        Running::Unchanged => HashMap::new(),
    };
    let mut asked = Vec::new();
    for question in questions {
        if question.state != QuestionState::Open && !names.contains_key(&question.job) {
            names.insert(question.job, client.job(question.job).await.map(|job| job.name).unwrap_or_default());
        }
        asked.push(OpenQuestion { by: names.get(&question.job).cloned().unwrap_or_default(), question });
    }
    Ok(asked)
}

impl OpenQuestion {
    /// Whether `text` means this question: a part of its id, or its job.
    pub(crate) fn is_meant_by(&self, text: &str) -> bool {
        job_lookup::is_part_of_id(text, self.question.id.0) || job_lookup::is_part_of_id(text, self.question.job.0) || self.by == text
    }

    /// What may be answered, for people.
    pub(crate) fn answers(&self) -> String {
        let labels = self.question.choices.iter().map(|choice| choice.label.clone());
        let words = self.question.free_text.then(|| "any words".to_owned());
        labels.chain(words).collect::<Vec<_>>().join(", ")
    }
}

/// The answer that `words` are: a choice by its id or its label, or words where the question takes them.
pub(crate) fn answer(question: &Question, words: &str) -> Option<NewAnswer> {
    let chosen = question.choices.iter().find(|choice| choice.id == words || choice.label.eq_ignore_ascii_case(words));
    match chosen {
        Some(choice) => Some(NewAnswer { choice: Some(choice.id.clone()), ..NewAnswer::default() }),
        None => question.free_text.then(|| NewAnswer { text: Some(words.to_owned()), ..NewAnswer::default() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_choice_or_words_where_they_are_taken() {
        let mut question: Question = serde_json::from_value(serde_json::json!({
            "id": "0192f0c5-1122-7c4d-8e5f-0123456789ab", "job": "0192f0c1-7a3b-7c4d-8e5f-0123456789ab", "state": "open",
            "prompt": "Publish?", "choices": [{"id": "p", "label": "Publish"}, {"id": "s", "label": "Stop here"}],
            "asked_at": "2026-11-21T10:46:00.000Z",
        }))
        .unwrap();
        for (words, choice) in [("p", Some("p")), ("publish", Some("p")), ("Stop here", Some("s")), ("later", None)] {
            assert_eq!(answer(&question, words).and_then(|answer| answer.choice).as_deref(), choice, "{words}");
        }
        question.free_text = true;
        assert_eq!(answer(&question, "later").unwrap().text.as_deref(), Some("later"));
    }
}
